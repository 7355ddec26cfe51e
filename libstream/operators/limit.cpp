#include <libstream/data/gather.hpp>
#include <libstream/operators/limit.hpp>
#include <libstream/operators/state_layout.hpp>

#include <algorithm>
#include <numeric>

namespace stream {
namespace {

StateLayout layout() {
  return {"limit",
          {{"limit", primitive(TypeKind::int32), false}},
          {{"rows", primitive(TypeKind::int64), false}},
          0};
}

class LimitOperator final : public Operator {
 public:
  explicit LimitOperator(LimitSpec spec) : spec_(spec) {}

  Result<void> open(const OperatorContext& context) override {
    context_.emplace(context);
    return {};
  }
  Result<void> begin(const EpochStart&) override {
    skipped_ = 0;
    updated_ = 0;
    if (!spec_.counts_over_query) passed_ = 0;
    return {};
  }
  Result<void> push(InputPlace, Batch batch, Output& output) override {
    const auto num_rows = static_cast<std::int64_t>(batch.num_rows());
    const std::int64_t skip = std::min(num_rows, spec_.offset - skipped_);
    skipped_ += skip;
    const std::int64_t take = std::min(num_rows - skip, spec_.limit - passed_);
    if (take <= 0) return {};
    passed_ += take;
    updated_ = 1;
    if (take == num_rows) return output.push(std::move(batch));
    std::vector<std::uint32_t> rows(static_cast<std::size_t>(take));
    std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(skip));
    return output.push(gather(batch, rows, context_->pool));
  }

  bool is_stateful() const override { return spec_.counts_over_query; }
  Result<void> seal(std::vector<StatePiece>& pieces) override {
    if (passed_ == sealed_) return {};
    StateWriter writer(layout(), context_->pool);
    writer.keys()[0].append(std::int32_t{0});
    writer.values()[0].append(passed_);
    writer.end_live();
    writer.finish(pieces);
    sealed_ = passed_;
    return {};
  }
  Result<void> restore(const StatePiece& piece) override {
    STREAM_TRY(const auto rows, restored_rows(piece, layout(), context_->groups,
                                              context_->num_groups, context_->pool));
    if (rows && rows->live.num_rows() > 0)
      passed_ = sealed_ = rows->live.column(1).data<std::int64_t>()[0];
    return {};
  }
  StateCounts state_counts() const override { return {1, updated_, 0, sizeof(*this)}; }

 private:
  LimitSpec spec_;
  std::optional<OperatorContext> context_;
  std::int64_t skipped_ = 0;
  std::int64_t passed_ = 0;
  std::int64_t sealed_ = 0;
  std::int64_t updated_ = 0;
};

}  // namespace

OperatorFactory make_limit(LimitSpec spec) {
  return [spec] { return std::make_unique<LimitOperator>(spec); };
}

}  // namespace stream
