// One process of the simulation: a coordinator, its shell and its tasks. It may crash, sleep while
// another owner starts, lose its tasks and its answers.
#pragma once

#include <memory>
#include <set>

#include "simulated_world.hpp"

namespace stream::simulation {

class Process : public std::enable_shared_from_this<Process> {
 public:
  explicit Process(World& world);

  void start();
  void crash();
  /// Nothing of it happens before `time`, except writes that are on their way already.
  void sleep_until(EpochMillis time) { asleep_until_ = time; }
  void lose_tasks();
  void stop_gracefully();
  void run_epochs(std::size_t epochs);
  void catch_up();
  bool is_caught_up() const { return is_caught_up_; }

  bool is_over() const { return !is_alive_ || coordinator_.is_stopped(); }
  const std::optional<Error>& error() const { return error_; }

 private:
  struct Task {
    Counts counts;
    std::vector<std::string> rows;  ///< output since the last checkpoint
    std::size_t sources_left = 0;
    std::vector<EventTimes> event_times;  ///< of the running epoch, by source
  };
  /// Tasks of one attempt; thrown away as a whole.
  struct Attempt {
    std::int64_t number = 0;
    std::vector<Task> tasks;
    std::vector<Counts> sealed;
  };

  void handle(Commands commands);
  void carry_out(const PlanSources& command);
  void carry_out(const WriteOffsets& command);
  void carry_out(const BeginEpoch& command);
  void carry_out(const EndOpenRanges& command);
  void carry_out(const CommitSinks& command);
  void carry_out(const WriteCommit& command);
  void carry_out(const EpochCommitted& command);
  void carry_out(const CaughtUp&) { is_caught_up_ = true; }
  void carry_out(const Rescaled&) {}
  void carry_out(const ScheduleTick& command);
  void carry_out(const RestoreTasks& command);
  void carry_out(const Stopped& command);

  /// Calls `event` after a random delay if the process lives then; a sleeping one gets it later.
  void later(const char* what, std::function<void()> event, EpochMillis delay_max = 5);
  void deliver(const char* what, std::function<void()> event);
  /// A write: it happens after a while, its answer comes later still. A crash in between decides.
  void write(const char* what, std::function<Result<void>()> effect, std::function<void()> answer);
  void fail(Error error);
  void send_range(const BeginEpoch& begin, std::size_t source);
  void finish_source(const BeginEpoch& begin, std::size_t task,
                     const std::shared_ptr<Attempt>& attempt);
  void take_row(Task& task, const Row& row, EpochMillis late);
  void emit_windows(Task& task, EpochMillis watermark);
  void send_done(const BeginEpoch& begin, std::size_t task,
                 const std::shared_ptr<Attempt>& attempt);
  void write_sinks(const CommitSinks& command, std::function<void()> answer);

  World& world_;
  std::int64_t term_;
  std::vector<std::int64_t> planned_ends_;  ///< available-now: fixed at the start
  EpochCoordinator coordinator_;
  bool is_alive_ = true;
  EpochMillis asleep_until_ = 0;
  bool is_woken_ = false;
  int writes_on_their_way_ = 0;
  std::uint64_t tick_ = 0;
  EpochId committing_ = -1;        ///< its sinks commit, or its commit is written
  bool is_beside_commit_ = false;  ///< the newest epoch began meanwhile
  std::shared_ptr<Attempt> attempt_;
  std::optional<Error> error_;
  std::int64_t catch_up_requests_ = 0;
  bool is_caught_up_ = false;
};

}  // namespace stream::simulation
