#include <libstream/data/gather.hpp>
#include <libstream/operators/evaluation_scope.hpp>
#include <libstream/operators/generate.hpp>

#include <numeric>

namespace stream {
namespace {

class GenerateOperator final : public Operator {
 public:
  explicit GenerateOperator(const GenerateSpec& spec) : spec_(spec), scope_(spec.evaluation) {
    type_ = spec_.generator.columns.empty() ? DataType{} : spec_.generator.columns[0].type;
  }

  Result<void> open(const OperatorContext& context) override {
    scope_.open(context);
    return {};
  }
  Result<void> begin(const EpochStart& start) override {
    scope_.begin(start);
    return {};
  }
  Result<void> push(InputPlace, Batch batch, Output& output) override {
    EvaluationContext& context = scope_.context();
    STREAM_TRY(const std::vector<Operand> operands,
               evaluate_operands(spec_.arguments, batch, context));
    const KernelInput input{operands, {}, batch.num_rows(), type_, context, {}};
    STREAM_TRY(GeneratedRows rows, spec_.generator.generate(input));
    scope_.pass(batch.num_rows());
    if (spec_.is_outer) add_outer_rows(batch.num_rows(), rows);
    if (rows.from.empty()) return {};
    std::vector<Column> columns;
    for (const std::size_t kept : spec_.kept)
      columns.push_back(gather(batch.column(kept), rows.from, context.pool));
    for (Column& column : rows.columns) columns.push_back(std::move(column));
    return output.push(Batch(spec_.schema, std::move(columns), rows.from.size()));
  }

 private:
  /// A row of nulls for every input row that gave none, in the place where its rows would stand.
  void add_outer_rows(std::size_t num_rows, GeneratedRows& rows) {
    std::vector<std::uint32_t> from, taken;
    std::size_t next = 0;
    for (std::uint32_t row = 0; row < num_rows; ++row) {
      const std::size_t before = next;
      for (; next < rows.from.size() && rows.from[next] == row; ++next) {
        from.push_back(row);
        taken.push_back(static_cast<std::uint32_t>(next));
      }
      if (next != before) continue;
      from.push_back(row);
      taken.push_back(kNullRow);
    }
    if (from.size() == rows.from.size()) return;
    for (Column& column : rows.columns) column = gather(column, taken, scope_.context().pool);
    rows.from = std::move(from);
  }

  GenerateSpec spec_;
  EvaluationScope scope_;
  DataType type_;
};

}  // namespace

OperatorFactory make_generate(GenerateSpec spec) {
  return [spec = std::move(spec)] { return std::make_unique<GenerateOperator>(spec); };
}

}  // namespace stream
