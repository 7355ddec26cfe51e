// Who is still there: each watched node must be heard every so often. Pure; the shell gives the
// time (milliseconds of a monotonic clock). Used by ClusterBoard.
#pragma once

#include <libstream/base/clock.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace stream {

struct LivenessOptions {
  Duration heartbeat{2000};
  int misses = 3;  ///< so many heartbeats without a sign, and a node is lost
};

class Liveness {
 public:
  explicit Liveness(LivenessOptions options) : options_(options) {}

  /// From now on `node` must be heard; what is watched already keeps its time.
  void watch(const std::string& node, std::int64_t now) { heard_.try_emplace(node, now); }
  void forget(const std::string& node) { heard_.erase(node); }
  void forget_all() { heard_.clear(); }
  /// Any message of a node is a sign of life. Of unknown ones it is ignored.
  void heard(const std::string& node, std::int64_t now);
  bool watches(const std::string& node) const { return heard_.contains(node); }

  /// Those that were not heard in time, in order of their names; they are forgotten.
  std::vector<std::string> take_lost(std::int64_t now);

 private:
  LivenessOptions options_;
  std::map<std::string, std::int64_t> heard_;  ///< by node: when last
};

}  // namespace stream
