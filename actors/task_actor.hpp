// The actor around one task: messages become deliver, grant, begin_epoch and wake; after each the
// task steps a bounded number of times. Started by the coordinator with an opened task; the
// scheduler's threads run it, one at a time (a thread of its own when its sink may block).
#pragma once

#include <actors/epoch_reports.hpp>
#include <actors/exit_gate.hpp>
#include <actors/messages.hpp>
#include <actors/query_status.hpp>

#include <atomic>
#include <memory>
#include <mutex>

namespace stream {

/// What never changes while its tasks run; a query that is rescaled gets another. Shared by its
/// coordinator and tasks.
struct QueryDefinition {
  PhysicalPlan plan;
  QueryOptions options;
  std::string run_id;
  std::vector<TaskNode> graph;
  std::shared_ptr<QueryStatus> status;
};

inline std::shared_ptr<const PhysicalPlan> plan_of(std::shared_ptr<const QueryDefinition> query) {
  const PhysicalPlan* plan = &query->plan;
  return {std::move(query), plan};
}

/// Where a reader's wake goes. Readers may keep it longer than the query lives.
class WakeTarget {
 public:
  void aim(caf::actor task, caf::actor coordinator);
  void close();
  /// Any thread. Wakes that the task has not yet answered fall together.
  void wake();
  void answered() { is_pending_.store(false); }

 private:
  std::mutex mutex_;
  caf::actor task_;
  caf::actor coordinator_;
  std::atomic<bool> is_pending_ = false;
};

/// Carries calls of a task to its actor; set once the actor exists.
class TaskOutside final : public TaskPeers {
 public:
  void attach(TaskPeers* actor) { actor_ = actor; }
  void send(std::uint32_t to_task, std::uint32_t to_input, Element element) override {
    actor_->send(to_task, to_input, std::move(element));
  }
  void grant(std::uint32_t to_task, std::uint32_t to_output, std::int64_t bytes) override {
    actor_->grant(to_task, to_output, bytes);
  }
  void done(TaskDone task_done) override { actor_->done(std::move(task_done)); }
  void committed(EpochId epoch) override { actor_->committed(epoch); }
  void open_range_ended(EpochId epoch, std::uint32_t source, std::string end) override {
    actor_->open_range_ended(epoch, source, std::move(end));
  }
  void failed(Error error) override { actor_->failed(std::move(error)); }

 private:
  TaskPeers* actor_ = nullptr;
};

/// One generation of tasks: cancelled together.
struct TaskGeneration {
  TaskGeneration(std::uint64_t its_number, std::size_t num_tasks)
      : number(its_number), reports(num_tasks) {}

  const std::uint64_t number;
  std::atomic<bool> is_cancelled = false;
  EpochReports reports;
};

struct TaskSetup {
  std::shared_ptr<const QueryDefinition> query;
  std::shared_ptr<TaskGeneration> generation;
  std::uint32_t number = 0;
  caf::actor coordinator;
  std::shared_ptr<WakeTarget> wake;
  std::unique_ptr<TaskOutside> outside;
  std::unique_ptr<Task> task;  ///< opened; its peers are `outside`
  ExitGate::Pass pass;
};

class TaskActor final : public caf::event_based_actor {
 public:
  TaskActor(caf::actor_config& config, std::shared_ptr<TaskSetup> setup);
  ~TaskActor() override;
  const char* name() const override { return "stream.task"; }

 protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

 private:
  class Peers;

  /// Steps until nothing is left to do or the turn is over.
  void run();
  template <class Event>
  void take(Event event);
  void take_frame(Task& task, const DeliverFrame& message);
  std::string place() const;
  void report_failure(Error error);

  TaskSetup setup_;
  std::unique_ptr<Peers> peers_;
  std::unique_ptr<BlockPool> pool_;  ///< of batches that come from other nodes
  std::shared_ptr<const std::vector<caf::actor>> tasks_;
  bool is_continue_pending_ = false;
  bool has_failed_ = false;
};

}  // namespace stream
