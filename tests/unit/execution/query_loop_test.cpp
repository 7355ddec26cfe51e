#include <libstream/api/streaming_context.hpp>
#include <libstream/base/memory_file_system.hpp>
#include <libstream/data/column_builder.hpp>
#include <libstream/execution/query_loop.hpp>
#include <libstream/state/checkpoint_text.hpp>
#include <libstream/testing/manual_clock.hpp>
#include <tests/kit/catch.hpp>
#include <tests/unit/execution/keeping_runner.hpp>

#include <deque>

namespace stream {
namespace {

/// A host without tasks: the test answers for them, and says when blocking work is done.
class HostOfTest final : public QueryHost {
 public:
  void run_blocking(std::function<Answer()> work) override { works.push_back(std::move(work)); }
  void begin_epoch(const EpochAssignment& assignment) override {
    begun.push_back(assignment.start.epoch);
  }
  void end_open_ranges() override {}
  std::size_t commit_tasks(EpochId) override { return 0; }
  void change_plan(std::shared_ptr<const PhysicalPlan>) override {}
  Result<void> restore_tasks(const RestoredState& state) override {
    restored_pieces.push_back(state.size());
    return {};
  }
  void schedule_tick(EpochMillis) override {}
  void epoch_committed(const QueryProgress& progress) override {
    committed.push_back(progress.batch_id);
  }
  void caught_up(std::int64_t) override {}
  void rescaled(std::int64_t, const std::optional<Error>&) override {}
  void stopped(const std::optional<Error>& error) override { end = error; }

  std::deque<std::function<Answer()>> works;
  std::vector<EpochId> begun;
  std::vector<EpochId> committed;
  std::vector<std::size_t> restored_pieces;
  std::optional<Error> end;
};

/// Counts by key with a checkpoint each epoch, run by hand.
class LoopOfTest {
 public:
  LoopOfTest() {
    StreamingContext context(runner, Duration(100));
    context.options().clock = &clock;
    context.options().files = &files;
    context.options().checkpoint_directory = "/checkpoint";
    context.options().run_empty_epochs = true;
    context.source_stream<std::int64_t>(std::make_shared<QueueSource>(row_schema<std::int64_t>()))
        .map([](std::int64_t value) {
          return std::pair{value, std::int64_t{1}};
        })
        .update_state_by_key<std::int64_t>(
            [](const std::vector<std::int64_t>& values, const std::optional<std::int64_t>& sum) {
              return std::optional(static_cast<std::int64_t>(values.size()) + sum.value_or(0));
            })
        .for_each_batch([](const auto&, EpochTime) {});
    try {
      context.start();
    } catch (const Error&) {
    }
    REQUIRE(runner->kept_plan);
    auto services = QueryServices::open(runner->kept_plan, runner->kept_options);
    if (!services) FAIL(services.error().message());
    auto offsets = (*services)->initial_offsets();
    if (!offsets) FAIL(offsets.error().message());
    loop = std::make_unique<QueryLoop>(runner->kept_plan, runner->kept_options, "run",
                                       std::move(*services), std::move(*offsets), host);
    loop->start();
  }

  /// Until `condition` holds: work is done, and time passes where there is none.
  template <class Condition>
  void advance_until(Condition condition) {
    for (int i = 0; i < 1000 && !condition(); ++i) {
      if (!host.works.empty()) {
        answer_one();
      } else {
        clock.advance(Duration(100));
        loop->on_tick();
      }
    }
    INFO("begun " << host.begun.size() << ", committed " << host.committed.size() << ", ended "
                  << (host.end ? host.end->message() : "not"));
    REQUIRE(condition());
  }
  void answer_one() {
    const auto work = std::move(host.works.front());
    host.works.pop_front();
    work()();
  }
  /// All tasks have done the epoch; the one with state has `sum` of key 1.
  void finish_tasks(EpochId epoch, std::int64_t sum) {
    for (std::uint32_t stage = 0; stage < runner->kept_plan->stages.size(); ++stage) {
      TaskDone done;
      done.epoch = epoch;
      done.report.task = runner->kept_plan->first_task(stage);
      for (const PhysicalOperator& op : runner->kept_plan->stages[stage].operators) {
        if (op.make()->is_stateful()) done.state.push_back({op.id, {piece(sum)}});
      }
      loop->on_task_done(std::move(done));
    }
  }

