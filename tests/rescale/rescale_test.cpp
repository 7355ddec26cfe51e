// A query's parallelism changes while it runs, and at restarts: what has state, reads files and
// writes files must give the rows it gives with one task. Every pair of {1, 2, 3, 8}.
#include <actors/runner.hpp>
#include <libstream/api/session.hpp>
#include <libstream/api/streaming_context.hpp>
#include <libstream/base/memory_file_system.hpp>
#include <libstream/execution/local_runner.hpp>
#include <libstream/testing/manual_clock.hpp>
#include <libstream/testing/memory_stream.hpp>
#include <tests/kit/catch.hpp>
#include <tests/kit/folder.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <random>

using namespace stream;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr std::uint32_t kParallelisms[] = {1, 2, 3, 8};
constexpr int kNumEpochs = 6;
constexpr int kRowsPerEpoch = 60;

std::uint64_t test_seed() {
  const char* text = std::getenv("STREAM_TEST_SEED");
  return text ? std::stoull(text) : 7;
}

bool is_long() { return std::getenv("STREAM_TEST_LONG") != nullptr; }

struct RescaleEvent {
  std::string k;
  std::int64_t v = 0;
};
STREAM_RECORD(RescaleEvent, k, v);

/// How the parallelism changes after every second epoch.
struct Change {
  std::uint32_t from = 1;
  std::uint32_t to = 1;
  bool restarts = false;
  std::shared_ptr<Runner> runner = local_runner();

  std::string name() const {
    return fmt::format("{} -> {}, {}, {}", from, to, restarts ? "restarted" : "rescaled",
                       runner == local_runner() ? "local" : "actors");
  }
};

std::vector<Change> all_changes(std::uint64_t seed) {
  static const std::shared_ptr<Runner> actors = actor_runner();
  std::mt19937_64 random(seed);
  std::vector<Change> changes;
  for (const std::uint32_t from : kParallelisms) {
    for (const std::uint32_t to : kParallelisms) {
      changes.push_back({from, to, false, local_runner()});
      if (is_long() || random() % 3 == 0) changes.push_back({from, to, true, local_runner()});
      if (is_long() || random() % 4 == 0) changes.push_back({from, to, false, actors});
      if (is_long()) changes.push_back({from, to, true, actors});
    }
  }
  return changes;
}

/// Rows of the epoch, alike for every run of a seed: seconds that mostly grow, few keys, a number.
std::vector<std::vector<Value>> rows_of_epoch(std::uint64_t seed, int epoch, int stream) {
  std::mt19937_64 random(seed * 1000 + static_cast<std::uint64_t>(epoch * 2 + stream));
  std::vector<std::vector<Value>> rows;
  for (int i = 0; i < kRowsPerEpoch; ++i) {
    const auto second =
        static_cast<std::int64_t>(epoch) * 10 + static_cast<std::int64_t>(random() % 10);
    rows.push_back({Value{second * 1'000'000}, Value{fmt::format("key {}", random() % 23)},
                    Value{static_cast<std::int64_t>(random() % 100)}});
  }
  return rows;
}

/// A query over two streams of (ts, k, v), made anew for each run.
using MakeFrame = std::function<DataFrame(Session&, const DataFrame&, const DataFrame&)>;

DataFrame of_sql(Session& session, const DataFrame& left, const DataFrame& right,
                 const char* text) {
  left.create_or_replace_temp_view("a");
  right.create_or_replace_temp_view("b");
  return session.sql(text);
}

class FrameRun {
 public:
  FrameRun(MakeFrame make, OutputMode mode, const Change& change, std::uint64_t seed)
      : make_(std::move(make)),
        mode_(mode),
        change_(change),
        seed_(seed),
        session_(change.runner) {}

