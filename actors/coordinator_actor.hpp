// The actor around a query's control loop (execution/query_loop): it spawns the tasks and the
// services actor, turns messages into events of the loop and waits for all of them before it ends.
// One a query, on a thread of its own, so that its ticks never wait behind tasks and it may wait.
#pragma once

#include <actors/local_tasks.hpp>
#include <actors/other_nodes.hpp>
#include <actors/services_actor.hpp>
#include <libstream/execution/query_loop.hpp>

#include <future>
#include <map>
#include <memory>
#include <vector>

namespace stream {

struct CoordinatorSetup {
  std::shared_ptr<const QueryDefinition> query;
  std::unique_ptr<QueryServices> services;
  std::vector<std::string> initial_offsets;
  std::shared_ptr<OtherNodes> nodes;   ///< null: all tasks run in this process
  std::promise<Result<void>> started;  ///< set when the first tasks are open, or cannot be
};

class CoordinatorActor final : public caf::blocking_actor, public QueryHost {
 public:
  CoordinatorActor(caf::actor_config& config, std::shared_ptr<CoordinatorSetup> setup);
  ~CoordinatorActor() override;
  const char* name() const override { return "stream.coordinator"; }

 protected:
  void act() override;
  void on_exit() override;

 private:
  // QueryHost
  void run_blocking(std::function<Answer()> work) override;
  void begin_epoch(const EpochAssignment& assignment) override;
  void end_open_ranges() override;
  std::size_t commit_tasks(EpochId epoch) override;
  void change_plan(std::shared_ptr<const PhysicalPlan> plan) override;
  Result<void> restore_tasks(const RestoredState& state) override;
  void schedule_tick(EpochMillis at) override { tick_at_ = at; }
  void epoch_committed(const QueryProgress& progress) override;
  void caught_up(std::int64_t request) override;
  void rescaled(std::int64_t request, const std::optional<Error>& error) override;
  void stopped(const std::optional<Error>& error) override;

  void receive_one();
  void start();
  /// Runs one event of the loop, then ends the query if the loop has stopped.
  template <class Event>
  void take(Event event);
  void take_due_tick();
  Duration time_to_tick() const;
  Result<Placement> wanted_placement() const;
  Result<std::vector<std::uint32_t>> place_tasks_here();
  std::map<std::uint32_t, SinkHistory> sink_histories() const;
  void place_again(const PlaceAgain& message);
  void end_tasks();
  void end_all();
  template <class Call>
  void tell_listeners(Call call);
  const QueryOptions& options() const { return query_->options; }
  caf::actor self() { return caf::actor_cast<caf::actor>(this); }

  const std::shared_ptr<const QueryDefinition> started_as_;  ///< its options are in use
  std::shared_ptr<const QueryDefinition> query_;
  std::shared_ptr<CoordinatorSetup> setup_;
  std::unique_ptr<QueryLoop> loop_;

  std::shared_ptr<OtherNodes> nodes_;
  Placement placement_;
  LocalTasks local_;
  std::shared_ptr<const std::vector<caf::actor>> tasks_;

  caf::actor services_actor_;
  std::shared_ptr<ExitGate> services_gate_ = std::make_shared<ExitGate>();

  std::optional<EpochMillis> tick_at_;
  bool is_over_ = false;
  bool has_stopped_ = false;
  std::optional<Error> stop_error_;
};

}  // namespace stream
