#include "coordinator_driver.hpp"

using namespace stream;
using namespace std::chrono_literals;

namespace {

RecoveredCheckpoint committed(EpochId epoch, const std::string& end) {
  RecoveredCheckpoint recovered;
  recovered.last_committed = epoch;
  recovered.committed_ends = {end};
  return recovered;
}

CoordinatorOptions with_checkpoint_interval(Trigger trigger, Duration interval) {
  CoordinatorOptions options = durable_options(trigger);
  options.checkpoint_interval = interval;
  return options;
}

}  // namespace

TEST_CASE("a restart restores the last commit first and goes on after it") {
  CoordinatorDriver drive(durable_options(Trigger::processing_time(0ms)));
  drive.start(1000, committed(4, "40"));
  REQUIRE(drive.last.size() == 1);
  CHECK(drive.expect<RestoreTasks>().from == 4);
  drive(drive.coordinator.on_tick(1001));
  CHECK(drive.last.empty());
  drive(drive.coordinator.on_tasks_restored(1002));
  CHECK(drive.expect<PlanSources>().epoch == 5);
  CHECK(drive.expect<PlanSources>().starts == std::vector<std::string>{"40"});
}

TEST_CASE("uncommitted offsets run again as they were, and are not written again") {
  RecoveredCheckpoint recovered = committed(4, "40");
  recovered.uncommitted = EpochOffsets{5, 777, 700, 1, 1, {{"40", "45", false}}};
  CoordinatorDriver drive(durable_options(Trigger::processing_time(0ms)));
  drive.start(1000, recovered);
  drive(drive.coordinator.on_tasks_restored(1001));
  REQUIRE(drive.has<BeginEpoch>());
  CHECK_FALSE(drive.has<WriteOffsets>());
  const EpochOffsets& again = drive.expect<BeginEpoch>().offsets;
  CHECK(again.batch_time == 777);
  CHECK(again.ranges[0].start == "40");
  CHECK(again.ranges[0].end == "45");
  drive.finish_epoch(5, 1002);
  CHECK(drive.coordinator.last_committed() == 5);
  CHECK(drive.expect<PlanSources>().epoch == 6);
  CHECK(drive.expect<PlanSources>().starts == std::vector<std::string>{"45"});
}

TEST_CASE("uncommitted offsets of the very first epoch run without a restore") {
  RecoveredCheckpoint recovered;
  recovered.uncommitted = EpochOffsets{0, 777, 700, 1, 1, {{"0", "5", false}}};
  CoordinatorDriver drive(durable_options(Trigger::processing_time(0ms)));
  drive.start(1000, recovered);
  CHECK_FALSE(drive.has<RestoreTasks>());
  CHECK(drive.expect<BeginEpoch>().offsets.epoch == 0);
}

TEST_CASE("after a restart the intervals missed are planned first, in order, with their times") {
  RecoveredCheckpoint recovered = committed(1, "2");
  recovered.zero_time = 1000;
  recovered.last_batch_time = 1200;
  CoordinatorDriver drive(durable_options(Trigger::every(100ms)));
  drive.start(1530, recovered);
  drive(drive.coordinator.on_tasks_restored(1530));
  for (EpochId epoch = 2; epoch <= 4; ++epoch) {
    CHECK(drive.expect<PlanSources>().batch_time == 1100 + epoch * 100);
    drive.plan(epoch, 1531, "2");
  }
  CHECK_FALSE(drive.has<PlanSources>());
  CHECK(drive.expect<ScheduleTick>().at == 1600);
}

TEST_CASE("an interval that was changed goes on after the last batch time") {
  RecoveredCheckpoint recovered = committed(1, "2");
  recovered.zero_time = 1000;
  recovered.last_batch_time = 1200;
  CoordinatorDriver drive(durable_options(Trigger::every(500ms)));
  drive.start(1210, recovered);
  drive(drive.coordinator.on_tasks_restored(1210));
  CHECK(drive.expect<ScheduleTick>().at == 1500);
}

