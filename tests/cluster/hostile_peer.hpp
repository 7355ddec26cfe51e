// A peer of a node that means no good: a plain or a TLS connection of its own making, without any
// of the library's code in between. Blocking; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

struct ssl_ctx_st;
struct ssl_st;

namespace stream::testing {

/// The hostile end's side of TLS: believes everybody, shows the certificate of `files` or none.
class HostileTls {
 public:
  explicit HostileTls(const std::string& certificate = "", const std::string& key = "");
  ~HostileTls();
  HostileTls(const HostileTls&) = delete;
  HostileTls& operator=(const HostileTls&) = delete;
  ssl_ctx_st* native() const { return context_; }

 private:
  ssl_ctx_st* context_;
};

class HostilePeer {
 public:
  /// Connects to loopback.
  explicit HostilePeer(std::uint16_t port);
  ~HostilePeer();
  HostilePeer(const HostilePeer&) = delete;
  HostilePeer& operator=(const HostilePeer&) = delete;

  void send(const std::string& bytes);
  /// Whether its own side of the handshake came to an end.
  bool shake_hands(const HostileTls& tls);
  /// Reads `count` bytes; false: the node ended the connection.
  bool receive(std::size_t count);
  /// Reads until the node ends the connection; false: it does not for 20 s.
  bool is_sent_away();

 private:
  long read_some(char* into, std::size_t size);

  int socket_;
  ssl_st* session_ = nullptr;
};

}  // namespace stream::testing
