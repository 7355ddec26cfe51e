// Where rows of (hash, time, key, value) end in the workloads on nodes: an operator that a hash
// exchange leads to counts them and adds up a fingerprint. One tally a process.
#pragma once

#include <libstream/operators/operator.hpp>

#include <atomic>
#include <memory>
#include <string>

namespace stream::perf {

/// Any thread.
struct KeyTally {
  std::atomic<std::int64_t> num_rows = 0;
  std::atomic<std::uint64_t> fingerprint = 0;
  std::atomic<std::int64_t> num_astray = 0;  ///< rows at a task that does not own their key

  std::string text() const;
};

/// Rows, fingerprint and astray rows of several, as KeyTally::text gives them, added up.
std::string sum_of_tallies(const std::vector<std::string>& texts);

/// What all rows of `batches` (time, key, value) must come to.
std::string tally_of(const std::vector<Batch>& batches);

/// Passes nothing on. Its input: `hash`, then time, key, value.
OperatorFactory make_key_tally(std::shared_ptr<KeyTally> tally);

}  // namespace stream::perf
