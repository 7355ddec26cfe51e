// The hand-written programs that the window workloads are compared with: numbers eight digits at a
// time over a mapped file, one open table of 16-byte entries a slice, 64 rows at a time with slots
// fetched ahead. What a query could reach if it were one loop for one schema.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/data/batch.hpp>

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace stream::perf {

/// Windows of `slide` * `slices_per_window` milliseconds, one each `slide`.
struct HandWindows {
  std::int64_t slide_millis = 10'000;
  std::int64_t slices_per_window = 1;
  /// Windows that end later than the newest time less this are left out, as append mode does.
  std::int64_t delay_millis = 2000;
};

using TakeWindow = std::function<void(std::int64_t start_millis, std::int64_t key,
                                      std::int64_t count, std::int64_t sum)>;

/// Count and sum of `value` by window and key over lines `ts,key,value` (13 digits; at most 7; at
/// most 7; no signs) of the files. Returns the rows.
Result<std::int64_t> aggregate_files_by_hand(const std::vector<std::string>& paths,
                                             const HandWindows& windows, const TakeWindow& take);

/// The same over columns time TIMESTAMP, key BIGINT, value INT.
std::int64_t aggregate_columns_by_hand(std::span<const Batch> batches, const HandWindows& windows,
                                       const TakeWindow& take);

}  // namespace stream::perf
