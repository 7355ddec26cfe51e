#include <libstream/connectors/generator/rate_schedule.hpp>
#include <tests/unit/connectors/reader_harness.hpp>

#include <algorithm>

namespace stream::testing {
namespace {

constexpr EpochMillis kStart = 1'700'000'000'123;
using Row = std::pair<std::int64_t, std::int64_t>;  // milliseconds after the start, value

std::vector<Row> rows_of(const std::vector<Batch>& batches) {
  std::vector<Row> rows;
  for (const Batch& batch : batches)
    for (std::size_t i = 0; i < batch.num_rows(); ++i)
      rows.emplace_back(batch.column(0).data<std::int64_t>()[i] - kStart,
                        batch.column(1).data<std::int64_t>()[i]);
  std::sort(rows.begin(), rows.end());
  return rows;
}

struct Started {
  explicit Started(const Source& source, MemorySourceLog& log, EpochMillis now = kStart)
      : clock(now), planner(source.make_planner()) {
    REQUIRE(planner->open({local_file_system(), clock, log, 1}));
  }
  std::string at(const std::string& start, std::int64_t millis) {
    auto end = planner->latest_offset(start, kStart + millis);
    REQUIRE(end);
    REQUIRE(end->has_value());
    return **end;
  }
  std::vector<Row> rows(const Source& source, const std::string& start, const std::string& end) {
    ReaderHarness harness(source, 7);
    return rows_of(harness.read_splits(*planner->plan(start, end)));
  }
  ManualClock clock;
  std::unique_ptr<SourcePlanner> planner;
};

TEST_CASE("Four seconds of ramp to ten a second end with 0, 2, 6, 12, 20 and 30 rows") {
  const RateSchedule schedule({.rows_per_second = 10, .ramp_up = std::chrono::seconds(4)});
  std::vector<std::int64_t> totals;
  for (std::int64_t second = 0; second <= 6; ++second)
    totals.push_back(schedule.rows_before_second(second));
  CHECK(totals == std::vector<std::int64_t>{0, 2, 6, 12, 20, 30, 40});
}

TEST_CASE("Counting by milliseconds agrees with the times of the rows") {
  const RateSchedule schedule(
      {.rows_per_second = 7, .ramp_up = std::chrono::seconds(2), .total_rows = 40});
  std::vector<std::int64_t> times;
  for (std::int64_t value = 0; value < 40; ++value) times.push_back(schedule.millis_of(value));
  CHECK(std::is_sorted(times.begin(), times.end()));
  for (std::int64_t millis = 0; millis <= 9000; ++millis) {
    const auto expected = std::lower_bound(times.begin(), times.end(), millis) - times.begin();
    if (schedule.rows_before_millis(millis) != expected) {
      INFO("at " << millis << " ms");
      REQUIRE(schedule.rows_before_millis(millis) == expected);
    }
  }
}

TEST_CASE("A rate of four gives the values 0, 1, 2, … spread evenly within each second") {
  const auto source = *rate_source({.rows_per_second = 4});
  MemorySourceLog log;
  Started started(*source, log);
  CHECK(started.at("0", 999) == "0");
  CHECK(started.at("0", 1000) == "1");
  CHECK(started.at("1", 2999) == "2");
  CHECK(started.rows(*source, "0", "2") ==
        std::vector<Row>{
            {0, 0}, {250, 1}, {500, 2}, {750, 3}, {1000, 4}, {1250, 5}, {1500, 6}, {1750, 7}});
  CHECK(started.planner->plan("2", "2")->empty());
}

TEST_CASE("Epochs of 100 ms get their rows in each epoch when the granularity is milliseconds") {
  const auto source = *rate_source({.rows_per_second = 30, .granularity = RateGranularity::millis});
  MemorySourceLog log;
  Started started(*source, log);
  std::string start = "0";
  std::vector<Row> all;
  for (std::int64_t millis = 100; millis <= 1000; millis += 100) {
    const std::string end = started.at(start, millis);
    const auto rows = started.rows(*source, start, end);
    CHECK((rows.size() == 3 || rows.size() == 4));
    for (const Row& row : rows) CHECK(row.first < millis);
    all.insert(all.end(), rows.begin(), rows.end());
    start = end;
  }
  CHECK(all.size() == 30);
  CHECK(all == started.rows(*source, "0", "1000"));
}

TEST_CASE("However it is partitioned and cut, a range has the same rows") {
  RateOptions options{.rows_per_second = 100, .granularity = RateGranularity::millis};
  const auto one = *rate_source(options);
  options.num_partitions = 3;
  const auto three = *rate_source(options);
  MemorySourceLog log;
  Started started_one(*one, log);
  Started started_three(*three, log);
  CHECK(started_three.planner->plan("0", "1500")->size() == 3);
  CHECK(started_three.rows(*three, "0", "1500") == started_one.rows(*one, "0", "1500"));
  CHECK(started_one.rows(*one, "0", "1500").size() == 150);
}

TEST_CASE("A restarted planner goes on from the start that the log keeps") {
  const auto source = *rate_source({.rows_per_second = 2});
  MemorySourceLog log;
  std::vector<Row> before;
  {
    Started first(*source, log);
    before = first.rows(*source, "0", "3");
  }
  Started second(*source, log, kStart + 60'000);
  CHECK(second.rows(*source, "0", "3") == before);
  CHECK(second.at("3", 61'000) == "61");
}

TEST_CASE("The rows end after total_rows and the offset stands still") {
  const auto source = *rate_source({.rows_per_second = 10, .total_rows = 15});
  MemorySourceLog log;
  Started started(*source, log);
  CHECK(started.at("0", 5000) == "5");
  CHECK(started.rows(*source, "0", "5").size() == 15);
  CHECK(started.at("5", 50'000) == "5");
}

TEST_CASE("A clock that goes back gives no rows twice") {
  const auto source = *rate_source({.rows_per_second = 1});
  MemorySourceLog log;
  Started started(*source, log);
  CHECK(started.at("5", 3000) == "5");
  CHECK(started.at("0", -1000) == "0");
}

TEST_CASE("Every wrong rate option is named, and a foreign offset is refused") {
  const auto made = rate_source({.rows_per_second = 0, .total_rows = -1, .num_partitions = 0});
  REQUIRE_FALSE(made);
  for (const char* name : {"rows_per_second", "total_rows", "num_partitions"})
    CHECK_THAT(made.error().message(), Catch::Matchers::ContainsSubstring(name));
  const auto source = *rate_source();
  MemorySourceLog log;
  Started started(*source, log);
  CHECK_FALSE(started.planner->latest_offset(R"({"segment":1})", 0));
}

}  // namespace
}  // namespace stream::testing
