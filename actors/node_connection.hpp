// A connection between two nodes before CAF has it: made by the gate (node_gate.hpp) or by dialing
// (node_dial.hpp), given to a scribe (guarded_scribe.hpp). Moves from thread to thread.
#pragma once

#include <libstream/security/tls_session.hpp>

#include <unistd.h>

#include <memory>
#include <utility>

namespace stream {

/// Owns a non-blocking socket.
class SocketHandle {
 public:
  explicit SocketHandle(int socket) : socket_(socket) {}
  SocketHandle(SocketHandle&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  SocketHandle& operator=(SocketHandle&&) = delete;
  ~SocketHandle() {
    if (socket_ >= 0) ::close(socket_);
  }
  int get() const { return socket_; }
  int release() { return std::exchange(socket_, -1); }

 private:
  int socket_;
};

struct NodeConnection {
  SocketHandle socket;
  std::unique_ptr<TlsSession> tls;    ///< null: plain bytes
  std::shared_ptr<const void> place;  ///< among those that the gate counts, until it is let go
  std::string peer;                   ///< for messages
};

/// What the end that was dialed says first over TLS. With TLS 1.3 the other end learns only by
/// reading whether its certificate was taken.
inline constexpr char kWelcome = '\x06';

}  // namespace stream
