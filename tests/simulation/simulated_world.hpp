// What outlives a process in the simulation: time, the sources' rows, the checkpoint store and the
// two sinks. Single-threaded; everything random comes from one seed.
#pragma once

#include <libstream/control/epoch_coordinator.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace stream::simulation {

/// Faults that really happened in a run.
enum class Fault {
  crash,
  crash_during_write,
  lost_tasks,
  lost_answer,
  repeated_answer,
  late_answer,
  failed_command,
  unclear_write,
  woken_owner,
  refused_owner,
  loss_beside_commit,
  count
};
std::string_view to_string(Fault fault);
inline constexpr std::size_t kNumFaults = static_cast<std::size_t>(Fault::count);
using FaultCounts = std::array<std::int64_t, kNumFaults>;

/// Mistakes of the shell that the oracle must find.
enum class Bug {
  none,
  commits_before_sinks,
  overwrites_entries,
  forgets_state,
  evicts_early,
  writes_offsets_late
};

/// Everything that a seed decides before the first event.
struct Scenario {
  std::uint64_t seed = 0;
  Bug bug = Bug::none;
  Trigger trigger;
  Duration checkpoint_interval{0};
  bool overlaps_commits = false;
  std::size_t num_tasks = 1;
  std::size_t num_sources = 1;
  std::int64_t rows_per_source = 0;
  std::int64_t rows_per_second = 0;
  std::int64_t rows_per_epoch = 0;  ///< the planner's limit
  std::int64_t num_keys = 1;
  bool has_watermarks = false;  ///< counts by windows, emitted behind the watermark
  EpochMillis faults_until = 0;
};
Scenario make_scenario(std::uint64_t seed, Bug bug);

struct Row {
  std::size_t source;
  std::int64_t number;
  std::int64_t key;
  EpochMillis time;  ///< later rows are at most kDelay behind earlier ones
};

/// The watermark's delay, and the length of a window.
inline constexpr EpochMillis kDelay = 500;
inline constexpr EpochMillis kWindow = 700;
inline EpochMillis end_of(std::size_t window) {
  return static_cast<EpochMillis>(window + 1) * kWindow;
}
/// A row meets those of the other side that lie so many places away at the most.
inline constexpr std::int64_t kJoinReach = 3;
/// Closing rows are of this time and later; no other row is, and their windows do not count.
inline constexpr EpochMillis kClosingTime = 1'000'000;
inline constexpr std::size_t kFirstClosingWindow = kClosingTime / kWindow;

/// The state of one task: running counts by (source, key), or counts by (window, key).
using Counts = std::map<std::pair<std::size_t, std::int64_t>, std::int64_t>;

struct StoredCommit {
  std::string text;
  std::vector<Counts> states;  ///< by task
};

class World {
 public:
  explicit World(const Scenario& scenario);

  const Scenario& scenario() const { return scenario_; }
  EpochMillis now() const { return now_; }
  std::int64_t pick(std::int64_t low, std::int64_t high);  ///< inclusive
  bool chance(int percent) { return pick(1, 100) <= percent; }
  bool fault_chance(int per_mille);  ///< never after `faults_until`
  void happened(Fault fault) { ++faults_[static_cast<std::size_t>(fault)]; }
  const FaultCounts& faults() const { return faults_; }

  void at(EpochMillis time, std::function<void()> event);
  /// False when nothing is left to do.
  bool step();
  /// Mixes what happens into the trace.
  void trace(std::string_view what, std::int64_t detail);
  std::uint64_t trace_hash() const { return trace_hash_; }

  std::int64_t rows_available(std::size_t source) const;
  Row row(std::size_t source, std::int64_t number) const;
  std::size_t task_of(const Row& row) const;
  static std::string output_of(const Row& row, std::int64_t count);
  static std::string output_of_window(std::size_t window, std::int64_t key, std::int64_t count);
  static std::size_t window_of(const Row& row) {
    return static_cast<std::size_t>(row.time / kWindow);
  }
  /// One more row for each source, far ahead of the others: it closes their windows.
  void add_closing_rows() { ++closing_rows_; }
  std::int64_t num_closing_rows() const { return closing_rows_; }
  std::int64_t num_rows() const { return scenario_.rows_per_source + closing_rows_; }
  /// What a batch evaluation over all rows gives, sorted.
  std::vector<std::string> expected_output() const;

  // The store: entries come into being at once, but only when nobody has them and nobody newer
  // owns.
  std::int64_t claim_term() { return ++newest_term_; }
  Result<void> write_offsets(std::int64_t term, const EpochOffsets& offsets);
  Result<void> write_commit(std::int64_t term, EpochCommit commit, std::vector<Counts> states);
  RecoveredCheckpoint recover() const;
  std::vector<Counts> states_of(EpochId epoch) const;
  bool is_all_committed() const;

  // The sinks. Staged output of a task is named; names say term, attempt, task and epoch.
  void stage(std::string name, std::vector<std::string> rows) {
    staged_[std::move(name)] = std::move(rows);
  }
  /// Resumable: the first manifest of an epoch stands. Error: staged output was swept.
  Result<void> write_manifest(EpochId epoch, const std::vector<std::string>& names);
  /// Marker: rows and marker in one transaction; epochs at or below the marker are discarded.
  Result<void> commit_marked(std::size_t task, EpochId epoch, const std::string& name);
  /// Removes staged output that no manifest names.
  void sweep();
  std::vector<std::string> resumable_output() const;
  std::vector<std::string> marked_output() const;

 private:
  bool refuses(std::int64_t term, bool exists);
  std::vector<std::string> expected_windows() const;

  Scenario scenario_;
  std::mt19937_64 random_;
  EpochMillis start_;
  EpochMillis now_;
  std::map<std::pair<EpochMillis, std::uint64_t>, std::function<void()>> events_;
  std::uint64_t next_event_ = 0;
  std::uint64_t trace_hash_ = 14695981039346656037u;
  FaultCounts faults_{};
  std::int64_t closing_rows_ = 0;

  std::int64_t newest_term_ = 0;
  std::map<EpochId, std::string> offsets_;
  std::map<EpochId, StoredCommit> commits_;
  std::map<std::string, std::vector<std::string>> staged_;
  std::map<EpochId, std::vector<std::string>> manifests_;
  std::map<std::size_t, EpochId> markers_;
  std::vector<std::string> marked_rows_;
};

}  // namespace stream::simulation
