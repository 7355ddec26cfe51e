#include <libstream/control/trigger_schedule.hpp>

#include "coordinator_driver.hpp"

using namespace stream;
using namespace std::chrono_literals;

TEST_CASE(
    "an epoch plans, writes offsets, runs, commits sinks and writes the commit in this order") {
  CoordinatorDriver drive(durable_options(Trigger::processing_time(100ms), 2));
  drive.start(1030);
  CHECK(drive.expect<PlanSources>().epoch == 0);
  CHECK(drive.expect<PlanSources>().starts == std::vector<std::string>{"0"});
  drive.plan(0, 1031, "5");
  REQUIRE(drive.last.size() == 1);
  CHECK(drive.expect<WriteOffsets>().offsets.ranges[0].end == "5");
  drive(drive.coordinator.on_offsets_written(0, 1033));
  CHECK(drive.expect<BeginEpoch>().is_checkpoint);
  CHECK(drive.coordinator.running_epoch() == 0);
  drive(drive.coordinator.on_task_done(0, {0, {}, {}}, 1040));
  CHECK(drive.last.empty());
  drive(drive.coordinator.on_task_done(0, {0, {}, {}}, 1040));
  CHECK(drive.last.empty());  // the same task twice is one answer
  drive(drive.coordinator.on_task_done(0, {1, {}, {{0, 1, "file"}}}, 1043));
  CHECK(drive.expect<CommitSinks>().messages.at(0).content == "file");
  drive(drive.coordinator.on_sinks_committed(0, 1044));
  CHECK(drive.expect<WriteCommit>().commit.ends == std::vector<std::string>{"5"});
  CHECK(drive.expect<WriteCommit>().commit.sink_messages.size() == 1);
  drive(drive.coordinator.on_commit_written(0, 1047));
  const auto& committed = drive.expect<EpochCommitted>();
  CHECK(committed.statistics.duration_millis ==
        std::map<std::string, std::int64_t>{{"latestOffset", 1},
                                            {"walCommit", 2},
                                            {"addBatch", 10},
                                            {"commitBatch", 1},
                                            {"commitOffsets", 3},
                                            {"triggerExecution", 17}});
  CHECK(drive.expect<ScheduleTick>().at == 1100);
  CHECK(drive.coordinator.last_committed() == 0);
}

TEST_CASE(
    "processing time starts at the next multiple, and at once after an epoch that took longer") {
  CHECK(next_multiple(0, 100ms) == 100);
  CHECK(next_multiple(100, 100ms) == 200);
  CHECK(next_multiple(-1, 100ms) == 0);
  CoordinatorDriver drive(durable_options(Trigger::processing_time(100ms)));
  drive.start(1030);
  drive.run_epoch(0, 1050, "1");
  CHECK(drive.expect<ScheduleTick>().at == 1100);
  drive(drive.coordinator.on_tick(1099));
  CHECK_FALSE(drive.has<PlanSources>());
  CHECK(drive.expect<ScheduleTick>().at == 1100);
  drive(drive.coordinator.on_tick(1100));
  CHECK(drive.expect<PlanSources>().batch_time == 1100);
  drive.run_epoch(1, 1234, "2");
  CHECK(drive.expect<PlanSources>().batch_time == 1234);
}

TEST_CASE("processing time runs no epoch without new rows and looks again at the next tick") {
  CoordinatorDriver drive(durable_options(Trigger::processing_time(100ms)));
  drive.start(1030);
  drive.plan(0, 1031, "0");
  REQUIRE(drive.last.size() == 1);
  CHECK(drive.expect<ScheduleTick>().at == 1100);
  drive(drive.coordinator.on_tick(1100));
  CHECK(drive.expect<PlanSources>().epoch == 0);
}

TEST_CASE("processing time runs epochs without rows when it is told to") {
  auto options = durable_options(Trigger::processing_time(100ms));
  options.run_empty_epochs = true;
  CoordinatorDriver drive(options);
  drive.start(1030);
  drive.plan(0, 1031, "0");
  CHECK(drive.has<WriteOffsets>());
}

