// Tasks of a query whose coordinator is another node: opens them as OpenTasks says, writes the
// state that they seal, and tells the coordinator's node what they report. One a generation, on a
// thread of its own, since it plans, reads and writes; spawned by the node agent.
#pragma once

#include <actors/local_tasks.hpp>
#include <actors/node.hpp>
#include <actors/node_peers.hpp>
#include <libstream/execution/unsynced_file_system.hpp>

namespace stream {

class TaskHostActor final : public caf::event_based_actor {
 public:
  TaskHostActor(caf::actor_config& config, std::shared_ptr<NodePeers> peers,
                std::shared_ptr<const ProgramPlanner> planner,
                std::shared_ptr<const OpenTasks> request);
  ~TaskHostActor() override;
  const char* name() const override { return "stream.task-host"; }

 protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

 private:
  Result<void> open();
  Result<PlannedQuery> plan() const;
  Result<RestoredState> restored() const;
  Result<void> write_state(TaskDone& sealed) const;
  void tell(HostReport report);
  void fail(Error error);

  std::shared_ptr<NodePeers> peers_;
  std::shared_ptr<const ProgramPlanner> planner_;
  std::shared_ptr<const OpenTasks> request_;
  std::shared_ptr<QueryDefinition> query_;
  std::unique_ptr<UnsyncedFileSystem> unsynced_files_;
  std::unique_ptr<LocalTasks> local_;
  std::shared_ptr<std::vector<caf::actor>> tasks_;
};

}  // namespace stream
