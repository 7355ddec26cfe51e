// The control loop of one query, as a pure state machine: events in, commands out. No clock, no
// I/O, no threads, no CAF. Shells (execution/local_runner, actors/coordinator) carry out the
// commands and feed back what happened. One epoch:
//
//   tick -> plan_sources -> write_offsets -> begin_epoch -> (task_done)* -> commit_sinks
//        -> write_commit -> epoch_committed -> next tick
//
// Life: construct, on_start, then any events; after `stopped` nothing more comes out.
#pragma once

#include <libstream/control/epoch_records.hpp>
#include <libstream/control/trigger.hpp>

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

namespace stream {

// ---- commands: what the shell must do; each names the event that answers it ----

/// Ask every source planner for its newest offset under its limits -> on_offsets_planned.
struct PlanSources {
  EpochId epoch;
  EpochMillis batch_time;  ///< rules by modification time compare with this
  std::vector<std::string> starts;  ///< per source, where the epoch begins
};
/// Make offsets/N durable, exclusively -> on_offsets_written.
struct WriteOffsets {
  EpochOffsets offsets;
};
/// Send EpochBegin to the source tasks. Each task answers -> on_task_done.
struct BeginEpoch {
  EpochOffsets offsets;
  bool is_checkpoint;  ///< tasks seal their state and sinks finish at the end of this epoch
};
/// Tell the readers of open ranges to end the epoch where they are -> on_open_range_ended.
struct EndOpenRanges {
  EpochId epoch;
};
/// Let every sink committer commit, idempotently -> on_sinks_committed.
struct CommitSinks {
  EpochId epoch;
  std::vector<SinkMessage> messages;
};
/// Make commits/N durable, exclusively: the moment of truth -> on_commit_written.
struct WriteCommit {
  EpochCommit commit;
};
/// Epoch N is over: tell the sources, remove old files, publish progress. No answer.
struct EpochCommitted {
  EpochId epoch;
  bool is_checkpoint;
  std::vector<std::string> ends;  ///< per source
  EpochStatistics statistics;
};
/// Call on_tick at `at` (wall milliseconds); replaces an earlier request. No answer.
struct ScheduleTick {
  EpochMillis at;
};
/// Throw all tasks away, make them anew, restore them from commits/`from` (nothing when -1; rows
/// of memory-only epochs are lost with them) -> on_tasks_restored.
struct RestoreTasks {
  EpochId from;
};
/// The query is over; `error` says why unless it was asked to stop or ran out of input.
struct Stopped {
  std::optional<Error> error;
};

using Command = std::variant<PlanSources, WriteOffsets, BeginEpoch, EndOpenRanges, CommitSinks,
                             WriteCommit, EpochCommitted, ScheduleTick, RestoreTasks, Stopped>;
using Commands = std::vector<Command>;

struct CoordinatorOptions {
  Trigger trigger;
  std::size_t num_tasks = 1;
  /// Sources with open ranges: their end is known only at the reader (socket).
  std::vector<bool> open_ranges;
  /// Checkpoint every so often; zero: every epoch. Epochs between survive in memory only.
  Duration checkpoint_interval{0};
  /// False: no directory; WriteOffsets and WriteCommit are never asked for.
  bool durable = false;
  /// Interval trigger: at most so many planned epochs wait; then planning is held back.
  std::size_t max_queued_epochs = 1000;
  /// Run an epoch although no source has new rows (DStreams: every interval is an epoch).
  bool run_empty_epochs = false;
  /// How many times lost tasks are restored without a committed epoch between.
  int max_restores = 3;
};

/// What recovery found in the checkpoint.
struct RecoveredCheckpoint {
  EpochId last_committed = -1;
  std::vector<std::string> committed_ends;   ///< per source; empty when last_committed is -1
  EpochMillis zero_time = 0;                 ///< DStreams: batch time of epoch 0 minus interval; 0 unknown
  EpochMillis last_batch_time = 0;
  std::optional<EpochOffsets> uncommitted;   ///< offsets/N without commits/N: run again as it was
};

class EpochCoordinator {
 public:
  EpochCoordinator(CoordinatorOptions options, std::vector<std::string> initial_offsets);

  /// First event. Restored state, if any, was loaded by the shell's answer to RestoreTasks.
  Commands on_start(EpochMillis now, const RecoveredCheckpoint& recovered);
  Commands on_tick(EpochMillis now);
  /// Per source the end offset; nullopt entries are open ranges.
  Commands on_offsets_planned(EpochId epoch, EpochMillis now,
                              std::vector<std::optional<std::string>> ends);
  Commands on_offsets_written(EpochId epoch);
  Commands on_open_range_ended(EpochId epoch, std::size_t source, std::string end);
  Commands on_task_done(EpochId epoch, TaskReport report, EpochMillis now);
  Commands on_sinks_committed(EpochId epoch);
  Commands on_commit_written(EpochId epoch, EpochMillis now);
  Commands on_tasks_restored(EpochMillis now);

  /// Manual trigger: run `epochs` more epochs.
  Commands on_run_epochs(std::size_t epochs, EpochMillis now);
  /// Sources have new rows (a socket, a file watcher); only shortens waiting for a tick.
  Commands on_rows_available(EpochMillis now);
  /// Graceful: finish the running epoch and everything received; else after the running command.
  Commands on_stop(bool gracefully, EpochMillis now);
  /// A task, planner, sink or store failed. `transient` restores from the last commit.
  Commands on_failure(Error error, EpochMillis now);
  /// Tasks vanished (a node died) without an error of their own.
  Commands on_tasks_lost(EpochMillis now);

  EpochId running_epoch() const;
  EpochId last_committed() const;
  bool is_stopped() const;
};

}  // namespace stream
