#include <actors/runner.hpp>
#include <libstream/api/query_start.hpp>
#include <libstream/base/memory_file_system.hpp>
#include <libstream/connectors/memory/collect_sink.hpp>
#include <libstream/connectors/memory/queue_source.hpp>
#include <libstream/execution/local_runner.hpp>
#include <libstream/expressions/type_text.hpp>
#include <libstream/sql/sql_parser.hpp>
#include <libstream/state/epoch_memory.hpp>
#include <libstream/testing/manual_clock.hpp>
#include <tests/kit/catch.hpp>
#include <tests/pipelines/naive_evaluator.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>

using namespace stream;
using namespace stream::pipelines;

namespace {

/// How one pipeline is run: nothing of it may show in the answer.
struct Way {
  std::shared_ptr<Runner> runner;
  std::uint32_t parallelism = 1;
  std::size_t batch_rows = 1024;
  bool waits_in_files = false;  ///< rows that a join keeps until the epoch's end
  bool loses_tasks = false;
  bool forgets_commits = false;  ///< the epoch before a restart runs again
  /// Taken in turn: by rescaling after an epoch, and at restarts.
  std::vector<std::uint32_t> other_parallelisms;

  std::string name() const {
    return fmt::format("parallelism {} then {}, batches of {}, {}, {}, {}", parallelism,
                       fmt::join(other_parallelisms, ", "), batch_rows,
                       waits_in_files ? "rows wait in files" : "rows wait in memory",
                       loses_tasks ? "tasks lost" : "no tasks lost",
                       forgets_commits ? "commits lost before restarts" : "no commits lost");
  }
};

Way random_way(std::uint64_t seed, const Pipeline& pipeline,
               const std::shared_ptr<Runner>& actors) {
  std::mt19937_64 random(seed ^ 0x9e3779b97f4a7c15u);
  Way way;
  way.runner = random() % 8 == 0 ? actors : local_runner();
  way.parallelism = static_cast<std::uint32_t>(1 + random() % 3);
  way.batch_rows = random() % 3 == 0 ? 1 : 1024;
  way.loses_tasks = random() % 2 == 0;
  // With two streams it shows whether the epoch that runs again has rows: their times are seen
  // anew.
  way.forgets_commits = !pipeline.reads_both() && random() % 2 == 0;
  constexpr std::uint32_t kParallelisms[] = {1, 2, 3, 8};
  for (std::uint64_t i = random() % 4; i > 0; --i)
    way.other_parallelisms.push_back(kParallelisms[random() % 4]);
  way.waits_in_files = random() % 3 == 0;
  return way;
}

class EngineRun {
 public:
  EngineRun(const Pipeline& pipeline, const Way& way, std::uint64_t seed)
      : pipeline_(pipeline), way_(way), seed_(seed), session_(way.runner) {}

  std::vector<Row> run() {
    define_relations();
    start();
    for (std::size_t i = 0; i < pipeline_.epochs.size(); ++i) {
      for (std::size_t stream = 0; stream < 2; ++stream) {
        const std::vector<Row>& rows = pipeline_.epochs[i].streams[stream];
        if (!rows.empty()) or_throw(sources_[stream]->add(batch_of(schema_, rows, pool_)));
      }
      or_throw(query_->process_all_available());
      take_output();
      if (pipeline_.epochs[i].restarts_after) {
        restart();
      } else if (const auto parallelism = next_parallelism()) {
        or_throw(query_->rescale(*parallelism));
      }
    }
    or_throw(query_->process_all_available());
    query_->stop(false);
    take_output();
    std::vector<Row> all;
    for (auto& [epoch, rows] : output_) all.insert(all.end(), rows.begin(), rows.end());
    return all;
  }

 private:
  static void or_throw(Result<void> result) {
    if (!result) throw std::move(result).error();
  }

  void define_relations() {
    if (way_.waits_in_files) or_throw(session_.settings().set(kEpochBufferSetting, "1"));
    schema_ = std::make_shared<const Schema>(
        value_or_throw(parse_schema("ts TIMESTAMP, k STRING, v BIGINT")));
    for (std::size_t stream = 0; stream < 2; ++stream) {
      QueueOptions options;
      options.one_at_a_time = false;
      options.keeps_committed = true;
      sources_[stream] = std::make_shared<QueueSource>(schema_, options);
      or_throw(
          session_.add_relation(stream == 0 ? "left" : "right",
                                make_relation(WatermarkRelation{
                                    make_relation(SourceRelation{sources_[stream], true}),
                                    value_or_throw(parse_expression("ts")),
                                    fmt::format("{} seconds", pipeline_.delay[stream] / kSecond)}),
                                true));
    }
    or_throw(
        session_.add_relation("input", value_or_throw(parse_query(input_sql(pipeline_))), true));
    DeduplicateRelation deduplicated;
    deduplicated.input = make_relation(NamedRelation{{"input"}, false});
    deduplicated.columns = {"ts", "k"};
    if (pipeline_.dedups_number) deduplicated.columns.push_back("v");
    or_throw(session_.add_relation("deduplicated", make_relation(deduplicated), true));
  }

  std::optional<std::uint32_t> next_parallelism() {
    const auto& others = way_.other_parallelisms;
    if (num_rescales_ >= others.size()) return std::nullopt;
    return others[num_rescales_++];
  }

