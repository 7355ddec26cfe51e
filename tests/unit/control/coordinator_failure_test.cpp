#include "coordinator_driver.hpp"

using namespace stream;
using namespace std::chrono_literals;

namespace {

/// A coordinator whose epoch 0 is committed up to "5" and whose epoch 1 up to "9" runs.
CoordinatorDriver in_second_epoch(int max_restores = 3) {
  CoordinatorOptions options = durable_options(Trigger::processing_time(0ms));
  options.max_restores = max_restores;
  CoordinatorDriver drive(options);
  drive.start(1000);
  drive.run_epoch(0, 1000, "5");
  drive.plan(1, 1001, "9");
  drive(drive.coordinator.on_offsets_written(1));
  return drive;
}

void check_second_epoch_begins_again(const CoordinatorDriver& drive) {
  const BeginEpoch& again = drive.expect<BeginEpoch>();
  CHECK(again.offsets.epoch == 1);
  CHECK(again.offsets.ranges[0].start == "5");
  CHECK(again.offsets.ranges[0].end == "9");
  CHECK_FALSE(drive.has<WriteOffsets>());
}

}  // namespace

TEST_CASE("lost tasks are restored from the last commit and the epoch runs again") {
  auto drive = in_second_epoch();
  drive(drive.coordinator.on_tasks_lost(1002));
  REQUIRE(drive.last.size() == 1);
  CHECK(drive.expect<RestoreTasks>().from == 0);
  drive(drive.coordinator.on_tasks_restored(1003));
  check_second_epoch_begins_again(drive);
  drive.finish_epoch(1, 1004);
  CHECK(drive.coordinator.last_committed() == 1);
}

TEST_CASE("a transient failure restores, any other stops with its error") {
  auto drive = in_second_epoch();
  drive(drive.coordinator.on_failure(transient("connection lost"), 1002));
  CHECK(drive.has<RestoreTasks>());
  drive(drive.coordinator.on_tasks_restored(1003));
  check_second_epoch_begins_again(drive);
  drive(drive.coordinator.on_failure(user_code("it threw"), 1004));
  REQUIRE(drive.last.size() == 1);
  CHECK(drive.expect<Stopped>().error->message() == "it threw");
}

TEST_CASE("restoring without a committed epoch between ends with the error") {
  auto drive = in_second_epoch(2);
  for (int i = 0; i < 2; ++i) {
    drive(drive.coordinator.on_failure(transient("disk is away"), 1002));
    if (i > 0) drive(drive.coordinator.on_tick(1102));
    CHECK(drive.has<RestoreTasks>());
    drive(drive.coordinator.on_tasks_restored(1103));
  }
  drive(drive.coordinator.on_failure(transient("disk is away"), 1004));
  CHECK_THAT(drive.expect<Stopped>().error->message(),
             Catch::Matchers::ContainsSubstring("disk is away"));
}

TEST_CASE("failures in a row are restored later and later, up to a limit") {
  auto options = durable_options(Trigger::processing_time(0ms));
  options.max_restores = 6;
  options.restore_delay = 100ms;
  options.max_restore_delay = 500ms;
  CoordinatorDriver drive(options);
  drive.start(1000);
  EpochMillis now = 1000;
  for (const EpochMillis delay : {0, 100, 200, 400, 500, 500}) {
    drive(drive.coordinator.on_failure(transient("broker away"), now));
    if (delay > 0) {
      CHECK_FALSE(drive.has<RestoreTasks>());
      CHECK(drive.expect<ScheduleTick>().at == now + delay);
      drive(drive.coordinator.on_tick(now + delay - 1));
      CHECK_FALSE(drive.has<RestoreTasks>());
      drive(drive.coordinator.on_tick(now += delay));
    }
    REQUIRE(drive.has<RestoreTasks>());
    drive(drive.coordinator.on_tasks_restored(now));
    CHECK(drive.has<PlanSources>());
  }
  drive(drive.coordinator.on_failure(transient("broker away"), now));
  CHECK(drive.expect<Stopped>().error);
}

