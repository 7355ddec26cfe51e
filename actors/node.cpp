#include <actors/network_system.hpp>
#include <actors/node.hpp>
#include <actors/node_agent.hpp>
#include <actors/node_network.hpp>
#include <libstream/base/hash.hpp>
#include <libstream/base/unique_id.hpp>

#include <fmt/format.h>

#include <future>
#include <memory>
#include <utility>

namespace stream {
namespace {

class RunningNode final : public Node {
 public:
  explicit RunningNode(caf::actor_system& system) : system_(system) {}
  ~RunningNode() override {
    if (network_) network_->close();
    caf::anon_send_exit(agent_, caf::exit_reason::user_shutdown);
    const bool is_running = std::exchange(agent_, nullptr) != nullptr;
    if (is_running) has_ended_->get_future().wait();
  }

  Result<void> start(NodeOptions options, ProgramPlanner planner) {
    STREAM_TRY(auto tls, tls_for(options.listen, options.tls));
    const LivenessOptions& liveness = options.cluster.liveness;
    network_ = std::make_shared<NodeNetwork>(system_, std::move(tls),
                                             2 * liveness.misses * liveness.heartbeat);
    auto setup = std::make_shared<NodeSetup>();
    setup->network = network_;
    const NodeAddress& seen = options.advertise.host.empty() ? options.listen : options.advertise;
    setup->self = {make_unique_id(), seen.host, seen.port, options.slots};
    setup->join = options.join;
    setup->checkpoints = options.checkpoints;
    setup->cluster = options.cluster;
    setup->programs = options.programs;
    setup->tls = options.tls;
    setup->planner = std::make_shared<const ProgramPlanner>(std::move(planner));
    setup->peers = std::make_shared<NodePeers>(setup->self.id);
    agent_ = system_.spawn<NodeAgent, caf::detached>(setup);
    // Attached first, so told last: what tells the broker must be in its mailbox before the system
    // ends it, for it would be kept there, and the agent with it, by a broker that has ended.
    agent_->attach_functor([ended = has_ended_](const caf::error&) { ended->set_value(); });
    STREAM_TRY(port_, network_->publish(agent_, options.listen));
    return {};
  }
  std::uint16_t port() const override { return port_; }

 private:
  caf::actor_system& system_;
  std::shared_ptr<NodeNetwork> network_;
  caf::actor agent_;
  std::shared_ptr<std::promise<void>> has_ended_ = std::make_shared<std::promise<void>>();
  std::uint16_t port_ = 0;
};

/// With an actor system of its own.
class NodeWithSystem final : public Node {
 public:
  explicit NodeWithSystem(std::size_t num_threads) : system_(num_threads) {}
  Result<void> start(NodeOptions options, ProgramPlanner planner) {
    STREAM_TRY(node_, start_node_in(system_.get(), std::move(options), std::move(planner)));
    return {};
  }
  std::uint16_t port() const override { return node_->port(); }

 private:
  NetworkSystem system_;
  std::unique_ptr<Node> node_;
};

}  // namespace

std::string build_of_nodes() { return __DATE__ " " __TIME__; }

std::uint64_t fingerprint_of(const PhysicalPlan& plan) {
  std::string text = explain(plan);
  for (const auto& source : plan.sources) text += source->description() + "\n";
  for (const auto& sink : plan.sinks) text += sink->description() + "\n";
  for (const Stage& stage : plan.stages) {
    text += fmt::format("{} {}\n", stage.name, stage.parallelism);
    for (const PhysicalOperator& op : stage.operators) text += op.id + " " + op.name + "\n";
  }
  return hash_bytes(text);
}

Result<std::unique_ptr<Node>> start_node(NodeOptions options, ProgramPlanner planner) {
  auto node = std::make_unique<NodeWithSystem>(options.num_threads);
  STREAM_TRY(node->start(std::move(options), std::move(planner)));
  return std::unique_ptr<Node>(std::move(node));
}

Result<std::unique_ptr<Node>> start_node_in(caf::actor_system& system, NodeOptions options,
                                            ProgramPlanner planner) {
  auto node = std::make_unique<RunningNode>(system);
  STREAM_TRY(node->start(std::move(options), std::move(planner)));
  return std::unique_ptr<Node>(std::move(node));
}

}  // namespace stream
