#include <libstream/connectors/socket/segment.hpp>
#include <libstream/connectors/socket/socket_text_source.hpp>
#include <tests/unit/connectors/reader_harness.hpp>
#include <tests/unit/connectors/socket/loopback_server.hpp>

namespace stream::testing {
namespace {

using Lines = std::vector<std::string>;

std::shared_ptr<Source> logged_source(std::uint16_t port) {
  SocketOptions options;
  options.host = "127.0.0.1";
  options.port = port;
  options.back_off_min = Duration{5};
  options.back_off_max = Duration{20};
  options.write_ahead_log = true;
  auto source = socket_text_source(options);
  REQUIRE(source);
  return *source;
}

/// A planner over `log`, as one start of a query has it.
struct Started {
  Started(const Source& source, MemorySourceLog& log) : planner(source.make_planner()) {
    REQUIRE(planner->open({local_file_system(), system_clock(), log, 1}));
  }
  /// Ticks until the offset is past `start`.
  std::string advance(const std::string& start) {
    const auto give_up = system_clock().steady_nanos() + std::chrono::nanoseconds(kTimeOut).count();
    while (system_clock().steady_nanos() < give_up) {
      auto end = planner->latest_offset(start, 0);
      REQUIRE(end);
      REQUIRE(end->has_value());
      if (**end != start) return **end;
    }
    FAIL("nothing was received");
    return start;
  }
  /// Ticks from `start` until its segments hold `num_lines` lines.
  std::string advance_to_lines(const Source& source, const std::string& start,
                               std::size_t num_lines) {
    std::string end = start;
    do end = advance(end);
    while (lines(source, start, end).size() < num_lines);
    return end;
  }
  Lines lines(const Source& source, const std::string& start, const std::string& end) {
    auto splits = planner->plan(start, end);
    if (!splits) FAIL(splits.error().message());
    ReaderHarness harness(source);
    Lines all;
    for (const Batch& batch : harness.read_splits(*splits))
      for (std::string& line : lines_of(batch)) all.push_back(std::move(line));
    rejects = harness.reader->take_rejects();
    return all;
  }
  std::unique_ptr<SourcePlanner> planner;
  std::vector<Reject> rejects;
};

TEST_CASE("With the log, a range of segments gives the same lines again and again") {
  LoopbackServer server;
  const auto source = logged_source(server.port());
  CHECK_FALSE(source->has_open_ranges());
  CHECK(source->is_replayable());
  MemorySourceLog log;
  Started started(*source, log);
  const std::string start = *started.planner->initial_offset();
  CHECK(start == R"({"segment":0})");
  CHECK(**started.planner->latest_offset(start, 0) == start);

  Peer peer = server.accept();
  REQUIRE(peer.send("a\nb\n"));
  const std::string middle = started.advance_to_lines(*source, start, 2);
  REQUIRE(peer.send("c\n"));
  const std::string end = started.advance(middle);
  CHECK(started.lines(*source, start, end) == Lines{"a", "b", "c"});
  CHECK(started.lines(*source, start, middle) == Lines{"a", "b"});
  CHECK(started.lines(*source, middle, end) == Lines{"c"});
  CHECK(started.planner->plan(end, end)->empty());
}

TEST_CASE("With the log, received lines survive a crash before their offset was written") {
  LoopbackServer server;
  const auto source = logged_source(server.port());
  MemorySourceLog log;
  const std::string start = segment_offset(0);
  {
    Started crashed(*source, log);
    REQUIRE(crashed.planner->latest_offset(start, 0));
    Peer peer = server.accept();
    REQUIRE(peer.send("kept\nhalf"));
    crashed.advance(start);
  }
  Started restarted(*source, log);
  const std::string end = **restarted.planner->latest_offset(start, 0);
  CHECK(end == segment_offset(1));
  CHECK(restarted.lines(*source, start, end) == Lines{"kept"});
}

TEST_CASE("Committed segments are removed, and a restart goes on behind them") {
  LoopbackServer server;
  const auto source = logged_source(server.port());
  MemorySourceLog log;
  std::string end;
  Peer of_first;  // stays open: the first planner must not connect a second time
  {
    Started first(*source, log);
    REQUIRE(first.planner->latest_offset(segment_offset(0), 0));
    of_first = server.accept();
    REQUIRE(of_first.send("old\n"));
    end = first.advance(segment_offset(0));
    REQUIRE(first.planner->commit(end));
    CHECK(log.entries.empty());
    const auto again = first.planner->plan(segment_offset(0), end);
    REQUIRE_FALSE(again);
    CHECK(again.error().error_class() == ErrorClass::fatal);
  }
  Started second(*source, log);
  CHECK(**second.planner->latest_offset(end, 0) == end);
  Peer peer = server.accept();
  REQUIRE(peer.is_connected());
  REQUIRE(peer.send("new\n"));
  const std::string next = second.advance(end);
  CHECK(second.lines(*source, end, next) == Lines{"new"});
}

TEST_CASE("A log that fails once loses no line") {
  LoopbackServer server;
  const auto source = logged_source(server.port());
  MemorySourceLog log;
  Started started(*source, log);
  const std::string start = segment_offset(0);
  REQUIRE(started.planner->latest_offset(start, 0));
  Peer peer = server.accept();
  log.num_failures = 1;
  REQUIRE(peer.send("precious\n"));
  while (started.planner->latest_offset(start, 0)) {
  }
  CHECK(log.num_failures == 0);
  const std::string end = started.advance(start);
  CHECK(started.lines(*source, start, end) == Lines{"precious"});
}

TEST_CASE("Half a line of a peer that dies is a reject of its segment") {
  LoopbackServer server;
  const auto source = logged_source(server.port());
  MemorySourceLog log;
  Started started(*source, log);
  const std::string start = segment_offset(0);
  REQUIRE(started.planner->latest_offset(start, 0));
  {
    Peer peer = server.accept();
    REQUIRE(peer.send("whole\nhal"));
  }
  Peer next = server.accept();
  REQUIRE(next.send("f\n"));
  const std::string end = started.advance_to_lines(*source, start, 2);
  CHECK(started.lines(*source, start, end) == Lines{"whole", "f"});
  REQUIRE(started.rejects.size() == 1);
  CHECK(started.rejects[0].bytes == "hal");
}

TEST_CASE("Uncommitted segments are bounded: then nothing more is taken") {
  LoopbackServer server;
  SocketOptions options;
  options.host = "127.0.0.1";
  options.port = server.port();
  options.write_ahead_log = true;
  options.max_buffered_bytes = 1000;
  const auto source = *socket_text_source(options);
  MemorySourceLog log;
  Started started(*source, log);
  std::string end = segment_offset(0);
  REQUIRE(started.planner->latest_offset(end, 0));
  Peer peer = server.accept();
  std::string line(99, 'z');
  line.push_back('\n');
  std::size_t logged = 0;
  while (logged < 4000) {
    REQUIRE(peer.send(line));
    end = **started.planner->latest_offset(end, 0);
    logged = 0;
    for (const auto& [n, content] : log.entries) logged += content.size();
  }
  REQUIRE(peer.send(line));
  CHECK(**started.planner->latest_offset(end, 0) == end);
  REQUIRE(started.planner->commit(end));
  CHECK(started.advance(end) != end);
}

TEST_CASE("A segment reads back as written, and damage is found") {
  Segment segment;
  segment.lines = std::string("a\0b\n\n", 5);
  segment.rejects = {{"12\n3", "place", "reason"}, {"", "", ""}};
  const std::string text = encode_segment(segment);
  const auto decoded = decode_segment(text);
  REQUIRE(decoded);
  CHECK(decoded->lines == segment.lines);
  REQUIRE(decoded->rejects.size() == 2);
  CHECK(decoded->rejects[0].bytes == "12\n3");
  CHECK(decoded->rejects[0].reason == "reason");
  for (std::size_t size = 0; size < text.size(); ++size) {
    INFO("cut to " << size << " bytes");
    CHECK_FALSE(decode_segment(std::string_view(text).substr(0, size)));
  }
  CHECK_FALSE(decode_segment(text + "x"));
  CHECK_FALSE(decode_segment("lines v2\n0\n0\n"));
  CHECK_FALSE(parse_segment_offset("3"));
  CHECK_FALSE(parse_segment_offset(R"({"segment":-1})"));
  CHECK(*parse_segment_offset(segment_offset(12)) == 12);
}

}  // namespace
}  // namespace stream::testing
