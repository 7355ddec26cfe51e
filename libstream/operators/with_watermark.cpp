#include <libstream/data/date_time.hpp>
#include <libstream/operators/watermark_times.hpp>
#include <libstream/operators/with_watermark.hpp>

#include <algorithm>
#include <limits>

namespace stream {
namespace {

class WithWatermarkOperator final : public Operator {
 public:
  explicit WithWatermarkOperator(WithWatermarkSpec spec) : spec_(spec) {}

  Result<void> open(const OperatorContext&) override { return {}; }
  Result<void> begin(const EpochStart& start) override {
    if (spec_.max_ahead_millis) last_millis_ = start.batch_time + *spec_.max_ahead_millis;
    times_ = {};
    times_.watermark_node = spec_.watermark_node;
    return {};
  }
  Result<void> push(InputPlace, Batch batch, Output& output) override {
    const Column& column = batch.column(spec_.column);
    EventTimes seen;
    if (batch.num_rows() > 0 && !last_millis_ && !column.validity &&
        column.type.kind != TypeKind::structure) {
      times_.add(times_of(column.data<std::int64_t>(), batch.num_rows()));
      return output.push(std::move(batch));
    }
    for (std::size_t row = 0; row < batch.num_rows(); ++row) {
      // A null time counts as the epoch.
      const std::int64_t millis = floor_divide(event_micros(column, row).value_or(0), 1000);
      if (seen.count == 0) seen.max_millis = seen.min_millis = millis;
      seen.max_millis = std::max(seen.max_millis, millis);
      seen.min_millis = std::min(seen.min_millis, millis);
      seen.sum_millis += millis;
      ++seen.count;
      if (last_millis_ && millis > *last_millis_) {
        ++seen.num_ahead;
      } else if (seen.count == seen.num_ahead + 1) {
        seen.max_of_others_millis = millis;
      } else {
        seen.max_of_others_millis = std::max(seen.max_of_others_millis, millis);
      }
    }
    times_.add(seen);
    return output.push(std::move(batch));
  }
  std::optional<EventTimes> event_times() const override { return times_; }

 private:
  /// Of times none of which is null; requires one.
  static EventTimes times_of(const std::int64_t* micros, std::size_t num_rows) {
    std::int64_t least = micros[0];
    std::int64_t most = micros[0];
    for (std::size_t row = 0; row < num_rows; ++row) {
      least = std::min(least, micros[row]);
      most = std::max(most, micros[row]);
    }
    EventTimes seen;
    seen.count = static_cast<std::int64_t>(num_rows);
    seen.min_millis = floor_divide(least, 1000);
    seen.max_millis = floor_divide(most, 1000);
    seen.sum_millis = sum_of_millis(micros, num_rows, seen);
    return seen;
  }

  /// Times of one batch mostly lie within an hour: 32 bits hold what they are apart, and divide
  /// fast.
  static Int128 sum_of_millis(const std::int64_t* micros, std::size_t num_rows,
                              const EventTimes& range) {
    constexpr std::int64_t kMostMillisApart = std::numeric_limits<std::uint32_t>::max() / 1000 - 1;
    if (range.max_millis - range.min_millis > kMostMillisApart) {
      Int128 sum = 0;
      for (std::size_t row = 0; row < num_rows; ++row) sum += floor_divide(micros[row], 1000);
      return sum;
    }
    std::int64_t sum = 0;
    const std::uint64_t first = static_cast<std::uint64_t>(range.min_millis) * 1000;
    for (std::size_t row = 0; row < num_rows; ++row)
      sum += static_cast<std::uint32_t>(static_cast<std::uint64_t>(micros[row]) - first) / 1000;
    return sum + Int128{range.min_millis} * range.count;
  }

  WithWatermarkSpec spec_;
  std::optional<EpochMillis> last_millis_;  ///< that moves the watermark
  EventTimes times_;
};

}  // namespace

OperatorFactory make_with_watermark(WithWatermarkSpec spec) {
  return [spec] { return std::make_unique<WithWatermarkOperator>(spec); };
}

}  // namespace stream
