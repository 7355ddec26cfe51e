#include <libstream/control/placement.hpp>

#include <algorithm>
#include <numeric>

namespace stream {
namespace {

/// One stage: tasks stay while their node's share lasts, the others fill up what is free.
std::vector<std::size_t> place_stage(std::uint32_t parallelism,
                                     const std::vector<PlacementNode>& nodes,
                                     const std::vector<std::string>& before) {
  std::vector<std::uint32_t> free = shares_of(parallelism, nodes);
  std::vector<std::size_t> placed(parallelism, nodes.size());
  for (std::uint32_t task = 0; task < before.size(); ++task) {
    const auto at = std::find_if(nodes.begin(), nodes.end(), [&](const PlacementNode& node) {
      return node.id == before[task];
    });
    if (at == nodes.end()) continue;
    const auto node = static_cast<std::size_t>(at - nodes.begin());
    if (free[node] == 0) continue;
    --free[node];
    placed[task] = node;
  }
  std::size_t next = 0;
  for (std::size_t& node : placed) {
    if (node != nodes.size()) continue;
    while (free[next] == 0) ++next;
    --free[next];
    node = next;
  }
  return placed;
}

}  // namespace

std::vector<std::uint32_t> shares_of(std::uint32_t count, const std::vector<PlacementNode>& nodes) {
  std::uint64_t slots = 0;
  for (const PlacementNode& node : nodes) slots += node.slots;
  std::vector<std::uint32_t> shares;
  std::vector<std::uint64_t> remainders;
  std::uint32_t dealt = 0;
  for (const PlacementNode& node : nodes) {
    const std::uint64_t product = std::uint64_t{count} * node.slots;
    shares.push_back(static_cast<std::uint32_t>(product / slots));
    remainders.push_back(product % slots);
    dealt += shares.back();
  }
  std::vector<std::size_t> order(nodes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return remainders[a] > remainders[b]; });
  for (std::size_t i = 0; dealt < count; ++i, ++dealt) ++shares[order[i]];
  return shares;
}

Result<Placement> place_tasks(const std::vector<std::uint32_t>& parallelisms,
                              const std::vector<PlacementNode>& nodes, const Placement& before) {
  std::vector<PlacementNode> usable;
  for (const PlacementNode& node : nodes) {
    if (node.slots > 0) usable.push_back(node);
  }
  if (usable.empty())
    return transient("no node with a free slot is there to run tasks; start or undrain one");
  const std::uint64_t num_tasks =
      std::accumulate(parallelisms.begin(), parallelisms.end(), std::uint64_t{0});
  Placement placement;
  for (const std::uint32_t parallelism : parallelisms) {
    std::vector<std::string> kept;
    if (before.size() == num_tasks) {
      const auto first = before.begin() + static_cast<std::ptrdiff_t>(placement.size());
      kept.assign(first, first + parallelism);
    }
    if (parallelism == 1) kept.clear();
    const auto stage =
        parallelism == 1 ? std::vector<std::size_t>{0} : place_stage(parallelism, usable, kept);
    for (const std::size_t node : stage) placement.push_back(usable[node].id);
  }
  return placement;
}

}  // namespace stream
