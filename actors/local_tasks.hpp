// The tasks of a query that run in this process: opened, spawned as actors, ended together. Used by
// the coordinator and, where the coordinator is on another node, by the task host; on their thread,
// which may wait.
#pragma once

#include <actors/task_actor.hpp>

#include <map>
#include <vector>

namespace stream {

/// What tasks are told of their query's checkpoint.
struct TaskGround {
  std::string query_id;
  std::int64_t term = 0;
  bool seals_state = false;
  FileSystem* sink_files = nullptr;
  std::map<std::uint32_t, SinkHistory> sink_histories = {};  ///< by task, of those with sinks
};

class LocalTasks {
 public:
  LocalTasks(caf::actor_system& system, std::shared_ptr<const QueryDefinition> query);

  /// The next ones are tasks of another plan. None are there now.
  void change_query(std::shared_ptr<const QueryDefinition> query) { query_ = std::move(query); }
  /// Opens the tasks of `numbers` with what was restored; nothing runs yet. None are open before.
  Result<void> open(std::uint64_t generation, const std::vector<std::uint32_t>& numbers,
                    const RestoredState& state, const TaskGround& ground);
  /// Their actors, at their numbers in `all`; they report to `coordinator`.
  void spawn(std::vector<caf::actor>& all, const caf::actor& coordinator);
  /// Tells each of all others, before anything else reaches it.
  template <class Self>
  void introduce(Self* self, const std::shared_ptr<const std::vector<caf::actor>>& all) {
    const auto coordinator = caf::actor_cast<caf::actor>(self);
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
      caf_compat::send(self, (*all)[numbers_[i]], StartTask{all});
      wakes_[i]->aim((*all)[numbers_[i]], coordinator);
    }
  }
  /// From now on they drop what they get.
  void cancel();
  /// Returns when they have let go of everything. The actors are those of `spawn`.
  void end(const std::vector<caf::actor>& all);

  /// Passes for other actors that `end` is to wait for.
  ExitGate& gate() { return *gate_; }
  std::uint64_t generation() const { return generation_ ? generation_->number : 0; }
  bool has_generation() const { return generation_ != nullptr; }

 private:
  Result<std::shared_ptr<TaskSetup>> open_task(std::uint32_t number, const RestoredState& state,
                                               const TaskGround& ground);

  caf::actor_system& system_;
  std::shared_ptr<const QueryDefinition> query_;
  std::shared_ptr<TaskGeneration> generation_;
  std::vector<std::uint32_t> numbers_;
  std::vector<std::shared_ptr<TaskSetup>> opened_;
  std::vector<std::shared_ptr<WakeTarget>> wakes_;
  std::shared_ptr<ExitGate> gate_ = std::make_shared<ExitGate>();
};

}  // namespace stream
