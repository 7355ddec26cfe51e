#include <libstream/connectors/generator/rate_schedule.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace stream {
namespace {

// Keeps every product below 2^63 for some ten thousand years.
constexpr std::int64_t kMaxRowsPerSecond = 10'000'000;
constexpr std::int64_t kMaxRampUp = 100'000;
constexpr std::int64_t kMaxPartitions = 10'000;
constexpr std::int64_t kMaxSecond = 300'000'000'000;

}  // namespace

RateSchedule::RateSchedule(const RateOptions& options)
    : rows_per_second_(options.rows_per_second),
      ramp_up_(options.ramp_up.count()),
      speed_step_(std::max<std::int64_t>(1, options.rows_per_second / (ramp_up_ + 1))),
      total_rows_(options.total_rows) {}

std::int64_t RateSchedule::rows_before_second(std::int64_t second) const {
  second = std::clamp<std::int64_t>(second, 0, kMaxSecond);
  const std::int64_t ramp = std::min(second, ramp_up_);
  const std::int64_t rows =
      speed_step_ * (ramp * (ramp + 1) / 2) + (second - ramp) * rows_per_second_;
  return std::min(rows, total_rows_);
}

std::int64_t RateSchedule::rows_before_millis(std::int64_t millis) const {
  const std::int64_t second = std::max<std::int64_t>(millis, 0) / 1000;
  const std::int64_t before = rows_before_second(second);
  const std::int64_t in_second = rows_before_second(second + 1) - before;
  // Row i of n is due at floor(i * 1000 / n): the rows with that below r are ceil(r * n / 1000).
  return before + (std::max<std::int64_t>(millis, 0) % 1000 * in_second + 999) / 1000;
}

std::int64_t RateSchedule::second_of(std::int64_t value) const {
  // The second that ends with more than `value` rows: the totals grow, so bisection finds it.
  std::int64_t low = 0;
  std::int64_t high = ramp_up_ + value / rows_per_second_ + 1;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (rows_before_second(middle + 1) > value)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

std::int64_t RateSchedule::millis_of(std::int64_t value) const {
  const std::int64_t second = second_of(value);
  const std::int64_t before = rows_before_second(second);
  const std::int64_t in_second = rows_before_second(second + 1) - before;
  return second * 1000 + (value - before) * 1000 / in_second;
}

Result<void> check_rate_options(const RateOptions& options) {
  std::vector<Error> errors;
  const auto require = [&](std::string_view name, std::int64_t value, std::int64_t from,
                           std::int64_t to) {
    if (value < from || value > to)
      errors.push_back(
          bad_option(fmt::format("{} is {}; it must be from {} to {}", name, value, from, to)));
  };
  require("rows_per_second", options.rows_per_second, 1, kMaxRowsPerSecond);
  require("ramp_up", options.ramp_up.count(), 0, kMaxRampUp);
  require("total_rows", options.total_rows, 0, std::numeric_limits<std::int64_t>::max());
  require("num_partitions", options.num_partitions, 1, kMaxPartitions);
  if (!errors.empty()) return join_errors(errors);
  return {};
}

}  // namespace stream
