// A cluster in virtual time: nodes with the real ClusterBoard, Placement and EpochCoordinator,
// tasks that exchange numbered frames over links, one shared checkpoint store. No sockets, one
// thread.
//
// A link keeps order. When it loses a message it is broken: both ends hear so, as of TCP. Frames
// may come twice. A cut set of nodes hears only itself, and nobody is told until it is over. A node
// that hangs goes on afterwards with all that came meanwhile.
#pragma once

#include <libstream/control/cluster_board.hpp>
#include <libstream/control/placement.hpp>

#include <memory>
#include <set>

#include "simulated_world.hpp"

namespace stream::simulation {

enum class Workload { counts, windows, join };

enum class ClusterFault {
  node_crash,
  coordinator_crash,
  cut,
  hang,
  lost_message,
  doubled_frame,
  late_message,
  slow_disk,
  join,
  drain,
  rescale,
  second_leader,
  refused_owner,
  missing_frame,
  tasks_moved,
  count
};
std::string_view to_string(ClusterFault fault);
inline constexpr std::size_t kNumClusterFaults = static_cast<std::size_t>(ClusterFault::count);

struct ClusterOutcome {
  bool is_finished = false;
  bool is_right = false;
  std::uint64_t trace_hash = 0;
  std::array<std::int64_t, kNumClusterFaults> faults{};
};

/// Mistakes that the oracle must find.
enum class ClusterBug { none, ignores_gaps, forgets_moved_state, trusts_old_owners };

ClusterOutcome simulate_cluster(std::uint64_t seed, ClusterBug bug = ClusterBug::none);

class SimulatedNode;

/// What the nodes share: the world, the links between them, the harm done to them.
class SimulatedCluster {
 public:
  SimulatedCluster(std::uint64_t seed, ClusterBug bug);
  ~SimulatedCluster();
  ClusterOutcome run();

  World& world() { return world_; }
  ClusterBug bug() const { return bug_; }
  Workload workload() const { return workload_; }
  void happened(ClusterFault fault) { ++outcome_.faults[static_cast<std::size_t>(fault)]; }

  /// Calls `arrive` at node `to` after a while, in order of sending, if both live and are
  /// connected.
  void send(const std::string& from, const std::string& to,
            std::function<void(SimulatedNode&)> arrive, bool may_double = false);
  /// After a while, if the node lives.
  void later(const std::string& node, std::function<void(SimulatedNode&)> event,
             EpochMillis delay_max);
  std::vector<NodeInfo> reachable_from(const std::string& node) const;

 private:
  void start_node();
  void harm();
  void at_node(const std::string& node, EpochMillis time, std::function<void()> event);
  void break_link(const std::string& a, const std::string& b);
  void look_after();
  void submit_if_forgotten();
  bool is_over();
  std::vector<std::string> expected_output() const;
  SimulatedNode* alive(const std::string& id);
  bool are_connected(const std::string& a, const std::string& b) const {
    return cut_.contains(a) == cut_.contains(b);
  }

  ClusterBug bug_;
  World world_;
  Workload workload_;
  std::map<std::string, std::shared_ptr<SimulatedNode>> nodes_;
  std::set<std::string> cut_;
  std::map<std::string, EpochMillis> hung_until_;
  std::set<std::pair<std::string, std::string>> torn_;  ///< links that lost messages by a cut
  std::map<std::pair<std::string, std::string>, EpochMillis> links_;  ///< last arrival
  std::uint64_t next_node_ = 1;
  ClusterOutcome outcome_;
};

}  // namespace stream::simulation
