#include <tests/cluster/child_process.hpp>
#include <tests/servers/slow_proxy.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <list>
#include <stdexcept>
#include <string>

namespace stream::testing {

namespace {

constexpr int kTickMillis = 10;

sockaddr_in address_of(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

int connect_to_port(int port) {
  const int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = address_of(port);
  if (connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return made;
  close(made);
  return -1;
}

/// What one end has said and the other one has not heard yet.
struct Direction {
  int from, to;
  std::string waiting = {};

  /// False: the connection is over.
  bool move(std::size_t most, std::atomic<std::int64_t>& num_bytes) {
    if (!waiting.empty()) {
      const ssize_t sent = send(to, waiting.data(), waiting.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent < 0) return errno == EAGAIN;
      waiting.erase(0, static_cast<std::size_t>(sent));
      num_bytes += sent;
    }
    if (!waiting.empty()) return true;
    waiting.resize(most);
    const ssize_t got = recv(from, waiting.data(), most, MSG_DONTWAIT);
    const bool is_nothing_yet = got < 0 && errno == EAGAIN;
    waiting.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return got > 0 || is_nothing_yet;
  }
};

struct ProxiedConnection {
  int client, server;
  Direction there{client, server}, back{server, client};
  ProxiedConnection(int from, int to) : client(from), server(to) {}
  ProxiedConnection(const ProxiedConnection&) = delete;
  ProxiedConnection& operator=(const ProxiedConnection&) = delete;
  ~ProxiedConnection() {
    close(client);
    close(server);
  }
};

}  // namespace

SlowProxy::SlowProxy(std::int64_t bytes_per_second) : bytes_per_second_(bytes_per_second) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address = address_of(0);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 64) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no port for a proxy");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

SlowProxy::~SlowProxy() {
  is_over_ = true;
  thread_.join();
  close(listener_);
}

void SlowProxy::run() {
  std::list<ProxiedConnection> connections;
  const auto most = static_cast<std::size_t>(bytes_per_second_ * kTickMillis / 1000);
  while (!is_over_) {
    for (int client; (client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
      const int server = target_ == 0 ? -1 : connect_to_port(target_);
      if (server < 0) {
        close(client);
      } else {
        connections.emplace_back(client, server);
      }
    }
    connections.remove_if([&](ProxiedConnection& one) {
      return !one.there.move(most, num_bytes_) || !one.back.move(most, num_bytes_);
    });
    sleep_millis(kTickMillis);
  }
}

}  // namespace stream::testing
