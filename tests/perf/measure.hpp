// Runs a piece of work in a forked child, so that its peak memory and processor time are its own.
// Used by the workloads from the one thread of the measuring process, which starts no other.
#pragma once

#include <libstream/base/clock.hpp>
#include <libstream/base/result.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace stream::perf {

/// What a piece of work says about itself. It takes its own time, so that checks do not count.
struct Work {
  double seconds = 0;
  std::int64_t rows = 0;
  std::string note;  ///< what else is to be said, one line
};

struct Measured {
  Work work;
  std::string error;  ///< empty: it went well
  double cpu_seconds = 0;
  std::int64_t peak_bytes = 0;
  std::vector<std::int64_t> resident_bytes;  ///< every 100 ms, without the last moment

  bool is_ok() const { return error.empty(); }
  double rows_per_second() const { return static_cast<double>(work.rows) / work.seconds; }
};

/// Forks, runs `body` in the child and ends the child; after `time_limit` it is killed. Errors and
/// exceptions of `body`, and a child that dies, become `error`.
Measured measure(const std::function<Result<Work>()>& body, Duration time_limit);

/// Seconds since it was made, by the monotonic clock.
class Stopwatch {
 public:
  Stopwatch() : begin_(system_clock().steady_nanos()) {}
  double seconds() const {
    return static_cast<double>(system_clock().steady_nanos() - begin_) * 1e-9;
  }

 private:
  std::int64_t begin_;
};

/// Blocks until `time` has passed: what a slow device does.
void await(Duration time);

/// Blocks for a fifth of a millisecond: what a source that paces itself does.
void pause_shortly();

/// Processor seconds that this process has used.
double cpu_seconds_now();

struct Spread {
  double median = 0;
  double min = 0;
  double max = 0;
};

/// Requires at least one value.
Spread spread_of(std::vector<double> values);

/// Two pieces of work measured in turn, A B A B …
struct Comparison {
  std::vector<Measured> first, second;
  std::string error;  ///< of the first run that failed

  bool is_ok() const { return error.empty(); }
  /// Seconds of the first for each second of the second, pair by pair.
  Spread ratio_of_seconds() const;
  /// The same with processor time, which other work on the machine disturbs less.
  Spread ratio_of_cpu() const;
  /// Rows a second of the first for each of the second, pair by pair.
  Spread ratio_of_rates() const;
};

/// A body that is told the number of its pair, from 0.
using NumberedWork = std::function<Result<Work>(int pair)>;

/// How often two works are compared: `least` times, and short ones up to `most` times while ten
/// seconds have not passed. What else a machine does comes and goes in seconds: the median of runs
/// that all fall into one such time would say more of it than of the work.
struct NumPairs {
  int least = 5;
  int most = 25;
};

Comparison compare(const NumberedWork& first, const NumberedWork& second, NumPairs pairs,
                   Duration time_limit);

/// The run with the median time. Requires at least one.
const Measured& median_run(const std::vector<Measured>& runs);

}  // namespace stream::perf
