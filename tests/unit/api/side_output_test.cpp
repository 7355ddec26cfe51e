// Late rows as outputs: nothing is lost between a query's outputs, whatever happens.
#include <libstream/api/output_set.hpp>
#include <libstream/api/session.hpp>
#include <libstream/base/memory_file_system.hpp>
#include <libstream/connectors/memory/collect_sink.hpp>
#include <libstream/execution/local_runner.hpp>
#include <libstream/testing/check_answer.hpp>
#include <libstream/testing/manual_clock.hpp>
#include <libstream/testing/memory_stream.hpp>
#include <tests/kit/catch.hpp>
#include <tests/kit/thrown.hpp>

#include <fmt/format.h>

#include <map>
#include <random>

using namespace stream;
using Catch::Matchers::ContainsSubstring;
using stream::testing::answer_diff;
using stream::testing::MemoryStream;
using stream::testing::message_of;

namespace {

constexpr std::int64_t kSecond = 1'000'000;
using Row = std::vector<Value>;

/// A sink's rows, in which an epoch that runs again replaces what it wrote before.
class Written {
 public:
  std::shared_ptr<const Sink> sink() const { return sink_; }
  void take() {
    for (const CollectedEpoch& epoch : sink_->take()) {
      auto& rows = epochs_[epoch.epoch];
      rows.clear();
      for (const Batch& batch : epoch.batches) {
        for (Row& row : rows_of(batch)) rows.push_back(std::move(row));
      }
    }
  }
  std::vector<Row> rows() const {
    std::vector<Row> all;
    for (const auto& [epoch, rows] : epochs_) all.insert(all.end(), rows.begin(), rows.end());
    return all;
  }
  std::int64_t last_epoch() const { return epochs_.empty() ? -1 : epochs_.rbegin()->first; }
  void renew() { sink_ = std::make_shared<CollectSink>(); }

 private:
  std::shared_ptr<CollectSink> sink_ = std::make_shared<CollectSink>();
  std::map<std::int64_t, std::vector<Row>> epochs_;
};

/// A stream ts, k, v with a watermark of 5 seconds that survives restarts.
struct Events {
  std::shared_ptr<const Schema> schema =
      std::make_shared<const Schema>(Schema{{{"ts", primitive(TypeKind::timestamp), true},
                                             {"k", primitive(TypeKind::string), true},
                                             {"v", primitive(TypeKind::int64), true}}});
  std::shared_ptr<QueueSource> source = [this] {
    QueueOptions options;
    options.one_at_a_time = false;
    options.keeps_committed = true;
    return std::make_shared<QueueSource>(schema, options);
  }();

  DataFrame frame(const Session& session) const {
    return session.from_source(source, true).with_watermark("ts", "5 seconds");
  }
  void add(const std::vector<Row>& rows) {
    BlockPool pool;
    value_or_throw(source->add(batch_of(schema, rows, pool)));
  }
};

Row event(std::int64_t second, const std::string& key, std::int64_t number) {
  return {Value{second * kSecond}, Value{key}, Value{number}};
}

struct Way {
  std::shared_ptr<Runner> runner;
  std::uint32_t parallelism = 1;
  std::size_t batch_rows = 1024;
  bool loses_tasks = false;
  bool forgets_commits = false;
};

/// A stateful frame and its late rows in one query, over random events, stopped and started again
/// in between.
class SideRun {
 public:
  using Shape = std::function<DataFrame(const DataFrame&)>;
  SideRun(const Way& way, Shape shape) : way_(way), shape_(std::move(shape)) {}

