// Reports the event times that pass, from which the next epochs' watermark is made (R-001 … R-009).
// Rows pass unchanged.
#pragma once

#include <libstream/operators/operator.hpp>

namespace stream {

struct WithWatermarkSpec {
  std::size_t column = 0;            ///< a TIMESTAMP, or a window struct, whose end counts
  std::uint32_t watermark_node = 0;  ///< index into the plan's watermark_delays
  /// Rows further ahead of the batch time do not move the watermark; empty: all do.
  std::optional<std::int64_t> max_ahead_millis = {};
};
OperatorFactory make_with_watermark(WithWatermarkSpec spec);

}  // namespace stream
