#include <libstream/operators/expiry_index.hpp>
#include <tests/kit/catch.hpp>

#include <map>
#include <random>

namespace stream::testing {

TEST_CASE("what has expired comes in the order of time, and what comes together in its own") {
  const std::uint32_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 50; ++round) {
    ExpiryIndex index;
    std::multimap<std::int64_t, std::uint32_t> expected;
    const std::int64_t origin = round % 2 == 0 ? -500 : 1'700'000'000'000;  // milliseconds
    const std::int64_t reach = std::int64_t{1} << (1 + random() % 20);
    std::int64_t watermark = 0;
    for (std::uint32_t number = 0; number < 2000; ++number) {
      const std::int64_t micros =
          1000 * (origin + watermark) + static_cast<std::int64_t>(random() % 2000) * reach - reach;
      index.add(micros, number);
      expected.emplace(micros, number);
      if (random() % 50 != 0) continue;
      // Now and then it goes back, as it does for a query that is restored.
      watermark += static_cast<std::int64_t>(random() % 1000) - (random() % 8 == 0 ? 1500 : 0);
      std::vector<std::uint32_t> old, wanted;
      index.take_through(origin + watermark, old);
      const auto last = expected.upper_bound(1000 * (origin + watermark));
      for (auto it = expected.begin(); it != last; ++it) wanted.push_back(it->second);
      expected.erase(expected.begin(), last);
      REQUIRE(old == wanted);
    }
  }
}

}  // namespace stream::testing
