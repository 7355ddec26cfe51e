#include <libstream/operators/session_aggregate.hpp>
#include <tests/kit/catch.hpp>
#include <tests/unit/operators/aggregate_cases.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>

namespace stream::testing {
namespace {

SessionAggregateSpec sessions(OutputMode mode, bool is_streaming) {
  SessionAggregateSpec spec;
  spec.aggregate.keys = {input(0, window_type()), input(1, text())};
  spec.aggregate.calls = {aggregate_call("sum", {input(2, bigint())})};
  spec.aggregate.schema = schema_of({{"w", window_type()}, {"k", text()}, {"s", bigint()}});
  spec.mode = mode;
  spec.is_streaming = is_streaming;
  spec.has_watermark = is_streaming;
  return spec;
}

OperatorCase case_of(SessionAggregateSpec spec, std::vector<EpochScript> epochs) {
  OperatorCase script;
  script.inputs = {schema_of({{"r", window_type()}, {"k", text()}, {"v", bigint()}})};
  script.partition_by = {{1}};
  script.make = make_session_aggregate(std::move(spec));
  script.epochs = std::move(epochs);
  return script;
}

Row event(std::int64_t at, const char* key, int value, std::int64_t gap = 10) {
  return row(window_value(at, at + gap), key, value);
}

constexpr std::int64_t kEpochSeconds = 1000;
constexpr std::int64_t kLateSeconds = 40;

/// The sessions of a key whose rows are (second, value), by their ends.
using KeyRows = std::vector<std::pair<std::int64_t, int>>;
void add_sessions(const std::string& key, KeyRows rows,
                  std::multimap<std::int64_t, std::string>& by_end) {
  std::sort(rows.begin(), rows.end());
  for (std::size_t first = 0; first < rows.size();) {
    std::size_t last = first;
    std::int64_t sum = rows[first].second;
    while (last + 1 < rows.size() && rows[last + 1].first <= rows[last].first + 10)
      sum += rows[++last].second;
    const std::int64_t end = rows[last].first + 10;
    by_end.emplace(end, fmt::format("[{}000000,{}000000]|{}|{}", rows[first].first, end, key, sum));
    first = last + 1;
  }
}

}  // namespace

TEST_CASE("sessions that touch are one, within an epoch and across epochs") {
  // 25 opens an earlier session, 30 bridges all.
  const auto outputs = verify_operator(
      case_of(sessions(OutputMode::append, true),
              {{{{0, {event(40, "a", 1), event(41, "a", 2), event(40, "b", 4)}}}, 0},
               {{{0, {event(25, "a", 8)}}}, 11'000},
               {{{0, {event(30, "a", 16), event(1, "a", 32), event(1, "a", 64)}}}, 11'000},
               {{}, 50'000},
               {{}, 60'000}}),
      {{}, {}, {}, {"[40000000,50000000]|b|4"}, {"[25000000,51000000]|a|27"}});
  CHECK(outputs[1].counts.rows == 3);
  CHECK(outputs[2].counts.rows == 2);
  CHECK(outputs[2].counts.dropped_by_watermark == 1);
  CHECK(outputs[4].counts.rows == 0);
}

TEST_CASE("of many rows out of order sessions come when they have ended, whole") {
  // More rows an epoch than are sorted at a time; some sessions end within it, some epochs later.
  const std::uint64_t seed = 20'261;
  std::mt19937_64 random(seed);
  const std::vector<const char*> keys{"a", "b", "c", "d", "e", "f", "g", "h"};
  std::map<std::string, KeyRows> by_key;
  std::vector<EpochScript> epochs;
  for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
    std::vector<Row> rows;
    for (std::int64_t i = 0; i < 5000; ++i) {
      const std::int64_t late = random() % 10 == 0 ? random() % kLateSeconds : 0;
      const std::int64_t at =
          kLateSeconds + epoch * kEpochSeconds + i * kEpochSeconds / 5000 - late;
      // Some keys hardly ever pause, others mostly do.
      const std::size_t key = std::min(random() % 64, random() % 64) % keys.size();
      if (key > 3 && at % 100 > 30) continue;
      rows.push_back(event(at, keys[key], static_cast<int>(i)));
      by_key[keys[key]].emplace_back(at, static_cast<int>(i));
    }
    epochs.push_back({{{0, std::move(rows)}}, epoch * kEpochSeconds * 1000});
  }
  epochs.push_back({{}, 3'500'000});
  std::multimap<std::int64_t, std::string> by_end;
  for (const auto& [key, rows] : by_key) add_sessions(key, rows, by_end);
  std::vector<std::vector<std::string>> expected(epochs.size());
  for (const auto& [end, text] : by_end) {
    std::size_t epoch = 0;
    while (end * 1000 > epochs[epoch].watermark) ++epoch;
    expected[epoch].push_back(text);
  }
  INFO("seed " << seed);
  REQUIRE(expected[1].size() > 20);
  REQUIRE(expected[3].size() > 20);
  verify_operator(case_of(sessions(OutputMode::append, true), std::move(epochs)),
                  std::move(expected));
}

TEST_CASE("all sessions come in complete mode and from bounded inputs") {
  const std::vector<EpochScript> epochs{
      {{{0, {event(40, "a", 1), event(20, "a", 2), row(nullptr, "a", 4), event(5, "a", 8, -1)}}}},
      {{{0, {event(30, "a", 16)}}}}};
  verify_operator(
      case_of(sessions(OutputMode::complete, true), epochs),
      {{"[40000000,50000000]|a|1", "[20000000,30000000]|a|2"}, {"[20000000,50000000]|a|19"}});
  verify_operator(
      case_of(sessions(OutputMode::complete, false), epochs),
      {{"[40000000,50000000]|a|1", "[20000000,30000000]|a|2"}, {"[30000000,40000000]|a|16"}});
}

TEST_CASE("late rows are dropped in complete mode too, and nothing is evicted") {
  const auto outputs = verify_operator(
      case_of(sessions(OutputMode::complete, true),
              {{{{0, {event(1, "a", 1)}}}, 20'000},
               {{{0, {event(2, "a", 2), event(40, "a", 4)}}}, 20'000}}),
      {{"[1000000,11000000]|a|1"}, {"[1000000,11000000]|a|1", "[40000000,50000000]|a|4"}});
  CHECK(outputs[1].counts.dropped_by_watermark == 1);
}

TEST_CASE("with gaps of their own a session ends with its latest end") {
  verify_operator(case_of(sessions(OutputMode::append, true),
                          {{{{0, {event(10, "a", 1, 100), event(20, "a", 2, 5)}}}, 0},
                           {{{0, {event(110, "a", 4, 1)}}}, 25'000},
                           {{}, 111'000}}),
                  {{}, {}, {"[10000000,111000000]|a|7"}});
}

}  // namespace stream::testing
