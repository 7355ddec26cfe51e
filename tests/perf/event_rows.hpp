// The rows of the window workloads: (ts, key, value), uniform keys, one row in a hundred late. The
// same rows for the same seed, as CSV files and as columns. One thread.
#pragma once

#include <libstream/base/hash.hpp>
#include <libstream/base/result.hpp>
#include <libstream/data/batch.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace stream::perf {

struct EventSpec {
  std::int64_t num_rows = 10'000'000;
  std::uint32_t num_keys = 10'000;
  std::int64_t rows_per_milli = 100;
  std::int64_t max_late_millis = 1000;
  std::uint64_t seed = 1;
};

struct Event {
  std::int64_t millis = 0;
  std::uint32_t key = 0;
  std::uint32_t value = 0;
};

class EventRows {
 public:
  explicit EventRows(const EventSpec& spec) : spec_(spec), state_(hash_integer(spec.seed)) {}
  Event next() {
    Event event;
    const std::int64_t after = next_++ / spec_.rows_per_milli;
    event.millis = kBegin + after;
    if (below(100) == 0) {
      const auto late = 1 + below(static_cast<std::uint64_t>(spec_.max_late_millis));
      event.millis -= std::min<std::int64_t>(after, static_cast<std::int64_t>(late));
    }
    event.key = static_cast<std::uint32_t>(below(spec_.num_keys));
    event.value = static_cast<std::uint32_t>(below(1000));
    return event;
  }

 private:
  static constexpr std::int64_t kBegin = 1'700'000'000'000;
  std::uint64_t below(std::uint64_t limit) { return (hash_integer(++state_) >> 32) * limit >> 32; }

  EventSpec spec_;
  std::uint64_t state_;
  std::int64_t next_ = 0;
};

/// Lines `ts,key,value` in `num_files` files of `directory`, which is made; returns their paths.
Result<std::vector<std::string>> write_events(const std::string& directory, const EventSpec& spec,
                                              std::int64_t num_files);

/// Columns time TIMESTAMP, key BIGINT, value INT, without nulls. More values: value2, value3, …,
/// each one more than the one before.
std::vector<Batch> event_batches(const EventSpec& spec, std::size_t batch_rows,
                                 std::size_t num_values = 1);

}  // namespace stream::perf
