#include "simulated_node.hpp"

#include <algorithm>

namespace stream::simulation {
namespace {

ClusterOptions cluster_options() {
  ClusterOptions options;
  options.liveness = {Duration(20), 3};
  options.restarts = {1000, Duration(20), Duration(200), Duration(100)};
  return options;
}

}  // namespace

SimulatedNode::SimulatedNode(SimulatedCluster& cluster, std::string id)
    : cluster_(cluster),
      id_(id),
      board_({std::move(id), "sim", 1, 1 + static_cast<std::uint32_t>(cluster.world().pick(0, 2))},
             cluster_options(), cluster.world().now()) {}

void SimulatedNode::start(const std::vector<NodeInfo>& others) {
  if (!others.empty()) carry_out(AskToJoin{others.front(), {}});
  tick();
}

void SimulatedNode::tick() {
  handle(board_.on_tick(now()));
  if (board_.is_leader() && board_.view().members.size() == 1) {
    for (const NodeInfo& other : cluster_.reachable_from(id_)) carry_out(AskToJoin{other, {}});
  }
  ask_for_tasks();
  cluster_.later(
      id_, [](SimulatedNode& self) { self.tick(); }, 10);
}

void SimulatedNode::handle(const ClusterCommands& list) {
  for (const ClusterCommand& command : list)
    std::visit([this](const auto& one) { carry_out(one); }, command);
}

void SimulatedNode::carry_out(const SendView& command) {
  for (const std::string& to : command.to) {
    cluster_.send(id_, to, [view = board_.view()](SimulatedNode& node) {
      node.handle(node.board_.on_view(view, node.now()));
    });
  }
}

void SimulatedNode::carry_out(const SendHeartbeat& command) {
  for (const std::string& to : command.to) {
    cluster_.send(id_, to, [from = id_, pulse = board_.pulse()](SimulatedNode& node) {
      node.handle(node.board_.on_heartbeat(from, pulse, node.now()));
    });
  }
}

void SimulatedNode::carry_out(const AskToJoin& command) {
  cluster_.send(id_, command.of.id, [self = board_.self(), command](SimulatedNode& node) {
    if (node.board_.is_leader())
      return node.handle(node.board_.on_join(self, command.standing, node.now()));
    // Its board asks the leader that the view names.
    node.cluster_.send(node.id_, self.id, [view = node.board_.view()](SimulatedNode& asking) {
      asking.handle(asking.board_.on_view(view, asking.now()));
    });
  });
}

void SimulatedNode::carry_out(const MembersChanged& command) {
  cluster_.world().trace("members", static_cast<std::int64_t>(board_.view().members.size()));
  for (const std::string& lost : command.lost) {
    std::erase_if(hosts_, [&](const auto& host) { return host.second.layout.coordinator == lost; });
  }
  check_placement(command.lost);
}

void SimulatedNode::carry_out(const StartSubmission& command) {
  start_coordinator(command.submission);
}

void SimulatedNode::carry_out(const SendReport& command) {
  cluster_.send(id_, command.to, [report = board_.report_of(command.number)](SimulatedNode& node) {
    node.handle(node.board_.on_report(report, node.now()));
  });
}

void SimulatedNode::link_broke(const std::string& other) {
  cluster_.world().trace("link broke", 0);
  std::erase_if(hosts_, [&](const auto& host) { return host.second.layout.coordinator == other; });
  for (const auto& [run, host] : hosts_) {
    const Placement& placement = host.layout.placement;
    if (std::count(placement.begin(), placement.end(), other) > 0) report_loss(host);
  }
  check_placement({other});
  handle(board_.on_peer_lost(other, now()));
}

}  // namespace stream::simulation