TEST_CASE("a query that waits to restore can be stopped, and is restored before a graceful stop") {
  CoordinatorDriver drive = in_second_epoch();
  drive(drive.coordinator.on_failure(transient("broker away"), 1002));
  drive(drive.coordinator.on_tasks_restored(1002));
  drive(drive.coordinator.on_failure(transient("broker away"), 1002));
  CHECK_FALSE(drive.has<RestoreTasks>());
  SECTION("at once") {
    drive(drive.coordinator.on_stop(false, 1003));
    CHECK(drive.has<Stopped>());
    drive(drive.coordinator.on_tick(5000));
    CHECK(drive.last.empty());
  }
  SECTION("gracefully") {
    drive(drive.coordinator.on_stop(true, 1003));
    CHECK(drive.last.empty());
    drive(drive.coordinator.on_tick(1102));
    CHECK(drive.has<RestoreTasks>());
  }
}

TEST_CASE("a committed epoch gives all restores back") {
  auto drive = in_second_epoch(1);
  for (EpochId epoch = 1; epoch < 5; ++epoch) {
    drive(drive.coordinator.on_tasks_lost(1002));
    REQUIRE(drive.has<RestoreTasks>());
    drive(drive.coordinator.on_tasks_restored(1003));
    drive.finish_epoch(epoch, 1004);
    drive.plan(epoch + 1, 1005, std::to_string(10 + epoch));
    drive(drive.coordinator.on_offsets_written(epoch + 1));
  }
  CHECK(drive.coordinator.last_committed() == 4);
}

TEST_CASE("answers of another epoch, or before the restore is confirmed, are ignored") {
  auto drive = in_second_epoch();
  drive(drive.coordinator.on_task_done(0, {0, {}, {}}, 1002));
  CHECK(drive.last.empty());
  drive(drive.coordinator.on_sinks_committed(1));
  CHECK(drive.last.empty());
  drive(drive.coordinator.on_tasks_lost(1002));
  drive(drive.coordinator.on_task_done(1, {0, {}, {}}, 1003));
  CHECK(drive.last.empty());
  drive(drive.coordinator.on_commit_written(1, 1003));
  CHECK(drive.last.empty());
}

TEST_CASE("answers that carry an old attempt are ignored after the restore") {
  auto drive = in_second_epoch();
  const auto old_attempt = drive.expect<BeginEpoch>().attempt;
  drive(drive.coordinator.on_tasks_lost(1002));
  const auto first = drive.expect<RestoreTasks>().attempt;
  drive(drive.coordinator.on_tasks_lost(1003));
  drive(drive.coordinator.on_tasks_restored(1004, first));
  CHECK(drive.last.empty());
  drive(drive.coordinator.on_tasks_restored(1004, first + 1));
  REQUIRE(drive.has<BeginEpoch>());
  drive(drive.coordinator.on_task_done(1, {0, {}, {}}, 1005, old_attempt));
  CHECK(drive.last.empty());
  drive(drive.coordinator.on_task_done(1, {0, {}, {}}, 1006, first + 1));
  CHECK(drive.has<CommitSinks>());
  drive(drive.coordinator.on_sinks_committed(1, {}, old_attempt));
  CHECK(drive.last.empty());
}

TEST_CASE("tasks lost while the commit is written are restored from that commit") {
  auto drive = in_second_epoch();
  drive.finish_tasks(1, 1002);
  drive(drive.coordinator.on_sinks_committed(1));
  REQUIRE(drive.has<WriteCommit>());
  drive(drive.coordinator.on_tasks_lost(1003));
  CHECK(drive.last.empty());
  drive(drive.coordinator.on_commit_written(1, 1004));
  CHECK(drive.has<EpochCommitted>());
  CHECK(drive.expect<RestoreTasks>().from == 1);
}

TEST_CASE("tasks lost while offsets are written do not make them written twice") {
  CoordinatorDriver drive(durable_options(Trigger::processing_time(0ms)));
  drive.start(1000);
  drive.plan(0, 1001, "9");
  REQUIRE(drive.has<WriteOffsets>());
  drive(drive.coordinator.on_tasks_lost(1002));
  CHECK(drive.last.empty());
  drive(drive.coordinator.on_offsets_written(0));
  CHECK(drive.expect<RestoreTasks>().from == -1);
  CHECK_FALSE(drive.has<BeginEpoch>());
  drive(drive.coordinator.on_tasks_restored(1003));
  CHECK(drive.has<BeginEpoch>());
  CHECK_FALSE(drive.has<WriteOffsets>());
}

