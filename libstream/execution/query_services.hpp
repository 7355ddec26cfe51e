// The blocking half of a query's coordinator: source planners, checkpoint directory, sink
// committers. A shell hands it the commands of control/epoch_coordinator that do I/O and feeds the
// answers back. One thread at a time; in the actor runner that is a detached actor's.
#pragma once

#include <libstream/control/epoch_coordinator.hpp>
#include <libstream/control/progress_reporter.hpp>
#include <libstream/execution/task.hpp>
#include <libstream/execution/unsynced_file_system.hpp>
#include <libstream/plans/runner.hpp>
#include <libstream/state/checkpoint_directory.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace stream {

/// One epoch as the source tasks get it.
struct EpochAssignment {
  EpochStart start;
  std::map<std::uint32_t, DealtSplits> splits;  ///< by task number; every source task has an entry
};

/// What the planners say of an epoch: where each source's range ends (nullopt: open), and the
/// splits of the ranges that were planned.
struct PlannedSources {
  std::vector<std::optional<std::string>> ends;
  std::vector<std::vector<Split>> splits;
  std::vector<SourceStanding> standings;  ///< empty ones of planners that do not say
};

/// Deals the splits of each source to its tasks.
EpochAssignment make_assignment(const PhysicalPlan& plan, const BeginEpoch& command,
                                const std::vector<std::vector<Split>>& splits);

/// Restored state by task number.
using RestoredState = std::map<std::uint32_t, std::vector<SealedState>>;

/// Operators whose state a query without a checkpoint cannot move or bring back.
bool has_stateful_operator(const PhysicalPlan& plan);

using StateReader = std::function<Result<std::vector<StatePiece>>(const SealedFile&)>;
/// The state files of a commit, read and sorted out by task.
Result<RestoredState> deal_out_state(const PhysicalPlan& plan, const std::vector<StateFile>& files,
                                     const StateReader& read);

class QueryServices {
 public:
  /// Opens the checkpoint, the planners and the committers. Errors name what is wrong; nothing has
  /// started then.
  static Result<std::unique_ptr<QueryServices>> open(
      std::shared_ptr<const PhysicalPlan> plan, const QueryOptions& options,
      CheckpointOwnership ownership = CheckpointOwnership::locked);
  ~QueryServices();

  const std::string& query_id() const { return query_id_; }
  std::int64_t term() const { return directory_ ? directory_->term() : 0; }
  /// The error itself, or what is behind it: that another run has taken over.
  Error cause_of(Error error);
  bool is_durable() const { return directory_ != nullptr; }
  /// What sinks write through: without a checkpoint they need not wait for the disk.
  FileSystem& sink_files();
  const RecoveredCheckpoint& recovered() const { return recovered_; }

  Result<std::vector<std::string>> initial_offsets();
  /// Do plan_sources, plan_splits and commit_sources need a thread that may block?
  bool blocks_to_plan() const;
  /// Does commit_sinks?
  bool blocks_to_commit_sinks() const;
  Result<PlannedSources> plan_sources(const PlanSources& command);
  /// The splits of ranges that were not planned just before (a re-run, a recovery).
  Result<std::vector<std::vector<Split>>> plan_splits(const std::vector<SourceRange>& ranges);
  Result<void> write_offsets(const WriteOffsets& command);
  /// What the last commit lists.
  const std::vector<StateFile>& committed_files() const { return committed_files_; }
  /// Writes the state a task sealed, or takes over what its node has written; to be called for
  /// every TaskDone of a checkpoint epoch before the coordinator hears of it.
  Result<void> write_state(const TaskDone& done);
  Result<void> commit_sinks(const CommitSinks& command);
  Result<void> write_commit(const WriteCommit& command);
  /// After a commit: tells the sources how far it goes.
  Result<void> commit_sources(const std::vector<std::string>& ends);
  /// After a commit: merges long chains of changelogs, removes old files.
  Result<void> sweep(EpochId epoch);
  /// The same query for another parallelism: splits and state are dealt out for it from now on.
  void change_plan(std::shared_ptr<const PhysicalPlan> plan, std::uint32_t parallelism);
  /// State as of commits/`from`, sorted out by task. Forgets sealed state of later epochs.
  Result<RestoredState> load_state(EpochId from);

 private:
  QueryServices(std::shared_ptr<const PhysicalPlan> plan, const QueryOptions& options);
  class Log;

  Result<void> open_checkpoint(CheckpointOwnership ownership);
  Result<std::optional<EpochCommit>> read_commit();
  Result<std::optional<EpochOffsets>> read_offsets();
  Result<void> open_sources();
  Result<void> open_sinks();
  Result<void> merge_long_chains(EpochId epoch);

  std::shared_ptr<const PhysicalPlan> plan_;
  const QueryOptions& options_;
  std::uint32_t parallelism_;
  std::string query_id_;
  std::unique_ptr<CheckpointDirectory> directory_;
  UnsyncedFileSystem unsynced_files_;
  RecoveredCheckpoint recovered_;
  std::vector<std::unique_ptr<Log>> logs_;
  std::vector<std::unique_ptr<SourcePlanner>> planners_;
  std::vector<std::unique_ptr<SinkCommitter>> committers_;
  std::vector<StateFile> committed_files_;  // what commits/last lists
  std::vector<StateFile> sealed_files_;     // of the running checkpoint epoch
};

}  // namespace stream