  testing::ManualClock clock;
  MemoryFileSystem files{clock};
  std::shared_ptr<KeepingRunner> runner = std::make_shared<KeepingRunner>();
  HostOfTest host;
  std::unique_ptr<QueryLoop> loop;

 private:
  /// As a state table seals its rows: hash, deleted, key, value.
  StatePiece piece(std::int64_t sum) {
    std::vector<Column> columns;
    Schema schema;
    const auto add = [&](const char* name, TypeKind kind, auto value) {
      ColumnBuilder builder(primitive(kind), pool_);
      builder.append(value);
      columns.push_back(builder.finish());
      schema.fields.push_back({name, primitive(kind), false});
    };
    add("hash", TypeKind::int64, std::int64_t{1});
    add("deleted", TypeKind::boolean, false);
    add("key", TypeKind::int64, std::int64_t{1});
    add("sum", TypeKind::int64, sum);
    return {"sums", 1,
            Batch(std::make_shared<const Schema>(std::move(schema)), std::move(columns), 1)};
  }

  BlockPool pool_;
};

}  // namespace

TEST_CASE("what fails behind the back of a run that took over says so") {
  LoopOfTest test;
  auto& files = test.files;
  write_file_exclusive(files, "/checkpoint/runs/2", with_checksum("query of another")).value();
  test.loop->on_work_failed(fatal("no such file or directory: what the other one swept away"));
  test.advance_until([&] { return test.host.end.has_value(); });
  CHECK(test.host.end->error_class() == ErrorClass::fenced);
  CHECK_THAT(test.host.end->message(),
             Catch::Matchers::ContainsSubstring("another run of this query (term 2)"));
}

TEST_CASE("what tasks report that are being given up is neither written nor counted") {
  LoopOfTest test;
  test.advance_until([&] { return test.host.begun.size() == 1; });
  test.loop->on_task_failed(transient("a node is lost"));
  const std::size_t works = test.host.works.size();
  REQUIRE(works == 1);  // the state is being loaded
  test.finish_tasks(0, 7);
  CHECK(test.host.works.size() == works);
  for (int task = 0; task < 10; ++task) test.loop->on_task_failed(transient("a node is lost"));
  CHECK(test.host.works.size() == works);
  test.advance_until([&] { return test.host.begun.size() == 2; });
  CHECK(test.host.begun == std::vector<EpochId>{0, 0});
  test.finish_tasks(0, 8);
  test.advance_until([&] { return test.host.committed.size() == 1; });
  // What was committed can be read.
  test.advance_until([&] { return test.host.begun.size() == 3; });
  test.loop->on_task_failed(transient("another node is lost"));
  test.advance_until([&] { return test.host.begun.size() == 4; });
  CHECK(test.host.begun.back() == 1);
  CHECK(test.host.restored_pieces.size() == 2);
  CHECK_FALSE(test.host.end);
}

TEST_CASE("a commit that was written counts though a task failed meanwhile") {
  LoopOfTest test;
  test.advance_until([&] { return test.host.begun.size() == 1; });
  test.finish_tasks(0, 7);
  // Its state is written, then the sinks commit, then the commit is written.
  const auto is_writing_commit = [&] { return *test.files.exists("/checkpoint/commits/0"); };
  while (!is_writing_commit()) {
    REQUIRE_FALSE(test.host.works.empty());
    const auto work = std::move(test.host.works.front());
    test.host.works.pop_front();
    const auto answer = work();
    if (is_writing_commit()) test.loop->on_task_failed(transient("a node is lost"));
    answer();
  }
  CHECK(test.host.committed == std::vector<EpochId>{0});
  test.advance_until([&] { return test.host.begun.size() == 2; });
  CHECK(test.host.begun == std::vector<EpochId>{0, 1});
  CHECK(test.host.restored_pieces.size() == 1);
  CHECK(test.host.restored_pieces.front() > 0);
}

}  // namespace stream
