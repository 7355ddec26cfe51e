// When a query's parallelism changes: between two epochs, when all that has begun is committed.
#include "coordinator_driver.hpp"

using namespace stream;

namespace {

CoordinatorDriver idle_after_one_epoch(Duration checkpoint_interval = Duration(0)) {
  CoordinatorOptions options = durable_options(Trigger::manual());
  options.checkpoint_interval = checkpoint_interval;
  CoordinatorDriver drive(options);
  drive.start(1000);
  drive(drive.coordinator.on_run_epochs(1, 1000));
  drive.run_epoch(0, 1001, "10");
  return drive;
}

}  // namespace

TEST_CASE("a query that rests is rescaled at once, and says so when the new tasks run") {
  auto drive = idle_after_one_epoch();
  drive(drive.coordinator.on_rescale(1, 3, 1002));
  const auto restore = drive.expect<RestoreTasks>();
  CHECK(restore.is_rescale);
  CHECK(restore.from == 0);
  CHECK_FALSE(drive.has<Rescaled>());
  drive(drive.coordinator.on_tasks_restored(1003, restore.attempt));
  CHECK(drive.expect<Rescaled>().request == 1);
  // The next epoch is over when three tasks have said so.
  drive(drive.coordinator.on_run_epochs(1, 1004));
  drive.plan(1, 1005, "20");
  drive(drive.coordinator.on_offsets_written(1, 1005));
  REQUIRE(drive.has<BeginEpoch>());
  drive(drive.coordinator.on_task_done(1, {0, {}, {}}, 1006));
  drive(drive.coordinator.on_task_done(1, {1, {}, {}}, 1006));
  CHECK_FALSE(drive.has<CommitSinks>());
  drive(drive.coordinator.on_task_done(1, {2, {}, {}}, 1006));
  CHECK(drive.has<CommitSinks>());
}

TEST_CASE("a running epoch ends under the tasks that it began with") {
  auto drive = idle_after_one_epoch();
  drive(drive.coordinator.on_run_epochs(2, 1002));
  drive.plan(1, 1003, "20");
  drive(drive.coordinator.on_rescale(1, 3, 1003));
  CHECK(drive.last.empty());
  drive(drive.coordinator.on_offsets_written(1, 1003));
  drive(drive.coordinator.on_rescale(2, 4, 1003));
  drive.finish_epoch(1, 1004);
  CHECK(drive.has<EpochCommitted>());
  CHECK(drive.expect<RestoreTasks>().from == 1);
  CHECK_FALSE(drive.has<PlanSources>());
  drive(drive.coordinator.on_tasks_restored(1005));
  CHECK(drive.expect<Rescaled>().request == 2);
  CHECK(drive.has<PlanSources>());
}

TEST_CASE("epochs that only memory has are committed before") {
  auto drive = idle_after_one_epoch(Duration(60'000));
  drive(drive.coordinator.on_run_epochs(1, 1002));
  drive.run_epoch(1, 1003, "20");
  REQUIRE(drive.coordinator.last_committed() < 1);
  drive(drive.coordinator.on_rescale(1, 2, 1004));
  CHECK_FALSE(drive.has<RestoreTasks>());
  CHECK(drive.expect<WriteOffsets>().offsets.epoch == 2);
  drive(drive.coordinator.on_offsets_written(2, 1004));
  CHECK(drive.expect<BeginEpoch>().is_checkpoint);
  drive.finish_epoch(2, 1005);
  CHECK(drive.expect<RestoreTasks>().from == 2);
}

TEST_CASE("an epoch whose offsets are written is finished as it was begun, after a loss too") {
  auto drive = idle_after_one_epoch();
  drive(drive.coordinator.on_run_epochs(1, 1002));
  drive.plan(1, 1003, "20");
  drive(drive.coordinator.on_offsets_written(1, 1003));
  drive(drive.coordinator.on_rescale(1, 2, 1003));
  drive(drive.coordinator.on_tasks_lost(1004));
  CHECK_FALSE(drive.expect<RestoreTasks>().is_rescale);
  drive(drive.coordinator.on_tasks_restored(1005));
  CHECK(drive.expect<BeginEpoch>().offsets.epoch == 1);
  drive.finish_epoch(1, 1006);
  CHECK(drive.expect<RestoreTasks>().is_rescale);
}

TEST_CASE("tasks that are lost while they are made anew are made again, and then it is said") {
  auto drive = idle_after_one_epoch();
  drive(drive.coordinator.on_rescale(1, 2, 1002));
  const auto first = drive.expect<RestoreTasks>().attempt;
  drive(drive.coordinator.on_tasks_lost(1003));
  const auto second = drive.expect<RestoreTasks>().attempt;
  drive(drive.coordinator.on_tasks_restored(1004, first));
  CHECK(drive.last.empty());
  drive(drive.coordinator.on_tasks_restored(1005, second));
  CHECK(drive.expect<Rescaled>().request == 1);
}

TEST_CASE("a plan that was asked for before is asked for again") {
  auto drive = idle_after_one_epoch();
  drive(drive.coordinator.on_run_epochs(1, 1002));
  REQUIRE(drive.has<PlanSources>());
  drive(drive.coordinator.on_rescale(1, 2, 1003));
  REQUIRE(drive.has<RestoreTasks>());
  drive.plan(1, 1003, "20");
  CHECK(drive.last.empty());
  drive(drive.coordinator.on_tasks_restored(1004));
  CHECK(drive.expect<PlanSources>().starts == std::vector<std::string>{"10"});
}