  std::vector<std::string> run() {
    start(change_.from);
    for (int epoch = 0; epoch < kNumEpochs; ++epoch) {
      left_.add_data(rows_of_epoch(seed_, epoch, 0));
      right_.add_data(rows_of_epoch(seed_, epoch, 1));
      query_->process_all_available();
      if (epoch % 2 == 1) change_to(epoch % 4 == 1 ? change_.to : change_.from);
    }
    // A last row moves the watermark past everything.
    for (testing::MemoryStream* stream : {&left_, &right_})
      stream->add_data(
          {{Value{std::int64_t{100'000'000'000}}, Value{"last"}, Value{std::int64_t{0}}}});
    query_->process_all_available();
    stop();
    std::sort(rows_.begin(), rows_.end());
    return rows_;
  }

 private:
  void start(std::uint32_t parallelism) {
    session_.parallelism(parallelism);
    const DataFrame frame = make_(session_, left_.to_df(session_).with_watermark("ts", "5 seconds"),
                                  right_.to_df(session_).with_watermark("ts", "5 seconds"));
    DataStreamWriter writer = frame.write_stream();
    writer.format("memory").query_name("out").trigger(Trigger::manual()).output_mode(mode_);
    writer.option("checkpointLocation", "checkpoint");
    writer.query_options().files = &files_;
    writer.query_options().clock = &clock_;
    query_ = writer.start();
  }
  void change_to(std::uint32_t parallelism) {
    if (!change_.restarts) return query_->rescale(parallelism);
    stop();
    start(parallelism);
  }
  void stop() {
    query_->stop();
    query_.reset();
    for (const auto& row : session_.table("out").collect()) {
      std::string text;
      for (const Value& value : row) text += testing_text(value) + " ";
      rows_.push_back(std::move(text));
    }
  }
  static std::string testing_text(const Value& value) {
    if (const auto* number = std::get_if<std::int64_t>(&value.content))
      return std::to_string(*number);
    if (const auto* text = std::get_if<std::string>(&value.content)) return *text;
    return value.is_null() ? "null" : "?";
  }

  MakeFrame make_;
  OutputMode mode_;
  Change change_;
  std::uint64_t seed_;
  Session session_;
  testing::ManualClock clock_{1'700'000'000'000};
  MemoryFileSystem files_{clock_};
  testing::MemoryStream left_{"ts TIMESTAMP, k STRING, v BIGINT"};
  testing::MemoryStream right_{"ts TIMESTAMP, k STRING, v BIGINT"};
  std::shared_ptr<StreamingQuery> query_;
  std::vector<std::string> rows_;
};

void check_frame(const MakeFrame& make, OutputMode mode) {
  const std::uint64_t seed = test_seed();
  INFO("seed " << seed);
  const auto expected = FrameRun(make, mode, {}, seed).run();
  REQUIRE(expected.size() > 20);
  for (const Change& change : all_changes(seed)) {
    INFO(change.name());
    CHECK(FrameRun(make, mode, change, seed).run() == expected);
  }
}

}  // namespace

TEST_CASE("keyed windows give the same rows at whatever parallelism they go on") {
  check_frame(
      [](Session& session, const DataFrame& left, const DataFrame& right) {
        return of_sql(session, left, right,
                      "SELECT unix_micros(window.start) AS w, k, count(*) AS n, sum(v) AS s "
                      "FROM a GROUP BY window(ts, '10 seconds', '5 seconds'), k");
      },
      OutputMode::append);
}

TEST_CASE("joins of two streams give the same rows at whatever parallelism they go on") {
  check_frame(
      [](Session& session, const DataFrame& left, const DataFrame& right) {
        return of_sql(session, left, right,
                      "SELECT a.k, a.v, b.v AS w FROM a LEFT JOIN b ON a.k = b.k AND a.v % 7 = "
                      "b.v % 7 AND b.ts BETWEEN a.ts AND a.ts + INTERVAL 15 SECONDS");
      },
      OutputMode::append);
}

TEST_CASE("sessions and what was deduplicated give the same rows at whatever parallelism") {
  check_frame(
      [](Session& session, const DataFrame& left, const DataFrame& right) {
        return of_sql(session, left.drop_duplicates({"k", "v", "ts"}), right,
                      "SELECT k, count(*) AS n FROM a GROUP BY session_window(ts, '4 seconds'), k");
      },
      OutputMode::append);
}

TEST_CASE("typed state goes on at whatever parallelism") {
  check_frame(
      [](Session&, const DataFrame& left, const DataFrame&) {
        return left.as<RescaleEvent>()
            .group_by_key<std::string>({"k"})
            .map_groups_with_state<std::int64_t, std::pair<std::string, std::int64_t>>(
                GroupTimeout::none,
                [](const std::string& key, const std::vector<RescaleEvent>& rows,
                   TypedGroupState<std::int64_t>& state) {
                  std::int64_t sum = state.get_option().value_or(0);
                  for (const RescaleEvent& row : rows) sum += row.v;
                  state.update(sum);
                  return std::pair{key, sum};
                })
            .to_df();
      },
      OutputMode::update);
}

TEST_CASE("state by key of a DStream goes on at whatever parallelism") {
  const std::uint64_t seed = test_seed();
  INFO("seed " << seed);
  using Total = std::pair<std::string, std::int64_t>;
  const auto run = [seed](const Change& change) {
    testing::ManualClock clock{1'700'000'000'000};
    MemoryFileSystem files{clock};
    std::vector<std::string> seen;
    std::mutex mutex;
    StreamingContext context(change.runner, 1s);
    Trigger trigger = Trigger::manual();
    trigger.interval = 1s;
    context.set_trigger(trigger);
    context.checkpoint("/checkpoint");
    context.options().files = &files;
    context.options().clock = &clock;
    context.options().run_empty_epochs = true;
    context.options().parallelism = change.from;
    auto pairs = context.queue_stream<Total>();
    const auto note = [&](const char* what) {
      return [&, what](const Rdd<Total>& rdd, EpochTime time) {
        std::lock_guard lock(mutex);
        for (const auto& [key, total] : rdd.collect())
          seen.push_back(fmt::format("{} {} {} {}", what, time.epoch, key, total));
      };
    };
    pairs
        .update_state_by_key<std::int64_t>(
            [](const std::vector<std::int64_t>& values, const std::optional<std::int64_t>& state) {
              std::int64_t sum = state.value_or(0);
              for (const std::int64_t value : values) sum += value;
              return std::optional(sum);
            })
        .for_each_batch(note("state"));
    pairs.reduce_by_key_and_window(std::plus<std::int64_t>{}, 3s, 1s)
        .for_each_batch(note("window"));
    for (int epoch = 0; epoch < kNumEpochs; ++epoch) {
      std::vector<Total> rows;
      for (const auto& row : rows_of_epoch(seed, epoch, 0))
        rows.emplace_back(row[1].as<std::string>(), row[2].as<std::int64_t>());
      pairs.add(rows);
    }
    context.start();
    for (int epoch = 0; epoch < kNumEpochs; ++epoch) {
      context.run_epochs(1);
      if (epoch % 2 == 1) context.rescale(epoch % 4 == 1 ? change.to : change.from);
    }
    context.stop(false);
    std::sort(seen.begin(), seen.end());
    return seen;
  };
  const auto expected = run({});
  REQUIRE(expected.size() > 100);
  for (const Change& change : all_changes(seed)) {
    if (change.restarts) continue;  // a queue does not outlive its context
    INFO(change.name());
    CHECK(run(change) == expected);
  }
}

TEST_CASE("files are split anew, and each row is written to files once") {
  const testing::Folder folder;
  constexpr int kNumFiles = 4;
  constexpr int kLinesPerFile = 60'000;
  for (int file = 0; file < kNumFiles; ++file) {
    std::string lines;
    for (int line = 0; line < kLinesPerFile; ++line)
      lines += fmt::format("{} {} some words that make the line longer\n", file, line);
    folder.put(fmt::format("in/{}.txt", file), lines);
  }
  for (const Change& change : {Change{2, 3}, Change{1, 8}, Change{8, 1, false, actor_runner()}}) {
    INFO(change.name());
    const std::string out = folder / fmt::format("out-{}-{}", change.from, change.to);
    Session session{change.runner};
    session.parallelism(change.from);
    DataStreamWriter writer = session.read_stream()
                                  .format("text")
                                  .option("maxFilesPerTrigger", "1")
                                  .load(folder / "in")
                                  .write_stream();
    writer.format("text").option("path", out).trigger(Trigger::manual());
    writer.option("checkpointLocation", out + "-checkpoint");
    const auto query = writer.start();
    for (int file = 0; file < kNumFiles; ++file) {
      query->rescale(file % 2 == 0 ? change.to : change.from);
      if (file + 1 == kNumFiles) query->process_all_available();
    }
    CHECK(query->last_progress()->sources.size() == 1);
    query->stop();
    const DataFrame written = session.read().format("text").load(out);
    CHECK(written.count() == kNumFiles * kLinesPerFile);
    CHECK(written.distinct().count() == kNumFiles * kLinesPerFile);
  }
}

TEST_CASE("a query that cannot be rescaled says why and goes on") {
  testing::ManualClock clock{1'700'000'000'000};
  MemoryFileSystem files{clock};
  Session session{local_runner()};
  testing::MemoryStream words{"k STRING, v BIGINT"};
  const auto start = [&](const DataFrame& frame) {
    DataStreamWriter writer = frame.write_stream();
    writer.format("memory").query_name("out").trigger(Trigger::manual()).output_mode("update");
    writer.query_options().files = &files;
    writer.query_options().clock = &clock;
    return writer.start();
  };
  const auto refusal = [](StreamingQuery& query, std::uint32_t parallelism) {
    try {
      query.rescale(parallelism);
    } catch (const Error& error) {
      return error.message();
    }
    return std::string("it was not refused");
  };
  const auto counting = start(words.to_df(session).group_by("k").count());
  CHECK_THAT(refusal(*counting, 2), ContainsSubstring("has state"));
  words.add_data("[\"a\",1]\n[\"a\",2]");
  counting->process_all_available();
  CHECK(session.table("out").count() == 1);
  counting->stop();
  CHECK_THAT(refusal(*counting, 2), ContainsSubstring("ended"));

  const auto stateless = start(words.to_df(session).select("k"));
  CHECK_THAT(refusal(*stateless, 0), ContainsSubstring("1 to 128"));
  CHECK_THAT(refusal(*stateless, 129), ContainsSubstring("1 to 128"));
  stateless->rescale(3);
  words.add_data("[\"b\",1]");
  stateless->process_all_available();
  CHECK(session.table("out").count() == 3);
  stateless->stop();
}