  void run(std::mt19937_64& random) {
    start();
    // The commit before the newest is whole only until changelogs are merged.
    const std::int64_t num_epochs = way_.forgets_commits ? 5 : 12;
    std::int64_t now = 100;
    for (std::int64_t epoch = 0; epoch < num_epochs; ++epoch) {
      std::vector<Row> rows;
      for (std::uint64_t i = random() % 40; i > 0; --i) {
        const auto back = static_cast<std::int64_t>(random() % 25);
        rows.push_back(
            event(now - back, std::string(1, static_cast<char>('a' + random() % 4)), num_rows_++));
      }
      if (!rows.empty()) events_.add(rows);
      now += static_cast<std::int64_t>(random() % 12);
      value_or_throw(query_->process_all_available());
      if (random() % 3 == 0) restart();
    }
    // The last row closes all windows but its own.
    events_.add({event(now + 1000, "end", num_rows_++)});
    value_or_throw(query_->process_all_available());
    query_->stop(false);
    take();
  }

  std::int64_t num_rows() const { return num_rows_; }
  std::vector<Row> main() const { return main_.rows(); }
  std::vector<Row> late() const { return late_.rows(); }

 private:
  static void value_or_throw(Result<void> result) {
    if (!result) throw std::move(result).error();
  }
  void start() {
    QueryOptions options;
    options.trigger = Trigger::manual();
    options.checkpoint_directory = "/checkpoint";
    options.files = &files_;
    options.clock = &clock_;
    options.parallelism = way_.parallelism;
    options.batch_rows = way_.batch_rows;
    options.lose_tasks_after_every_epoch = way_.loses_tasks;
    const DataFrame frame = shape_(events_.frame(session_));
    query_ = stream::value_or_throw(
        start_outputs(*session_.state(),
                      {{"main", frame.relation(), OutputMode::append, main_.sink()},
                       {"late", frame.late_rows().relation(), OutputMode::append, late_.sink()}},
                      std::move(options)));
  }
  void take() {
    main_.take();
    late_.take();
  }
  void restart() {
    query_->stop(false);
    query_.reset();
    take();
    if (way_.forgets_commits && main_.last_epoch() >= 0)
      value_or_throw(files_.remove(fmt::format("/checkpoint/commits/{}", main_.last_epoch())));
    start();
  }

  const Way way_;
  Shape shape_;
  testing::ManualClock clock_;
  MemoryFileSystem files_{clock_};
  Session session_{way_.runner};
  Events events_;
  Written main_, late_;
  std::unique_ptr<RunningQuery> query_;
  std::int64_t num_rows_ = 0;
};

Way random_way(std::mt19937_64& random) {
  Way way;
  way.runner = local_runner();
  way.parallelism = static_cast<std::uint32_t>(1 + random() % 3);
  way.batch_rows = random() % 2 == 0 ? 1 : 1024;
  way.loses_tasks = random() % 2 == 0;
  way.forgets_commits = random() % 2 == 0;
  return way;
}

std::size_t count_operators(const PhysicalPlan& plan, std::string_view part) {
  std::size_t count = 0;
  for (const Stage& stage : plan.stages) {
    for (const PhysicalOperator& op : stage.operators)
      count += op.id.find(part) != std::string::npos;
  }
  return count;
}

}  // namespace

TEST_CASE("every row is counted or late, once, at any parallelism, over losses and restarts") {
  const std::uint64_t first_seed = std::random_device{}();
  std::size_t num_late = 0;
  for (std::uint64_t seed = first_seed; seed < first_seed + 40; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    SideRun run(random_way(random), [](const DataFrame& events) {
      return events.group_by(window(col("ts"), "10 seconds"), col("k"))
          .agg({count(col("v")).alias("n")});
    });
    run.run(random);
    std::int64_t counted = 0;
    for (const Row& row : run.main()) counted += row[2].as<std::int64_t>();
    const auto late = run.late();
    num_late += late.size();
    CHECK(counted + static_cast<std::int64_t>(late.size()) + 1 == run.num_rows());
    // Raw rows, as they came in.
    for (const Row& row : late) {
      REQUIRE(row.size() == 3);
      CHECK(row[2].as<std::int64_t>() < run.num_rows());
    }
  }
  CHECK(num_late > 0);
}

