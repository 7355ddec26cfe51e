// What the engine owes to sinks that commit task by task: nothing is visible before offsets/N is
// durable, a row comes to the same task when its epoch runs again, and a task that opens knows what
// the checkpoint knows. The sink keeps its topic in memory and fails where a test says.
#include <actors/runner.hpp>
#include <libstream/base/memory_file_system.hpp>
#include <libstream/connectors/memory/no_commit.hpp>
#include <libstream/execution/local_runner.hpp>
#include <tests/actors/word_plan.hpp>
#include <tests/kit/catch.hpp>

#include <cstdlib>
#include <iostream>
#include <mutex>
#include <random>

namespace stream::testing {
namespace {

enum class Moment { writing, finishing, before_commit, after_commit };
constexpr std::size_t kNumMoments = 4;

/// What outlives the query: rows that are in, each task's marker, and the faults still to come.
struct MarkedTopic {
  std::mutex mutex;
  std::map<std::uint32_t, std::int64_t> markers;
  std::map<std::string, std::int64_t> rows;
  std::int64_t rows_thrown_away = 0;  // discarded because they were in
  FileSystem* files = nullptr;
  std::string checkpoint;
  std::vector<std::string> broken_promises;

  std::mt19937_64 random;
  int faults_left = 0;
  ErrorClass fault_class = ErrorClass::transient;
  int one_in = 3;
  Moment harmed = Moment::writing;
  std::map<Moment, int> faults;

  Result<void> harm(Moment moment) {
    if (moment != harmed || faults_left == 0 || random() % static_cast<unsigned>(one_in) != 0)
      return {};
    --faults_left;
    ++faults[moment];
    return Error(fault_class, "the topic is harmed");
  }
};

class MarkedWriter final : public SinkWriter {
 public:
  explicit MarkedWriter(std::shared_ptr<MarkedTopic> topic) : topic_(std::move(topic)) {}

  Result<void> open(const SinkContext& context) override {
    std::lock_guard lock(topic_->mutex);
    task_ = context.task;
    history_ = context.history;
    const auto found = topic_->markers.find(task_);
    marker_ = found == topic_->markers.end() ? -1 : found->second;
    const std::string recorded = marker_ < 0 ? "" : std::to_string(marker_);
    if (marker_ <= history_.last_committed && history_.last_message != recorded)
      topic_->broken_promises.push_back("the message of the last commit is '" +
                                        history_.last_message + "', not '" + recorded + "'");
    if (marker_ > history_.last_committed && marker_ != history_.unfinished)
      topic_->broken_promises.push_back("epoch " + recorded + " is in and not known as unfinished");
    return {};
  }
  Result<void> begin(std::int64_t epoch, EpochMillis) override {
    epoch_ = epoch;
    return {};
  }
  Result<void> write(const Batch& batch) override {
    std::lock_guard lock(topic_->mutex);
    STREAM_TRY(topic_->harm(Moment::writing));
    for (std::size_t row = 0; row < batch.num_rows(); ++row) {
      if (epoch_ <= marker_) {
        ++topic_->rows_thrown_away;
      } else {
        ++open_[std::string(batch.column(0).string_at(row))];
      }
    }
    return {};
  }
  Result<std::string> finish(std::int64_t epoch) override {
    std::lock_guard lock(topic_->mutex);
    STREAM_TRY(topic_->harm(Moment::finishing));
    const std::int64_t newest = open_.empty() ? marker_ : epoch;
    return newest < 0 ? std::string() : std::to_string(newest);
  }
  Result<void> commit(std::int64_t epoch) override {
    std::lock_guard lock(topic_->mutex);
    STREAM_TRY(topic_->harm(Moment::before_commit));
    if (!open_.empty()) {
      const std::string offsets = topic_->checkpoint + "/offsets/" + std::to_string(epoch);
      if (!topic_->checkpoint.empty() && !topic_->files->exists(offsets).value())
        topic_->broken_promises.push_back(offsets + " is not there");
      for (const auto& [row, count] : open_) topic_->rows[row] += count;
      open_.clear();
      topic_->markers[task_] = marker_ = epoch;
    }
    return topic_->harm(Moment::after_commit);
  }

 private:
  std::shared_ptr<MarkedTopic> topic_;
  std::uint32_t task_ = 0;
  SinkHistory history_;
  std::int64_t epoch_ = -1;
  std::int64_t marker_ = -1;
  std::map<std::string, std::int64_t> open_;
};

class MarkedSink final : public Sink {
 public:
  explicit MarkedSink(std::shared_ptr<MarkedTopic> topic) : topic_(std::move(topic)) {}
  std::string description() const override { return "MarkedSink"; }
  SinkKind kind() const override { return SinkKind::marker; }
  Result<void> check(const Schema&) const override { return {}; }
  std::unique_ptr<SinkWriter> make_writer() const override {
    return std::make_unique<MarkedWriter>(topic_);
  }
  std::unique_ptr<SinkCommitter> make_committer() const override {
    return std::make_unique<NoCommit>();
  }

