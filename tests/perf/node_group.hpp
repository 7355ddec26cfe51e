// Nodes of a cluster for measuring, each in a process of its own: the first in the measuring one,
// the others forked from it. To be made in the child that measures, before it starts a thread.
#pragma once

#include <actors/node.hpp>
#include <libstream/base/result.hpp>

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace stream::perf {

class NodeGroup {
 public:
  /// `planner` runs in every process. `tell`: what a node has found, asked at its end.
  static Result<std::unique_ptr<NodeGroup>> start(std::size_t num_nodes, ProgramPlanner planner,
                                                  std::function<std::string()> tell);
  ~NodeGroup();  ///< kills what still runs

  const NodeAddress& address() const { return addresses_.front(); }
  /// Ends the forked nodes; what they have found, one entry each.
  Result<std::vector<std::string>> finish();

 private:
  struct Member {
    pid_t process = -1;
    int to = -1;    ///< closed: it is to end
    int from = -1;  ///< what it says
  };
  NodeGroup() = default;
  Result<void> fork_node(const NodeAddress& address, const ProgramPlanner& planner,
                         const std::function<std::string()>& tell);
  Result<void> wait_for_members(std::size_t num_nodes) const;

  std::vector<NodeAddress> addresses_;
  std::vector<Member> members_;
  std::unique_ptr<Node> own_;
};

}  // namespace stream::perf
