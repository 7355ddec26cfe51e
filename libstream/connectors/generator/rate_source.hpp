// Rows at a given rate: `timestamp BIGINT` (milliseconds), `value BIGINT` = 0, 1, 2, … Replayable
// and deterministic: offsets count time since a start that is kept in the source's log.
#pragma once

#include <libstream/connectors/source.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>

namespace stream {

enum class RateGranularity {
  seconds,  ///< offsets are whole seconds: rows of a second appear when it is over (Spark's `rate`)
  millis,   ///< offsets are milliseconds: for epochs shorter than a second
};

struct RateOptions {
  std::int64_t rows_per_second = 1;
  std::chrono::seconds ramp_up{0};  ///< the rate grows for so long
  std::int64_t total_rows = std::numeric_limits<std::int64_t>::max();  ///< none come after these
  std::uint32_t num_partitions = 1;
  RateGranularity granularity = RateGranularity::seconds;
};

/// Error bad_option naming every option out of range.
Result<std::shared_ptr<Source>> rate_source(RateOptions options = {});

}  // namespace stream
