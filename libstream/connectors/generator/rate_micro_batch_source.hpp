// Spark's rate-micro-batch: the same number of rows in every epoch, whatever the trigger; time
// moves on by a fixed step an epoch. Rows `timestamp TIMESTAMP, value BIGINT`. Replayable.
#pragma once

#include <libstream/connectors/source.hpp>

namespace stream {

struct RateMicroBatchOptions {
  std::int64_t rows_per_batch = 0;  ///< must be given
  std::uint32_t num_partitions = 1;
  std::int64_t start_timestamp = 0;  ///< milliseconds
  std::int64_t advance_millis_per_batch = 1000;
};

/// Error bad_option naming the option out of range.
Result<std::shared_ptr<Source>> rate_micro_batch_source(RateMicroBatchOptions options);

}  // namespace stream
