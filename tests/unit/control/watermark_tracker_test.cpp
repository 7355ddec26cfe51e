#include <libstream/control/watermark_tracker.hpp>
#include <tests/kit/catch.hpp>

using namespace stream;

namespace {

EventTimes seen(std::uint32_t node, std::int64_t seconds) {
  return {node, seconds * 1000, seconds * 1000, seconds * 1000, 1};
}

}  // namespace

TEST_CASE("with two nodes the slower one gives the watermark (R-006)") {
  WatermarkTracker tracker({10'000, 5'000}, WatermarkPolicy::min);
  CHECK(tracker.watermark() == 0);
  const auto after = [&tracker](std::uint32_t node, std::int64_t seconds) {
    tracker.observe({seen(node, seconds)});
    return tracker.watermark();
  };
  CHECK(after(0, 11) == 0);
  CHECK(after(1, 6) == 1'000);
  CHECK(after(1, 8) == 1'000);
  CHECK(after(0, 21) == 3'000);
  CHECK(after(1, 39) == 11'000);
  CHECK(after(0, 31) == 21'000);
}

TEST_CASE("policy max follows the faster node, also when the other has no row (R-007)") {
  WatermarkTracker tracker({10'000, 5'000}, WatermarkPolicy::max);
  tracker.observe({seen(0, 11)});
  CHECK(tracker.watermark() == 1'000);
  tracker.observe({seen(1, 39), seen(0, 12)});
  CHECK(tracker.watermark() == 34'000);
}

TEST_CASE("a watermark never moves back and never below zero (R-002, R-004)") {
  WatermarkTracker tracker({10'000}, WatermarkPolicy::min);
  tracker.observe({seen(0, -500)});
  CHECK(tracker.watermark() == 0);
  tracker.observe({seen(0, 30)});
  tracker.observe({seen(0, 20)});
  tracker.observe({});
  CHECK(tracker.watermark() == 20'000);
}

TEST_CASE("after a restart the watermark stands, and the checkpoint's policy with it (R-026)") {
  WatermarkTracker tracker({0, 0}, WatermarkPolicy::min);
  tracker.restore(7'000, WatermarkPolicy::max);
  tracker.observe({seen(0, 5)});
  CHECK(tracker.watermark() == 7'000);
  tracker.observe({seen(0, 9)});
  CHECK(tracker.watermark() == 9'000);
}

TEST_CASE("event times of several tasks add up to one (R-009)") {
  EventTimes sum;
  sum.add({0, 9, 9, 9, 1});
  sum.add({});
  sum.add({0, 20, -4, 16, 2});
  CHECK(sum.max_millis == 20);
  CHECK(sum.min_millis == -4);
  CHECK(static_cast<std::int64_t>(sum.sum_millis) == 25);
  CHECK(sum.count == 3);
}

TEST_CASE("the average event time of an epoch of very many rows is right") {
  constexpr std::int64_t kRows = 10'000'000'000;
  const std::int64_t time = 1'800'000'000'000;
  EventTimes sum;
  for (const std::int64_t each : {time - 1, time + 1})
    sum.add({0, each, each, Int128{each} * kRows, kRows});
  CHECK(static_cast<std::int64_t>(sum.sum_millis / sum.count) == time);
}

TEST_CASE("an input without rows for the time-out no longer holds the others back") {
  WatermarkTracker tracker({0, 0}, WatermarkPolicy::min, 10'000);
  tracker.observe({seen(0, 50), seen(1, 20)}, 100'000);
  CHECK(tracker.watermark() == 20'000);
  tracker.observe({seen(0, 60)}, 109'999);
  CHECK(tracker.watermark() == 20'000);
  // The clock alone is enough: an epoch without rows can follow.
  tracker.pass_time(110'000);
  CHECK(tracker.watermark() == 60'000);
  // It counts again with its next row, but nothing moves back.
  tracker.observe({seen(1, 30)}, 112'000);
  CHECK(tracker.watermark() == 60'000);
  tracker.observe({seen(0, 90)}, 113'000);
  CHECK(tracker.watermark() == 60'000);
  tracker.observe({seen(1, 70)}, 114'000);
  CHECK(tracker.watermark() == 70'000);
}

TEST_CASE("an input that never had a row is waited for since the first epoch; all idle: no move") {
  WatermarkTracker tracker({0, 0}, WatermarkPolicy::min, 10'000);
  tracker.observe({seen(0, 5)}, 100'000);
  tracker.observe({seen(0, 6)}, 109'000);
  CHECK(tracker.watermark() == 0);
  tracker.observe({seen(0, 7)}, 111'000);
  CHECK(tracker.watermark() == 7'000);
  tracker.pass_time(500'000);
  CHECK(tracker.watermark() == 7'000);
}

TEST_CASE("without a time-out the clock does not matter") {
  WatermarkTracker tracker({0, 0}, WatermarkPolicy::min);
  tracker.observe({seen(0, 5)}, 100'000);
  tracker.pass_time(900'000'000);
  CHECK(tracker.watermark() == 0);
}

TEST_CASE("rows ahead of the clock are counted and do not move the watermark") {
  EventTimes sum;
  sum.add({0, 900'000, 900'000, 900'000, 1, 1, 0});
  CHECK_FALSE(sum.leading_millis());
  sum.add({0, 20'000, 20'000, 20'000, 1});
  sum.add({0, 800'000, 30'000, 830'000, 2, 1, 30'000});
  CHECK(sum.num_ahead == 2);
  CHECK(sum.leading_millis() == 30'000);
  CHECK(sum.max_millis == 900'000);
  WatermarkTracker tracker({5'000}, WatermarkPolicy::min);
  tracker.observe({sum});
  CHECK(tracker.watermark() == 25'000);
}
