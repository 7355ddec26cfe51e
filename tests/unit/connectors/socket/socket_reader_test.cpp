#include <libstream/connectors/socket/socket_text_source.hpp>
#include <tests/unit/connectors/reader_harness.hpp>
#include <tests/unit/connectors/socket/loopback_server.hpp>

#include <fmt/format.h>

namespace stream::testing {
namespace {

using Lines = std::vector<std::string>;

SocketOptions options_of(std::uint16_t port) {
  SocketOptions options;
  options.host = "127.0.0.1";
  options.port = port;
  options.back_off_min = Duration{5};
  options.back_off_max = Duration{20};
  return options;
}

std::shared_ptr<Source> made(const SocketOptions& options) {
  auto source = socket_text_source(options);
  REQUIRE(source);
  return *source;
}

/// Rejects of the reader, once there are `count` of them.
std::vector<Reject> wait_for_rejects(ReaderHarness& harness, std::size_t count) {
  std::vector<Reject> rejects;
  const auto give_up = system_clock().steady_nanos() + std::chrono::nanoseconds(kTimeOut).count();
  while (rejects.size() < count && system_clock().steady_nanos() < give_up) {
    for (Reject& reject : harness.reader->take_rejects()) rejects.push_back(std::move(reject));
    harness.signal.wait(std::chrono::milliseconds(5));
  }
  return rejects;
}

TEST_CASE("A socket's lines arrive in order over several epochs of one connection") {
  LoopbackServer server;
  const auto source = made(options_of(server.port()));
  CHECK(source->has_open_ranges());
  CHECK_FALSE(source->is_replayable());
  ReaderHarness harness(*source);
  REQUIRE(harness.reader->open({"0", 0}));
  Peer peer = server.accept();
  REQUIRE(peer.is_connected());

  REQUIRE(peer.send("to be\nor not\r\n\nto "));
  CHECK(harness.read_lines(3) == Lines{"to be", "or not", ""});
  CHECK(*harness.reader->end_open_range() == "3");
  Batch batch;
  CHECK(harness.read(batch) == ReadStatus::end_of_split);

  REQUIRE(peer.send("be\n"));
  REQUIRE(harness.reader->open({"3", 0}));
  CHECK(harness.read_lines(1) == Lines{"to be"});
  CHECK(*harness.reader->end_open_range() == "4");
}

TEST_CASE("An open range ends after what was handed out, the rest belongs to the next epoch") {
  LoopbackServer server;
  ReaderHarness harness(*made(options_of(server.port())), 2);
  REQUIRE(harness.reader->open({"10", 0}));
  Peer peer = server.accept();
  REQUIRE(peer.send("a\nb\nc\n"));
  CHECK(harness.read_lines(2) == Lines{"a", "b"});
  CHECK(*harness.reader->end_open_range() == "12");
  REQUIRE(harness.reader->open({"12", 0}));
  CHECK(harness.read_lines(1) == Lines{"c"});
}

TEST_CASE("A source without a connection has no rows yet, and connects when the server comes") {
  std::uint16_t port = 0;
  {
    LoopbackServer gone;
    port = gone.port();
  }
  ReaderHarness harness(*made(options_of(port)));
  REQUIRE(harness.reader->open({"0", 0}));
  Batch batch;
  CHECK(harness.read(batch) == ReadStatus::no_rows_yet);
  LoopbackServer server(false, port);
  REQUIRE(server.is_bound());
  Peer peer = server.accept();
  REQUIRE(peer.is_connected());
  REQUIRE(peer.send("late\n"));
  CHECK(harness.read_lines(1) == Lines{"late"});
}

TEST_CASE("Half a line of a peer that dies is rejected, never glued to the next connection's") {
  LoopbackServer server;
  ReaderHarness harness(*made(options_of(server.port())));
  REQUIRE(harness.reader->open({"0", 0}));
  const bool is_reset = GENERATE(false, true);
  {
    Peer peer = server.accept();
    REQUIRE(peer.send("whole\nhal"));
    CHECK(harness.read_lines(1) == Lines{"whole"});
    is_reset ? peer.reset() : peer.close();
  }
  Peer next = server.accept();
  REQUIRE(next.is_connected());
  REQUIRE(next.send("f\nnext\n"));
  CHECK(harness.read_lines(2) == Lines{"f", "next"});
  const auto rejects = wait_for_rejects(harness, 1);
  REQUIRE(rejects.size() == 1);
  CHECK(rejects[0].bytes == "hal");
  CHECK(rejects[0].place == fmt::format("socket:127.0.0.1:{} connection 1", server.port()));
  CHECK(harness.reader->num_rejected() == 1);
}

TEST_CASE("Lines over the limit are rejected and the lines after them are read") {
  LoopbackServer server;
  SocketOptions options = options_of(server.port());
  options.max_line_bytes = 10;
  ReaderHarness harness(*made(options));
  REQUIRE(harness.reader->open({"0", 0}));
  Peer peer = server.accept();
  const std::string endless(300'000, 'x');
  REQUIRE(peer.send("0123456789\n0123456789\r\n01234567890\nshort\n"));
  REQUIRE(peer.send(endless));
  REQUIRE(peer.send("\nlast\n"));
  CHECK(harness.read_lines(4) == Lines{"0123456789", "0123456789", "short", "last"});
  const auto rejects = wait_for_rejects(harness, 2);
  CHECK(rejects.size() == 2);
  CHECK(harness.reader->num_rejected() == 2);
  for (const Reject& reject : rejects) {
    CHECK(reject.bytes.size() <= 1024);
    CHECK(reject.reason == "the line is longer than 10 bytes");
  }
}

TEST_CASE("A line of a megabyte passes whole, though a batch is smaller") {
  LoopbackServer server;
  ReaderHarness harness(*made(options_of(server.port())), 4096, 1000);
  REQUIRE(harness.reader->open({"0", 0}));
  Peer peer = server.accept();
  const std::string line(1u << 20, 'y');
  REQUIRE(peer.send("a\n" + line + "\nb\n"));
  CHECK(harness.read_lines(3) == Lines{"a", line, "b"});
}

TEST_CASE("A hundred mebibytes under a slow reader stay bounded and arrive complete") {
  LoopbackServer server;
  SocketOptions options = options_of(server.port());
  options.max_buffered_bytes = 1u << 20;
  ReaderHarness harness(*made(options));
  REQUIRE(harness.reader->open({"0", 0}));
  Peer peer = server.accept();
  std::string chunk;
  constexpr std::size_t kLinesPerChunk = 1024;
  constexpr std::size_t kLineBytes = 1024;  // with the line end
  for (std::size_t i = 0; i < kLinesPerChunk; ++i)
    chunk.append(fmt::format("{:0>{}}\n", i, kLineBytes - 1));
  constexpr std::size_t kTotal = 100u << 20;

  std::size_t sent = 0;
  const auto send_until_held = [&](int patience_millis) {
    while (sent < kTotal) {
      const std::size_t at = sent % chunk.size();
      const std::size_t now = peer.send_some(std::string_view(chunk).substr(at), patience_millis);
      if (now == 0) return;
      sent += now;
    }
  };
  send_until_held(300);
  // Held by TCP: our buffer, and what the kernel keeps for both ends (a few mebibytes each).
  INFO("sent before any read: " << sent);
  CHECK(sent < 40u << 20);

  std::size_t num_lines = 0;
  std::size_t reserved_max = 0;
  bool are_lines_right = true;
  while (num_lines < kTotal / kLineBytes) {
    send_until_held(0);
    Batch batch;
    const ReadStatus status = harness.read(batch);
    if (status == ReadStatus::no_rows_yet) {
      REQUIRE(harness.signal.wait());
      continue;
    }
    for (std::size_t row = 0; row < batch.num_rows(); ++row, ++num_lines) {
      const std::string_view line = batch.column(0).string_at(row);
      are_lines_right = are_lines_right && line.size() == kLineBytes - 1 &&
                        line.substr(line.size() - 4) == fmt::format("{:0>4}", num_lines % 1024);
    }
    reserved_max = std::max(reserved_max, harness.pool.reserved_bytes());
  }
  CHECK(are_lines_right);
  CHECK(num_lines == kTotal / kLineBytes);
  CHECK(reserved_max < 8u << 20);
}

TEST_CASE("A source connects over IPv6 where there is one") {
  LoopbackServer server(true);
  if (!server.is_bound()) {
    WARN("no ::1 on this machine: nothing tested");
    return;
  }
  SocketOptions options = options_of(server.port());
  options.host = "::1";
  ReaderHarness harness(*made(options));
  REQUIRE(harness.reader->open({"0", 0}));
  Peer peer = server.accept();
  REQUIRE(peer.is_connected());
  REQUIRE(peer.send("six\n"));
  CHECK(harness.read_lines(1) == Lines{"six"});
}

TEST_CASE("A silent connection is made again after the idle time-out") {
  LoopbackServer server;
  SocketOptions options = options_of(server.port());
  options.idle_time_out = Duration{50};
  ReaderHarness harness(*made(options));
  REQUIRE(harness.reader->open({"0", 0}));
  Peer first = server.accept();
  REQUIRE(first.is_connected());
  Peer second = server.accept();
  CHECK(second.is_connected());
}

TEST_CASE("Without reconnect, an end of the peer leaves the source without rows") {
  LoopbackServer server;
  SocketOptions options = options_of(server.port());
  options.reconnect = false;
  ReaderHarness harness(*made(options));
  REQUIRE(harness.reader->open({"0", 0}));
  {
    Peer peer = server.accept();
    REQUIRE(peer.send("only\nhalf"));
  }
  CHECK(harness.read_lines(1) == Lines{"only"});
  CHECK(wait_for_rejects(harness, 1).size() == 1);
  Batch batch;
  CHECK(harness.read(batch) == ReadStatus::no_rows_yet);
}

TEST_CASE("Without reconnect, a refused connection is an error that says what to do") {
  std::uint16_t port = 0;
  {
    LoopbackServer gone;
    port = gone.port();
  }
  SocketOptions options = options_of(port);
  options.reconnect = false;
  ReaderHarness harness(*made(options));
  REQUIRE(harness.reader->open({"0", 0}));
  Batch batch;
  auto read = harness.reader->read(batch);
  while (read) {
    REQUIRE(*read == ReadStatus::no_rows_yet);
    REQUIRE(harness.signal.wait());
    read = harness.reader->read(batch);
  }
  REQUIRE_FALSE(read);
  CHECK(read.error().error_class() == ErrorClass::transient);
  CHECK_THAT(read.error().message(), Catch::Matchers::ContainsSubstring("start the server first"));
}

TEST_CASE("Every wrong socket option is named") {
  SocketOptions options;
  options.back_off_min = Duration{0};
  const auto source = socket_text_source(options);
  REQUIRE_FALSE(source);
  CHECK(source.error().error_class() == ErrorClass::bad_option);
  for (const char* name : {"host", "port", "back_off_min"})
    CHECK_THAT(source.error().message(), Catch::Matchers::ContainsSubstring(name));
}

}  // namespace
}  // namespace stream::testing
