// The first row of every key, over the query's life or within the watermark (R-070 … R-076).
// Partitioned by the key columns; also for bounded inputs.
#pragma once

#include <libstream/operators/evaluation_settings.hpp>
#include <libstream/operators/operator.hpp>

namespace stream {

struct DeduplicateSpec {
  std::vector<std::size_t> keys;    ///< input columns
  std::vector<std::size_t> output;  ///< input columns that are handed on
  /// The column with a watermark, if there is one: late rows are dropped; when it is a key, keys
  /// are evicted by it. A TIMESTAMP or a window struct.
  std::optional<std::size_t> event_time;
  /// dropDuplicatesWithinWatermark: a key is kept until first time + delay; requires event_time.
  std::optional<std::int64_t> delay_millis;
  WatermarkAtInput watermark;
  std::shared_ptr<const Schema> schema;  ///< of the output
};
OperatorFactory make_deduplicate(DeduplicateSpec spec);

}  // namespace stream
