// The control loop of one query, as a pure state machine: events in, commands out. No clock, no
// I/O, no threads, no CAF. Shells (execution/local_runner, actors/coordinator) carry out the
// commands and feed back what happened. One epoch:
//
//   tick -> plan_sources -> write_offsets -> begin_epoch -> (task_done)* -> commit_sinks
//        -> write_commit -> epoch_committed -> next tick
//
// Where `overlaps_commits`, a checkpoint does not hold up rows: its offsets and its commit are
// written while the epochs after it run, in memory only, until the next checkpoint is due.
//
// Life: construct, on_start, then any events; after `stopped` nothing more comes out. Events may
// come late or twice: those of another epoch or attempt are ignored. An attempt begins with each
// RestoreTasks; shells whose old tasks can still be heard give the attempt back with the answer.
// Used by the runners, from one thread.
#pragma once

#include <libstream/control/epoch_records.hpp>
#include <libstream/control/trigger.hpp>
#include <libstream/control/watermark_tracker.hpp>

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace stream {

// ---- commands: what the shell must do; each names the event that answers it ----

/// Ask every source planner for its newest offset under its limits -> on_offsets_planned.
struct PlanSources {
  EpochId epoch;
  EpochMillis batch_time;           ///< rules by modification time compare with this
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
  EpochMillis late_watermark = 0;  ///< of the epoch before: rows up to it are late (R-012)
  std::int64_t attempt = 0;
};
/// Tell the readers of open ranges to end the epoch where they are -> on_open_range_ended.
struct EndOpenRanges {
  EpochId epoch;
  std::int64_t attempt = 0;
};
/// Let every sink committer commit, idempotently -> on_sinks_committed.
struct CommitSinks {
  EpochId epoch;
  std::vector<SinkMessage> messages;
  std::int64_t attempt = 0;
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
  EpochMillis watermark = 0;  ///< the epoch ran with it (R-025)
};
/// All that the sources had when `request` came, and what follows from it, is committed. No answer.
struct CaughtUp {
  std::int64_t request;
};
/// Call on_tick at `at` (wall milliseconds); replaces an earlier request. No answer.
struct ScheduleTick {
  EpochMillis at;
};
/// Throw all tasks away, make them anew, restore them from commits/`from` (nothing when -1); what
/// came after is run again -> on_tasks_restored. A shell that kept no state of `from` (not durable)
/// answers on_failure instead.
struct RestoreTasks {
  EpochId from;
  std::int64_t attempt = 0;
  bool is_rescale = false;  ///< make them of the plan that on_rescale announced
};
/// The tasks of the new plan run, as `request` and all before it wanted. No answer.
struct Rescaled {
  std::int64_t request;
};
/// The query is over; `error` says why unless it was asked to stop or ran out of input.
struct Stopped {
  std::optional<Error> error;
};

using Command =
    std::variant<PlanSources, WriteOffsets, BeginEpoch, EndOpenRanges, CommitSinks, WriteCommit,
                 EpochCommitted, CaughtUp, ScheduleTick, RestoreTasks, Rescaled, Stopped>;
using Commands = std::vector<Command>;

struct CoordinatorOptions {
  Trigger trigger;
  std::size_t num_tasks = 1;
  /// Sources with open ranges: their end is known only at the reader (socket).
  std::vector<bool> open_ranges;
  /// Sources that every epoch reads whole: they never move, so they never cause an epoch.
  std::vector<bool> static_sources;
  /// The first epoch runs even without rows.
  bool makes_empty_first_epoch = false;
  std::vector<std::int64_t> watermark_delays;  ///< milliseconds, by watermark node
  WatermarkPolicy watermark_policy = WatermarkPolicy::min;
  std::int64_t idle_timeout_millis = 0;               ///< see WatermarkTracker
  NoDataEpochs no_data_epochs = NoDataEpochs::never;  ///< the most that any operator asks for
  /// Checkpoint every so often; zero: every epoch. Epochs between survive in memory only.
  Duration checkpoint_interval{0};
  /// False: no directory; WriteOffsets and WriteCommit are never asked for.
  bool durable = false;
  /// Epochs run while a checkpoint is written. For sinks that hand rows on at once, so that rows
  /// after the checkpoint may reach them before its commit, and intervals between checkpoints.
  bool overlaps_commits = false;
  /// Interval trigger: at most so many planned epochs wait; then planning is held back.
  std::size_t max_queued_epochs = 1000;
  /// Run an epoch although no source has new rows (DStreams: every interval is an epoch).
  bool run_empty_epochs = false;
  /// How many times lost tasks are restored without a committed epoch between.
  int max_restores = 5;
  /// After transient failures in a row: the first restores at once, the second after
  /// `restore_delay`, each further one after twice the time, up to `max_restore_delay`.
  Duration restore_delay{100};
  Duration max_restore_delay{10'000};
};

/// What recovery found in the checkpoint.
struct RecoveredCheckpoint {
  EpochId last_committed = -1;
  std::vector<std::string> committed_ends;  ///< per source; empty when last_committed is -1
  EpochMillis zero_time = 0;  ///< DStreams: batch time of epoch 0 minus interval; 0 unknown
  EpochMillis last_batch_time = 0;
  EpochMillis last_watermark = 0;                   ///< the last committed epoch ran with it
  EpochMillis next_watermark = 0;                   ///< and moved it to this
  std::optional<WatermarkPolicy> watermark_policy;  ///< of the first run
  std::optional<EpochOffsets> uncommitted;  ///< offsets/N without commits/N: run again as it was
  std::vector<SinkMessage> sink_messages;   ///< of the last commit

  static RecoveredCheckpoint of(const std::optional<EpochCommit>& last_commit,
                                std::optional<EpochOffsets> uncommitted_offsets);
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
  /// `now`, here and below, only makes the durations finer.
  Commands on_offsets_written(EpochId epoch, std::optional<EpochMillis> now = {});
  /// Asked for by EndOpenRanges, or because the input has ended for good.
  Commands on_open_range_ended(EpochId epoch, std::size_t source, std::string end,
                               std::optional<std::int64_t> attempt = {});
  Commands on_task_done(EpochId epoch, TaskReport report, EpochMillis now,
                        std::optional<std::int64_t> attempt = {});
  Commands on_sinks_committed(EpochId epoch, std::optional<EpochMillis> now = {},
                              std::optional<std::int64_t> attempt = {});
  Commands on_commit_written(EpochId epoch, EpochMillis now);
  Commands on_tasks_restored(EpochMillis now, std::optional<std::int64_t> attempt = {});

  /// Manual trigger: run `epochs` more epochs.
  Commands on_run_epochs(std::size_t epochs, EpochMillis now);
  /// Wants CaughtUp{request}; requests count up. Time triggers keep to their times.
  Commands on_catch_up(std::int64_t request, EpochMillis now);
  /// The shell has a plan of `num_tasks` tasks for the same query: it replaces the running one when
  /// all epochs that have begun are committed; the newest request wins. Requests count up.
  Commands on_rescale(std::int64_t request, std::size_t num_tasks, EpochMillis now);
  /// Sources have new rows (a socket, a file watcher); only shortens waiting for a tick.
  Commands on_rows_available(EpochMillis now);
  /// Graceful: finish the running epoch and everything received; else after the running command.
  Commands on_stop(bool gracefully, EpochMillis now);
  /// A task, planner, sink or store failed; the command that failed has no other answer.
  /// `transient` restores from the last commit.
  Commands on_failure(Error error, EpochMillis now);
  /// Tasks vanished (a node died) without an error of their own. A write of offsets or a commit
  /// under way must still be answered; the restore comes after it.
  Commands on_tasks_lost(EpochMillis now);

  /// -1 when none runs.
  EpochId running_epoch() const;
  EpochId last_committed() const { return last_committed_; }
  /// Tasks are made anew from the last commit, now or soon; until on_tasks_restored.
  bool is_restoring() const { return phase_ == Phase::restoring; }
  bool is_stopped() const { return phase_ == Phase::stopped; }

 private:
  enum class Phase { created, restoring, active, stopped };

  enum class Step {
    writing_offsets,  ///< closed ranges: before the tasks begin
    running_tasks,
    // The tasks are done:
    writing_ends,  ///< offsets/N of open ranges, or where commits overlap
    committing_sinks,
    writing_commit,
  };

  /// An epoch from its planning on; it keeps its ranges when it has to run again.
  struct PlannedEpoch {
    EpochOffsets offsets;
    std::vector<bool> began_open;       ///< per source; stays when the end gets known
    std::optional<bool> is_checkpoint;  ///< decided when it first starts
    bool are_watermarks_known = false;  ///< likewise; a re-run keeps them
    EpochMillis late_watermark = 0;
    /// What it moves the watermark to, once it has run; those behind it may have moved it further.
    std::optional<EpochMillis> next_watermark;
    bool has_data = false;
    bool is_last_look = false;          ///< of a graceful stop: open ranges flow although it stops
    std::int64_t catch_up_request = 0;  ///< the newest when it was planned
    bool are_offsets_requested = false;
    bool are_offsets_written = false;
    EpochMillis trigger_start = 0;
    EpochMillis open_until = 0;
    EpochStatistics statistics;  ///< durations until it begins
  };

  struct RunningEpoch {
    PlannedEpoch plan;
    Step step = Step::running_tasks;
    std::set<TaskIndex> done;
    EpochStatistics statistics;
    std::vector<SinkMessage> messages;
    bool is_end_asked = false;
    EpochMillis step_start = 0;
  };

  struct Planning {
    EpochId epoch = 0;
    EpochMillis batch_time = 0;
    EpochMillis asked_at = 0;
    std::int64_t catch_up_request = 0;
  };

  // epoch_planning.cpp: which epoch comes when.
  void advance(Commands& out);
  bool is_plan_due() const;
  bool is_idle() const;
  EpochMillis batch_time_of_next() const;
  void ask_plan(Commands& out);
  void take_plan(std::vector<std::optional<std::string>> ends);
  bool runs_without_rows() const;
  bool is_bounded() const;
  bool is_state_of_age() const;
  void take_empty_plan();
  bool is_catching_up() const { return catch_up_request_ > seen_still_; }
  bool is_waited_for() const { return seen_still_ > caught_up_; }
  void stand_still(std::int64_t request);
  void report_if_caught_up(Commands& out);
  EpochMillis open_until(EpochMillis batch_time) const;
  bool is_finishing() const { return is_stopping_ || is_exhausted_; }
  void finish_if_nothing_left(Commands& out);
  void push_final_checkpoint();
  void rescale_if_due(Commands& out);
  bool may_look_once_more() const;
  void schedule(Commands& out);
  std::optional<EpochMillis> next_wish() const;
  void start_time_line(const RecoveredCheckpoint& recovered);

  // epoch_run.cpp: one epoch from its start to its commit.
  void start_next_epoch(Commands& out);
  bool may_start(const PlannedEpoch& epoch) const;
  static bool has_open_range(const PlannedEpoch& epoch);
  void begin_tasks(Commands& out);
  void fix_watermarks(PlannedEpoch& epoch) const;
  void end_open_ranges_if_due(Commands& out);
  void finish_tasks_if_all_done(Commands& out);
  void take_effect(RunningEpoch& epoch);
  void request_offsets(PlannedEpoch& epoch, Commands& out) const;
  void commit_sinks(Commands& out);
  void write_commit(Commands& out);
  void finish_commit(RunningEpoch epoch, Commands& out);
  void finish_epoch(RunningEpoch epoch, Commands& out);
  void measure(RunningEpoch& epoch, const char* key) const;

  // epoch_coordinator.cpp: events, the start, the end.
  PlannedEpoch recovered_epoch(EpochOffsets offsets);
  bool is_of_this_attempt(std::optional<std::int64_t> attempt) const;
  bool is_running(EpochId epoch, Step step) const;
  bool is_committing(EpochId epoch, Step step) const;
  void stop(std::optional<Error> error, Commands& out);

  // epoch_restore.cpp: failures and lost tasks.
  Error lost_tasks() const;
  bool is_store_writing() const;
  void restore(Error reason, EpochMillis delay, Commands& out);
  void restore_if_due(Commands& out);
  EpochMillis delay_after_failure() const;
  std::optional<Error> lost_open_rows() const;
  void requeue_unfinished();
  void accept_late_commit(Commands& out);
  /// One of the readers of open ranges may still bring rows.
  bool may_open() const;

  CoordinatorOptions options_;
  Phase phase_ = Phase::created;
  EpochMillis now_ = 0;
  std::int64_t attempt_ = 0;
  std::optional<EpochMillis> restore_at_;  ///< while a restore is put off
  int restores_ = 0;

  EpochId last_committed_ = -1;
  std::vector<std::string> committed_ends_;
  EpochMillis last_checkpoint_at_ = 0;

  EpochId next_epoch_ = 0;  ///< the next one to plan
  std::vector<std::string> next_starts_;
  std::vector<bool> is_source_ended_;  ///< available-now: its open range ended for good
  EpochMillis zero_time_ = 0;
  EpochMillis last_batch_time_ = 0;
  EpochMillis next_start_ = 0;  ///< processing time: no plan before
  std::size_t manual_epochs_ = 0;
  bool is_bounded_input_planned_ = false;  ///< of a query of static sources alone

  WatermarkTracker watermarks_;
  EpochMillis last_watermark_ = 0;  ///< of the epoch that finished last
  bool has_run_epoch_ = false;      ///< since this coordinator started (R-022)
  bool had_last_epoch_data_ = false;

  std::int64_t catch_up_request_ = 0;  ///< the newest that was asked for
  std::int64_t seen_still_ = 0;        ///< up to it the sources were found to stand still
  EpochId still_epoch_ = -1;           ///< the last epoch planned then
  std::int64_t caught_up_ = 0;         ///< up to it CaughtUp was given

  struct Rescale {
    std::int64_t request = 0;
    std::size_t num_tasks = 1;
  };
  std::optional<Rescale> rescale_;      ///< wanted
  std::int64_t rescale_under_way_ = 0;  ///< its tasks are being made
  std::optional<Planning> planning_;
  std::deque<PlannedEpoch> queue_;
  std::optional<RunningEpoch> running_;      ///< until its tasks are done
  std::optional<RunningEpoch> committing_;   ///< then, of a checkpoint, until its commit is written
  std::deque<PlannedEpoch> since_commit_;    ///< finished in memory only: run again after a loss
  std::deque<RunningEpoch> beside_commit_;   ///< likewise, while `committing_` was under way
  std::optional<RunningEpoch> unconfirmed_;  ///< its commit was asked for when a failure came

  bool is_stopping_ = false;
  bool has_looked_once_more_ = false;
  bool is_exhausted_ = false;
  bool is_restore_due_ = false;  ///< tasks are gone while commits/N is on its way
  EpochMillis stop_deadline_ = 0;
  std::optional<EpochMillis> scheduled_;
};

}  // namespace stream
