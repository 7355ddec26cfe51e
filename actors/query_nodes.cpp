#include <actors/node.hpp>
#include <actors/peer_task_actor.hpp>
#include <actors/query_nodes.hpp>
#include <libstream/base/hash.hpp>
#include <libstream/base/unique_id.hpp>

namespace stream {

QueryNodes::QueryNodes(caf::actor_system& system, std::shared_ptr<NodePeers> peers,
                       OpenTasks request)
    : system_(system), peers_(std::move(peers)), request_(std::move(request)) {
  request_.generation.run = hash_bytes(make_unique_id());
  request_.coordinator = peers_->self();
}

Result<Placement> QueryNodes::place(const std::vector<std::uint32_t>& parallelisms,
                                    const Placement& before) {
  return place_tasks(parallelisms, peers_->usable_nodes(), before);
}

Result<void> QueryNodes::open(const GenerationSetup& setup, const Placement& placement,
                              const caf::actor& coordinator) {
  std::set<std::string> others(placement.begin(), placement.end());
  others.erase(self());
  request_.generation = key(setup.number);
  request_.parallelism = setup.plan->parallelism;
  request_.fingerprint = fingerprint_of(*setup.plan);
  request_.query_id = setup.query_id;
  request_.term = setup.term;
  request_.is_durable = setup.is_durable;
  request_.state_files = setup.state_files;
  request_.sink_histories = setup.sink_histories;
  request_.placement = placement;
  {
    std::lock_guard lock(mutex_);
    running_ = {request_.generation, others, coordinator};
  }
  return peers_->ask_all(NodePeers::Question::open_tasks, request_.generation, others,
                         encode_frame(request_));
}

caf::actor QueryNodes::reach(std::uint64_t generation, std::uint32_t task, const std::string& node,
                             const caf::actor& coordinator, ExitGate::Pass pass) {
  return system_.spawn<PeerTaskActor>(peers_, node, key(generation), task, coordinator,
                                      std::move(pass));
}

void QueryNodes::listen(std::uint64_t generation, TaskActors tasks, const caf::actor& coordinator) {
  peers_->listen(key(generation), std::move(tasks), coordinator);
}

void QueryNodes::close(std::uint64_t generation) {
  std::set<std::string> others;
  {
    std::lock_guard lock(mutex_);
    if (running_) others = running_->others;
    running_.reset();
  }
  peers_->stop_listening(key(generation));
  // A node that does not answer is lost, and what it may still write counts for nothing.
  [[maybe_unused]] const auto closed =
      peers_->ask_all(NodePeers::Question::close_tasks, key(generation), others,
                      encode_frame(CloseTasks{key(generation), self()}));
}

std::optional<QueryNodes::Running> QueryNodes::running() const {
  std::lock_guard lock(mutex_);
  return running_;
}

}  // namespace stream
