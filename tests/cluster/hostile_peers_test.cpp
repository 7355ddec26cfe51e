#include <libstream/base/file_system.hpp>
#include <tests/cluster/child_process.hpp>
#include <tests/cluster/hostile_peer.hpp>
#include <tests/cluster/secure_nodes.hpp>
#include <tests/kit/catch.hpp>
#include <tests/kit/test_runs.hpp>

#include <csignal>
#include <cstdlib>
#include <deque>
#include <random>

using namespace stream::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A header of CAF's protocol.
std::string header(char operation, std::uint32_t length, unsigned char id_begin = 0x10) {
  std::string text(32, '\0');
  text[0] = operation;
  for (std::size_t i = 0; i < 4; ++i) text[4 + i] = static_cast<char>(length >> (24 - 8 * i));
  text[8] = static_cast<char>(id_begin);
  text[31] = 1;
  return text;
}

std::string noise(std::mt19937& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

/// Resident memory of a process.
long kilobytes_of(pid_t process) {
  const auto status =
      stream::read_file(stream::local_file_system(), "/proc/" + std::to_string(process) + "/statm");
  const std::string text = *status;
  return std::strtol(text.c_str() + text.find(' '), nullptr, 10) * 4;
}

/// One after the other every kind of bad peer. Those that say nothing stay for a while.
class Attack {
 public:
  Attack(std::uint16_t port, const TemporaryDirectory& directory, unsigned seed)
      : port_(port),
        random_(seed),
        strange_(directory / "other/eve.pem", directory / "other/eve-key.pem"),
        member_(directory / "tls/client.pem", directory / "tls/client-key.pem") {}

  static constexpr int kNumKinds = 10;

  /// False: the node did not end the connection.
  bool strike(int kind) {
    auto peer = std::make_unique<HostilePeer>(port_);
    switch (kind) {
      case 0:
        peer->send("GET / HTTP/1.1\r\nHost: example.example\r\n\r\n");
        return peer->is_sent_away();
      case 1:
        peer->send(header(2, 1u << 30));  // plain, as if there were no TLS
        return peer->is_sent_away();
      case 2:
        peer->send(noise(random_, 1 + random_() % 2000));
        peer->send("\n");
        return keep(std::move(peer));  // it may look like a handshake whose rest is awaited
      case 3:
        return keep(std::move(peer));  // says nothing
      case 4:
        peer->send("\x16\x03");  // begins a handshake, and no more
        return keep(std::move(peer));
      case 5:
        static_cast<void>(peer->shake_hands(nameless_));
        return peer->is_sent_away();
      case 6:
        static_cast<void>(peer->shake_hands(strange_));
        return peer->is_sent_away();
      case 7:
        return strike_as_member(*peer, header(2, 0xfffffff0u));
      case 8:
        return strike_as_member(*peer, header(2, 64, 0x20) + noise(random_, 64));
      default:
        return strike_as_member(*peer, std::string(1, '\x09') + noise(random_, 500));
    }
  }

 private:
  /// Behind the handshakes of TLS and of CAF.
  bool strike_as_member(HostilePeer& peer, const std::string& bytes) {
    if (!peer.shake_hands(member_) || !peer.receive(1 + 32)) return false;
    peer.send(bytes);
    return peer.is_sent_away();
  }

  bool keep(std::unique_ptr<HostilePeer> peer) {
    kept_.push_back(std::move(peer));
    if (kept_.size() > 200) kept_.pop_front();
    return true;
  }

  const std::uint16_t port_;
  std::mt19937 random_;
  HostileTls nameless_;
  HostileTls strange_;
  HostileTls member_;
  std::deque<std::unique_ptr<HostilePeer>> kept_;
};

}  // namespace

TEST_CASE("hostile peers are sent away, and the cluster goes on") {
  const int count = rounds(300, 10'000);
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed << ", " << count << " connections");
  const TemporaryDirectory directory;
  SecureNodes nodes(directory, 2);
  REQUIRE(
      run_program("streamctl", {"cluster", "init-ca", "--dir", directory / "other"}).exit_code ==
      0);
  REQUIRE(run_program("streamctl", {"cluster", "issue-cert", "eve", "--dir", directory / "other",
                                    "--host", "127.0.0.1"})
              .exit_code == 0);
  Attack attack(nodes.port(0), directory, seed);
  const pid_t target = nodes.process(0).id();
  for (int i = 0; i < 100; ++i) REQUIRE(attack.strike(i % Attack::kNumKinds));
  const long before = kilobytes_of(target);
  for (int i = 0; i < count; ++i) {
    INFO("connection " << i);
    REQUIRE(attack.strike(i % Attack::kNumKinds));
  }
  const long growth = kilobytes_of(target) - before;
  WARN("memory grew by " << growth << " KiB in " << count << " connections");
  CHECK(growth < 20 * 1024);

  CHECK(nodes.num_ready() == 2);
  drop_file(directory / "in/1.csv", "1\n2\n3\n");
  drop_file(directory / "copy.sql",
            "CREATE STREAM numbers (n INT) USING csv OPTIONS (path '" + (directory / "in") +
                "');\nCREATE SINK copies USING json OPTIONS (path '" + (directory / "out") +
                "');\nINSERT INTO copies SELECT n * 2 AS n FROM numbers;\n");
  const ChildResult submitted =
      nodes.run({"submit", directory / "copy.sql", "--trigger", "available-now", "--checkpoint",
                 directory / "checkpoint", "--parallelism", "4"});
  INFO(submitted.output);
  CHECK(submitted.exit_code == 0);
  nodes.process(0).signal(SIGTERM);
  const std::string log = nodes.process(0).wait().output;
  INFO(log);
  for (const char* reason :
       {"not a node", "no certificate", "wrong certificate", "bad frame", "refused"})
    CHECK_THAT(log, ContainsSubstring(reason));
  // At most a line in ten seconds, whatever comes.
  std::size_t num_lines = 0;
  for (std::size_t at = log.find("refused "); at != std::string::npos;
       at = log.find("refused ", at + 1))
    ++num_lines;
  CHECK(num_lines <= static_cast<std::size_t>(10 + count / 50));
}
