#include <tests/unit/connectors/socket/loopback_server.hpp>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace stream::testing {
namespace {

constexpr int kTimeOutMillis = 20'000;

bool wait_for(int fd, short events, int millis) {
  pollfd polled{fd, events, 0};
  return ::poll(&polled, 1, millis) == 1;
}

}  // namespace

Peer& Peer::operator=(Peer&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

bool Peer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t sent = send_some(bytes, kTimeOutMillis);
    if (sent == 0) return false;
    bytes.remove_prefix(sent);
  }
  return true;
}

std::size_t Peer::send_some(std::string_view bytes, int patience_millis) {
  if (!wait_for(fd_, POLLOUT, patience_millis)) return 0;
  const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

void Peer::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void Peer::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

LoopbackServer::LoopbackServer(bool use_ipv6, std::uint16_t port) {
  fd_ = ::socket(use_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return;
  const int yes = 1;
  ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  v4.sin_port = htons(port);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_addr = in6addr_loopback;
  v6.sin6_port = htons(port);
  auto* const address =
      use_ipv6 ? reinterpret_cast<sockaddr*>(&v6) : reinterpret_cast<sockaddr*>(&v4);
  socklen_t size = use_ipv6 ? sizeof v6 : sizeof v4;
  if (::bind(fd_, address, size) != 0 || ::listen(fd_, 16) != 0) {
    ::close(std::exchange(fd_, -1));
    return;
  }
  ::getsockname(fd_, address, &size);
  port_ = ntohs(use_ipv6 ? v6.sin6_port : v4.sin_port);
}

LoopbackServer::~LoopbackServer() {
  if (fd_ >= 0) ::close(fd_);
}

Peer LoopbackServer::accept() {
  if (!wait_for(fd_, POLLIN, kTimeOutMillis)) return Peer();
  return Peer(::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC));
}

}  // namespace stream::testing