TEST_CASE("what a deduplication drops as late comes out beside it") {
  const std::uint64_t first_seed = std::random_device{}();
  std::size_t num_late = 0;
  for (std::uint64_t seed = first_seed; seed < first_seed + 20; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    SideRun run(random_way(random), [](const DataFrame& events) {
      return events.drop_duplicates({"ts", "v"});
    });
    run.run(random);
    num_late += run.late().size();
    // Every v is there once: no row is a duplicate.
    CHECK(static_cast<std::int64_t>(run.main().size() + run.late().size()) == run.num_rows());
  }
  CHECK(num_late > 0);
}

TEST_CASE("a join's late rows have the columns of both sides, null for the other one") {
  Session session(local_runner());
  MemoryStream left("lt TIMESTAMP, k STRING"), right("rt TIMESTAMP, j STRING");
  const DataFrame joined = left.to_df(session)
                               .with_watermark("lt", "0 seconds")
                               .join(right.to_df(session).with_watermark("rt", "0 seconds"),
                                     col("k") == col("j") && col("lt") == col("rt"));
  const DataFrame late = joined.late_rows();
  CHECK(late.schema().num_fields() == 4);
  auto query = late.write_stream().trigger(Trigger::manual()).to_table("late");
  const auto feed = [&](const char* l, const char* r) {
    left.add_data(l);
    right.add_data(r);
    query->process_all_available();
  };
  feed(R"(["1970-01-01T00:00:20Z","a"])", R"(["1970-01-01T00:00:30Z","a"])");
  feed(R"(["1970-01-01T00:00:40Z","b"])", R"(["1970-01-01T00:00:40Z","b"])");
  feed(R"(["1970-01-01T00:00:10Z","c"])", R"(["1970-01-01T00:00:05Z","d"])");
  query->stop();
  CHECK(answer_diff(session.table("late").select("k", "j"), "[\"c\",null]\n[null,\"d\"]") == "");
}

TEST_CASE("a frame and its late rows share source and state; the operators before them too") {
  Session session(local_runner());
  Events events;
  const DataFrame first = events.frame(session)
                              .group_by(window(col("ts"), "10 seconds"), col("k"))
                              .agg({count(col("v")).alias("n")});
  const DataFrame second =
      first.group_by(window(col("window"), "1 minute")).agg({sum(col("n")).alias("n")});
  const auto sink = std::make_shared<CollectSink>();
  const auto plan = [&](const std::vector<DataFrame>& frames) {
    std::vector<QueryOutput> outputs;
    for (const DataFrame& frame : frames)
      outputs.push_back(
          {fmt::format("o{}", outputs.size()), frame.relation(), OutputMode::append, sink});
    return value_or_throw(
        make_physical_plan(value_or_throw(plan_outputs(*session.state(), outputs, 2)), 2));
  };
  for (const auto& frames :
       {std::vector{second, second.late_rows()}, std::vector{second.late_rows(), second}}) {
    const PhysicalPlan both = plan(frames);
    CHECK(both.sources.size() == 1);
    CHECK(both.sinks.size() == 2);
    CHECK(count_operators(both, "aggregate-partial") == 2);
    CHECK(count_operators(both, "late_rows") == 1);
  }
  // Alone, the late rows need no aggregation of their own.
  CHECK(count_operators(plan({first.late_rows()}), "aggregate") == 0);
  // And nobody pays for late rows that nobody takes.
  CHECK(count_operators(plan({second}), "late_rows") == 0);
}

