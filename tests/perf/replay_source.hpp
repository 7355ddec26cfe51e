// A source that hands out the lines of a file as fast as it is asked, in open ranges: the tick
// decides where an epoch ends. Used by the workloads that need a stream instead of a file.
#pragma once

#include <libstream/connectors/source.hpp>

#include <atomic>
#include <memory>
#include <string>

namespace stream::perf {

struct ReplayOptions {
  std::string path;
  std::uint64_t size_bytes = 0;                         ///< of the file, which ends in '\n'
  std::int64_t laps = 1;                                ///< how often the file is handed out
  std::shared_ptr<std::atomic<std::int64_t>> num_rows;  ///< if set: gets the rows handed out
};

/// Lines (schema `value STRING`) for one reader. Offsets are bytes over all laps.
std::shared_ptr<const Source> replay_source(ReplayOptions options);

}  // namespace stream::perf