 private:
  std::shared_ptr<MarkedTopic> topic_;
};

struct Scene {
  std::shared_ptr<MarkedTopic> topic = std::make_shared<MarkedTopic>();
  std::shared_ptr<MemoryFileSystem> files = std::make_shared<MemoryFileSystem>();
  WordPlan words;
  QueryOptions options;

  Scene(std::uint64_t seed, std::uint32_t parallelism) {
    topic->random.seed(seed);
    topic->files = files.get();
    topic->checkpoint = "/query";
    words.num_rows = 6'000;
    words.rows_an_epoch = 500;
    words.rows_a_batch = 60;
    words.parallelism = parallelism;
    words.sink = std::make_shared<MarkedSink>(topic);
    options.trigger = Trigger::processing_time(Duration{0});
    options.files = files.get();
    options.checkpoint_directory = topic->checkpoint;
    options.parallelism = parallelism;
    options.seed = seed;
  }

  /// Starts the query and lets it read everything; its error, if it ended with one.
  std::optional<Error> run(Runner& runner) {
    auto query = runner.start(copy_plan(words), options);
    if (!query) return std::move(query).error();
    const auto read = (*query)->process_all_available();
    (*query)->stop(true);
    if (!read) return read.error();
    return {};
  }
};

std::shared_ptr<Runner> runner_of(int number) {
  return number == 0 ? local_runner() : actor_runner();
}

std::uint64_t num_seeds() { return std::getenv("STREAM_TEST_LONG") != nullptr ? 300 : 15; }

TEST_CASE("a sink that commits task by task gets each row once whatever fails in the query") {
  std::map<Moment, int> faults;
  std::int64_t thrown_away = 0;
  for (std::uint64_t seed = 0; seed < num_seeds(); ++seed) {
    const std::uint32_t parallelism = 1 + static_cast<std::uint32_t>(seed % 3);
    for (const int runner : {0, 1}) {
      Scene scene(seed, parallelism);
      scene.topic->faults_left = 4;
      scene.topic->harmed = static_cast<Moment>(seed % kNumMoments);
      const auto error = scene.run(*runner_of(runner));
      INFO("seed " << seed << ", parallelism " << parallelism << ", runner " << runner);
      if (error) FAIL(error->message());
      CHECK(scene.topic->rows == expected_counts(scene.words));
      CHECK(scene.topic->broken_promises == std::vector<std::string>{});
      for (const auto& [moment, count] : scene.topic->faults) faults[moment] += count;
      thrown_away += scene.topic->rows_thrown_away;
    }
  }
  CHECK(faults.size() == kNumMoments);
  CHECK(thrown_away > 0);
}

TEST_CASE("a query that died between its tasks' commits is finished by the next start") {
  std::int64_t thrown_away = 0;
  for (std::uint64_t seed = 0; seed < num_seeds(); ++seed) {
    for (const int runner : {0, 1}) {
      Scene scene(seed, 3);
      scene.topic->fault_class = ErrorClass::fatal;
      scene.topic->harmed = Moment::after_commit;
      int deaths = 0;
      for (scene.topic->faults_left = 6; scene.run(*runner_of(runner)); ++deaths) {
      }
      INFO("seed " << seed << ", runner " << runner);
      CHECK(deaths > 0);
      CHECK(scene.topic->rows == expected_counts(scene.words));
      CHECK(scene.topic->broken_promises == std::vector<std::string>{});
      thrown_away += scene.topic->rows_thrown_away;
    }
  }
  CHECK(thrown_away > 0);
}

TEST_CASE("an epoch that some tasks may have committed is not run under another parallelism") {
  Scene scene(1, 3);
  scene.topic->fault_class = ErrorClass::fatal;
  scene.topic->one_in = 1;
  scene.topic->harmed = Moment::after_commit;
  scene.topic->faults_left = 1;
  REQUIRE(scene.run(*local_runner()));
  scene.words.parallelism = scene.options.parallelism = 2;
  const auto refused = scene.run(*local_runner());
  REQUIRE(refused);
  CHECK_THAT(refused->message(), Catch::Matchers::ContainsSubstring("parallelism 3"));
  scene.words.parallelism = scene.options.parallelism = 3;
  CHECK_FALSE(scene.run(*local_runner()));
  CHECK(scene.topic->rows == expected_counts(scene.words));
}

}  // namespace
}  // namespace stream::testing
