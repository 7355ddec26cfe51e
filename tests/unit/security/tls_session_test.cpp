#include <libstream/security/tls_session.hpp>
#include <tests/cluster/child_process.hpp>
#include <tests/kit/catch.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string_view>

using namespace stream;
using Catch::Matchers::ContainsSubstring;
using stream::testing::TemporaryDirectory;
using Step = TlsSession::Step;

namespace {

/// Two ends of a connection in one thread.
struct Wire {
  Wire() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0); }
  ~Wire() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  std::array<int, 2> ends{};
};

std::shared_ptr<const TlsContext> context(const std::string& directory, const std::string& name,
                                          const std::string& host) {
  return value_or_throw(
      TlsContext::load(value_or_throw(issue_certificate({directory, name, {host}, 30, false}))));
}

bool is_waiting(Step step) { return step == Step::wait_readable || step == Step::wait_writable; }

/// Both as far as they get.
std::pair<Step, Step> shake(TlsSession& server, TlsSession& client) {
  Step at_server = Step::wait_readable;
  Step at_client = Step::wait_readable;
  for (int i = 0; i < 10; ++i) {
    if (is_waiting(at_client)) at_client = client.handshake();
    if (is_waiting(at_server)) at_server = server.handshake();
  }
  return {at_server, at_client};
}

}  // namespace

TEST_CASE("two ends of one authority speak") {
  const TemporaryDirectory directory;
  REQUIRE(make_authority({directory / "tls", 30, false}));
  const Wire wire;
  TlsSession server(context(directory / "tls", "a", "10.0.0.1"), wire.ends[0]);
  TlsSession client(context(directory / "tls", "b", "10.0.0.2"), wire.ends[1], "10.0.0.1");
  REQUIRE(shake(server, client) == std::pair(Step::done, Step::done));
  CHECK(server.peer_name() == "b");
  CHECK(client.peer_name() == "a");
  CHECK(client.write(std::string_view("hello")).size == 5);
  std::array<char, 3> part{};
  CHECK(server.read(part).size == 3);
  CHECK(server.num_pending() == 2);
  CHECK(server.read(part).size == 2);
  CHECK(server.read(part).step == Step::wait_readable);
}

TEST_CASE("an end that dials another host than the certificate's goes no further") {
  const TemporaryDirectory directory;
  REQUIRE(make_authority({directory / "tls", 30, false}));
  const Wire wire;
  TlsSession server(context(directory / "tls", "a", "10.0.0.1"), wire.ends[0]);
  TlsSession client(context(directory / "tls", "b", "10.0.0.2"), wire.ends[1], "10.0.0.9");
  const auto [at_server, at_client] = shake(server, client);
  CHECK(at_server == Step::failed);
  CHECK(server.fault() == HandshakeFault::refused);
  CHECK(at_client == Step::failed);
  CHECK(client.fault() == HandshakeFault::wrong_certificate);
  CHECK_THAT(client.reason(), ContainsSubstring("mismatch"));
}

TEST_CASE("a certificate of another authority is refused at both ends") {
  const TemporaryDirectory directory;
  REQUIRE(make_authority({directory / "one", 30, false}));
  REQUIRE(make_authority({directory / "two", 30, false}));
  const auto ours = context(directory / "one", "a", "10.0.0.1");
  const auto theirs = value_or_throw(TlsContext::load(
      {value_or_throw(issue_certificate({directory / "two", "b", {"10.0.0.1"}, 30, false}))}));
  {
    const Wire wire;
    TlsSession server(ours, wire.ends[0]);
    TlsSession client(theirs, wire.ends[1], "10.0.0.1");
    CHECK(shake(server, client).second == Step::failed);
    CHECK(client.fault() == HandshakeFault::wrong_certificate);
  }
}

TEST_CASE("bytes that are no handshake are refused") {
  const TemporaryDirectory directory;
  REQUIRE(make_authority({directory / "tls", 30, false}));
  const Wire wire;
  TlsSession server(context(directory / "tls", "a", "10.0.0.1"), wire.ends[0]);
  const std::string_view request = "GET / HTTP/1.0\r\n\r\n";
  REQUIRE(::write(wire.ends[1], request.data(), request.size()) > 0);
  CHECK(server.handshake() == Step::failed);
  CHECK(server.fault() == HandshakeFault::broken);
}

TEST_CASE("a peer that goes away raises no signal") {
  const TemporaryDirectory directory;
  REQUIRE(make_authority({directory / "tls", 30, false}));
  Wire wire;
  TlsSession server(context(directory / "tls", "a", "10.0.0.1"), wire.ends[0]);
  TlsSession client(context(directory / "tls", "b", "10.0.0.2"), wire.ends[1], "10.0.0.1");
  REQUIRE(shake(server, client).first == Step::done);
  ::close(std::exchange(wire.ends[1], -1));
  CHECK(server.write(std::string_view("hello")).step == Step::failed);
}