  void start() {
    StreamingOptions options;
    sink_ = std::make_shared<CollectSink>();
    options.sink = sink_;
    options.query.trigger = Trigger::manual();
    options.query.checkpoint_directory = "/checkpoint";
    options.query.files = &files_;
    options.query.clock = &clock_;
    options.query.seed = seed_;
    options.query.parallelism = parallelism_;
    options.query.batch_rows = way_.batch_rows;
    options.query.lose_tasks_after_every_epoch = way_.loses_tasks;
    query_ = value_or_throw(start_streaming(
        session_, value_or_throw(parse_query(query_sql(pipeline_))), std::move(options)));
  }

  void restart() {
    query_->stop(false);
    query_.reset();
    take_output();
    // The epoch that runs again keeps the parallelism that it was begun with.
    if (const auto parallelism = next_parallelism()) parallelism_ = *parallelism;
    if (way_.forgets_commits && !output_.empty())
      or_throw(files_.remove(fmt::format("/checkpoint/commits/{}", output_.rbegin()->first)));
    start();
  }

  void take_output() {
    for (const CollectedEpoch& epoch : sink_->take()) {
      std::vector<Row>& rows = output_[epoch.epoch];
      rows.clear();  // an epoch that runs again writes again
      for (const Batch& batch : epoch.batches) {
        for (Row& row : rows_of(batch)) rows.push_back(std::move(row));
      }
    }
  }

  const Pipeline& pipeline_;
  const Way& way_;
  std::uint64_t seed_;
  SessionState session_;
  testing::ManualClock clock_;
  MemoryFileSystem files_{clock_};
  BlockPool pool_;
  std::shared_ptr<const Schema> schema_;
  std::shared_ptr<QueueSource> sources_[2];
  std::shared_ptr<CollectSink> sink_;
  std::unique_ptr<RunningQuery> query_;
  std::uint32_t parallelism_ = way_.parallelism;
  std::size_t num_rescales_ = 0;
  std::map<std::int64_t, std::vector<Row>> output_;
};

std::string text_of(const Row& row) {
  std::string text;
  for (const Value& value : row) {
    if (!text.empty()) text += ", ";
    if (value.is_null())
      text += "null";
    else if (const auto* number = std::get_if<std::int64_t>(&value.content))
      text += *number > 1'000'000'000 ? fmt::format("{}s", (*number / kSecond) % 10'000'000)
                                      : std::to_string(*number);
    else
      text += value.as<std::string>();
  }
  return "[" + text + "]";
}

std::vector<std::string> sorted_texts(const std::vector<Row>& rows) {
  std::vector<std::string> texts;
  for (const Row& row : rows) texts.push_back(text_of(row));
  std::sort(texts.begin(), texts.end());
  return texts;
}

/// Empty: they agree.
std::string compare(const std::vector<Row>& expected, const std::vector<Row>& actual) {
  const auto wanted = sorted_texts(expected);
  const auto got = sorted_texts(actual);
  std::vector<std::string> missing, extra;
  std::set_difference(wanted.begin(), wanted.end(), got.begin(), got.end(),
                      std::back_inserter(missing));
  std::set_difference(got.begin(), got.end(), wanted.begin(), wanted.end(),
                      std::back_inserter(extra));
  std::string diff;
  for (const std::string& row : missing) diff += "- " + row + "\n";
  for (const std::string& row : extra) diff += "+ " + row + "\n";
  return diff;
}

std::string story_of(const Pipeline& pipeline) {
  std::string text =
      "input: " + input_sql(pipeline) + "\nquery: " + query_sql(pipeline) +
      fmt::format("\ndelays: {} s, {} s; dedups v: {}\n", pipeline.delay[0] / kSecond,
                  pipeline.delay[1] / kSecond, pipeline.dedups_number);
  for (std::size_t i = 0; i < pipeline.epochs.size(); ++i) {
    for (std::size_t stream = 0; stream < 2; ++stream) {
      for (const Row& row : pipeline.epochs[i].streams[stream])
        text += fmt::format("  epoch {} {} {}\n", i, stream == 0 ? "left" : "right", text_of(row));
    }
    if (pipeline.epochs[i].restarts_after) text += "  restart\n";
  }
  return text;
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace

TEST_CASE("random pipelines answer like a naive evaluator, however they are cut and lost") {
  const bool is_one = std::getenv("STREAM_TEST_SEED") != nullptr;
  const std::uint64_t first = is_one ? number_from("STREAM_TEST_SEED", 0) : std::random_device()();
  const std::uint64_t count =
      is_one ? 1 : (std::getenv("STREAM_TEST_LONG") != nullptr ? 10'000 : 200);
  const auto actors = actor_runner();
  fmt::print("pipelines: seeds {} and {} that follow\n", first, count - 1);
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const Pipeline pipeline = random_pipeline(seed);
    const Way way = random_way(seed, pipeline, actors);
    std::string diff;
    try {
      diff = compare(evaluate(pipeline), EngineRun(pipeline, way, seed).run());
    } catch (const Error& error) {
      diff = error.message();
    }
    INFO("STREAM_TEST_SEED=" << seed << " repeats it; " << way.name() << "\n"
                             << story_of(pipeline));
    REQUIRE(diff == "");
  }
}

TEST_CASE("an evaluator that keeps late rows is found out") {
  std::size_t num_found = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Pipeline pipeline = random_pipeline(seed);
    const Way way = random_way(seed, pipeline, local_runner());
    const auto actual = EngineRun(pipeline, way, seed).run();
    if (!compare(evaluate(pipeline, {true}), actual).empty()) ++num_found;
  }
  CHECK(num_found >= 5);
}
