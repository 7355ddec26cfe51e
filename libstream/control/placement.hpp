// Which node runs which task. Pure. Stages are spread over the nodes by their slots; what is placed
// already moves only as far as the balance asks for. Used by the coordinator of a query on nodes.
#pragma once

#include <libstream/base/result.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace stream {

struct PlacementNode {
  std::string id;
  std::uint32_t slots = 1;
};

/// Node ids by task number. Tasks are numbered stage by stage.
using Placement = std::vector<std::string>;

/// `parallelisms`: tasks of each stage. Each stage's tasks are dealt out by slots: no node gets
/// more than its share rounded up. Task i of stages of one parallelism go to the same node, so that
/// forward channels stay in a process. A stage of one task goes to the first node. `before` (empty,
/// or of the same tasks) is kept where it fits. Nodes are in the order of preference. Error: none.
Result<Placement> place_tasks(const std::vector<std::uint32_t>& parallelisms,
                              const std::vector<PlacementNode>& nodes,
                              const Placement& before = {});

/// How many of `count` tasks each node gets: in proportion to its slots, the largest remainders
/// first, then in order.
std::vector<std::uint32_t> shares_of(std::uint32_t count, const std::vector<PlacementNode>& nodes);

}  // namespace stream
