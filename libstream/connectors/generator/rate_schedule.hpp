// Which rows are due when: the arithmetic of the generators, without a clock. Pure, any thread.
#pragma once

#include <libstream/connectors/generator/rate_source.hpp>

#include <cstdint>

namespace stream {

class RateSchedule {
 public:
  /// Requires options that check_rate_options accepts.
  explicit RateSchedule(const RateOptions& options);

  /// Rows with a time before `second`, or before `millis`, after the start.
  std::int64_t rows_before_second(std::int64_t second) const;
  std::int64_t rows_before_millis(std::int64_t millis) const;
  /// Milliseconds after the start at which row `value` is due; rows of one second lie evenly in
  /// it. Requires value < rows_before_second(some second).
  std::int64_t millis_of(std::int64_t value) const;

 private:
  std::int64_t second_of(std::int64_t value) const;

  std::int64_t rows_per_second_;
  std::int64_t ramp_up_;
  std::int64_t speed_step_;  // rows a second more in each second of the ramp
  std::int64_t total_rows_;
};

/// Error bad_option naming every option out of range.
Result<void> check_rate_options(const RateOptions& options);

}  // namespace stream
