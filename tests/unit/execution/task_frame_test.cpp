#include <libstream/api/value_traits.hpp>
#include <libstream/execution/task_frame.hpp>
#include <tests/kit/catch.hpp>

using namespace stream;

namespace {

using Row = std::tuple<std::int64_t, std::string>;

Batch rows(BlockPool& pool, std::int64_t from, std::int64_t to, std::size_t width = 3) {
  TypedRowWriter<Row> writer(pool);
  for (std::int64_t i = from; i < to; ++i) writer.append(Row{i, std::string(width, 'x')});
  return writer.finish();
}

std::vector<TaskEvent> events_of(const std::string& frame, BlockPool& pool) {
  std::string_view rest = frame;
  REQUIRE(read_task_frame(rest));
  auto events = read_task_events(rest, 2, 2, pool);
  REQUIRE(events);
  return std::move(*events);
}

}  // namespace

TEST_CASE("a task gets epochs, rows and credits from another node in the order they were sent") {
  BlockPool pool;
  TaskFrameWriter writer({{9, 2}, "n1", 6, 11});
  CHECK(writer.is_empty());
  writer.begin_epoch({4, 5, 1000, true, -7, -8}, {{"split a", 0}, {"split b", 3}});
  writer.deliver(1, EpochStart{4, 5, 1000, true, -7, -8});
  const Batch sent = rows(pool, 0, 100);
  writer.deliver(0, sent);
  writer.grant(1, 10);
  writer.grant(1, 20);
  writer.end_range();
  writer.deliver(0, EpochEnd{4});
  CHECK_FALSE(writer.is_empty());
  const std::string frame = value_or_throw(writer.take());
  CHECK(writer.is_empty());

  std::string_view rest = frame;
  const auto header = read_task_frame(rest);
  REQUIRE(header);
  CHECK(header->generation == GenerationKey{9, 2});
  CHECK(header->from == "n1");
  CHECK(header->task == 6);
  CHECK(header->sequence == 11);

  const auto events = events_of(frame, pool);
  REQUIRE(events.size() == 6);
  const auto& epoch = std::get<EpochArrived>(events[0]);
  CHECK(epoch.start.epoch == 4);
  CHECK(epoch.start.late_watermark == -8);
  CHECK(epoch.splits.at(1).content == "split b");
  CHECK(epoch.splits.at(1).index == 3);
  CHECK(std::get<EpochStart>(std::get<ElementArrived>(events[1]).element).watermark == -7);
  const auto& arrived = std::get<ElementArrived>(events[2]);
  CHECK(arrived.charge == static_cast<std::int64_t>(sent.retained_bytes()));
  const Batch& batch = std::get<Batch>(arrived.element);
  REQUIRE(batch.num_rows() == 100);
  CHECK(ValueTraits<Row>::own(read_row<Row>(batch, 99)) == Row{99, "xxx"});
  CHECK(std::holds_alternative<RangeEndArrived>(events[3]));
  CHECK(std::get<EpochEnd>(std::get<ElementArrived>(events[4]).element).epoch == 4);
  const auto& credit = std::get<CreditArrived>(events[5]);
  CHECK(credit.output == 1);
  CHECK(credit.bytes == 30);

  writer.grant(0, 1);
  const std::string after = value_or_throw(writer.take());
  rest = after;
  CHECK(value_or_throw(read_task_frame(rest)).sequence == 12);
  CHECK(events_of(after, pool).size() == 1);
}

TEST_CASE("a batch over a megabyte goes in pieces that give its credit back once") {
  BlockPool pool;
  TaskFrameWriter writer({});
  const Batch sent = rows(pool, 0, 4000, 1000);
  REQUIRE(sent.live_bytes() > 3u << 20);
  writer.deliver(0, sent);
  CHECK(writer.is_full());
  const auto events = events_of(value_or_throw(writer.take()), pool);
  CHECK(events.size() >= 4);
  std::int64_t charge = 0;
  std::int64_t next = 0;
  for (const TaskEvent& event : events) {
    const auto& arrived = std::get<ElementArrived>(event);
    const Batch& batch = std::get<Batch>(arrived.element);
    CHECK(batch.live_bytes() <= TaskFrameWriter::kMostBatchBytes + (64u << 10));
    for (std::size_t row = 0; row < batch.num_rows(); ++row)
      REQUIRE(std::get<0>(read_row<Row>(batch, row)) == next++);
    charge += arrived.charge;
  }
  CHECK(next == 4000);
  CHECK(charge == static_cast<std::int64_t>(sent.retained_bytes()));
}

TEST_CASE("a row that is longer than a message is an error that says so") {
  BlockPool pool;
  TaskFrameWriter writer({});
  writer.deliver(0, rows(pool, 0, 1, kMaxFrameBytes));
  const auto frame = writer.take();
  REQUIRE_FALSE(frame);
  CHECK(frame.error().message().find("cannot go to another node") != std::string::npos);
}

TEST_CASE("a channel that the task does not have is refused") {
  BlockPool pool;
  TaskFrameWriter writer({});
  writer.deliver(2, EpochEnd{1});
  const std::string frame = value_or_throw(writer.take());
  std::string_view rest = frame;
  REQUIRE(read_task_frame(rest));
  CHECK_FALSE(read_task_events(rest, 2, 9, pool));
  CHECK(read_task_events(rest, 3, 0, pool));
}

TEST_CASE("rows take at most a tenth more on the wire than in their columns") {
  BlockPool pool;
  TaskFrameWriter writer({{~0ull, 1}, std::string(36, 'n'), 1, 1});
  const Batch sent = rows(pool, 0, 4096, 9);
  writer.deliver(0, sent);
  const std::string frame = value_or_throw(writer.take());
  CHECK(static_cast<double>(frame.size()) < 1.1 * static_cast<double>(sent.live_bytes()));
}
