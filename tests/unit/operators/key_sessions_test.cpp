#include <libstream/operators/key_sessions.hpp>
#include <libstream/operators/row_order.hpp>
#include <tests/kit/catch.hpp>

#include <map>
#include <numeric>
#include <random>

namespace stream::testing {

TEST_CASE("the sessions of a key are found by their start, however they come and go") {
  const std::uint32_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const auto below = [&](std::uint32_t limit) {
    return static_cast<std::uint32_t>(random() % limit);
  };
  constexpr std::uint32_t kKeys = 5;
  KeySessions sessions;
  sessions.make_room(kKeys);
  std::map<std::int64_t, std::uint32_t> expected[kKeys];
  for (int step = 0; step < 20'000; ++step) {
    const std::uint32_t key = below(kKeys);
    const auto start = std::int64_t{below(100)};
    const auto behind = expected[key].upper_bound(start);
    const std::uint32_t wanted =
        behind == expected[key].begin() ? KeySessions::kNone : std::prev(behind)->second;
    const std::uint32_t found = sessions.seek(key, start);
    REQUIRE(found == wanted);
    REQUIRE(sessions.has_sessions(key) == !expected[key].empty());
    if (!expected[key].empty()) REQUIRE(sessions.first(key) == expected[key].begin()->second);
    if (found == KeySessions::kNone || sessions[found].start != start) {
      expected[key][start] = sessions.insert(key, found, start, start + 1);
    } else if (below(2) == 0) {
      sessions.erase(found);
      expected[key].erase(start);
    }
  }
  std::size_t count = 0;
  for (const auto& of_key : expected) count += of_key.size();
  CHECK(sessions.size() == count);
}

TEST_CASE("rows that are nearly in order, or not at all, are sorted and equal ones stay") {
  const std::uint32_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const auto below = [&](std::uint32_t limit) {
    return static_cast<std::uint32_t>(random() % limit);
  };
  for (const std::uint32_t one_in : {1u, 2u, 20u, 1000u}) {
    std::vector<std::uint32_t> times(3000), rows(times.size());
    for (std::uint32_t i = 0; i < times.size(); ++i)
      times[i] = below(one_in) == 0 ? below(i / 4 + 1) : i / 4;
    std::iota(rows.begin(), rows.end(), 0u);
    std::vector<std::uint32_t> wanted = rows;
    const auto is_before = [&](std::uint32_t a, std::uint32_t b) { return times[a] < times[b]; };
    std::stable_sort(wanted.begin(), wanted.end(), is_before);
    sort_rows(rows, is_before);
    CHECK(rows == wanted);
  }
}

}  // namespace stream::testing
