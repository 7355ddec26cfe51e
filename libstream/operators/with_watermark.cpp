#include <libstream/data/date_time.hpp>
#include <libstream/operators/watermark_times.hpp>
#include <libstream/operators/with_watermark.hpp>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <span>

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
      times_.add(times_of({column.data<std::int64_t>(), batch.num_rows()}));
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
  /// Of times none of which is null; requires one. Times of one batch mostly lie within half an
  /// hour of the first: 32 bits hold what they are behind a base, and divide fast.
  static EventTimes times_of(std::span<const std::int64_t> micros) {
    constexpr std::int64_t kBaseBehindMillis = std::numeric_limits<std::int32_t>::max() / 1000;
    constexpr std::int64_t kMaxMillis = std::numeric_limits<std::int64_t>::max() / 1000;
    const std::int64_t base_millis = floor_divide(micros[0], 1000) - kBaseBehindMillis;
    // Near the ends of 64 bits a time at the other end would seem near.
    if (std::abs(base_millis) > kMaxMillis - 3 * kBaseBehindMillis) return far_times_of(micros);
    const std::int64_t base = base_millis * 1000;
    std::uint64_t beyond = 0;
    std::uint32_t least = std::numeric_limits<std::uint32_t>::max();
    std::uint32_t most = 0;
    std::uint64_t sum_millis = 0;
    for (const std::int64_t time : micros) {
      const std::uint64_t behind =
          static_cast<std::uint64_t>(time) - static_cast<std::uint64_t>(base);
      beyond |= behind >> 32;
      const auto near = static_cast<std::uint32_t>(behind);
      least = std::min(least, near);
      most = std::max(most, near);
      sum_millis += near / 1000;
    }
    if (beyond != 0) return far_times_of(micros);
    EventTimes seen;
    seen.count = static_cast<std::int64_t>(micros.size());
    seen.min_millis = base_millis + least / 1000;
    seen.max_millis = base_millis + most / 1000;
    seen.sum_millis = Int128{base_millis} * seen.count + Int128{sum_millis};
    return seen;
  }
  static EventTimes far_times_of(std::span<const std::int64_t> micros) {
    const auto [least, most] = std::minmax_element(micros.begin(), micros.end());
    EventTimes seen;
    seen.count = static_cast<std::int64_t>(micros.size());
    seen.min_millis = floor_divide(*least, 1000);
    seen.max_millis = floor_divide(*most, 1000);
    for (const std::int64_t time : micros) seen.sum_millis += floor_divide(time, 1000);
    return seen;
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
