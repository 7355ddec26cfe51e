#include <libstream/control/progress_json.hpp>
#include <libstream/control/progress_reporter.hpp>
#include <tests/kit/catch.hpp>

#include <nlohmann/json.hpp>

using namespace stream;

namespace {

EpochCommitted committed(EpochId epoch, const std::string& end, std::int64_t rows,
                         std::int64_t millis) {
  EpochCommitted record{epoch, true, {end}, {}, 0};
  record.statistics.source_rows = {rows};
  record.statistics.sink_rows = {rows};
  record.statistics.duration_millis["triggerExecution"] = millis;
  record.statistics.operators["agg"] = {"count", rows, rows, 10, 2, 1, 640, 3, 1, true};
  record.statistics.operators["map"] = {"map", rows, rows, 0, 0, 0, 0};
  return record;
}

ProgressReporter one_to_one() {
  return ProgressReporter(
      {"q", "r", "words", {"socket[9999]"}, {"console"}, {"0"}, 100, {"agg", "map"}});
}

}  // namespace

TEST_CASE("a progress record has Spark's keys and values") {
  auto reporter = one_to_one();
  reporter.on_epoch_committed(committed(0, "{\"0\":5}", 5, 50), 1'700'000'000'050);
  const std::string text =
      to_json(reporter.on_epoch_committed(committed(1, "{\"0\":9}", 4, 250), 1'700'000'000'750));
  CHECK(text.find('\n') == std::string::npos);
  const auto json = nlohmann::json::parse(text);
  CHECK(json["id"] == "q");
  CHECK(json["runId"] == "r");
  CHECK(json["name"] == "words");
  CHECK(json["timestamp"] == "2023-11-14T22:13:20.500Z");
  CHECK(json["batchId"] == 1);
  CHECK(json["batchDuration"] == 250);
  CHECK(json["numInputRows"] == 4);
  CHECK(json["inputRowsPerSecond"] == 8.0);
  CHECK(json["processedRowsPerSecond"] == 16.0);
  CHECK(json["durationMs"]["triggerExecution"] == 250);
  REQUIRE(json["stateOperators"].size() == 1);
  CHECK(json["stateOperators"][0]["operatorName"] == "count");
  CHECK(json["stateOperators"][0]["numRowsTotal"] == 10);
  CHECK(json["stateOperators"][0]["numRowsUpdated"] == 2);
  CHECK(json["stateOperators"][0]["numRowsRemoved"] == 1);
  CHECK(json["stateOperators"][0]["memoryUsedBytes"] == 640);
  CHECK(json["stateOperators"][0]["numRowsDroppedByWatermark"] == 3);
  CHECK(json["stateOperators"][0]["customMetrics"]["numDroppedDuplicateRows"] == 1);
  CHECK_FALSE(json.contains("eventTime"));
  CHECK(json["sources"][0]["description"] == "socket[9999]");
  CHECK(json["sources"][0]["startOffset"]["0"] == 5);
  CHECK(json["sources"][0]["endOffset"]["0"] == 9);
  CHECK(json["sources"][0]["numInputRows"] == 4);
  CHECK(json["sink"]["description"] == "console");
  CHECK(json["sink"]["numOutputRows"] == 4);
  CHECK_FALSE(json.contains("sinks"));
}

TEST_CASE("the first record has no input rate, and an epoch counts at least a millisecond") {
  auto reporter = one_to_one();
  const auto& first = reporter.on_epoch_committed(committed(0, "1", 3, 0), 1000);
  CHECK_FALSE(first.sources[0].input_rows_per_second);
  CHECK(first.processed_rows_per_second() == 3000.0);
  CHECK_FALSE(nlohmann::json::parse(to_json(first)).contains("inputRowsPerSecond"));
}