TEST_CASE("processing time without interval polls, and new rows shorten the wait") {
  CoordinatorDriver drive(durable_options(Trigger::processing_time(0ms)));
  drive.start(1000);
  drive.plan(0, 1001, "0");
  CHECK(drive.expect<ScheduleTick>().at == 1001 + kIdlePoll.count());
  drive(drive.coordinator.on_rows_available(1002));
  CHECK(drive.expect<PlanSources>().epoch == 0);
  drive.run_epoch(0, 1003, "3");
  CHECK(drive.expect<PlanSources>().starts == std::vector<std::string>{"3"});
}

TEST_CASE("new rows do not shorten the wait for a multiple of the interval") {
  CoordinatorDriver drive(durable_options(Trigger::processing_time(100ms)));
  drive.start(1000);
  drive.plan(0, 1001, "0");
  drive(drive.coordinator.on_rows_available(1002));
  CHECK_FALSE(drive.has<PlanSources>());
}

TEST_CASE("the first interval's batch time is the next multiple after the start") {
  CoordinatorDriver drive(durable_options(Trigger::every(100ms)));
  drive.start(1030);
  REQUIRE(drive.last.size() == 1);
  CHECK(drive.expect<ScheduleTick>().at == 1100);
  drive(drive.coordinator.on_tick(1105));
  CHECK(drive.expect<PlanSources>().batch_time == 1100);
  drive.plan(0, 1106, "0");
  CHECK(drive.expect<WriteOffsets>().offsets.zero_time == 1000);
  CHECK(drive.expect<WriteOffsets>().offsets.batch_time == 1100);
}

TEST_CASE("intervals are planned while an earlier epoch runs, and run in order, empty ones too") {
  CoordinatorDriver drive(durable_options(Trigger::every(100ms)));
  drive.start(1000);
  drive(drive.coordinator.on_tick(1100));
  drive.plan(0, 1100, "3");
  drive(drive.coordinator.on_offsets_written(0));
  CHECK(drive.has<BeginEpoch>());
  drive(drive.coordinator.on_tick(1200));
  CHECK(drive.expect<PlanSources>().starts == std::vector<std::string>{"3"});
  drive.plan(1, 1201, "3");
  CHECK_FALSE(drive.has<WriteOffsets>());
  drive(drive.coordinator.on_tick(1300));
  drive.plan(2, 1301, "4");
  drive.finish_epoch(0, 1310);
  CHECK(drive.has<EpochCommitted>());
  CHECK(drive.expect<WriteOffsets>().offsets.batch_time == 1200);
  drive(drive.coordinator.on_offsets_written(1));
  drive.finish_epoch(1, 1320);
  CHECK(drive.expect<WriteOffsets>().offsets.batch_time == 1300);
}

TEST_CASE("planning is held back at the bound of the queue and caught up later") {
  auto options = durable_options(Trigger::every(100ms));
  options.max_queued_epochs = 2;
  CoordinatorDriver drive(options);
  drive.start(1000);
  drive(drive.coordinator.on_tick(1900));
  for (EpochId epoch = 0; epoch < 3; ++epoch) {
    CHECK(drive.expect<PlanSources>().epoch == epoch);
    drive.plan(epoch, 1900, std::to_string(epoch));
  }
  CHECK_FALSE(drive.has<PlanSources>());  // one runs, two wait
  drive(drive.coordinator.on_offsets_written(0));
  drive.finish_epoch(0, 1950);
  CHECK(drive.expect<PlanSources>().batch_time == 1400);
}

TEST_CASE("an open range flows during its interval and ends at the batch time") {
  CoordinatorDriver drive(open_options(Trigger::every(100ms)));
  drive.start(1030);
  CHECK(drive.expect<PlanSources>().batch_time == 1100);
  drive.plan_open(0, 1030);
  CHECK(drive.expect<BeginEpoch>().offsets.ranges[0].is_open);
  CHECK_FALSE(drive.has<WriteOffsets>());
  CHECK(drive.expect<ScheduleTick>().at == 1100);
  drive(drive.coordinator.on_tick(1100));
  CHECK(drive.expect<EndOpenRanges>().epoch == 0);
  drive(drive.coordinator.on_open_range_ended(0, 0, "7"));
  CHECK(drive.last.empty());
  drive.finish_tasks(0, 1102);
  CHECK(drive.expect<WriteOffsets>().offsets.ranges[0].end == "7");
  CHECK_FALSE(drive.expect<WriteOffsets>().offsets.ranges[0].is_open);
  drive(drive.coordinator.on_offsets_written(0));
  CHECK(drive.has<CommitSinks>());
  drive(drive.coordinator.on_sinks_committed(0));
  drive(drive.coordinator.on_commit_written(0, 1103));
  CHECK(drive.expect<PlanSources>().batch_time == 1200);
  CHECK(drive.expect<PlanSources>().starts == std::vector<std::string>{"7"});
}

