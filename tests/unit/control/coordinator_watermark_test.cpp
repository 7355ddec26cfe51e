// Watermarks between epochs, epochs without data, static sources and catching up.
#include "coordinator_driver.hpp"

using namespace stream;
using namespace std::chrono_literals;

namespace {

CoordinatorOptions with_watermark(Trigger trigger,
                                  NoDataEpochs wanted = NoDataEpochs::when_watermark_moves) {
  CoordinatorOptions options = durable_options(trigger);
  options.watermark_delays = {10'000};
  options.no_data_epochs = wanted;
  return options;
}

/// One epoch whose only task saw one row of that time.
void run_epoch_at(CoordinatorDriver& drive, EpochId epoch, const std::string& end,
                  std::int64_t seconds) {
  drive.plan(epoch, 1000, end);
  drive(drive.coordinator.on_offsets_written(epoch, 1000));
  TaskReport report;
  report.statistics.event_times = {{0, seconds * 1000, seconds * 1000, seconds * 1000, 1}};
  drive(drive.coordinator.on_task_done(epoch, report, 1000));
  drive(drive.coordinator.on_sinks_committed(epoch, 1000));
}

/// Plans one epoch without news and takes it to its commit.
void run_empty_epoch(CoordinatorDriver& drive, EpochId epoch, const std::string& end) {
  drive.plan(epoch, 1000, end);
  drive(drive.coordinator.on_offsets_written(epoch, 1000));
}

}  // namespace

TEST_CASE("an epoch runs with what the one before it saw, and drops what that one dropped") {
  CoordinatorDriver drive(with_watermark(Trigger::processing_time(0ms), NoDataEpochs::never));
  drive.start(1000);
  drive.plan(0, 1000, "1");
  CHECK(drive.expect<WriteOffsets>().offsets.watermark == 0);
  drive(drive.coordinator.on_offsets_written(0, 1000));
  CHECK(drive.expect<BeginEpoch>().late_watermark == 0);
  TaskReport report;
  report.statistics.event_times = {{0, 25'000, 0, 0, 2}};
  drive(drive.coordinator.on_task_done(0, report, 1000));
  drive(drive.coordinator.on_sinks_committed(0, 1000));
  CHECK(drive.expect<WriteCommit>().commit.watermark == 0);
  CHECK(drive.expect<WriteCommit>().commit.next_watermark == 15'000);
  drive(drive.coordinator.on_commit_written(0, 1000));
  CHECK(drive.expect<EpochCommitted>().watermark == 0);  // the one it used
  drive.plan(1, 1000, "2");
  CHECK(drive.expect<WriteOffsets>().offsets.watermark == 15'000);
  drive(drive.coordinator.on_offsets_written(1, 1000));
  CHECK(drive.expect<BeginEpoch>().late_watermark == 0);
  drive.finish_epoch(1, 1000);
  CHECK(drive.expect<EpochCommitted>().watermark == 15'000);
  drive.plan(2, 1000, "3");
  drive(drive.coordinator.on_offsets_written(2, 1000));
  CHECK(drive.expect<BeginEpoch>().late_watermark == 15'000);
}

TEST_CASE("a moved watermark gives one epoch without data, with its own offsets and commit") {
  CoordinatorDriver drive(with_watermark(Trigger::processing_time(0ms)));
  drive.start(1000);
  run_epoch_at(drive, 0, "1", 25);
  drive(drive.coordinator.on_commit_written(0, 1000));
  run_empty_epoch(drive, 1, "1");
  CHECK(drive.expect<BeginEpoch>().offsets.watermark == 15'000);
  CHECK(drive.expect<BeginEpoch>().late_watermark == 0);
  drive.finish_epoch(1, 1000);
  CHECK(drive.coordinator.last_committed() == 1);
  drive(drive.coordinator.on_tick(2000));
  drive.plan(2, 2000, "1");
  CHECK_FALSE(drive.has<WriteOffsets>());  // the watermark rests
}

TEST_CASE("an idle input lets the watermark move by time alone; offsets/N tells what was decided") {
  auto options = with_watermark(Trigger::processing_time(1000ms));
  options.watermark_delays = {0, 0};
  options.idle_timeout_millis = 5'000;
  CoordinatorDriver drive(options);
  drive.start(1000);
  run_epoch_at(drive, 0, "1", 25);  // the second input has no row
  drive(drive.coordinator.on_commit_written(0, 1000));
  CHECK(drive.coordinator.last_committed() == 0);
  drive(drive.coordinator.on_tick(5000));
  drive.plan(1, 5000, "1");
  CHECK_FALSE(drive.has<WriteOffsets>());
  drive(drive.coordinator.on_tick(6000));
  drive.plan(1, 6000, "1");
  // Both are idle now: nothing moves until the first has a row again.
  CHECK_FALSE(drive.has<WriteOffsets>());
  drive(drive.coordinator.on_tick(7000));
  drive.plan(1, 7000, "2");
  drive(drive.coordinator.on_offsets_written(1, 7000));
  TaskReport report;
  report.statistics.event_times = {{0, 30'000, 30'000, 30'000, 1}};
  drive(drive.coordinator.on_task_done(1, report, 7000));
  drive(drive.coordinator.on_sinks_committed(1, 7000));
  CHECK(drive.expect<WriteCommit>().commit.next_watermark == 30'000);
  drive(drive.coordinator.on_commit_written(1, 7000));
  drive(drive.coordinator.on_tick(8000));
  drive.plan(2, 8000, "2");
  CHECK(drive.expect<WriteOffsets>().offsets.watermark == 30'000);
  CHECK(drive.expect<WriteOffsets>().offsets.batch_time == 8'000);
}

TEST_CASE("a watermark that does not move gives no epoch") {
  CoordinatorDriver drive(with_watermark(Trigger::available_now()));
  drive.start(1000);
  run_epoch_at(drive, 0, "1", 9);
  drive(drive.coordinator.on_commit_written(0, 1000));
  drive.plan(1, 1000, "1");
  CHECK(drive.has<Stopped>());
}

TEST_CASE("available-now runs the epoch without data before it stops (R-142)") {
  CoordinatorDriver drive(with_watermark(Trigger::available_now()));
  drive.start(1000);
  run_epoch_at(drive, 0, "1", 25);
  drive(drive.coordinator.on_commit_written(0, 1000));
  run_empty_epoch(drive, 1, "1");
  drive.finish_epoch(1, 1000);
  drive.plan(2, 1000, "1");
  CHECK(drive.has<Stopped>());
  CHECK(drive.coordinator.last_committed() == 1);
}

TEST_CASE("available-now with processing-time timeouts ends too") {
  CoordinatorDriver drive(with_watermark(Trigger::available_now(), NoDataEpochs::always));
  drive.start(1000);
  run_epoch_at(drive, 0, "1", 1);
  drive(drive.coordinator.on_commit_written(0, 1000));
  run_empty_epoch(drive, 1, "1");
  drive.finish_epoch(1, 1000);
  drive.plan(2, 1000, "1");
  CHECK(drive.has<Stopped>());
}

TEST_CASE("processing-time timeouts get an epoch at each trigger, but none before the first data") {
  CoordinatorDriver drive(with_watermark(Trigger::processing_time(100ms), NoDataEpochs::always));
  drive.start(1000);
  drive.plan(0, 1000, "0");
  CHECK_FALSE(drive.has<WriteOffsets>());
  drive(drive.coordinator.on_tick(1100));
  drive.run_epoch(0, 1100, "1");
  for (EpochId epoch = 1; epoch < 4; ++epoch) {
    const EpochMillis now = 1100 + epoch * 100;
    drive(drive.coordinator.on_tick(now));
    drive.run_epoch(epoch, now, "1");
    CHECK(drive.coordinator.last_committed() == epoch);
  }
}

TEST_CASE("timeouts without an interval do not spin: the next epoch waits for the next poll") {
  CoordinatorDriver drive(with_watermark(Trigger::processing_time(0ms), NoDataEpochs::always));
  drive.start(1000);
  drive.run_epoch(0, 1000, "1");
  drive.run_epoch(1, 1000, "1");
  CHECK(drive.has<PlanSources>());
  drive.run_epoch(2, 1000, "1");
  CHECK(drive.coordinator.last_committed() == 2);
  CHECK_FALSE(drive.has<PlanSources>());
  CHECK(drive.expect<ScheduleTick>().at > 1000);
}

TEST_CASE(
    "a restart goes on with the larger watermark and the lateness of the last epoch (R-026)") {
  EpochCommit commit;
  commit.epoch = 4;
  commit.ends = {"40"};
  commit.watermark = 3'000;
  commit.next_watermark = 8'000;
  CoordinatorDriver drive(with_watermark(Trigger::processing_time(0ms)));
  drive.start(1000, RecoveredCheckpoint::of(commit, {}));
  drive(drive.coordinator.on_tasks_restored(1000));
  drive.plan(5, 1000, "40");
  CHECK_FALSE(drive.has<WriteOffsets>());  // none right after a restart
  drive(drive.coordinator.on_tick(2000));
  drive.plan(5, 2000, "41");
  CHECK(drive.expect<WriteOffsets>().offsets.watermark == 8'000);
  drive(drive.coordinator.on_offsets_written(5));
  CHECK(drive.expect<BeginEpoch>().late_watermark == 3'000);
}

TEST_CASE("an epoch that was cut off runs again with its own watermark, and is not planned twice") {
  EpochCommit commit;
  commit.epoch = 4;
  commit.ends = {"40"};
  commit.watermark = 3'000;
  commit.next_watermark = 8'000;
  EpochOffsets again;  // without data
  again.epoch = 5;
  again.ranges = {{"40", "40", false}};
  again.watermark = 8'000;
  CoordinatorDriver drive(with_watermark(Trigger::processing_time(0ms)));
  drive.start(1000, RecoveredCheckpoint::of(commit, again));
  drive(drive.coordinator.on_tasks_restored(1000));
  CHECK(drive.expect<BeginEpoch>().offsets.watermark == 8'000);
  CHECK(drive.expect<BeginEpoch>().late_watermark == 3'000);
  drive.finish_epoch(5, 1000);
  drive.plan(6, 1000, "40");
  CHECK_FALSE(drive.has<WriteOffsets>());
}

TEST_CASE("lost tasks run their epochs again with the same watermarks") {
  auto options = with_watermark(Trigger::processing_time(0ms));
  options.checkpoint_interval = 10s;
  CoordinatorDriver drive(options);
  drive.start(1000);
  for (EpochId epoch = 0; epoch < 2; ++epoch) {
    drive.plan(epoch, 1000, std::to_string(epoch + 1));
    TaskReport report;
    report.statistics.event_times = {{0, 20'000 + epoch * 10'000, 0, 0, 1}};
    drive(drive.coordinator.on_task_done(epoch, report, 1000));
  }
  drive.plan(2, 1000, "3");
  CHECK(drive.expect<BeginEpoch>().offsets.watermark == 20'000);
  CHECK(drive.expect<BeginEpoch>().late_watermark == 10'000);
  drive(drive.coordinator.on_tasks_lost(1000));
  drive(drive.coordinator.on_tasks_restored(1000));
  CHECK(drive.expect<BeginEpoch>().offsets.watermark == 0);
  drive.finish_tasks(0, 1000);
  CHECK(drive.expect<BeginEpoch>().offsets.watermark == 10'000);
  CHECK(drive.expect<BeginEpoch>().late_watermark == 0);
  drive.finish_tasks(1, 1000);
  CHECK(drive.expect<BeginEpoch>().offsets.watermark == 20'000);
  CHECK(drive.expect<BeginEpoch>().late_watermark == 10'000);
}

TEST_CASE("the policy of the first run stands whatever later runs ask for (R-007)") {
  EpochCommit commit;
  commit.epoch = 0;
  commit.ends = {"1"};
  auto options = with_watermark(Trigger::processing_time(0ms));
  options.watermark_policy = WatermarkPolicy::max;
  options.watermark_delays = {0, 0};
  CoordinatorDriver drive(options);
  drive.start(1000, RecoveredCheckpoint::of(commit, {}));
  drive(drive.coordinator.on_tasks_restored(1000));
  run_epoch_at(drive, 1, "2", 30);
  CHECK(drive.expect<WriteCommit>().commit.next_watermark == 0);
  CHECK(drive.expect<WriteCommit>().commit.watermark_policy == WatermarkPolicy::min);
}

TEST_CASE("static sources alone are read by one epoch, also when that had to run again") {
  auto options = durable_options(Trigger::available_now());
  options.static_sources = {true};
  RecoveredCheckpoint recovered;
  SECTION("fresh") {}
  SECTION("cut off before the commit") {
    EpochOffsets again;
    again.ranges = {{"0", "0", false}};
    recovered = RecoveredCheckpoint::of({}, again);
  }
  CoordinatorDriver drive(options);
  drive.start(1000, recovered);
  if (drive.has<PlanSources>()) {
    drive.plan(0, 1000, "0");
    drive(drive.coordinator.on_offsets_written(0));
  }
  drive.finish_epoch(0, 1000);
  CHECK(drive.coordinator.last_committed() == 0);
  drive.plan(1, 1000, "0");
  CHECK(drive.has<Stopped>());
}

TEST_CASE(
    "who asks to catch up is told when nothing is left, and manual runs nothing for nothing") {
  CoordinatorDriver drive(durable_options(Trigger::manual()));
  drive.start(1000);
  drive(drive.coordinator.on_catch_up(1, 1000));
  drive.plan(0, 1000, "0");
  CHECK(drive.expect<CaughtUp>().request == 1);
  CHECK_FALSE(drive.has<WriteOffsets>());
  drive(drive.coordinator.on_catch_up(2, 1000));
  drive.run_epoch(0, 1000, "5");
  CHECK_FALSE(drive.has<CaughtUp>());
  drive(drive.coordinator.on_catch_up(3, 1000));  // while a plan is asked for: needs another
  drive.plan(1, 1000, "5");
  CHECK(drive.expect<CaughtUp>().request == 2);
  drive.plan(1, 1000, "5");
  CHECK(drive.expect<CaughtUp>().request == 3);
  CHECK_FALSE(drive.has<PlanSources>());
}

TEST_CASE("catching up keeps to the trigger's times and ends with a checkpoint") {
  auto options = durable_options(Trigger::processing_time(100ms));
  options.checkpoint_interval = 10s;
  CoordinatorDriver drive(options);
  drive.start(1000);
  drive.run_epoch(0, 1000, "1");
  drive(drive.coordinator.on_catch_up(1, 1010));
  CHECK_FALSE(drive.has<PlanSources>());
  drive(drive.coordinator.on_tick(1100));
  drive.plan(1, 1100, "1");
  CHECK_FALSE(drive.has<CaughtUp>());
  CHECK(drive.expect<WriteOffsets>().offsets.epoch == 1);
  drive(drive.coordinator.on_offsets_written(1));
  drive.finish_epoch(1, 1101);
  CHECK(drive.expect<CaughtUp>().request == 1);
}

TEST_CASE("open ranges are caught up with by an epoch without rows") {
  CoordinatorDriver drive(open_options(Trigger::manual()));
  drive.start(1000);
  drive(drive.coordinator.on_catch_up(1, 1000));
  for (EpochId epoch = 0; epoch < 2; ++epoch) {
    drive.plan_open(epoch, 1000);
    drive(drive.coordinator.on_open_range_ended(epoch, 0, "3"));
    CHECK_FALSE(drive.has<CaughtUp>());
    drive.finish_epoch(epoch, 1000);
  }
  CHECK(drive.expect<CaughtUp>().request == 1);
}

TEST_CASE("rows that stop coming are checkpointed when the checkpoint interval has passed") {
  auto options = durable_options(Trigger::processing_time(0ms));
  options.checkpoint_interval = 1s;
  CoordinatorDriver drive(options);
  drive.start(1000);
  drive.run_epoch(0, 1001, "1");
  CHECK_FALSE(drive.expect<EpochCommitted>().is_checkpoint);
  drive.plan(1, 1002, "1");
  drive(drive.coordinator.on_tick(1999));
  drive.plan(1, 1999, "1");
  CHECK_FALSE(drive.has<WriteOffsets>());
  drive(drive.coordinator.on_tick(2009));
  drive.plan(1, 2009, "1");
  CHECK(drive.expect<WriteOffsets>().offsets.ranges[0].start == "0");
  CHECK(drive.expect<WriteOffsets>().offsets.ranges[0].end == "1");
  drive(drive.coordinator.on_offsets_written(1));
  drive.finish_epoch(1, 2010);
  CHECK(drive.coordinator.last_committed() == 1);
  drive(drive.coordinator.on_tick(5000));
  drive.plan(2, 5000, "1");
  CHECK_FALSE(drive.has<WriteOffsets>());
}
