// A source of updates to many keys of which each epoch touches a tenth. Used by the checkpoint
// workload; open ranges, one reader.
#pragma once

#include <libstream/connectors/source.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace stream::perf {

/// What the source handed out. Read it only when the query has ended.
struct DirtyKeysTally {
  std::vector<std::int64_t> updates;  ///< by key
  std::int64_t num_rows = 0;
  double seconds = 0;  ///< from the first row to the last one
};

/// Rows (key, 1): each key once; then, for `duration`, keys of one tenth of all, another tenth in
/// each epoch; at last (key, 0) for each key. Rows are (std::int64_t, std::int64_t).
std::shared_ptr<const Source> dirty_keys_source(std::int64_t num_keys, Duration duration,
                                                std::shared_ptr<DirtyKeysTally> tally);

/// Rows that come before and behind the timed part.
inline std::int64_t untimed_rows(std::int64_t num_keys) { return 2 * num_keys; }

}  // namespace stream::perf