TEST_CASE("an open range whose interval has passed is ended as soon as it began") {
  CoordinatorDriver drive(open_options(Trigger::every(100ms)));
  drive.start(1000);
  drive.plan_open(0, 1250);
  CHECK(drive.has<BeginEpoch>());
  CHECK(drive.has<EndOpenRanges>());
}

TEST_CASE("tasks may be done before the open range's end is heard") {
  CoordinatorDriver drive(open_options(Trigger::processing_time(0ms)));
  drive.start(1000);
  drive.plan_open(0, 1000);
  CHECK(drive.expect<ScheduleTick>().at == 1000 + kOpenRangeSpan.count());
  drive(drive.coordinator.on_tick(1100));
  CHECK(drive.has<EndOpenRanges>());
  drive.finish_tasks(0, 1101);
  CHECK(drive.last.empty());
  drive(drive.coordinator.on_open_range_ended(0, 0, "1"));
  CHECK(drive.has<WriteOffsets>());
}

TEST_CASE("available-now runs until the sources stand still, then stops") {
  CoordinatorDriver drive(durable_options(Trigger::available_now()));
  drive.start(1000);
  drive.run_epoch(0, 1001, "4");
  CHECK(drive.expect<PlanSources>().starts == std::vector<std::string>{"4"});
  drive.run_epoch(1, 1002, "6");
  drive.plan(2, 1003, "6");
  REQUIRE(drive.last.size() == 1);
  CHECK_FALSE(drive.expect<Stopped>().error);
  CHECK(drive.coordinator.is_stopped());
}

