// The actor runner gives what the local runner gives, and ends however it is asked to.
#include <actors/runner.hpp>
#include <libstream/base/memory_file_system.hpp>
#include <libstream/execution/local_runner.hpp>
#include <tests/actors/word_plan.hpp>
#include <tests/kit/catch.hpp>
#include <tests/unit/plans/event_plan.hpp>

#include <future>
#include <random>
#include <thread>

namespace stream::testing {
namespace {

constexpr Duration kLongRun{60'000};

std::unique_ptr<RunningQuery> start(Runner& runner, PhysicalPlan plan, QueryOptions options) {
  auto query = runner.start(std::move(plan), std::move(options));
  if (!query) FAIL(query.error().message());
  return std::move(*query);
}

QueryOptions until_read(std::uint32_t parallelism) {
  QueryOptions options;
  options.name = "words";
  options.trigger = Trigger::available_now();
  options.parallelism = parallelism;
  return options;
}

void require_end(RunningQuery& query) {
  auto ended = query.await_termination(kLongRun);
  if (!ended) FAIL(ended.error().message());
  REQUIRE(*ended);
  CHECK(!query.is_active());
}

WordCounts run_to_end(Runner& runner, WordPlan words) {
  const auto sink = std::make_shared<CollectSink>();
  words.sink = sink;
  auto query = start(runner, count_plan(words), until_read(words.parallelism));
  require_end(*query);
  return newest_counts(*sink);
}

TEST_CASE("both runners count the same words at parallelism 1 and 3") {
  for (const std::uint32_t parallelism : {1u, 3u}) {
    WordPlan words;
    words.num_rows = words.rows_an_epoch = 20'000;
    words.parallelism = parallelism;
    CHECK(run_to_end(*local_runner(), words) == expected_counts(words));
    CHECK(run_to_end(*actor_runner(), words) == expected_counts(words));
    ActorRunnerOptions options;
    options.num_threads = 1;
    options.stealing = true;
    CHECK(run_to_end(*actor_runner(options), words) == expected_counts(words));
  }
}

TEST_CASE("manual epochs are committed when run_epochs returns") {
  const auto sink = std::make_shared<CollectSink>();
  WordPlan words;
  words.num_rows = 5'000;
  words.rows_an_epoch = 1'000;
  words.parallelism = 2;
  words.sink = sink;
  QueryOptions options;
  options.trigger = Trigger::manual();
  options.parallelism = 2;
  auto query = start(*actor_runner(), count_plan(words), options);
  REQUIRE(query->run_epochs(2));
  CHECK(sink->take().size() == 2);
  REQUIRE(query->last_progress());
  CHECK(query->last_progress()->num_input_rows() == 1'000);
  REQUIRE(query->run_epochs(3));
  query->stop(true);
  require_end(*query);
  CHECK(!query->run_epochs(1));
}

TEST_CASE("actors run epochs without data and tell who waits when all is committed") {
  using Rows = std::vector<std::vector<std::string>>;
  const auto rows = std::make_shared<EventRows>();
  const auto sink = std::make_shared<CollectSink>();
  QueryOptions options;
  options.checkpoint_interval = Duration{0};
  SECTION("manual") { options.trigger = Trigger::manual(); }
  SECTION("as fast as possible") { options.trigger = Trigger::processing_time(Duration{0}); }
  SECTION("every 20 ms") { options.trigger = Trigger::processing_time(Duration{20}); }
  auto query = start(*actor_runner(), window_plan(rows, sink), options);
  REQUIRE(query->process_all_available());
  CHECK(taken_rows(*sink).empty());
  rows->add({10, 11, 25});
  REQUIRE(query->process_all_available());
  CHECK(taken_rows(*sink) == Rows{{}, {"10:2"}});
  rows->add({25, 40});
  REQUIRE(query->process_all_available());
  CHECK(taken_rows(*sink) == Rows{{}, {"25:2"}});
  query->stop(true);
  CHECK(query->process_all_available());  // nothing to wait for any more
}

TEST_CASE("actors tell sink tasks of every epoch, at parallelism 3 each task") {
  const auto rows = std::make_shared<EventRows>();
  const auto calls = std::make_shared<SinkCalls>();
  PhysicalPlan plan = window_plan(rows, recording_sink(calls));
  plan.stages[0].sink.reset();
  Stage sinks;
  sinks.name = "sinks";
  sinks.parallelism = 3;
  sinks.inputs.push_back({0, 0, Exchange::hash});
  sinks.sink = 0;
  plan.stages.push_back(std::move(sinks));
  QueryOptions options;
  options.trigger = Trigger::manual();
  options.parallelism = 3;
  auto query = start(*actor_runner(), std::move(plan), options);
  REQUIRE(query->run_epochs(1));
  rows->add({10, 25});
  REQUIRE(query->process_all_available());
  query->stop(true);
  std::size_t num_writes = 0;
  REQUIRE(calls->by_task.size() == 3);
  for (auto& [task, all] : calls->by_task) {
    num_writes += std::erase(all, "write");
    CHECK(all ==
          std::vector<std::string>{"begin 0", "end 0", "begin 1", "end 1", "begin 2", "end 2"});
  }
  CHECK(num_writes == 1);
}

TEST_CASE("an operator's error ends its query and no other") {
  const auto runner = actor_runner();
  std::promise<void> failed;
  std::shared_future<void> other_has_failed = failed.get_future();

  WordPlan good;
  const auto sink = std::make_shared<CollectSink>();
  good.sink = sink;
  good.parallelism = 2;
  good.hooks.on_read = [&](std::int64_t row) -> Result<void> {
    if (row == 0) other_has_failed.wait();
    return {};
  };
  auto good_query = start(*runner, count_plan(good), until_read(2));

  WordPlan bad;
  bad.parallelism = 2;
  bad.sink = std::make_shared<CollectSink>();
  std::string luck = "word-7 is bad luck";
  SECTION("returned") {
    bad.hooks.on_count = [](const std::string& word) -> Result<void> {
      if (word == "word-7") return user_code("word-7 is bad luck");
      return {};
    };
  }
  SECTION("thrown") {
    bad.hooks.on_count = [](const std::string& word) -> Result<void> {
      if (word == "word-7") throw std::runtime_error("word-7 is bad luck");
      return {};
    };
  }
  SECTION("thrown, and no exception at all") {
    bad.hooks.on_count = [](const std::string& word) -> Result<void> {
      if (word == "word-7") throw 7;
      return {};
    };
    luck = "threw something";
  }
  auto bad_query = start(*runner, count_plan(bad), until_read(2));
  const auto ended = bad_query->await_termination(kLongRun);
  failed.set_value();
  REQUIRE(!ended);
  CHECK(ended.error().error_class() == ErrorClass::user_code);
  CHECK_THAT(ended.error().message(), Catch::Matchers::ContainsSubstring(luck));
  CHECK_THAT(ended.error().message(), Catch::Matchers::ContainsSubstring("stage count"));
  CHECK(!bad_query->is_active());

  require_end(*good_query);
  CHECK(newest_counts(*sink) == expected_counts(good));
}

TEST_CASE("state survives the loss of all tasks after every epoch") {
  MemoryFileSystem files;
  WordPlan words;
  words.num_rows = 3'000;
  words.rows_an_epoch = 500;
  words.parallelism = 3;
  const auto sink = std::make_shared<CollectSink>();
  words.sink = sink;
  QueryOptions options;
  options.trigger = Trigger::manual();
  options.parallelism = 3;
  options.checkpoint_directory = "/checkpoint";
  options.files = &files;
  options.lose_tasks_after_every_epoch = true;
  auto query = start(*actor_runner(), count_plan(words), options);
  REQUIRE(query->run_epochs(6));
  query->stop(true);
  require_end(*query);
  CHECK(newest_counts(*sink) == expected_counts(words));
}

TEST_CASE("a transient failure restores the tasks and loses nothing") {
  MemoryFileSystem files;
  WordPlan words;
  words.num_rows = 2'000;
  words.rows_an_epoch = 500;
  words.parallelism = 2;
  const auto sink = std::make_shared<CollectSink>();
  words.sink = sink;
  std::atomic<int> num_failures = 0;
  words.hooks.on_read = [&](std::int64_t row) -> Result<void> {
    if (row == 1'200 && num_failures.fetch_add(1) == 0) return transient("the line is down");
    return {};
  };
  QueryOptions options;
  options.trigger = Trigger::manual();
  options.parallelism = 2;
  options.checkpoint_directory = "/checkpoint";
  options.files = &files;
  auto query = start(*actor_runner(), count_plan(words), options);
  REQUIRE(query->run_epochs(4));
  CHECK(num_failures.load() >= 1);
  query->stop(false);
  require_end(*query);
  CHECK(newest_counts(*sink) == expected_counts(words));
}

TEST_CASE("a checkpoint is free again when await_termination returns") {
  MemoryFileSystem files;
  const auto runner = actor_runner();
  WordPlan words;
  words.num_rows = 1'000;
  words.rows_an_epoch = 100;
  words.parallelism = 2;
  const auto sink = std::make_shared<CollectSink>();
  words.sink = sink;
  QueryOptions options;
  options.trigger = Trigger::manual();
  options.parallelism = 2;
  options.checkpoint_directory = "/checkpoint";
  options.files = &files;
  for (int run = 0; run < 5; ++run) {
    auto query = start(*runner, count_plan(words), options);
    REQUIRE(query->run_epochs(2));
    query->stop(run % 2 == 0);
    require_end(*query);
  }
  CHECK(newest_counts(*sink) == expected_counts(words));
}

/// Takes batches only when the source has run ahead as far as the credit lets it.
class SlowSink final : public Sink {
 public:
  std::atomic<std::int64_t> read_bytes = 0;
  mutable std::atomic<std::int64_t> written_bytes = 0;
  mutable std::atomic<std::int64_t> most_ahead = 0;
  std::int64_t run_ahead_bytes = 0;
  std::int64_t total_bytes = 0;

  std::string description() const override { return "slow"; }
  SinkKind kind() const override { return SinkKind::direct; }
  bool may_block() const override { return true; }
  Result<void> check(const Schema&) const override { return {}; }
  std::unique_ptr<SinkWriter> make_writer() const override;
  std::unique_ptr<SinkCommitter> make_committer() const override;
};

class SlowWriter final : public SinkWriter {
 public:
  explicit SlowWriter(const SlowSink& sink) : sink_(sink) {}
  Result<void> open(const SinkContext&) override { return {}; }
  Result<void> begin(std::int64_t, EpochMillis) override { return {}; }
  Result<void> write(const Batch& batch) override {
    const std::int64_t written = sink_.written_bytes.load();
    const std::int64_t wanted = std::min(written + sink_.run_ahead_bytes, sink_.total_bytes);
    while (sink_.read_bytes.load() < wanted) std::this_thread::yield();
    sink_.most_ahead.store(std::max(sink_.most_ahead.load(), sink_.read_bytes.load() - written));
    sink_.written_bytes.fetch_add(static_cast<std::int64_t>(batch.retained_bytes()));
    return {};
  }
  Result<std::string> finish(std::int64_t) override { return std::string(); }

 private:
  const SlowSink& sink_;
};

class SlowCommitter final : public SinkCommitter {
 public:
  Result<void> recover(const SinkContext&, std::int64_t) override { return {}; }
  Result<void> commit(std::int64_t, const std::vector<std::string>&) override { return {}; }
};

std::unique_ptr<SinkWriter> SlowSink::make_writer() const {
  return std::make_unique<SlowWriter>(*this);
}
std::unique_ptr<SinkCommitter> SlowSink::make_committer() const {
  return std::make_unique<SlowCommitter>();
}

TEST_CASE("a slow sink holds the source back at its credit") {
  WordPlan words;
  words.num_rows = words.rows_an_epoch = 400'000;
  words.rows_a_batch = 1'000;
  const auto sink = std::make_shared<SlowSink>();
  words.sink = sink;
  std::atomic<std::int64_t> largest = 0;
  words.hooks.on_batch_read = [&](std::int64_t bytes) {
    sink->read_bytes.fetch_add(bytes);
    largest.store(std::max(largest.load(), bytes));
  };
  QueryOptions options = until_read(1);
  options.channel_bytes = 512u << 10;
  sink->run_ahead_bytes = 384 << 10;
  sink->total_bytes = 400 * 16'000;  // less than what is read: the last batches need no run-up
  auto query = start(*actor_runner(), copy_plan(words), options);
  require_end(*query);
  CHECK(sink->written_bytes.load() == sink->read_bytes.load());
  CHECK(sink->most_ahead.load() >= sink->run_ahead_bytes);
  // Credit may be overdrawn by one batch, and one more is in the writer's hands.
  CHECK(sink->most_ahead.load() <=
        static_cast<std::int64_t>(options.channel_bytes) + 3 * largest.load());
}

TEST_CASE("queries stop at any moment") {
  const std::uint64_t seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const auto runner = actor_runner();
  for (int round = 0; round < 100; ++round) {
    WordPlan words;
    words.num_rows = 1'000'000'000;
    words.rows_an_epoch = 1 + static_cast<std::int64_t>(random() % 20'000);
    words.parallelism = 1 + static_cast<std::uint32_t>(random() % 3);
    words.sink = std::make_shared<CollectSink>();
    std::atomic<std::int64_t> batches_read = 0;
    words.hooks.on_batch_read = [&](std::int64_t) { batches_read.fetch_add(1); };
    QueryOptions options;
    options.trigger = Trigger::processing_time(Duration(0));
    options.parallelism = words.parallelism;
    auto query = start(*runner, count_plan(words), options);
    const auto enough = static_cast<std::int64_t>(random() % 60);
    while (batches_read.load() < enough) std::this_thread::yield();
    const bool by_destructor = random() % 4 == 0;
    if (!by_destructor) {
      query->stop(false);
      require_end(*query);
    }
    query.reset();
    const std::int64_t batches = batches_read.load();
    std::this_thread::yield();
    CHECK(batches_read.load() == batches);
  }
}

TEST_CASE("a listener may stop its own query") {
  struct Stopper final : QueryListener {
    std::promise<RunningQuery*> query;
    std::shared_future<RunningQuery*> started = query.get_future();
    std::atomic<bool> is_terminated = false;
    void on_query_progress(const QueryProgress&) override { started.get()->stop(true); }
    void on_query_terminated(const std::string&, const std::string&,
                             const std::optional<Error>&) override {
      is_terminated = true;
    }
  };
  const auto listener = std::make_shared<Stopper>();
  WordPlan words;
  words.num_rows = 100'000;
  words.rows_an_epoch = 100;
  words.sink = std::make_shared<CollectSink>();
  QueryOptions options;
  options.trigger = Trigger::processing_time(Duration(0));
  options.listeners.push_back(listener);
  auto query = start(*actor_runner(), count_plan(words), options);
  listener->query.set_value(query.get());
  require_end(*query);
  CHECK(listener->is_terminated.load());
}

}  // namespace
}  // namespace stream::testing
