#include <tests/kit/catch.hpp>
#include <tests/servers/server_script.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

using namespace stream::testing;

namespace {

bool is_listening(const std::string& address) {
  const auto colon = address.find(':');
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &peer.sin_addr);
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected = ::connect(socket, reinterpret_cast<sockaddr*>(&peer), sizeof peer) == 0;
  ::close(socket);
  return connected;
}

bool ends_within(const std::string& address, int seconds) {
  for (int i = 0; i < seconds * 20 && is_listening(address); ++i) sleep_millis(50);
  return !is_listening(address);
}

}  // namespace

TEST_CASE("tests/run keeps a broker for the tests that ask for one") {
  const std::string brokers = server_variable("STREAM_TEST_KAFKA");
  CHECK(brokers.starts_with("127.0.0.1:"));
  CHECK(is_listening(brokers));
}

TEST_CASE("three brokers can be killed and started again, each at its address") {
  ServerScript kafka("kafka", "3");
  const std::string brokers = kafka.variable("STREAM_TEST_KAFKA");
  REQUIRE(std::count(brokers.begin(), brokers.end(), ',') == 2);
  const std::string first = brokers.substr(0, brokers.find(','));
  CHECK(is_listening(first));
  kafka.run("kill-node 1");
  CHECK_FALSE(is_listening(first));
  CHECK(is_listening(brokers.substr(brokers.rfind(',') + 1)));
  kafka.run("start-node 1");
  CHECK(is_listening(first));
  CHECK_THROWS(kafka.run("kill-node 4"));
}

TEST_CASE("a server ends with the process that owns it") {
  const pid_t owner = fork();
  if (owner == 0) {
    for (;;) pause();
  }
  ServerScript kafka("kafka", "", owner);
  const std::string broker = kafka.variable("STREAM_TEST_KAFKA");
  CHECK(is_listening(broker));
  kill(owner, SIGKILL);
  waitpid(owner, nullptr, 0);
  CHECK(ends_within(broker, 20));
}
