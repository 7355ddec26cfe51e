#include <libstream/connectors/kafka/offset_planning.hpp>
#include <tests/kit/catch.hpp>

#include <limits>
#include <random>

namespace stream {
namespace {

const TopicPartition kFirst{"t", 0};
const TopicPartition kSecond{"t", 1};
const TopicPartition kThird{"t", 2};

TEST_CASE("a limit is shared by lag, rounded down, and no lagging partition starves (R-182)") {
  const PartitionOffsets begins = {{kFirst, 0}, {kSecond, 100}, {kThird, 7}};
  const PartitionOffsets latest = {{kFirst, 90}, {kSecond, 109}, {kThird, 8}};
  CHECK(limit_offsets(10, begins, latest) ==
        PartitionOffsets{{kFirst, 9}, {kSecond, 101}, {kThird, 8}});
  CHECK(limit_offsets(1000, begins, latest) == latest);
  CHECK(limit_offsets(std::numeric_limits<std::int64_t>::max(), begins, latest) == latest);
  CHECK(limit_offsets(10, latest, latest) == latest);
}

TEST_CASE("a partition whose begin is unknown or ahead of its end is not limited") {
  CHECK(
      limit_offsets(5, {{kFirst, 0}, {kSecond, 50}}, {{kFirst, 10}, {kSecond, 40}, {kThird, 9}}) ==
      PartitionOffsets{{kFirst, 5}, {kSecond, 40}, {kThird, 9}});
}

TEST_CASE("an epoch waits for enough records but not for ever (R-183)") {
  TriggerDelay delay(10, Duration(1000));
  CHECK_FALSE(delay.should_wait(3, 5000));  // the first one has waited long enough
  CHECK(delay.should_wait(9, 5500));
  CHECK_FALSE(delay.should_wait(10, 5600));
  CHECK(delay.should_wait(1, 6599));
  CHECK_FALSE(delay.should_wait(1, 6600));
}

TEST_CASE("ranges come of what is read, and what was lost is said") {
  const JudgedRanges judged =
      judge_ranges({{kFirst, 5}, {kSecond, 9}}, {{kSecond, 4}, {kThird, 8}}, {{kThird, 2}});
  CHECK(judged.ranges == std::vector<OffsetRange>{{kThird, 2, 8}});
  REQUIRE(judged.losses.size() == 3);
  CHECK(judged.losses[0] == "t-0 are gone. Some data may have been missed");
  CHECK(judged.losses[1].find("Partition t-1's offset was changed from 9 to 4") == 0);
  CHECK(judged.losses[2].find("Added partition t-2 starts from 2 instead of 0") == 0);
}

TEST_CASE("nothing lost, nothing said; an added partition without a begin is a loss") {
  const JudgedRanges good =
      judge_ranges({{kFirst, 5}}, {{kFirst, 5}, {kSecond, 3}}, {{kSecond, 0}});
  CHECK(good.losses.empty());
  CHECK(good.ranges == std::vector<OffsetRange>{{kSecond, 0, 3}});
  CHECK(judge_ranges({}, {{kFirst, 5}}, {}).losses.size() == 1);
}

TEST_CASE("large ranges are cut in proportion until there are about as many as wanted") {
  const std::vector<OffsetRange> ranges = {{kFirst, 0, 100}, {kSecond, 0, 1}};
  CHECK(divide_ranges(ranges, {4, {}}) ==
        std::vector<OffsetRange>{
            {kFirst, 0, 33}, {kFirst, 33, 66}, {kFirst, 66, 100}, {kSecond, 0, 1}});
  CHECK(divide_ranges(ranges, {2, {}}) == ranges);
  CHECK(divide_ranges({}, {4, {}}).empty());
}

TEST_CASE("no range holds more records than allowed") {
  CHECK(divide_ranges({{kFirst, 10, 15}}, {{}, 2}) ==
        std::vector<OffsetRange>{{kFirst, 10, 11}, {kFirst, 11, 13}, {kFirst, 13, 15}});
}

TEST_CASE("divided ranges cover exactly what was given, whatever the limits") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::vector<OffsetRange> ranges;
    for (int i = 0; i < 1 + static_cast<int>(random() % 5); ++i) {
      const auto from = static_cast<std::int64_t>(random() % 1000);
      ranges.push_back({{"t", i}, from, from + 1 + static_cast<std::int64_t>(random() % 1000)});
    }
    RangeLimits limits;
    if (random() % 2 == 0) limits.min_partitions = 1 + static_cast<std::int64_t>(random() % 20);
    if (random() % 2 == 0) limits.max_records = 1 + static_cast<std::int64_t>(random() % 300);
    std::vector<OffsetRange> joined;
    for (const OffsetRange& part : divide_ranges(ranges, limits)) {
      CHECK(part.size() > 0);
      if (limits.max_records) CHECK(part.size() <= *limits.max_records);
      if (!joined.empty() && joined.back().partition == part.partition) {
        CHECK(joined.back().until == part.from);
        joined.back().until = part.until;
      } else {
        joined.push_back(part);
      }
    }
    CHECK(joined == ranges);
  }
}

TEST_CASE("out of range: go on at the first record left, skip the range, or ask again") {
  const auto judged = [](std::int64_t low, std::int64_t high) {
    return judge_out_of_range(10, 20, low, high);
  };
  CHECK(judged(15, 30).go_on == 15);
  CHECK(judged(15, 30).is_loss);
  CHECK(judged(20, 30).go_on == 20);
  CHECK(judged(0, 5).go_on == 20);  // made again, and shorter
  CHECK(judged(0, 5).is_loss);
  CHECK(judged(0, 30).go_on == 10);  // the answer was out of date
  CHECK_FALSE(judged(0, 30).is_loss);
}

}  // namespace
}  // namespace stream