TEST_CASE("late rows of what drops none are refused with what to do") {
  Session session(local_runner());
  Events events;
  const DataFrame frame = events.frame(session);
  const auto refusal = [](const DataFrame& of) {
    return message_of([&] { of.late_rows().schema(); });
  };
  CHECK_THAT(refusal(frame.where("v > 1")), ContainsSubstring("no operator here drops late rows"));
  CHECK_THAT(refusal(session.from_source(events.source, true).group_by("k").count()),
             ContainsSubstring("call with_watermark"));
  CHECK_THAT(refusal(session.range(0, 3).distinct()), ContainsSubstring("bounded"));
  session.create_sink("late", "memory");
  CHECK_THAT(message_of([&] {
               frame.group_by("k")
                   .count()
                   .write_stream()
                   .format("noop")
                   .output_mode("complete")
                   .option("late_rows", "late")
                   .start();
             }),
             ContainsSubstring("complete keeps late rows"));
  CHECK_THAT(message_of([&] {
               frame.drop_duplicates({"k"})
                   .write_stream()
                   .format("noop")
                   .option("late_rows", "lat")
                   .start();
             }),
             ContainsSubstring("Did you mean `late`?"));
}

TEST_CASE("a writer's option late_rows names the sink that takes them") {
  Session session(local_runner());
  MemoryStream events("ts TIMESTAMP, k STRING");
  session.create_sink("late", "memory");
  auto query = events.to_df(session)
                   .with_watermark("ts", "0 seconds")
                   .group_by(window(col("ts"), "10 seconds"))
                   .count()
                   .write_stream()
                   .trigger(Trigger::manual())
                   .option("late_rows", "late")
                   .to_table("counts");
  for (const char* row : {R"(["1970-01-01T00:00:25Z","a"])", R"(["1970-01-01T00:00:45Z","b"])",
                          R"(["1970-01-01T00:00:05Z","c"])"}) {
    events.add_data(row);
    query->process_all_available();
  }
  query->stop();
  CHECK(answer_diff(session.table("late"), R"(["1970-01-01T00:00:05Z","c"])") == "");
  CHECK(session.table("counts").count() == 1);
  const auto progress = *query->last_progress();
  REQUIRE(progress.sinks.size() == 2);
}

TEST_CASE("a row of sliding windows is late when none of its windows takes it") {
  Session session(local_runner());
  MemoryStream events("ts TIMESTAMP");
  auto query = events.to_df(session)
                   .with_watermark("ts", "0 seconds")
                   .group_by(window(col("ts"), "10 seconds", "5 seconds"))
                   .count()
                   .late_rows()
                   .write_stream()
                   .trigger(Trigger::manual())
                   .to_table("late");
  events.add_data(R"(["1970-01-01T00:00:32Z"])");
  query->process_all_available();
  // [20 s, 30 s) is closed, [25 s, 35 s) is not.
  events.add_data("[\"1970-01-01T00:00:27Z\"]\n[\"1970-01-01T00:00:24Z\"]\n[null]");
  query->process_all_available();
  query->stop();
  CHECK(answer_diff(session.table("late"), R"(["1970-01-01T00:00:24Z"])") == "");
}

TEST_CASE("rows too far ahead of the clock do not move the watermark, where that is set") {
  for (const bool is_bounded : {false, true}) {
    Session session(local_runner());
    testing::ManualClock clock{1'000'000'000'000};
    if (is_bounded) session.conf("spark.sql.streaming.maxEventTimeAhead", "1 hour");
    MemoryStream events("ts TIMESTAMP");
    DataStreamWriter writer =
        events.to_df(session).with_watermark("ts", "0 seconds").drop_duplicates().write_stream();
    writer.trigger(Trigger::manual()).query_options().clock = &clock;
    auto query = writer.to_table("out");
    // The clock stands at 2001-09-09T01:46:40Z.
    events.add_data("[\"2001-09-09T01:50:00Z\"]\n[\"2031-01-01T00:00:00Z\"]");
    query->process_all_available();
    events.add_data(R"(["2001-09-09T01:50:01Z"])");
    query->process_all_available();
    query->stop();
    CHECK(session.table("out").count() == (is_bounded ? 3 : 2));
    std::int64_t num_ahead = 0;
    for (const QueryProgress& progress : query->recent_progress())
      num_ahead += progress.num_rows_ahead_of_clock;
    CHECK(num_ahead == (is_bounded ? 1 : 0));
  }
}
