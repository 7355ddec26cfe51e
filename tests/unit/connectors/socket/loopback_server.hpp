// A TCP server of a test: one thread, the test's; nothing blocks longer than the time-out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stream::testing {

class Peer {
 public:
  explicit Peer(int fd = -1) : fd_(fd) {}
  Peer(Peer&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Peer& operator=(Peer&& other) noexcept;
  ~Peer() { close(); }

  bool is_connected() const { return fd_ >= 0; }
  /// Sends all of it; false when the peer takes no more for the time-out.
  bool send(std::string_view bytes);
  /// Sends what the connection takes now and returns how much; 0 when it takes nothing for
  /// `patience_millis`.
  std::size_t send_some(std::string_view bytes, int patience_millis);
  void close();
  /// Closes with a reset, as a peer that died.
  void reset();

 private:
  int fd_;
};

class LoopbackServer {
 public:
  /// Listens on `port`, 0: any free one. `is_bound` tells whether the address is there.
  explicit LoopbackServer(bool use_ipv6 = false, std::uint16_t port = 0);
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  bool is_bound() const { return fd_ >= 0; }
  std::uint16_t port() const { return port_; }
  /// Waits for a connection; not connected after the time-out.
  Peer accept();

 private:
  int fd_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace stream::testing
