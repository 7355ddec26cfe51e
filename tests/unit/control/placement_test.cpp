#include <libstream/control/placement.hpp>
#include <tests/kit/catch.hpp>

#include <algorithm>
#include <random>

using namespace stream;

namespace {

std::size_t count_of(const Placement& placement, const std::string& node) {
  return static_cast<std::size_t>(std::count(placement.begin(), placement.end(), node));
}

}  // namespace

TEST_CASE("tasks are dealt out by slots, those of one number to one node") {
  const auto placed = place_tasks({4, 4, 1}, {{"a", 1}, {"b", 3}});
  REQUIRE(placed);
  CHECK(*placed == Placement{"a", "b", "b", "b", "a", "b", "b", "b", "a"});
}

TEST_CASE("a node that joins takes its share and nothing else moves") {
  const std::vector<PlacementNode> two = {{"a", 2}, {"b", 2}};
  const Placement before = value_or_throw(place_tasks({6}, two));
  const Placement after = value_or_throw(place_tasks({6}, {{"a", 2}, {"b", 2}, {"c", 2}}, before));
  std::size_t moved = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    if (before[i] == after[i]) continue;
    ++moved;
    CHECK(after[i] == "c");
  }
  CHECK(moved == 2);
}

TEST_CASE("tasks of a node that is gone go to the others, whose own stay") {
  const Placement before = {"a", "b", "c", "a", "b", "c"};
  const Placement after = value_or_throw(place_tasks({6}, {{"a", 1}, {"c", 1}}, before));
  CHECK(count_of(after, "a") == 3);
  CHECK(count_of(after, "c") == 3);
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] != "b") CHECK(after[i] == before[i]);
  }
}

TEST_CASE("without a slot nothing can be placed") {
  CHECK_FALSE(place_tasks({2}, {}));
  const auto none = place_tasks({2}, {{"a", 0}});
  REQUIRE_FALSE(none);
  CHECK(none.error().error_class() == ErrorClass::transient);
}

TEST_CASE("no node ever gets more than its share rounded up, and few tasks move") {
  const unsigned seed = GENERATE(1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u);
  CAPTURE(seed);
  std::mt19937 random(seed);
  Placement before;
  std::vector<std::uint32_t> stages;
  for (std::size_t i = 1 + random() % 3; i > 0; --i)
    stages.push_back(1 + static_cast<std::uint32_t>(random() % 20));
  for (int round = 0; round < 20; ++round) {
    std::vector<PlacementNode> nodes;
    std::uint32_t slots = 0;
    for (int node = 0; node < 5; ++node) {
      if (random() % 3 == 0) continue;
      nodes.push_back({"n" + std::to_string(node), 1 + static_cast<std::uint32_t>(random() % 4)});
      slots += nodes.back().slots;
    }
    if (nodes.empty()) continue;
    const Placement placed = value_or_throw(place_tasks(stages, nodes, before));
    CHECK(placed == value_or_throw(place_tasks(stages, nodes, before)));
    CHECK(value_or_throw(place_tasks(stages, nodes, placed)) == placed);
    auto task = placed.begin();
    for (const std::uint32_t parallelism : stages) {
      for (const PlacementNode& node : nodes) {
        const auto got = std::count(task, task + parallelism, node.id);
        CHECK(got <= (parallelism * node.slots + slots - 1) / slots);
      }
      task += parallelism;
    }
    before = placed;
  }
}
