// Epochs that run while a checkpoint is written.
#include "coordinator_driver.hpp"

namespace stream {
namespace {

using namespace std::chrono_literals;

CoordinatorOptions overlapping(Duration interval) {
  CoordinatorOptions options = durable_options(Trigger::processing_time(10ms));
  options.checkpoint_interval = interval;
  options.overlaps_commits = true;
  return options;
}

/// Epoch 0 ran in memory, 1 is a checkpoint whose offsets are being written, 2 runs beside it.
CoordinatorDriver beside_epoch_one(CoordinatorOptions options = overlapping(100ms)) {
  CoordinatorDriver drive(std::move(options));
  drive.start(1000);
  drive.plan(0, 1000, "10");
  drive.finish_tasks(0, 1001);
  drive(drive.coordinator.on_tick(1100));
  drive.plan(1, 1100, "20");
  CHECK(drive.expect<BeginEpoch>().is_checkpoint);
  CHECK_FALSE(drive.has<WriteOffsets>());
  drive.finish_tasks(1, 1101);
  CHECK(drive.expect<WriteOffsets>().offsets.ranges[0].start == "0");
  CHECK(drive.expect<WriteOffsets>().offsets.ranges[0].end == "20");
  drive(drive.coordinator.on_tick(1110));
  drive.plan(2, 1110, "30");
  CHECK_FALSE(drive.expect<BeginEpoch>().is_checkpoint);
  return drive;
}

void commit_one(CoordinatorDriver& drive, EpochMillis now) {
  drive(drive.coordinator.on_offsets_written(1, now));
  CHECK(drive.expect<CommitSinks>().epoch == 1);
  drive(drive.coordinator.on_sinks_committed(1, now));
  CHECK(drive.expect<WriteCommit>().commit.ends == std::vector<std::string>{"20"});
}

/// Epoch 1 is committed, and `epoch` is planned when the next checkpoint is due.
void reach_next_checkpoint(CoordinatorDriver& drive, EpochId epoch, EpochMillis committed_at) {
  commit_one(drive, committed_at);
  drive(drive.coordinator.on_commit_written(1, committed_at));
  drive(drive.coordinator.on_tick(committed_at + 110));
  drive.plan(epoch, committed_at + 110, std::to_string(10 * (epoch + 1)));
  CHECK(drive.expect<BeginEpoch>().is_checkpoint);
}

}  // namespace

TEST_CASE("epochs run while a checkpoint is written, and are told of after it") {
  CoordinatorDriver drive = beside_epoch_one();
  drive.finish_tasks(2, 1111);
  CHECK_FALSE(drive.has<EpochCommitted>());
  drive(drive.coordinator.on_tick(1120));
  drive.plan(3, 1120, "40");
  CHECK(drive.has<BeginEpoch>());
  commit_one(drive, 1125);
  drive(drive.coordinator.on_commit_written(1, 1126));
  std::vector<EpochId> told;
  for (const Command& command : drive.last) {
    if (const auto* over = std::get_if<EpochCommitted>(&command)) told.push_back(over->epoch);
  }
  CHECK(told == std::vector<EpochId>{1, 2});
  CHECK(drive.coordinator.last_committed() == 1);
  drive.finish_tasks(3, 1127);
  CHECK(drive.expect<EpochCommitted>().epoch == 3);
}

TEST_CASE("the next checkpoint covers what ran beside the one before") {
  CoordinatorDriver drive = beside_epoch_one();
  drive.finish_tasks(2, 1111);
  reach_next_checkpoint(drive, 3, 1112);
  drive.finish_tasks(3, 1223);
  CHECK(drive.expect<WriteOffsets>().offsets.ranges[0].start == "20");
  CHECK(drive.expect<WriteOffsets>().offsets.ranges[0].end == "40");
}

TEST_CASE("a checkpoint that is slow to be written is not followed by one beside it") {
  CoordinatorDriver drive = beside_epoch_one();
  drive.finish_tasks(2, 1111);
  drive(drive.coordinator.on_tick(1300));
  drive.plan(3, 1300, "40");
  CHECK_FALSE(drive.expect<BeginEpoch>().is_checkpoint);
  drive.finish_tasks(3, 1301);
  reach_next_checkpoint(drive, 4, 1302);
}

TEST_CASE("tasks lost beside a commit run again what came after it") {
  CoordinatorDriver drive = beside_epoch_one();
  commit_one(drive, 1111);
  drive(drive.coordinator.on_tasks_lost(1112));
  CHECK_FALSE(drive.has<RestoreTasks>());
  drive(drive.coordinator.on_commit_written(1, 1113));
  CHECK(drive.expect<RestoreTasks>().from == 1);
  drive(drive.coordinator.on_tasks_restored(1114));
  CHECK(drive.expect<BeginEpoch>().offsets.epoch == 2);
  CHECK(drive.expect<BeginEpoch>().offsets.ranges[0].start == "20");
}

TEST_CASE("a commit that failed takes what ran beside it back, too") {
  CoordinatorDriver drive = beside_epoch_one();
  drive.finish_tasks(2, 1111);
  commit_one(drive, 1112);
  drive(drive.coordinator.on_failure(transient("the disk is away"), 1113));
  CHECK(drive.expect<RestoreTasks>().from == -1);
  drive(drive.coordinator.on_tasks_restored(1114));
  CHECK(drive.expect<BeginEpoch>().offsets.epoch == 0);
  drive.finish_tasks(0, 1115);
  CHECK(drive.expect<BeginEpoch>().offsets.epoch == 1);
  CHECK(drive.expect<BeginEpoch>().is_checkpoint);

  SECTION("it is written again") {
    drive.finish_tasks(1, 1116);
    CHECK(drive.expect<CommitSinks>().epoch == 1);
    CHECK(drive.expect<BeginEpoch>().offsets.epoch == 2);
  }
  SECTION("it was written after all") {
    drive(drive.coordinator.on_commit_written(1, 1116));
    CHECK(drive.coordinator.last_committed() == 1);
    CHECK(drive.expect<RestoreTasks>().from == 1);
    drive(drive.coordinator.on_tasks_restored(1117));
    CHECK(drive.expect<BeginEpoch>().offsets.epoch == 2);
  }
}

TEST_CASE("a graceful stop waits for the commit, then makes what ran beside it survive") {
  CoordinatorDriver drive = beside_epoch_one();
  drive.finish_tasks(2, 1111);
  drive(drive.coordinator.on_stop(true, 1112));
  CHECK_FALSE(drive.has<Stopped>());
  commit_one(drive, 1113);
  drive(drive.coordinator.on_commit_written(1, 1114));
  CHECK(drive.expect<BeginEpoch>().is_checkpoint);
  CHECK(drive.expect<BeginEpoch>().offsets.ranges[0].start == "30");
  drive.finish_epoch(3, 1115);
  CHECK(drive.has<Stopped>());
  CHECK(drive.coordinator.last_committed() == 3);
}

TEST_CASE("who waits for all rows waits for the commit of those beside a commit") {
  CoordinatorDriver drive = beside_epoch_one();
  drive(drive.coordinator.on_catch_up(1, 1111));
  drive.finish_tasks(2, 1112);
  drive(drive.coordinator.on_tick(1120));
  drive.plan(3, 1120, "30");
  CHECK_FALSE(drive.has<CaughtUp>());
  commit_one(drive, 1121);
  drive(drive.coordinator.on_commit_written(1, 1122));
  CHECK_FALSE(drive.has<CaughtUp>());
  CHECK(drive.expect<BeginEpoch>().is_checkpoint);
  drive.finish_epoch(3, 1123);
  CHECK(drive.expect<CaughtUp>().request == 1);
}

TEST_CASE("a commit has the watermark of its own epoch, whatever ran beside it") {
  CoordinatorOptions options = overlapping(100ms);
  options.watermark_delays = {0};
  CoordinatorDriver drive(options);
  const auto finish = [&](EpochId epoch, EpochMillis event_time, EpochMillis now) {
    TaskReport report;
    report.statistics.event_times = {{0, event_time, event_time, event_time, 1}};
    drive(drive.coordinator.on_task_done(epoch, report, now));
  };
  drive.start(1000);
  drive(drive.coordinator.on_tick(1100));
  drive.plan(0, 1100, "10");
  CHECK(drive.expect<BeginEpoch>().is_checkpoint);
  finish(0, 500, 1101);
  drive(drive.coordinator.on_tick(1110));
  drive.plan(1, 1110, "20");
  CHECK(drive.expect<BeginEpoch>().offsets.watermark == 500);
  finish(1, 900, 1111);
  drive(drive.coordinator.on_offsets_written(0, 1112));
  drive(drive.coordinator.on_sinks_committed(0, 1113));
  CHECK(drive.expect<WriteCommit>().commit.next_watermark == 500);

  // Also when both run again.
  drive(drive.coordinator.on_failure(transient("the disk is away"), 1114));
  drive(drive.coordinator.on_tasks_restored(1115));
  finish(0, 500, 1116);
  CHECK(drive.expect<BeginEpoch>().offsets.watermark == 500);
  drive(drive.coordinator.on_sinks_committed(0, 1117));
  CHECK(drive.expect<WriteCommit>().commit.next_watermark == 500);
}

}  // namespace stream
