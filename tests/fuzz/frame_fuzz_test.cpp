#include <libstream/api/value_traits.hpp>
#include <libstream/base/hash.hpp>
#include <libstream/data/batch_codec.hpp>
#include <libstream/execution/task_frame.hpp>
#include <tests/fuzz/check_fuzz.hpp>
#include <tests/fuzz/fuzz.hpp>
#include <tests/kit/catch.hpp>

#include <cstring>

namespace stream::fuzz {

namespace {

using Row = std::tuple<std::string, std::optional<std::int64_t>, std::vector<std::string>,
                       std::pair<bool, std::int16_t>>;

Batch some_rows(BlockPool& pool, std::size_t count) {
  TypedRowWriter<Row> writer(pool);
  for (std::size_t i = 0; i < count; ++i) {
    std::optional<std::int64_t> number;
    if (i % 3 != 0) number = static_cast<std::int64_t>(i) - 2;
    writer.append(Row{std::string(i * 5, 'a'),
                      number,
                      {"x", "a text of more than twelve bytes"},
                      {i % 2 == 0, static_cast<std::int16_t>(i)}});
  }
  return writer.finish();
}

/// Size and checksum made right, so that what is behind them is reached.
std::string sealed(std::string_view text) {
  constexpr std::size_t kHeader = 16;
  std::string bytes(text);
  if (bytes.size() < kHeader + 8) return bytes;
  const std::uint64_t size = bytes.size() - kHeader - 8;
  std::memcpy(bytes.data() + 8, &size, sizeof size);
  const std::uint64_t checksum = hash_bytes(bytes.data(), kHeader + size);
  std::memcpy(bytes.data() + kHeader + size, &checksum, sizeof checksum);
  return bytes;
}

/// What was decoded must be safe to use.
std::string look_at(const Batch& batch, BlockPool& pool) {
  if (batch.num_rows() > 1'000'000) return "";
  std::string again;
  encode_batch(batch, again);
  std::string_view rest = again;
  const auto decoded = decode_batch(rest, pool);
  if (!decoded) return "its own bytes are refused: " + decoded.error().message();
  return decoded->num_rows() == batch.num_rows() ? "" : "its own bytes have other rows";
}

std::string decode_rows(std::string_view text) {
  BlockPool pool;
  const std::string bytes = hash_of(text) % 8 == 0 ? std::string(text) : sealed(text);
  std::string_view rest = bytes;
  const auto batch = decode_batch(rest, pool);
  return batch ? look_at(*batch, pool) : "";
}

std::string decode_events(std::string_view text) {
  BlockPool pool;
  std::string_view rest = text;
  if (!read_task_frame(rest)) return "";
  const auto events = read_task_events(rest, 2, 2, pool);
  if (!events) return events.error().message().size() < 5 ? "the error says nothing" : "";
  for (const TaskEvent& event : *events) {
    const auto* arrived = std::get_if<ElementArrived>(&event);
    if (arrived != nullptr && arrived->input >= 2) return "an input that the task has not";
  }
  return "";
}

template <class Message>
std::string decode_as(std::string_view text) {
  const auto message = decode_frame<Message>(text);
  if (!message) return message.error().message().size() < 5 ? "the error says nothing" : "";
  return decode_frame<Message>(encode_frame(*message)) ? "" : "its own bytes are refused";
}

std::string decode_message(std::string_view text) {
  const auto kind = kind_of_frame(text);
  if (!kind) return "";
  switch (*kind) {
    case FrameKind::heartbeat:
      return decode_as<Heartbeat>(text);
    case FrameKind::join:
      return decode_as<JoinRequest>(text);
    case FrameKind::view:
      return decode_as<ViewMessage>(text);
    case FrameKind::report:
      return decode_as<ReportMessage>(text);
    case FrameKind::forwarded:
      return decode_as<ForwardedRequest>(text);
    case FrameKind::request:
      return decode_as<ClientRequest>(text);
    case FrameKind::reply:
      return decode_as<ClientReply>(text);
    case FrameKind::open_tasks:
      return decode_as<OpenTasks>(text);
    case FrameKind::close_tasks:
      return decode_as<CloseTasks>(text);
    case FrameKind::check_tasks:
      return decode_as<CheckTasks>(text);
    case FrameKind::tasks_opened:
      return decode_as<TasksOpened>(text);
    case FrameKind::tasks_closed:
      return decode_as<TasksClosed>(text);
    case FrameKind::host_report:
      return decode_as<HostReport>(text);
    case FrameKind::run_worker:
      return decode_as<RunWorker>(text);
    case FrameKind::worker_report:
      return decode_as<WorkerReport>(text);
    case FrameKind::worker_setup:
      return decode_as<WorkerSetup>(text);
    case FrameKind::task:
      return decode_events(text);
  }
  return "a kind without a decoder";
}

}  // namespace

TEST_CASE("no bytes bring the codec of batches down") {
  BlockPool pool;
  FuzzTarget target;
  target.name = "batch";
  for (const std::size_t count : {0u, 1u, 9u}) {
    std::string bytes;
    encode_batch(some_rows(pool, count), bytes);
    target.corpus.push_back(bytes);
  }
  target.words = {"\xff\xff\xff\xff", std::string(8, '\0'), std::string(8, '\x7f'), "\x01"};
  target.run = decode_rows;
  target.max_bytes = 4000;
  check_fuzz(target);
}

TEST_CASE("no bytes bring the reader of frames between nodes down") {
  BlockPool pool;
  FuzzTarget target;
  target.name = "frame";
  TaskFrameWriter writer({{1, 2}, "node", 3, 4});
  writer.begin_epoch({}, {{"split", 1}});
  writer.deliver(0, EpochStart{});
  writer.deliver(1, some_rows(pool, 3));
  writer.deliver(0, EpochEnd{});
  writer.grant(1, 5);
  target.corpus.push_back(writer.take().value());
  HostReport report;
  report.done.resize(2);
  report.done[0].report.statistics.operators["a"].name = "count";
  report.error = fatal("x");
  target.corpus.push_back(encode_frame(report));
  ClientReply reply;
  reply.view = ClusterView{};
  reply.view->members.resize(2);
  reply.view->submissions.resize(1);
  target.corpus.push_back(encode_frame(reply));
  OpenTasks open;
  open.placement = {"a", "b"};
  open.state_files.resize(1);
  target.corpus.push_back(encode_frame(open));
  RunWorker worker;
  worker.binary.arguments = {"--input", "in"};
  target.corpus.push_back(encode_frame(worker));
  target.corpus.push_back(encode_frame(Heartbeat{"n", {"m", 1, 2}}));
  target.words = {"\xce\xff\xff\xff\xff",
                  "\xdd\xff\xff\xff\xff",
                  "\xc6\x7f\xff\xff\xff",
                  std::string(1, '\0'),
                  "\xc0",
                  "\xdf\xff\xff\xff\xff"};
  target.run = decode_message;
  target.max_bytes = 4000;
  check_fuzz(target);
}

}  // namespace stream::fuzz
