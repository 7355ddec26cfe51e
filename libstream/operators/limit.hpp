// The first rows, after skipping some. Runs as a single task.
#pragma once

#include <libstream/operators/operator.hpp>

#include <limits>

namespace stream {

struct LimitSpec {
  static constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();

  std::int64_t limit = kNoLimit;
  std::int64_t offset = 0;
  /// Streaming append: counts over the query's whole life, with state; offset must be 0.
  /// Else every epoch is cut afresh.
  bool counts_over_query = false;
};
OperatorFactory make_limit(LimitSpec spec);

}  // namespace stream
