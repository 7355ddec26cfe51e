// Epochs without data, static sources and waiting for all that is there, through the local runner.
#include <libstream/base/memory_file_system.hpp>
#include <libstream/execution/local_runner.hpp>
#include <libstream/execution/unsynced_file_system.hpp>
#include <tests/kit/catch.hpp>
#include <tests/kit/faulty_file_system.hpp>
#include <tests/unit/plans/event_plan.hpp>

#include <nlohmann/json.hpp>

namespace stream::testing {
namespace {

using Rows = std::vector<std::vector<std::string>>;
constexpr Duration kLong{60'000};

std::unique_ptr<RunningQuery> start(PhysicalPlan plan, QueryOptions options) {
  auto query = local_runner()->start(std::move(plan), std::move(options));
  if (!query) FAIL(query.error().message());
  return std::move(*query);
}

QueryOptions triggered(Trigger trigger) {
  QueryOptions options;
  options.trigger = trigger;
  options.checkpoint_interval = Duration{0};
  return options;
}

void require_end(RunningQuery& query) {
  auto ended = query.await_termination(kLong);
  if (!ended) FAIL(ended.error().message());
  REQUIRE(*ended);
}

/// Remembers every progress record.
class ProgressKeeper final : public QueryListener {
 public:
  void on_query_progress(const QueryProgress& progress) override {
    std::lock_guard lock(mutex_);
    records_.push_back(nlohmann::json::parse(to_json(progress)));
  }
  std::vector<nlohmann::json> records() const {
    std::lock_guard lock(mutex_);
    return records_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<nlohmann::json> records_;
};

TEST_CASE("a moved watermark gives the answer without further input (R-022)") {
  const auto rows = std::make_shared<EventRows>();
  const auto sink = std::make_shared<CollectSink>();
  const auto trigger = GENERATE(0, 1);
  auto query = start(window_plan(rows, sink),
                     triggered(trigger == 0 ? Trigger::manual() : Trigger::processing_time({})));
  REQUIRE(query->process_all_available());
  CHECK(taken_rows(*sink).empty());
  rows->add({10, 11, 12, 13, 14, 15});
  REQUIRE(query->process_all_available());
  CHECK(taken_rows(*sink) == Rows{{}, {}});  // the watermark moved to 5, nothing is of age
  rows->add({25});
  REQUIRE(query->process_all_available());
  CHECK(taken_rows(*sink) == Rows{{}, {"10:5"}});
  rows->add({10});
  REQUIRE(query->process_all_available());
  CHECK(taken_rows(*sink) == Rows{{}});
  CHECK(query->last_progress()->state_operators.at(0).dropped_by_watermark == 1);
  REQUIRE(query->process_all_available());
  CHECK(taken_rows(*sink).empty());
}

TEST_CASE("an epoch without data comes only where it is wanted") {
  const auto rows = std::make_shared<EventRows>();
  const auto sink = std::make_shared<CollectSink>();
  QueryOptions options = triggered(Trigger::manual());
  NoDataEpochs wanted = NoDataEpochs::when_watermark_moves;
  SECTION("no operator asks for it (Complete)") { wanted = NoDataEpochs::never; }
  SECTION("it is switched off") { options.no_data_epochs = false; }
  auto query = start(window_plan(rows, sink, wanted), options);
  rows->add({10, 25});
  REQUIRE(query->process_all_available());
  CHECK(taken_rows(*sink) == Rows{{}});
}

TEST_CASE("operators with processing-time timeouts get one epoch after the data, then rest") {
  const auto rows = std::make_shared<EventRows>();
  const auto sink = std::make_shared<CollectSink>();
  auto query = start(window_plan(rows, sink, NoDataEpochs::always), triggered(Trigger::manual()));
  rows->add({1});
  REQUIRE(query->process_all_available());
  CHECK(taken_rows(*sink).size() == 2);
  REQUIRE(query->process_all_available());
  CHECK(taken_rows(*sink).empty());
}

TEST_CASE("manual epochs may be epochs without data") {
  const auto rows = std::make_shared<EventRows>();
  const auto sink = std::make_shared<CollectSink>();
  auto query = start(window_plan(rows, sink), triggered(Trigger::manual()));
  rows->add({10, 25});
  REQUIRE(query->run_epochs(2));
  CHECK(taken_rows(*sink) == Rows{{}, {"10:1"}});
}

TEST_CASE("available-now ends with an epoch without data (R-142)") {
  const auto rows = std::make_shared<EventRows>();
  const auto sink = std::make_shared<CollectSink>();
  rows->add({10, 11, 25});
  auto query = start(window_plan(rows, sink), triggered(Trigger::available_now()));
  require_end(*query);
  CHECK(taken_rows(*sink) == Rows{{}, {"10:2"}});
}

TEST_CASE("the progress tells event times, the watermark used and the state") {
  const auto rows = std::make_shared<EventRows>();
  const auto keeper = std::make_shared<ProgressKeeper>();
  QueryOptions options = triggered(Trigger::manual());
  options.listeners = {keeper};
  auto query = start(window_plan(rows, std::make_shared<CollectSink>()), options);
  rows->add({10, 12, 14, 25});
  REQUIRE(query->run_epochs(2));
  query->stop(true);
  const auto records = keeper->records();
  REQUIRE(records.size() == 2);
  CHECK(records[0]["eventTime"] == nlohmann::json{{"avg", "1970-01-01T00:00:15.250Z"},
                                                  {"max", "1970-01-01T00:00:25.000Z"},
                                                  {"min", "1970-01-01T00:00:10.000Z"},
                                                  {"watermark", "1970-01-01T00:00:00.000Z"}});
  CHECK(records[1]["eventTime"] == nlohmann::json{{"watermark", "1970-01-01T00:00:15.000Z"}});
  REQUIRE(records[1]["stateOperators"].size() == 1);
  CHECK(records[1]["stateOperators"][0]["operatorName"] == "count_windows");
  CHECK(records[1]["stateOperators"][0]["numRowsTotal"] == 1);
  CHECK(records[1]["stateOperators"][0]["numRowsRemoved"] == 1);
}

TEST_CASE("the watermark survives a restart, and no epoch without data comes right after it") {
  MemoryFileSystem files;
  const auto rows = std::make_shared<EventRows>();
  const auto sink = std::make_shared<CollectSink>();
  QueryOptions options = triggered(Trigger::manual());
  options.files = &files;
  options.checkpoint_directory = "/checkpoint";
  {
    auto query = start(window_plan(rows, sink), options);
    rows->add({10, 11, 25});
    REQUIRE(query->run_epochs(1));
    query->stop(true);
  }
  CHECK(taken_rows(*sink) == Rows{{}});
  auto query = start(window_plan(rows, sink), options);
  REQUIRE(query->process_all_available());
  CHECK(taken_rows(*sink).empty());
  rows->add({12});  // not late yet: lateness is the watermark of epoch 0
  REQUIRE(query->process_all_available());
  CHECK(taken_rows(*sink) == Rows{{"10:3"}});
}

TEST_CASE("a query of static sources alone runs one epoch and ends") {
  const auto rows = std::make_shared<EventRows>();
  const auto sink = std::make_shared<CollectSink>();
  rows->add({1, 2});
  auto query = start(union_plan({event_source(rows, EventSourceKind::is_static)}, sink),
                     triggered(Trigger::available_now()));
  require_end(*query);
  CHECK(taken_rows(*sink) == Rows{{"1", "2"}});
}

TEST_CASE("a static source is read whole in every epoch and never causes one") {
  const auto table = std::make_shared<EventRows>();
  const auto rows = std::make_shared<EventRows>();
  const auto sink = std::make_shared<CollectSink>();
  table->add({1});
  auto query =
      start(union_plan({event_source(rows), event_source(table, EventSourceKind::is_static)}, sink),
            triggered(Trigger::manual()));
  REQUIRE(query->process_all_available());
  CHECK(taken_rows(*sink).empty());
  rows->add({7});
  REQUIRE(query->process_all_available());
  table->add({2});
  REQUIRE(query->process_all_available());
  rows->add({8});
  REQUIRE(query->process_all_available());
  CHECK(taken_rows(*sink) == Rows{{"1", "7"}, {"1", "2", "8"}});
  CHECK(query->last_progress()->sources.size() == 1);
  CHECK(query->last_progress()->num_input_rows() == 1);
}

TEST_CASE("a source may make the first epoch an empty one (R-140)") {
  const auto rows = std::make_shared<EventRows>();
  const auto sink = std::make_shared<CollectSink>();
  auto query =
      start(union_plan({event_source(rows, EventSourceKind::growing_with_empty_first_epoch)}, sink),
            triggered(Trigger::manual()));
  REQUIRE(query->process_all_available());
  REQUIRE(query->process_all_available());
  CHECK(taken_rows(*sink) == Rows{{}});
}

TEST_CASE("sink tasks are told of every epoch, also of empty ones and those without data") {
  const auto rows = std::make_shared<EventRows>();
  const auto calls = std::make_shared<SinkCalls>();
  PhysicalPlan plan = window_plan(rows, recording_sink(calls));
  auto query = start(std::move(plan), triggered(Trigger::manual()));
  REQUIRE(query->run_epochs(1));
  rows->add({10, 25});
  REQUIRE(query->process_all_available());
  query->stop(true);
  using Calls = std::vector<std::string>;
  CHECK(calls->by_task ==
        std::map<std::uint32_t, Calls>{
            {0, {"begin 0", "end 0", "begin 1", "end 1", "begin 2", "write", "end 2"}}});
}

TEST_CASE("lost state ends a query that keeps no checkpoint, instead of counting anew") {
  const auto rows = std::make_shared<EventRows>();
  rows->add({10});
  QueryOptions options = triggered(Trigger::manual());
  options.lose_tasks_after_every_epoch = true;
  auto query = start(window_plan(rows, std::make_shared<CollectSink>()), options);
  // The tasks are lost right after the epoch: its end may be seen as the query's.
  (void)query->run_epochs(1);
  const auto ended = query->await_termination(kLong);
  REQUIRE_FALSE(ended);
  CHECK_THAT(ended.error().message(), Catch::Matchers::ContainsSubstring("checkpoint directory"));
}

TEST_CASE("tasks without state may be lost in a query that keeps no checkpoint") {
  const auto rows = std::make_shared<EventRows>();
  const auto sink = std::make_shared<CollectSink>();
  QueryOptions options = triggered(Trigger::manual());
  options.lose_tasks_after_every_epoch = true;
  auto query = start(union_plan({event_source(rows)}, sink), options);
  for (const std::int64_t row : {1, 2, 3}) {
    rows->add({row});
    REQUIRE(query->run_epochs(1));
  }
  CHECK(taken_rows(*sink) == Rows{{"1"}, {"2"}, {"3"}});
}

TEST_CASE("files that need no sync pass on all but the sync") {
  MemoryFileSystem disk;
  FaultyFileSystem counting(disk);
  UnsyncedFileSystem files(counting);
  auto file = files.open_writing("/a");
  REQUIRE(file);
  REQUIRE((*file)->append("rows"));
  const std::size_t points = counting.num_points();
  REQUIRE((*file)->sync());
  REQUIRE(files.sync_directory("/"));
  CHECK(counting.num_points() == points);
  REQUIRE((*file)->close());
  REQUIRE(files.rename("/a", "/b"));
  CHECK(counting.num_points() == points + 1);
  const auto content = read_file(disk, "/b");
  REQUIRE(content);
  CHECK(*content == "rows");
}

TEST_CASE("who waits for all that is there hears the query's error") {
  const auto rows = std::make_shared<EventRows>();
  auto plan = window_plan(rows, std::make_shared<CollectSink>());
  plan.watermark_delays = {10'000};
  class Failing final : public Operator {
   public:
    Result<void> open(const OperatorContext&) override { return {}; }
    Result<void> push(InputPlace, Batch, Output&) override { return user_code("no such luck"); }
  };
  plan.stages[0].operators[1].make = [] { return std::make_unique<Failing>(); };
  auto query = start(std::move(plan), triggered(Trigger::manual()));
  REQUIRE(query->process_all_available());
  rows->add({1});
  const auto waited = query->process_all_available();
  REQUIRE_FALSE(waited);
  CHECK_THAT(waited.error().message(), Catch::Matchers::ContainsSubstring("no such luck"));
}

}  // namespace
}  // namespace stream::testing
