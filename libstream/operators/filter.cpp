#include <libstream/data/gather.hpp>
#include <libstream/operators/evaluation_scope.hpp>
#include <libstream/operators/filter.hpp>

namespace stream {
namespace {

class FilterOperator final : public Operator {
 public:
  explicit FilterOperator(const FilterSpec& spec) : spec_(spec), scope_(spec.evaluation) {}

  Result<void> open(const OperatorContext& context) override {
    scope_.open(context);
    return {};
  }
  Result<void> begin(const EpochStart& start) override {
    scope_.begin(start);
    return {};
  }
  Result<void> push(InputPlace, Batch batch, Output& output) override {
    STREAM_TRY(const Operand condition,
               evaluate_operand(*spec_.condition, batch, scope_.context()));
    scope_.pass(batch.num_rows());
    if (is_true_everywhere(condition, batch.num_rows())) return output.push(std::move(batch));
    rows_where_true(condition, batch.num_rows(), rows_);
    if (rows_.empty()) return {};
    if (rows_.size() == batch.num_rows()) return output.push(std::move(batch));
    return output.push(gather(batch, rows_, scope_.context().pool));
  }

 private:
  FilterSpec spec_;
  EvaluationScope scope_;
  std::vector<std::uint32_t> rows_;
};

}  // namespace

OperatorFactory make_filter(FilterSpec spec) {
  return [spec = std::move(spec)] { return std::make_unique<FilterOperator>(spec); };
}

}  // namespace stream
