#include <libstream/control/liveness.hpp>

#include <algorithm>

namespace stream {

void Liveness::heard(const std::string& node, std::int64_t now) {
  const auto found = heard_.find(node);
  if (found != heard_.end()) found->second = std::max(found->second, now);
}

std::vector<std::string> Liveness::take_lost(std::int64_t now) {
  const std::int64_t patience = options_.heartbeat.count() * options_.misses;
  std::vector<std::string> lost;
  for (const auto& [node, heard_at] : heard_) {
    if (now - heard_at > patience) lost.push_back(node);
  }
  for (const std::string& node : lost) heard_.erase(node);
  return lost;
}

}  // namespace stream