TEST_CASE("available-now reads an open range until the reader says that it has ended") {
  CoordinatorDriver drive(open_options(Trigger::available_now()));
  drive.start(1000);
  drive.plan_open(0, 1000);
  CHECK(drive.has<BeginEpoch>());
  CHECK_FALSE(drive.has<ScheduleTick>());
  drive(drive.coordinator.on_tick(99'000));
  CHECK(drive.last.empty());
  drive(drive.coordinator.on_open_range_ended(0, 0, "8"));
  drive.finish_epoch(0, 99'001);
  CHECK(drive.has<EpochCommitted>());
  drive.plan_open(1, 99'002);
  CHECK_FALSE(drive.expect<Stopped>().error);
}

TEST_CASE("manual runs as many epochs as asked for, empty ones too, an interval apart") {
  auto trigger = Trigger::manual();
  trigger.interval = 100ms;
  CoordinatorDriver drive(durable_options(trigger));
  drive.start(1030);
  CHECK(drive.last.empty());
  drive(drive.coordinator.on_run_epochs(2, 5000));
  CHECK(drive.expect<PlanSources>().batch_time == 1100);
  drive.run_epoch(0, 5000, "0");
  CHECK(drive.expect<PlanSources>().batch_time == 1200);
  drive.run_epoch(1, 5000, "0");
  CHECK_FALSE(drive.has<PlanSources>());
  CHECK(drive.coordinator.last_committed() == 1);
}

TEST_CASE("manual without interval counts batch times up by one") {
  CoordinatorDriver drive(durable_options(Trigger::manual()));
  drive.start(1030);
  drive(drive.coordinator.on_run_epochs(1, 5000));
  CHECK(drive.expect<PlanSources>().batch_time == 1031);
}

TEST_CASE("a graceful stop finishes the running and the queued epochs") {
  CoordinatorDriver drive(durable_options(Trigger::every(100ms)));
  drive.start(1000);
  drive(drive.coordinator.on_tick(1200));
  drive.plan(0, 1200, "1");
  drive.plan(1, 1200, "2");
  drive(drive.coordinator.on_stop(true, 1201));
  CHECK_FALSE(drive.has<Stopped>());
  drive(drive.coordinator.on_offsets_written(0));
  drive.finish_epoch(0, 1210);
  CHECK(drive.expect<WriteOffsets>().offsets.epoch == 1);
  drive(drive.coordinator.on_offsets_written(1));
  drive.finish_epoch(1, 1220);
  CHECK_FALSE(drive.expect<Stopped>().error);
  CHECK(drive.coordinator.last_committed() == 1);
}

TEST_CASE("a graceful stop of intervals waits ten intervals at most") {
  CoordinatorDriver drive(durable_options(Trigger::every(100ms)));
  drive.start(1000);
  drive(drive.coordinator.on_tick(1100));
  drive.plan(0, 1100, "1");
  drive(drive.coordinator.on_stop(true, 1150));
  CHECK(drive.expect<ScheduleTick>().at == 2150);
  drive(drive.coordinator.on_tick(2149));
  CHECK_FALSE(drive.has<Stopped>());
  drive(drive.coordinator.on_tick(2150));
  CHECK(drive.has<Stopped>());
}

TEST_CASE("a graceful stop ends open ranges at once and then looks once more what they hold") {
  CoordinatorDriver drive(open_options(Trigger::every(1000ms)));
  drive.start(1000);
  drive.plan_open(0, 1000);
  drive(drive.coordinator.on_stop(true, 1300));
  CHECK(drive.has<EndOpenRanges>());
  drive(drive.coordinator.on_open_range_ended(0, 0, "2"));
  drive.finish_epoch(0, 1301);
  CHECK(drive.has<EpochCommitted>());
  CHECK(drive.expect<PlanSources>().starts == std::vector<std::string>{"2"});
  drive.plan_open(1, 1301);
  CHECK(drive.has<BeginEpoch>());
  CHECK_FALSE(drive.has<EndOpenRanges>());  // rows flow
  CHECK(drive.expect<ScheduleTick>().at == 1301 + kOpenRangeSpan.count());
  drive(drive.coordinator.on_tick(1301 + kOpenRangeSpan.count()));
  CHECK(drive.has<EndOpenRanges>());
  drive(drive.coordinator.on_open_range_ended(1, 0, "5"));
  drive.finish_epoch(1, 1500);
  CHECK(drive.expect<EpochCommitted>().ends == std::vector<std::string>{"5"});
  CHECK_FALSE(drive.has<PlanSources>());
  CHECK(drive.has<Stopped>());
}

TEST_CASE("a graceful stop of manual epochs runs no epoch that was not asked for") {
  CoordinatorDriver drive(open_options(Trigger::manual()));
  drive.start(1000);
  drive(drive.coordinator.on_stop(true, 1300));
  CHECK(drive.has<Stopped>());
}

TEST_CASE("a stop that is not graceful stops at once, and nothing comes out after it") {
  CoordinatorDriver drive(durable_options(Trigger::processing_time(0ms)));
  drive.start(1000);
  drive.plan(0, 1001, "5");
  drive(drive.coordinator.on_stop(false, 1002));
  REQUIRE(drive.last.size() == 1);
  CHECK_FALSE(drive.expect<Stopped>().error);
  drive(drive.coordinator.on_offsets_written(0));
  CHECK(drive.last.empty());
  drive(drive.coordinator.on_tick(2000));
  CHECK(drive.last.empty());
  drive(drive.coordinator.on_failure(fatal("late"), 2000));
  CHECK(drive.last.empty());
}

TEST_CASE("triggers are read from text") {
  CHECK(parse_trigger("available-now")->kind == Trigger::Kind::available_now);
  CHECK(parse_trigger("500ms")->interval == 500ms);
  CHECK(parse_trigger("5s")->kind == Trigger::Kind::processing_time);
  const auto refused = parse_trigger("sometimes");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().error_class() == ErrorClass::bad_option);
  CHECK_THAT(refused.error().message(), Catch::Matchers::ContainsSubstring("'sometimes'"));
}
