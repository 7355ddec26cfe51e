#include <libstream/operators/evaluation_scope.hpp>
#include <libstream/operators/expand.hpp>

namespace stream {
namespace {

class ExpandOperator final : public Operator {
 public:
  explicit ExpandOperator(const ExpandSpec& spec) : spec_(spec), scope_(spec.evaluation) {}

  Result<void> open(const OperatorContext& context) override {
    scope_.open(context);
    return {};
  }
  Result<void> begin(const EpochStart& start) override {
    scope_.begin(start);
    return {};
  }
  Result<void> push(InputPlace, Batch batch, Output& output) override {
    for (const std::vector<TypedExpr>& projection : spec_.projections) {
      STREAM_TRY(std::vector<Column> columns,
                 evaluate_columns(projection, batch, scope_.context()));
      STREAM_TRY(output.push(Batch(spec_.schema, std::move(columns), batch.num_rows())));
    }
    scope_.pass(batch.num_rows());
    return {};
  }

 private:
  ExpandSpec spec_;
  EvaluationScope scope_;
};

}  // namespace

OperatorFactory make_expand(ExpandSpec spec) {
  return [spec = std::move(spec)] { return std::make_unique<ExpandOperator>(spec); };
}

}  // namespace stream
