#include <libstream/execution/peer_messages.hpp>
#include <tests/kit/catch.hpp>

using namespace stream;

namespace {

ClusterView some_view() {
  ClusterView view;
  view.term = 3;
  view.version = 17;
  view.leader = "n1";
  view.next_rank = 4;
  view.next_submission = 9;
  view.members = {{{"n1", "127.0.0.1", 4001, 2}, 0, false},
                  {{"n2", "127.0.0.1", 4002, 1}, 3, true}};
  Submission one;
  one.number = 8;
  one.program = {"SELECT 1;\n", "a.sql", 4, "500ms", "/tmp/c", {}};
  one.home = "n2";
  one.coordinator = "n1";
  one.attempt = 2;
  one.state = SubmissionState::waiting;
  one.message = "broker away";
  one.restart_at = -5;
  view.submissions = {one};
  return view;
}

HostReport some_report() {
  HostReport report;
  report.generation = {77, 3};
  TaskDone done;
  done.epoch = 12;
  done.report.task = 5;
  done.report.statistics.source_rows = {0, 10};
  done.report.statistics.operators["1-count"].state_rows = -1;
  done.report.statistics.operators["1-count"].name = "count";
  done.report.statistics.event_times.push_back({1, 30, 10, Int128{-40} << 70, 2});
  done.report.sink_messages.push_back({0, 5, std::string("a\0b", 3)});
  done.files.push_back({"1-count/12-1-5.delta", 100, 42, 0, 127, "1-count", 12, false});
  done.rejects.push_back({"x,,", "file:/a line 3", "too few columns"});
  report.done = {done};
  report.open_end = HostReport::OpenEnd{12, 1, "{\"at\":5}"};
  report.error = bad_data("no");
  report.has_rows_arrived = true;
  return report;
}

}  // namespace

TEST_CASE("a view of the cluster is what it was after its way to another node") {
  const auto frame = encode_frame(ViewMessage{"n1", some_view()});
  const auto decoded = decode_frame<ViewMessage>(frame);
  REQUIRE(decoded);
  CHECK(decoded->from == "n1");
  CHECK(decoded->view == some_view());
}

TEST_CASE("what tasks report is what it was after its way to another node") {
  const auto decoded = decode_frame<HostReport>(encode_frame(some_report()));
  REQUIRE(decoded);
  CHECK(decoded->generation == GenerationKey{77, 3});
  REQUIRE(decoded->done.size() == 1);
  const TaskDone& done = decoded->done.front();
  CHECK(done.epoch == 12);
  CHECK(done.report.task == 5);
  CHECK(done.report.statistics.source_rows == std::vector<std::int64_t>{0, 10});
  CHECK(done.report.statistics.operators.at("1-count").state_rows == -1);
  CHECK(done.report.statistics.event_times.at(0).sum_millis == Int128{-40} << 70);
  CHECK(done.report.sink_messages.at(0).content == std::string("a\0b", 3));
  CHECK(done.files.at(0).checksum == 42);
  CHECK(done.rejects.at(0).reason == "too few columns");
  CHECK(decoded->open_end->end == "{\"at\":5}");
  CHECK(decoded->error->error_class() == ErrorClass::bad_data);
  CHECK(decoded->has_rows_arrived);
}

TEST_CASE("a frame that is cut, of another kind or too long is refused") {
  const std::string frame = encode_frame(some_report());
  for (std::size_t size = 0; size < frame.size(); ++size)
    CHECK_FALSE(decode_frame<HostReport>(frame.substr(0, size)));
  CHECK_FALSE(decode_frame<HostReport>(frame + "x"));
  CHECK_FALSE(decode_frame<Heartbeat>(frame));
  CHECK_FALSE(kind_of_frame("\x7f"));
  CHECK_FALSE(kind_of_frame(std::string(kMaxFrameBytes + 1, '\0')));
}

TEST_CASE("a list that claims more items than bytes are there takes no memory") {
  std::string frame = encode_frame(CloseTasks{});
  frame.front() = static_cast<char>(FrameKind::host_report);
  frame += "\xce\xff\xff\xff\xff";
  CHECK_FALSE(decode_frame<HostReport>(frame));
}

TEST_CASE("what nodes and workers say of a program is what it was after its way") {
  RunWorker wanted{7, 2, "n1", "127.0.0.1:9", {}, true};
  wanted.binary = {"word_count", {"--input", "a b", ""}, "/tmp", "0123", 3, 99};
  const auto decoded = decode_frame<RunWorker>(encode_frame(wanted));
  REQUIRE(decoded);
  CHECK(decoded->binary == wanted.binary);
  CHECK(decoded->join == "127.0.0.1:9");
  CHECK(decoded->is_over);
  QueryProgram program;
  program.binary = wanted.binary;
  ClientRequest request;
  request.program = program;
  const auto asked = decode_frame<ClientRequest>(encode_frame(request));
  REQUIRE(asked);
  CHECK(asked->program == program);
  const auto report =
      decode_frame<WorkerReport>(encode_frame(WorkerReport{7, 2, "n2", "", fatal("no such file")}));
  REQUIRE(report);
  REQUIRE(report->error);
  CHECK(report->error->message() == "no such file");
}
