// What one watermark node saw of event times in one epoch: filled in by the operator, merged over
// tasks by the coordinator, printed in the progress. A plain value.
#pragma once

#include <libstream/base/int128.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace stream {

struct EventTimes {
  std::uint32_t watermark_node = 0;  ///< index into the plan's watermark_delays
  std::int64_t max_millis = 0, min_millis = 0;
  Int128 sum_millis = 0;   ///< five million times of today do not fit into 64 bits
  std::int64_t count = 0;  ///< rows; the other numbers mean nothing without one
  /// Rows further ahead of the clock than the query allows: they do not move the watermark.
  std::int64_t num_ahead = 0;
  std::int64_t max_of_others_millis = 0;  ///< without them; only where there are some of both

  /// The time that moves the watermark, if any row does.
  std::optional<std::int64_t> leading_millis() const {
    if (count == num_ahead) return std::nullopt;
    return num_ahead == 0 ? max_millis : max_of_others_millis;
  }

  /// Takes over what another task of the same node saw.
  void add(const EventTimes& other) {
    if (other.count == 0) return;
    const auto leading = std::max(leading_millis(), other.leading_millis());
    max_millis = count == 0 ? other.max_millis : std::max(max_millis, other.max_millis);
    min_millis = count == 0 ? other.min_millis : std::min(min_millis, other.min_millis);
    sum_millis += other.sum_millis;
    count += other.count;
    num_ahead += other.num_ahead;
    max_of_others_millis = leading.value_or(0);
  }
};

}  // namespace stream
