#include <libstream/operators/timeout_index.hpp>
#include <tests/kit/catch.hpp>

#include <map>
#include <random>

namespace stream {
namespace {

TEST_CASE("the index gives what is due, whatever was overtaken and however often it is compacted") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  TimeoutIndex index;
  std::map<std::uint32_t, EpochMillis> times;  // what holds
  const auto is_current = [&](EpochMillis time, std::uint32_t number) {
    const auto found = times.find(number);
    return found != times.end() && found->second == time;
  };
  for (EpochMillis now = 0; now < 400; ++now) {
    for (int i = 0; i < 50; ++i) {
      const auto number = static_cast<std::uint32_t>(random() % 40);
      const EpochMillis time = now + static_cast<EpochMillis>(random() % 100);
      times[number] = time;
      index.add(time, number);
    }
    std::vector<std::uint32_t> expected;
    for (const auto& [number, time] : times) {
      if (time < now) expected.push_back(number);
    }
    std::vector<std::uint32_t> due;
    index.take_before(now, is_current, due);
    index.compact(static_cast<std::int64_t>(times.size()), is_current);
    std::sort(due.begin(), due.end());
    due.erase(std::unique(due.begin(), due.end()), due.end());
    CHECK(due == expected);
    for (const std::uint32_t number : due) times.erase(number);
    // Overtaken entries do not pile up.
    CHECK(index.bytes() < 64u * 1024);
  }
}

}  // namespace
}  // namespace stream
