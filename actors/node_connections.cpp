#include <actors/node_agent.hpp>
#include <libstream/base/log.hpp>

#include <caf/io/all.hpp>
#include <fmt/format.h>

namespace stream {
namespace {

// Frames that wait for a connection; more is not kept: what matters is said again.
constexpr std::size_t kMostWaiting = 100;

}  // namespace

void NodeAgent::send_to(const std::string& node, std::string frame) {
  if (peers_->send(node, frame)) return;
  if (const Member* member = board_.view().find(node)) send_to_info(member->node, std::move(frame));
}

void NodeAgent::send_to_info(const NodeInfo& to, std::string frame) {
  if (peers_->send(to.id, frame)) return;
  Peer& peer = links_[to.id];
  if (peer.waiting.size() < kMostWaiting) peer.waiting.push_back(std::move(frame));
  dial({to.host, to.port}, to.id);
}

/// Connecting takes as long as it takes: on a thread of its own.
void NodeAgent::dial(const NodeAddress& address, const std::string& node) {
  if (!node.empty()) {
    if (links_[node].is_dialing) return;
    links_[node].is_dialing = true;
  }
  caf_compat::run_detached(
      system(),
      [node, address, agent = caf::actor_cast<caf::actor_addr>(self()), network = setup_->network] {
        auto found = network->connect(address);
        if (const auto strong = caf::actor_cast<caf::actor>(agent))
          caf_compat::send_from_outside(strong, CallNode{[node, address, found](NodeAgent& self) {
                                          self.dialed(node, address, found);
                                        }});
      });
}

void NodeAgent::dialed(const std::string& node, const NodeAddress& address,
                       const Result<caf::actor>& agent) {
  bool& is_missed = missed_[to_string(address)];
  if (!agent && !is_missed) STREAM_LOG(warning, "{}", agent.error().message());
  is_missed = !agent;
  if (node.empty()) {
    // One of those that this process was told to join: who it is, its view will say.
    if (agent) {
      caf_compat::send(this, *agent, join_frame({}));
    }
    const bool is_alone = board_.view().members.size() == 1;
    if (!agent && is_alone) {
      caf_compat::send_later(this, self(), setup_->cluster.liveness.heartbeat,
                             CallNode{[address](NodeAgent& again) { again.dial(address, ""); }});
    }
    return;
  }
  const auto link = links_.find(node);
  if (link == links_.end()) return;
  link->second.is_dialing = false;
  if (agent) return connected(node, *agent);
  link->second.waiting.clear();
  refuse_hosts(node);
  handle(board_.on_peer_unreachable(node, now()));
}

void NodeAgent::connected(const std::string& node, const caf::actor& agent) {
  Peer& peer = links_[node];
  if (!peer.agent) {
    peer.agent = agent;
    node_of_[agent.address()] = node;
    caf_compat::monitor(this, agent);
    peers_->connect(node, agent);
    start_hosts();
    // Its slots can be used from now on.
    if (board_.view().find(node) != nullptr) tell_queries_of({});
  }
  for (std::string& frame : std::exchange(peer.waiting, {})) peers_->send(node, std::move(frame));
}

void NodeAgent::peer_down(const caf::actor_addr& agent) {
  std::erase_if(clients_, [&](const auto& one) { return one.second.address() == agent; });
  const auto found = node_of_.find(agent);
  if (found == node_of_.end()) return;
  const std::string node = found->second;
  STREAM_LOG(warning, "the connection to node {} broke", node);
  lose(node);
  tell_queries_of({node});
  handle(board_.on_peer_lost(node, now()));
}

}  // namespace stream
