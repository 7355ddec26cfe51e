#include <actors/node_peers.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

constexpr std::chrono::seconds kLongestAnswer{30};

}  // namespace

void NodePeers::set_members(const std::vector<Member>& members) {
  std::lock_guard lock(mutex_);
  members_ = members;
}

void NodePeers::connect(const std::string& node, caf::actor agent) {
  std::lock_guard lock(mutex_);
  agents_[node] = std::move(agent);
}

void NodePeers::lose(const std::string& node) {
  std::lock_guard lock(mutex_);
  agents_.erase(node);
  for (auto& [question, asked] : asked_) {
    if (asked.nodes.erase(node) > 0) asked.error = transient(fmt::format("node {} is lost", node));
  }
  answered_.notify_all();
}

bool NodePeers::is_connected(const std::string& node) const {
  std::lock_guard lock(mutex_);
  return agents_.contains(node);
}

void NodePeers::answer(Question question, const GenerationKey& generation, const std::string& node,
                       const std::optional<Error>& error) {
  std::lock_guard lock(mutex_);
  const auto found = asked_.find({generation, question});
  if (found == asked_.end()) return;
  if (found->second.nodes.erase(node) > 0 && error) found->second.error = error;
  answered_.notify_all();
}

bool NodePeers::send(const std::string& node, std::string frame) const {
  caf::actor agent;
  {
    std::lock_guard lock(mutex_);
    const auto found = agents_.find(node);
    if (found == agents_.end()) return false;
    agent = found->second;
  }
  caf_compat::send_from_outside(agent, std::move(frame));
  return true;
}

std::vector<PlacementNode> NodePeers::usable_nodes() const {
  std::lock_guard lock(mutex_);
  std::vector<PlacementNode> nodes;
  for (const Member& member : members_) {
    if (member.is_draining) continue;
    const bool is_self = member.node.id == self_;
    if (!is_self && !agents_.contains(member.node.id)) continue;
    nodes.insert(is_self ? nodes.begin() : nodes.end(), {member.node.id, member.node.slots});
  }
  return nodes;
}

Result<void> NodePeers::ask_all(Question question, const GenerationKey& generation,
                                const std::set<std::string>& nodes, const std::string& frame) {
  const std::pair key(generation, question);
  {
    std::lock_guard lock(mutex_);
    asked_[key] = {nodes, {}};
  }
  for (const std::string& node : nodes) {
    if (!send(node, frame))
      answer(question, generation, node, transient(fmt::format("node {} is out of reach", node)));
  }
  std::unique_lock lock(mutex_);
  const bool is_in_time = answered_.wait_for(lock, kLongestAnswer, [&] {
    const Asked& asked = asked_.at(key);
    return asked.nodes.empty() || (question == Question::open_tasks && asked.error);
  });
  const Asked asked = std::move(asked_.at(key));
  asked_.erase(key);
  if (asked.error) return *asked.error;
  if (!is_in_time) return transient(fmt::format("node {} does not answer", *asked.nodes.begin()));
  return {};
}

void NodePeers::listen(const GenerationKey& generation, TaskActors tasks, caf::actor coordinator) {
  std::lock_guard lock(mutex_);
  listeners_[generation] = {std::move(tasks), std::move(coordinator)};
}

void NodePeers::stop_listening(const GenerationKey& generation) {
  std::lock_guard lock(mutex_);
  listeners_.erase(generation);
}

std::optional<NodePeers::Listener> NodePeers::listener(const GenerationKey& generation) const {
  std::lock_guard lock(mutex_);
  const auto found = listeners_.find(generation);
  if (found == listeners_.end()) return std::nullopt;
  return found->second;
}

}  // namespace stream