TEST_CASE("rates are never printed in scientific notation") {
  QueryProgress progress;
  progress.sources.push_back({"s", "", "not json", 1, 1e15, 1e-5});
  progress.batch_duration_millis = 1;
  const std::string text = to_json(progress);
  CHECK_THAT(text, Catch::Matchers::ContainsSubstring("1000000000000000.0"));
  CHECK_THAT(text, Catch::Matchers::ContainsSubstring("0.00001"));
  CHECK(text.find("e+") == std::string::npos);
  CHECK(text.find("e-") == std::string::npos);
  const auto json = nlohmann::json::parse(text);
  CHECK(json["sources"][0]["startOffset"].is_null());
  CHECK(json["sources"][0]["endOffset"] == "not json");
}

TEST_CASE("a source that knows how far it is ahead says so, as Spark's sources do") {
  auto reporter = one_to_one();
  SourceStanding standing{"{\"0\":20}", {{"maxOffsetsBehindLatest", "11"}}};
  const auto& ahead =
      reporter.on_epoch_committed(committed(0, "{\"0\":9}", 4, 1), 1000, {standing});
  const auto json = nlohmann::json::parse(to_json(ahead));
  CHECK(json["sources"][0]["endOffset"].dump() == "{\"0\":9}");
  CHECK(json["sources"][0]["latestOffset"].dump() == "{\"0\":20}");
  CHECK(json["sources"][0]["metrics"]["maxOffsetsBehindLatest"] == "11");
  const auto& silent = reporter.on_epoch_committed(committed(1, "{\"0\":12}", 3, 1), 2000);
  const auto other = nlohmann::json::parse(to_json(silent));
  CHECK(other["sources"][0]["latestOffset"].dump() == "{\"0\":12}");
  CHECK_FALSE(other["sources"][0].contains("metrics"));
}

TEST_CASE("several sinks are listed, and the first one is the sink") {
  ProgressReporter reporter({"q", "r", "", {"s"}, {"a", "b"}, {"0"}, 100});
  const auto json =
      nlohmann::json::parse(to_json(reporter.on_epoch_committed(committed(0, "1", 1, 1), 1000)));
  CHECK(json["name"].is_null());
  CHECK(json["sink"]["description"] == "a");
  CHECK(json["sinks"].size() == 2);
}

TEST_CASE("fewer records than the limit are kept, the newest ones") {
  auto reporter = one_to_one();
  for (EpochId epoch = 0; epoch < 250; ++epoch) {
    reporter.on_epoch_committed(committed(epoch, "1", 1, 1), 1000 + epoch);
  }
  CHECK(reporter.recent().size() == 99);
  CHECK(reporter.recent().front().batch_id == 151);
  CHECK(reporter.last()->batch_id == 249);
}

TEST_CASE("a progress record that was read from its text gives the same text again") {
  auto reporter = one_to_one();
  QueryProgress progress =
      reporter.on_epoch_committed(committed(0, "{\"0\":5}", 5, 50), 1'700'000'000'050);
  progress.duration_millis["addBatch"] = 40;
  progress.event_time = EventTimeProgress{1'700'000'000'000, EventTimes{}};
  progress.event_time->seen->count = 2;
  progress.event_time->seen->max_millis = 1'700'000'000'004;
  progress.event_time->seen->min_millis = 1'600'000'000'001;
  progress.event_time->seen->sum_millis = 3'300'000'000'006;
  progress.sinks.push_back({"files[\"x\"]", 3});
  progress.sources.push_back({"plain", "", "not json", 2, 7.25, 0.5});
  progress.num_rejected_rows = 2;
  progress.num_rows_ahead_of_clock = 1;
  const std::string text = to_json(progress);
  const auto read = parse_progress(text);
  REQUIRE(read);
  CHECK(to_json(*read) == text);
  CHECK(read->state_operators.at(0).state_rows == 10);
}

TEST_CASE("a text that is no progress record is refused") {
  CHECK_FALSE(parse_progress(""));
  CHECK_FALSE(parse_progress("[1]"));
  CHECK_FALSE(parse_progress("{\"id\":\"q\"}"));
  CHECK_FALSE(parse_progress("{\"batchId\":1"));
  CHECK(parse_progress(R"({"batchId":1,"sources":7,"durationMs":[],"eventTime":"x","sink":1})"));
}
