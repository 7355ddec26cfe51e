#include <libstream/data/column_builder.hpp>
#include <libstream/execution/task.hpp>
#include <tests/kit/catch.hpp>

namespace stream {
namespace {

Batch numbers(std::size_t count) {
  BlockPool pool;
  ColumnBuilder builder(primitive(TypeKind::int64), pool);
  for (std::size_t i = 0; i < count; ++i) builder.append(static_cast<std::int64_t>(i));
  std::vector<Column> columns;
  columns.push_back(builder.finish());
  return Batch(std::make_shared<Schema>(Schema{{{"number", primitive(TypeKind::int64), false}}}),
               std::move(columns), count);
}

class PeersOfTest final : public TaskPeers {
 public:
  void send(std::uint32_t, std::uint32_t, Element) override {}
  void grant(std::uint32_t to_task, std::uint32_t to_output, std::int64_t bytes) override {
    CHECK(to_task == 7);
    CHECK(to_output == 3);
    grants.push_back(bytes);
  }
  void done(TaskDone) override { ++num_done; }
  void committed(EpochId) override {}
  void open_range_ended(EpochId, std::uint32_t, std::string) override {}
  void failed(Error error) override { FAIL(error.message()); }

  std::vector<std::int64_t> grants;
  int num_done = 0;
};

}  // namespace

TEST_CASE("Credit goes back in parts, so that a sender that waits always gets some") {
  PhysicalPlan plan;
  plan.stages.emplace_back();
  TaskNode node;
  node.inputs.push_back({7, 3, {0, 0}});
  const Batch batch = numbers(1000);
  const auto charge = static_cast<std::int64_t>(batch.retained_bytes());
  TaskOptions options;
  options.channel_bytes = static_cast<std::size_t>(charge) * 32;
  PeersOfTest peers;
  Task task(plan, node, 0, options, peers);
  REQUIRE(task.open({}));

  std::int64_t left = static_cast<std::int64_t>(options.channel_bytes);
  std::size_t num_seen = 0;
  const auto take_grants = [&] {
    for (; num_seen < peers.grants.size(); ++num_seen) left += peers.grants[num_seen];
  };
  task.deliver(0, EpochStart{0, 1, 0, false, {}, {}});
  for (int round = 0; round < 5; ++round) {
    while (left > 0) {
      task.deliver(0, batch);
      left -= charge;
    }
    while (task.step() == StepResult::progressed) {
    }
    take_grants();
    INFO("round " << round);
    CHECK(left > 0);
  }
  CHECK(peers.grants == std::vector<std::int64_t>(peers.grants.size(), 4 * charge));
  CHECK(peers.grants.size() >= 5 * 7);
  task.deliver(0, EpochEnd{0});
  while (task.step() == StepResult::progressed) {
  }
  CHECK(peers.num_done == 1);
}

}  // namespace stream
