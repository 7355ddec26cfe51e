// OtherNodes over the connections of this process: the coordinator's half of a query on nodes. One
// a query; used on the coordinator's thread.
#pragma once

#include <actors/node_peers.hpp>
#include <actors/other_nodes.hpp>

namespace stream {

class QueryNodes final : public OtherNodes {
 public:
  /// `request` says what the query is: submission, program, query, directory.
  QueryNodes(caf::actor_system& system, std::shared_ptr<NodePeers> peers, OpenTasks request);

  const std::string& self() const override { return peers_->self(); }
  Result<Placement> place(const std::vector<std::uint32_t>& parallelisms,
                          const Placement& before) override;
  Result<void> open(const GenerationSetup& setup, const Placement& placement,
                    const caf::actor& coordinator) override;
  caf::actor reach(std::uint64_t generation, std::uint32_t task, const std::string& node,
                   const caf::actor& coordinator, ExitGate::Pass pass) override;
  void listen(std::uint64_t generation, TaskActors tasks, const caf::actor& coordinator) override;
  void close(std::uint64_t generation) override;

  /// Where its tasks run now, for whoever watches the nodes. Any thread.
  struct Running {
    GenerationKey generation;
    std::set<std::string> others;
    caf::actor coordinator;
  };
  std::optional<Running> running() const;

 private:
  GenerationKey key(std::uint64_t generation) const {
    return {request_.generation.run, generation};
  }

  caf::actor_system& system_;
  std::shared_ptr<NodePeers> peers_;
  OpenTasks request_;
  mutable std::mutex mutex_;
  std::optional<Running> running_;  // guarded by mutex_
};

}  // namespace stream
