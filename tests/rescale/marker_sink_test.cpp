// Sinks that commit task by task get each row once although the query is rescaled between their
// epochs and fails within them.
#include <libstream/base/memory_file_system.hpp>
#include <libstream/connectors/memory/no_commit.hpp>
#include <libstream/connectors/memory/queue_source.hpp>
#include <libstream/data/column_builder.hpp>
#include <libstream/execution/local_runner.hpp>
#include <libstream/plans/logical_plan.hpp>
#include <tests/kit/catch.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>

using namespace stream;

namespace {

/// What outlives the tasks: rows that are in and each task's marker. One thread: the local
/// runner's.
struct RescaledTopic {
  std::map<std::uint32_t, std::int64_t> markers;
  std::map<std::int64_t, int> rows;
  std::mt19937_64 random{7};
  int faults_left = 5;  ///< a query ends at six without a commit
  int rows_thrown_away = 0;
  std::size_t most_tasks = 0;
};

class RescaledWriter final : public SinkWriter {
 public:
  explicit RescaledWriter(std::shared_ptr<RescaledTopic> topic) : topic_(std::move(topic)) {}

  Result<void> open(const SinkContext& context) override {
    task_ = context.task;
    topic_->most_tasks = std::max<std::size_t>(topic_->most_tasks, task_ + 1);
    const auto found = topic_->markers.find(task_);
    marker_ = found == topic_->markers.end() ? -1 : found->second;
    if (marker_ > context.history.last_committed && marker_ != context.history.unfinished)
      return fatal(fmt::format("task {} has epoch {}, which nobody began", task_, marker_));
    return {};
  }
  Result<void> begin(std::int64_t epoch, EpochMillis) override {
    epoch_ = epoch;
    return {};
  }
  Result<void> write(const Batch& batch) override {
    for (std::size_t row = 0; row < batch.num_rows(); ++row) {
      if (epoch_ <= marker_) {
        ++topic_->rows_thrown_away;
      } else {
        open_.push_back(batch.column(0).data<std::int64_t>()[row]);
      }
    }
    return {};
  }
  Result<std::string> finish(std::int64_t) override { return std::string(); }
  Result<void> commit(std::int64_t epoch) override {
    if (epoch > marker_) {
      for (const std::int64_t row : open_) ++topic_->rows[row];
      topic_->markers[task_] = marker_ = epoch;
    }
    open_.clear();
    if (topic_->faults_left == 0 || topic_->random() % 4 != 0) return {};
    --topic_->faults_left;
    return transient("the topic is away after a commit");
  }

 private:
  std::shared_ptr<RescaledTopic> topic_;
  std::uint32_t task_ = 0;
  std::int64_t epoch_ = -1;
  std::int64_t marker_ = -1;
  std::vector<std::int64_t> open_;
};

class RescaledSink final : public Sink {
 public:
  explicit RescaledSink(std::shared_ptr<RescaledTopic> topic) : topic_(std::move(topic)) {}
  std::string description() const override { return "RescaledSink"; }
  SinkKind kind() const override { return SinkKind::marker; }
  Result<void> check(const Schema&) const override { return {}; }
  std::unique_ptr<SinkWriter> make_writer() const override {
    return std::make_unique<RescaledWriter>(topic_);
  }
  std::unique_ptr<SinkCommitter> make_committer() const override {
    return std::make_unique<NoCommit>();
  }

 private:
  std::shared_ptr<RescaledTopic> topic_;
};

}  // namespace

TEST_CASE("a sink that commits task by task gets each row once across changes of parallelism") {
  const auto topic = std::make_shared<RescaledTopic>();
  Schema schema;
  schema.fields.push_back({"n", primitive(TypeKind::int64), false});
  const auto shared_schema = std::make_shared<const Schema>(schema);
  QueueOptions queue_options;
  queue_options.one_at_a_time = false;
  const auto queue = std::make_shared<QueueSource>(shared_schema, queue_options);
  LogicalPlan logical;
  logical.nodes.push_back({"rows", {}, 1, SourceNode{queue}});
  logical.nodes.push_back(
      {"sink", {0}, 1, SinkNode{std::make_shared<RescaledSink>(topic), Exchange::round_robin}});
  MemoryFileSystem files;
  QueryOptions options;
  options.trigger = Trigger::manual();
  options.checkpoint_directory = "/query";
  options.files = &files;
  auto started = local_runner()->start(value_or_throw(make_physical_plan(logical, 1)), options);
  REQUIRE(started);
  const auto query = std::move(*started);
  constexpr std::int64_t kRowsAnEpoch = 40;
  std::int64_t next = 0;
  for (const std::uint32_t parallelism : {3u, 1u, 8u, 2u, 3u, 8u, 1u}) {
    BlockPool pool;
    ColumnBuilder numbers(schema.fields[0].type, pool);
    for (std::int64_t i = 0; i < kRowsAnEpoch; ++i) numbers.append<std::int64_t>(next++);
    REQUIRE(queue->add(Batch(shared_schema, {numbers.finish()}, kRowsAnEpoch)));
    if (const auto read = query->process_all_available(); !read) FAIL(read.error().message());
    if (const auto rescaled = query->rescale(parallelism); !rescaled)
      FAIL(rescaled.error().message());
  }
  query->stop(true);
  CHECK(topic->faults_left < 5);
  CHECK(topic->rows_thrown_away > 0);
  CHECK(topic->most_tasks == 8);
  REQUIRE(topic->rows.size() == static_cast<std::size_t>(next));
  CHECK(std::all_of(topic->rows.begin(), topic->rows.end(),
                    [](const auto& row) { return row.second == 1; }));
}
