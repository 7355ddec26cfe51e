// Aggregation with groups that outlive epochs (R-010, R-012, R-024, R-028, R-030 … R-035).
// Partitioned by key group. Append: a group comes once, when the watermark passes it; update: what
// changed; complete: all groups.
#pragma once

#include <libstream/operators/aggregate.hpp>

namespace stream {

struct StreamingAggregateSpec {
  AggregateSpec aggregate;
  OutputMode mode = OutputMode::append;
  /// Input is partial_schema (else rows). No key may be `sliding` then.
  bool merges_partials = true;
  /// The key with a watermark: a TIMESTAMP or a window struct, whose end counts.
  std::optional<std::size_t> event_time_key;
  WatermarkAtInput watermark;
};
/// Output: keys, then a column a call. Requires event_time_key in append mode.
OperatorFactory make_streaming_aggregate(StreamingAggregateSpec spec);

}  // namespace stream