TEST_CASE("between checkpoints nothing is written, and the checkpoint covers everything since") {
  CoordinatorDriver drive(with_checkpoint_interval(Trigger::processing_time(100ms), 250ms));
  drive.start(1000);
  for (EpochId epoch = 0; epoch < 3; ++epoch) {
    const EpochMillis now = 1000 + epoch * 100;
    if (epoch > 0) drive(drive.coordinator.on_tick(now));
    drive.plan(epoch, now, std::to_string(epoch + 1));
    CHECK_FALSE(drive.has<WriteOffsets>());
    CHECK_FALSE(drive.expect<BeginEpoch>().is_checkpoint);
    drive.finish_tasks(epoch, now + 1);
    CHECK_FALSE(drive.has<CommitSinks>());
    CHECK_FALSE(drive.expect<EpochCommitted>().is_checkpoint);
  }
  CHECK(drive.coordinator.last_committed() == -1);
  drive(drive.coordinator.on_tick(1300));
  drive.plan(3, 1300, "4");
  CHECK(drive.expect<WriteOffsets>().offsets.ranges[0].start == "0");
  CHECK(drive.expect<WriteOffsets>().offsets.ranges[0].end == "4");
  drive(drive.coordinator.on_offsets_written(3));
  CHECK(drive.expect<BeginEpoch>().is_checkpoint);
  CHECK(drive.expect<BeginEpoch>().offsets.ranges[0].start == "3");
  drive.finish_epoch(3, 1310);
  CHECK(drive.coordinator.last_committed() == 3);
}

TEST_CASE("a graceful stop makes the epochs in memory survive by a last checkpoint") {
  CoordinatorDriver drive(with_checkpoint_interval(Trigger::processing_time(100ms), 10s));
  drive.start(1000);
  drive.run_epoch(0, 1000, "5");
  drive(drive.coordinator.on_stop(true, 1001));
  CHECK_FALSE(drive.has<Stopped>());
  CHECK(drive.expect<WriteOffsets>().offsets.ranges[0].start == "0");
  CHECK(drive.expect<WriteOffsets>().offsets.ranges[0].end == "5");
  drive(drive.coordinator.on_offsets_written(1));
  CHECK(drive.expect<BeginEpoch>().offsets.ranges[0].start == "5");
  drive.finish_epoch(1, 1002);
  CHECK(drive.has<Stopped>());
  CHECK(drive.coordinator.last_committed() == 1);
}

TEST_CASE("available-now ends with a checkpoint") {
  CoordinatorDriver drive(with_checkpoint_interval(Trigger::available_now(), 10s));
  drive.start(1000);
  drive.run_epoch(0, 1000, "5");
  drive.plan(1, 1000, "5");
  CHECK(drive.expect<WriteOffsets>().offsets.epoch == 1);
  drive(drive.coordinator.on_offsets_written(1));
  drive.finish_epoch(1, 1001);
  CHECK(drive.has<Stopped>());
}

TEST_CASE("the last queued epoch of a graceful stop is the checkpoint") {
  CoordinatorDriver drive(with_checkpoint_interval(Trigger::every(100ms), 10s));
  drive.start(1000);
  drive(drive.coordinator.on_tick(1200));
  drive.plan(0, 1200, "1");
  drive.plan(1, 1200, "2");
  drive(drive.coordinator.on_stop(true, 1200));
  drive.finish_tasks(0, 1201);
  CHECK(drive.expect<WriteOffsets>().offsets.epoch == 1);
  CHECK(drive.expect<WriteOffsets>().offsets.ranges[0].start == "0");
}

TEST_CASE("without a directory nothing is written but sinks commit") {
  CoordinatorOptions options;
  options.trigger = Trigger::processing_time(0ms);
  CoordinatorDriver drive(options);
  drive.start(1000);
  drive.plan(0, 1000, "2");
  CHECK_FALSE(drive.has<WriteOffsets>());
  drive.finish_tasks(0, 1001);
  CHECK(drive.has<CommitSinks>());
  drive(drive.coordinator.on_sinks_committed(0));
  CHECK_FALSE(drive.has<WriteCommit>());
  CHECK(drive.expect<EpochCommitted>().is_checkpoint);
}
