// Rows do not wait for a checkpoint that is being written.
#include <actors/runner.hpp>
#include <libstream/base/forwarding_file_system.hpp>
#include <libstream/base/memory_file_system.hpp>
#include <libstream/connectors/memory/collect_sink.hpp>
#include <libstream/connectors/memory/queue_source.hpp>
#include <libstream/data/column_builder.hpp>
#include <tests/kit/catch.hpp>

#include <condition_variable>
#include <mutex>
#include <optional>

namespace stream::testing {
namespace {

constexpr Duration kPatience{20'000};

/// A disk on which no commit is written until it is let go.
class HeldCommits final : public ForwardingFileSystem {
 public:
  using ForwardingFileSystem::ForwardingFileSystem;

  Result<bool> link_exclusive(const std::string& from, const std::string& to) override {
    if (to.find("/commits/") != std::string::npos) {
      std::unique_lock lock(mutex_);
      asked_ = std::stoll(to.substr(to.rfind('/') + 1));
      changed_.notify_all();
      changed_.wait(lock, [&] { return is_let_go_; });
    }
    return ForwardingFileSystem::link_exclusive(from, to);
  }
  /// The epoch whose commit is held.
  std::optional<EpochId> wait_until_asked() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPatience, [&] { return asked_.has_value(); });
    return asked_;
  }
  void let_go() {
    std::lock_guard lock(mutex_);
    is_let_go_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<EpochId> asked_;
  bool is_let_go_ = false;
};

struct Numbers {
  std::shared_ptr<const Schema> schema =
      std::make_shared<const Schema>(Schema{{{"number", primitive(TypeKind::int64), false}}});
  std::shared_ptr<QueueSource> source = std::make_shared<QueueSource>(schema);
  std::shared_ptr<CollectSink> sink = std::make_shared<CollectSink>();
  BlockPool pool;

  void add(std::int64_t number) {
    ColumnBuilder builder(schema->fields[0].type, pool);
    builder.append(number);
    std::vector<Column> columns;
    columns.push_back(builder.finish());
    REQUIRE(source->add(Batch(schema, std::move(columns), 1)));
  }
  PhysicalPlan plan() const {
    PhysicalPlan plan;
    plan.sources.push_back(source);
    plan.sinks.push_back(sink);
    Stage read;
    read.name = "read";
    read.source = 0;
    read.sink = 0;
    plan.stages.push_back(std::move(read));
    return plan;
  }
  std::vector<std::int64_t> that_came() const {
    std::vector<std::int64_t> came;
    for (const CollectedEpoch& epoch : sink->take()) {
      for (const Batch& batch : epoch.batches)
        came.push_back(batch.column(0).data<std::int64_t>()[0]);
    }
    return came;
  }
};

TEST_CASE("rows reach a sink while a commit is written") {
  MemoryFileSystem disk;
  HeldCommits files(disk);
  Numbers numbers;
  QueryOptions options;
  options.trigger = Trigger::processing_time(Duration{1});
  options.checkpoint_directory = "/checkpoint";
  options.checkpoint_interval = Duration{1};
  options.files = &files;
  auto query = actor_runner()->start(numbers.plan(), options);
  REQUIRE(query);
  numbers.add(1);
  const auto held = files.wait_until_asked();
  numbers.add(2);
  numbers.add(3);
  const bool has_come = held && numbers.sink->wait_for_epoch(*held + 2, kPatience);
  files.let_go();
  CHECK(has_come);
  CHECK(numbers.that_came() == std::vector<std::int64_t>{1, 2, 3});
  CHECK((*query)->process_all_available());
  (*query)->stop(true);
  CHECK(numbers.source->num_uncommitted() == 0);
}

}  // namespace
}  // namespace stream::testing
