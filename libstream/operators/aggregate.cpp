#include <libstream/operators/aggregate.hpp>
#include <libstream/operators/aggregate_states.hpp>
#include <libstream/operators/evaluation_scope.hpp>
#include <libstream/operators/row_builder.hpp>

#include <algorithm>

namespace stream {
namespace {

/// One epoch's rows or states to results.
class AggregateOperator final : public Operator {
 public:
  AggregateOperator(const AggregateSpec& spec, bool merges)
      : spec_(spec),
        merges_(merges),
        scope_(spec.evaluation),
        states_(types_of(spec.keys), spec.calls) {}

  Result<void> open(const OperatorContext& context) override {
    scope_.open(context);
    batch_rows_ = context.batch_rows;
    builder_.emplace(spec_.schema, context.pool);
    return {};
  }

  Result<void> begin(const EpochStart& start) override {
    scope_.begin(start);
    states_.clear();
    next_ = 0;
    return {};
  }

  Result<void> push(InputPlace, Batch batch, Output&) override {
    if (batch.num_rows() == 0) return {};
    if (merges_) {
      const std::span<const Column> columns(batch.columns());
      const auto groups = states_.group(columns.subspan(1, spec_.keys.size()), batch.num_rows());
      return states_.merge(columns.subspan(1 + spec_.keys.size()), groups);
    }
    EvaluationContext& context = scope_.context();
    STREAM_TRY(const std::vector<Column> keys, evaluate_columns(spec_.keys, batch, context));
    const auto groups = states_.group(keys, batch.num_rows());
    STREAM_TRY(states_.update(batch, groups, context));
    scope_.pass(batch.num_rows());
    return {};
  }

  Result<bool> end(const EpochStart&, Output& output) override {
    if (spec_.keys.empty()) states_.group({}, 0);
    std::vector<std::uint32_t> groups;
    for (; next_ < states_.num_groups() && groups.size() < batch_rows_; ++next_)
      groups.push_back(next_);
    if (groups.empty()) return true;
    states_.append_keys(groups, builder_->columns(0, spec_.keys.size()));
    STREAM_TRY(states_.append_results(
        groups, builder_->columns(spec_.keys.size(), spec_.calls.size()), scope_.context()));
    STREAM_TRY(output.push(builder_->finish(groups.size())));
    return next_ == states_.num_groups();
  }

 private:
  AggregateSpec spec_;
  bool merges_;
  EvaluationScope scope_;
  AggregateStates states_;
  std::size_t batch_rows_ = 4096;
  std::optional<RowBuilder> builder_;
  std::uint32_t next_ = 0;
};

}  // namespace

OperatorFactory make_aggregate(AggregateSpec spec) {
  return [spec = std::move(spec)] { return std::make_unique<AggregateOperator>(spec, false); };
}

OperatorFactory make_merge_aggregate(AggregateSpec spec) {
  return [spec = std::move(spec)] { return std::make_unique<AggregateOperator>(spec, true); };
}

}  // namespace stream
