#include <libstream/data/gather.hpp>
#include <libstream/operators/evaluation_scope.hpp>
#include <libstream/operators/late_rows.hpp>
#include <libstream/operators/watermark_times.hpp>

namespace stream {
namespace {

class LateRowsOperator final : public Operator {
 public:
  explicit LateRowsOperator(const LateRowsSpec& spec) : spec_(spec), scope_(spec.evaluation) {}

  Result<void> open(const OperatorContext& context) override {
    scope_.open(context);
    return {};
  }

  Result<void> begin(const EpochStart& start) override {
    scope_.begin(start);
    late_watermark_ =
        spec_.watermark ? spec_.watermark(start.late_watermark) : start.late_watermark;
    return {};
  }

  Result<void> push(InputPlace, Batch batch, Output& output) override {
    if (batch.num_rows() == 0) return {};
    STREAM_TRY(const std::vector<Column> time,
               evaluate_columns({spec_.time}, batch, scope_.context()));
    scope_.pass(batch.num_rows());
    if (!rows_after(time[0], batch.num_rows(), late_watermark_, in_time_)) return {};
    late_.clear();
    for (std::uint32_t row = 0, next = 0; row < batch.num_rows(); ++row) {
      if (next < in_time_.size() && in_time_[next] == row) {
        ++next;
      } else {
        late_.push_back(row);
      }
    }
    return output.push(gather(batch, late_, scope_.context().pool));
  }

 private:
  LateRowsSpec spec_;
  EvaluationScope scope_;
  EpochMillis late_watermark_ = 0;
  std::vector<std::uint32_t> in_time_;
  std::vector<std::uint32_t> late_;
};

}  // namespace

OperatorFactory make_late_rows(LateRowsSpec spec) {
  return [spec = std::move(spec)] { return std::make_unique<LateRowsOperator>(spec); };
}

}  // namespace stream
