#include <libstream/state/group_table.hpp>
#include <tests/kit/catch.hpp>

#include <map>
#include <random>
#include <set>
#include <string>
#include <unordered_map>

namespace stream::testing {

TEST_CASE("a table keeps its keys through growth, removal and numbers used anew") {
  const std::uint32_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::minstd_rand random(seed);
  GroupTable table;
  std::map<std::string, std::uint32_t> expected;
  for (int step = 0; step < 20'000; ++step) {
    // Long keys too, so that the arena is compacted.
    const std::string key = std::to_string(random() % 3000) + std::string(random() % 2 * 300, 'y');
    if (const auto known = expected.find(key); known != expected.end() && random() % 3 == 0) {
      table.erase(known->second);
      expected.erase(known);
      continue;
    }
    bool is_new = false;
    const std::uint32_t group = table.find_or_insert(RowKey::of(key), is_new);
    CHECK(is_new == !expected.contains(key));
    const auto known = expected.try_emplace(key, group).first;
    CHECK(known->second == group);
  }
  CHECK(table.size() == expected.size());
  for (const auto& [key, group] : expected) {
    CHECK(table.find(RowKey::of(key)) == group);
    const RowKey kept = table.key(group);
    CHECK(kept.bytes() == key);
  }
}

TEST_CASE("keys looked up together are told from those erased, in the cache and beyond it") {
  const std::uint32_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::minstd_rand random(seed);
  GroupTable table;
  std::unordered_map<std::uint64_t, std::uint32_t> expected;
  for (int step = 0; step < 60; ++step) {
    std::vector<RowKey> keys(1 + random() % 4096);
    for (RowKey& key : keys) {
      const std::uint64_t low = random() % 40'000;
      key = RowKey::of_words(low, low % 7, 16);
    }
    std::vector<std::uint32_t> groups(keys.size());
    std::vector<std::uint32_t> first_rows;
    const auto found_rows = table.find_or_insert(keys, groups);
    std::set<std::uint32_t> used;
    for (const auto& [key, group] : expected) used.insert(group);
    for (std::uint32_t row = 0; row < keys.size(); ++row) {
      const auto [known, is_new] = expected.try_emplace(keys[row].low, groups[row]);
      if (is_new) first_rows.push_back(row);
      // A new group has a number that no other has.
      REQUIRE(known->second == groups[row]);
      REQUIRE(is_new == used.insert(groups[row]).second);
    }
    REQUIRE(std::vector<std::uint32_t>(found_rows.begin(), found_rows.end()) == first_rows);
    std::vector<std::uint32_t> erased;
    for (auto known = expected.begin(); known != expected.end();) {
      if (random() % 8 != 0) {
        ++known;
        continue;
      }
      erased.push_back(known->second);
      known = expected.erase(known);
    }
    table.erase(erased);
    REQUIRE(table.size() == expected.size());
  }
  CHECK(table.size() > 5'000);
  for (const auto& [low, group] : expected)
    REQUIRE(table.find(RowKey::of_words(low, low % 7, 16)) == group);
}

}  // namespace stream::testing
