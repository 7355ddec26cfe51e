// The coordinator's shell that both runners share: it turns commands of the pure coordinator into
// calls on the services and on the tasks, and answers into events. It decides nothing. The host
// carries out what concerns tasks and says where blocking work runs. One thread at a time.
#pragma once

#include <libstream/control/epoch_coordinator.hpp>
#include <libstream/control/progress_reporter.hpp>
#include <libstream/execution/query_services.hpp>

#include <deque>
#include <functional>
#include <map>

namespace stream {

/// What a runner provides.
class QueryHost {
 public:
  /// What blocking work gives back: to be called on the loop's thread.
  using Answer = std::function<void()>;

  virtual ~QueryHost() = default;
  /// Runs `work` where blocking is allowed, in order, then its answer on the loop's thread.
  virtual void run_blocking(std::function<Answer()> work) = 0;
  virtual void begin_epoch(const EpochAssignment& assignment) = 0;
  virtual void end_open_ranges() = 0;
  /// Asks the tasks of marker sinks to commit; gives their number. Each answers on_task_committed.
  virtual std::size_t commit_tasks(EpochId epoch) = 0;
  /// Throws all tasks away: the next are those of `plan`.
  virtual void change_plan(std::shared_ptr<const PhysicalPlan> plan) = 0;
  /// Throws all tasks away and makes them anew with the restored state.
  virtual Result<void> restore_tasks(const RestoredState& state) = 0;
  virtual void schedule_tick(EpochMillis at) = 0;
  virtual void epoch_committed(const QueryProgress& progress) = 0;
  /// The answer to QueryLoop::catch_up(request) and all before it.
  virtual void caught_up(std::int64_t request) = 0;
  /// The answer to QueryLoop::rescale(request, …), without an error to all before it too.
  virtual void rescaled(std::int64_t request, const std::optional<Error>& error) = 0;
  virtual void stopped(const std::optional<Error>& error) = 0;
};

class QueryLoop {
 public:
  QueryLoop(std::shared_ptr<const PhysicalPlan> plan, const QueryOptions& options,
            std::string run_id, std::unique_ptr<QueryServices> services,
            std::vector<std::string> initial_offsets, QueryHost& host);

  void start();
  void on_tick();
  void on_task_done(TaskDone done);
  void on_task_committed(EpochId epoch);
  void on_open_range_ended(EpochId epoch, std::uint32_t source, std::string end);
  void on_task_failed(Error error);
  /// Blocking work or a callback threw.
  void on_work_failed(Error error);
  /// They are to run elsewhere: restored from the last commit, which is no failure of theirs.
  void on_tasks_lost();
  void on_rows_available();
  void run_epochs(std::size_t epochs);
  /// Requests count up.
  void catch_up(std::int64_t request);
  /// Requests count up.
  void rescale(std::int64_t request, std::uint32_t parallelism);
  void stop(bool gracefully);

  QueryServices& services() { return *services_; }
  /// What a sink task that opens now needs to know of what is committed.
  SinkHistory sink_history(std::uint32_t sink, std::uint32_t task) const;
  const EpochCoordinator& coordinator() const { return coordinator_; }

 private:
  void handle(Commands commands);
  void carry_out(PlanSources command);
  void take_plan(const PlanSources& command, PlannedSources sources);
  void carry_out(WriteOffsets command);
  void carry_out(BeginEpoch command);
  void carry_out(EndOpenRanges command);
  void carry_out(CommitSinks command);
  void commit_sinks();
  void carry_out(WriteCommit command);
  void carry_out(EpochCommitted command);
  void carry_out(CaughtUp command);
  void carry_out(ScheduleTick command);
  void carry_out(RestoreTasks command);
  void carry_out(Rescaled command);
  void carry_out(Stopped command);
  /// The splits that were planned for exactly these ranges, if any.
  std::optional<std::vector<std::vector<Split>>> take_planned(const EpochOffsets& offsets);
  /// What these tasks still report has no meaning any more, their failures neither.
  bool are_tasks_given_up() const { return coordinator_.is_restoring(); }
  void fail(Error error) {
    handle(coordinator_.on_failure(services_->cause_of(std::move(error)), now()));
  }
  EpochMillis now() const { return options_.clock->wall_millis(); }
  /// Of what blocking work has done: until tasks are made anew, or for good, as a commit.
  enum class Validity {
    of_attempt,
    of_planners,  ///< of the attempt, too; the sources' planners are with the work until it is done
    lasting,
  };
  /// Runs `work` (a Result) where blocking is allowed and `then` with its value on this thread.
  template <class Work, class Then>
  void blocking(Work work, Then then, Validity validity = Validity::of_attempt);
  /// The same for work that uses the sources' planners, which belong to one thread at a time: on
  /// this one and at once where they do not block and are here.
  template <class Work, class Then>
  void with_planners(Work work, Then then);
  /// Calls `then` with the value of `result`, or fails with its error.
  template <class T, class Then>
  void go_on(Result<T> result, Then& then);

  /// What is to run at another parallelism.
  struct Rescale {
    std::shared_ptr<const PhysicalPlan> plan;
    std::uint32_t parallelism = 1;
  };
  Result<Rescale> plan_rescale(std::uint32_t parallelism) const;

  std::shared_ptr<const PhysicalPlan> plan_;
  std::optional<Rescale> rescale_;  ///< asked for, not begun
  bool is_plan_new_ = false;        ///< to the host
  std::uint32_t parallelism_;
  const QueryOptions& options_;
  std::unique_ptr<QueryServices> services_;
  EpochCoordinator coordinator_;
  ProgressReporter reporter_;
  QueryHost& host_;
  /// What was planned and not begun yet, by epoch: its splits need no second asking.
  struct Planned {
    std::vector<std::string> starts;
    PlannedSources sources;
  };
  std::map<EpochId, Planned> planned_;
  /// Of epochs that were planned and are not over.
  std::map<EpochId, std::vector<SourceStanding>> standings_;
  CommitSinks committing_{-1, {}, 0};  ///< the newest that was asked for
  std::size_t tasks_to_commit_ = 0;
  std::vector<SinkMessage> committed_messages_;
  std::deque<Command> pending_;
  bool is_handling_ = false;
  std::size_t num_with_planners_ = 0;  ///< works handed to the host and not answered yet
  std::uint64_t attempt_ = 0;          ///< answers of work begun before a restore are dropped
};

/// The coordinator's options for a plan and its query options.
CoordinatorOptions coordinator_options(const PhysicalPlan& plan, const QueryOptions& options,
                                       const QueryServices& services);

}  // namespace stream
