// Aggregation over session windows (R-058 … R-063): rows' ranges [time, time + gap) of a key that
// overlap or touch are one session. Partitioned by the other keys.
#pragma once

#include <libstream/operators/aggregate.hpp>

namespace stream {

struct SessionAggregateSpec {
  /// keys[session_key] is the row's own range, STRUCT<start, end>; rows where it is null or not
  /// start < end are left out. No call may be distinct in a streaming query.
  AggregateSpec aggregate;
  std::size_t session_key = 0;
  /// Bounded: complete, with is_streaming false. Streaming: append or complete.
  OutputMode mode = OutputMode::complete;
  bool is_streaming = false;
  bool has_watermark = false;  ///< late rows are dropped, old sessions evicted
  WatermarkAtInput watermark;
};
/// Input: rows, exchanged by add_hash of the keys without the session. Output: keys, then a column
/// a call.
OperatorFactory make_session_aggregate(SessionAggregateSpec spec);

}  // namespace stream