TEST_CASE("a commit that turns out to be written after a failure counts") {
  auto drive = in_second_epoch();
  drive.finish_tasks(1, 1002);
  drive(drive.coordinator.on_sinks_committed(1));
  drive(drive.coordinator.on_failure(transient("planner away"), 1003));
  CHECK(drive.expect<RestoreTasks>().from == 0);
  drive(drive.coordinator.on_commit_written(1, 1004));
  CHECK(drive.expect<EpochCommitted>().epoch == 1);
  CHECK(drive.expect<RestoreTasks>().from == 1);
  drive(drive.coordinator.on_tasks_restored(1005));
  CHECK(drive.expect<PlanSources>().epoch == 2);
  CHECK(drive.expect<PlanSources>().starts == std::vector<std::string>{"9"});
}

TEST_CASE("a failed write of offsets is repeated after the restore") {
  CoordinatorDriver drive(durable_options(Trigger::processing_time(0ms)));
  drive.start(1000);
  drive.plan(0, 1001, "9");
  drive(drive.coordinator.on_failure(transient("store away"), 1002));
  drive(drive.coordinator.on_tasks_restored(1003));
  CHECK(drive.expect<WriteOffsets>().offsets.ranges[0].end == "9");
}

TEST_CASE("a planner that failed is asked again after the restore") {
  CoordinatorDriver drive(durable_options(Trigger::processing_time(0ms)));
  drive.start(1000);
  drive(drive.coordinator.on_failure(transient("broker away"), 1001));
  drive(drive.coordinator.on_tasks_restored(1002));
  CHECK(drive.expect<PlanSources>().epoch == 0);
}

TEST_CASE("epochs in memory run again one by one after a loss") {
  CoordinatorOptions options = durable_options(Trigger::every(100ms));
  options.checkpoint_interval = 10s;
  CoordinatorDriver drive(options);
  drive.start(1000);
  drive(drive.coordinator.on_tick(1100));
  drive.run_epoch(0, 1100, "1");
  drive(drive.coordinator.on_tick(1200));
  drive.run_epoch(1, 1200, "2");
  drive(drive.coordinator.on_tick(1300));
  drive.plan(2, 1300, "3");
  drive(drive.coordinator.on_tasks_lost(1301));
  CHECK(drive.expect<RestoreTasks>().from == -1);
  drive(drive.coordinator.on_tasks_restored(1302));
  for (EpochId epoch = 0; epoch < 3; ++epoch) {
    const BeginEpoch& again = drive.expect<BeginEpoch>();
    CHECK(again.offsets.epoch == epoch);
    CHECK(again.offsets.batch_time == 1100 + epoch * 100);
    CHECK(again.offsets.ranges[0].start == std::to_string(epoch));
    CHECK(again.offsets.ranges[0].end == std::to_string(epoch + 1));
    drive.finish_epoch(epoch, 1303);
  }
}

TEST_CASE("rows of open ranges that are gone without a directory end the query with the reason") {
  CoordinatorOptions options = open_options(Trigger::processing_time(100ms));
  options.durable = false;
  CoordinatorDriver drive(options);
  drive.start(1000);
  drive.plan_open(0, 1000);
  drive(drive.coordinator.on_tasks_lost(1001));
  REQUIRE(drive.has<Stopped>());
  CHECK_THAT(drive.expect<Stopped>().error->message(),
             Catch::Matchers::ContainsSubstring("rows of source 0 in epoch 0 are gone"));
}

TEST_CASE("an open range that is kept in a directory begins again where it began") {
  CoordinatorDriver drive(open_options(Trigger::processing_time(100ms)));
  drive.start(1000);
  drive.plan_open(0, 1000);
  drive(drive.coordinator.on_tasks_lost(1001));
  drive(drive.coordinator.on_tasks_restored(1002));
  CHECK(drive.expect<BeginEpoch>().offsets.ranges[0].is_open);
  CHECK(drive.expect<BeginEpoch>().offsets.ranges[0].start == "0");
}

TEST_CASE("a graceful stop while tasks are restored finishes the epoch first") {
  auto drive = in_second_epoch();
  drive(drive.coordinator.on_tasks_lost(1002));
  drive(drive.coordinator.on_stop(true, 1003));
  CHECK_FALSE(drive.has<Stopped>());
  drive(drive.coordinator.on_tasks_restored(1004));
  check_second_epoch_begins_again(drive);
  drive.finish_epoch(1, 1005);
  CHECK_FALSE(drive.expect<Stopped>().error);
  CHECK(drive.coordinator.last_committed() == 1);
}
