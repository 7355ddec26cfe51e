// TLS over one non-blocking socket: steps of the handshake, then bytes. Both ends must show a
// certificate of the authority; the end that dials also checks that it is for the host it dialed.
// Used by connections of nodes; one thread at a time. Does not own the socket.
#pragma once

#include <libstream/security/tls_context.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

struct ssl_st;

namespace stream {

/// Why a handshake came to nothing.
enum class HandshakeFault {
  no_certificate,     ///< the peer showed none
  wrong_certificate,  ///< of another authority, ended, for another host
  refused,            ///< the peer does not want ours
  broken,             ///< no TLS 1.3, or the connection ended
};

class TlsSession {
 public:
  /// The end that was dialed.
  TlsSession(std::shared_ptr<const TlsContext> context, int socket);
  /// The end that dials `host`.
  TlsSession(std::shared_ptr<const TlsContext> context, int socket, const std::string& host);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  enum class Step { done, wait_readable, wait_writable, failed };
  Step handshake();
  /// After a failed step.
  HandshakeFault fault() const { return fault_; }
  const std::string& reason() const { return reason_; }

  /// `size` is 0 unless the step is done. Failed: the connection has ended.
  struct Moved {
    Step step = Step::failed;
    std::size_t size = 0;
  };
  Moved read(std::span<char> into);
  Moved write(std::span<const char> bytes);
  /// Bytes that came already and were not read.
  std::size_t num_pending() const;
  /// The node that the peer's certificate was issued to.
  std::string peer_name() const;

 private:
  Step step_of(int result);
  void note_fault();

  std::shared_ptr<const TlsContext> context_;
  struct Free {
    void operator()(ssl_st* session) const;
  };
  std::unique_ptr<ssl_st, Free> session_;
  HandshakeFault fault_ = HandshakeFault::broken;
  std::string reason_;
};

}  // namespace stream
