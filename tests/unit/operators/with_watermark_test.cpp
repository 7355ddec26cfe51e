#include <libstream/data/column_builder.hpp>
#include <libstream/data/date_time.hpp>
#include <libstream/operators/with_watermark.hpp>
#include <tests/unit/operators/waiting_cases.hpp>

#include <algorithm>
#include <limits>
#include <random>

namespace stream::testing {
namespace {

struct Nowhere final : Output {
  Result<void> push(Batch) override { return {}; }
};

EventTimes seen_in(const std::vector<std::int64_t>& micros) {
  BlockPool pool;
  ColumnBuilder times(primitive(TypeKind::timestamp), pool);
  for (const std::int64_t time : micros) times.append(time);
  auto schema = std::make_shared<const Schema>(
      Schema{{Field{"time", primitive(TypeKind::timestamp), false}}});
  const auto with_watermark = make_with_watermark({})();
  Nowhere output;
  REQUIRE(with_watermark->open(only_task(pool)));
  REQUIRE(with_watermark->begin({}));
  REQUIRE(with_watermark->push({}, Batch(schema, {times.finish()}, micros.size()), output));
  const auto seen = with_watermark->event_times();
  REQUIRE(seen);
  return *seen;
}

}  // namespace

TEST_CASE("event times are found at any distance from each other, to the ends of their range") {
  const std::uint32_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::minstd_rand random(seed);
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kHour = 3'600'000'000;
  for (const std::int64_t around : {std::int64_t{0}, std::int64_t{-1}, 490'000 * kHour, kLeast,
                                    kLeast + kHour, kMost - kHour, kMost}) {
    for (const std::int64_t spread :
         {std::int64_t{1}, std::int64_t{1000}, kHour / 2, 3 * kHour, kMost}) {
      std::vector<std::int64_t> micros(1 + random() % 100, around);
      for (std::int64_t& time : micros) {
        const auto away =
            static_cast<std::int64_t>((static_cast<std::uint64_t>(random()) << 31 | random()) %
                                      static_cast<std::uint64_t>(spread));
        // Towards the middle from an end.
        if (around > kMost / 2 || (around > kLeast / 2 && random() % 2 == 0))
          time -= away;
        else
          time += away;
      }
      if (random() % 4 == 0) micros.push_back(random() % 2 == 0 ? kLeast : kMost);
      const EventTimes seen = seen_in(micros);
      const auto [least, most] = std::minmax_element(micros.begin(), micros.end());
      Int128 sum = 0;
      for (const std::int64_t time : micros) sum += floor_divide(time, 1000);
      CHECK(seen.count == static_cast<std::int64_t>(micros.size()));
      CHECK(seen.min_millis == floor_divide(*least, 1000));
      CHECK(seen.max_millis == floor_divide(*most, 1000));
      CHECK((seen.sum_millis == sum));
    }
  }
}

}  // namespace stream::testing
