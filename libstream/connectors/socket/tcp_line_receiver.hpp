// A TCP client that receives lines into a LineBuffer, and connects again, with back-off, when the
// connection cannot be made or breaks. Its work happens on the IoThread; made and destroyed by the
// owner on any other thread.
#pragma once

#include <libstream/connectors/line_buffer.hpp>
#include <libstream/connectors/socket/socket_text_source.hpp>

#include <memory>

namespace stream {

class TcpLineReceiver {
 public:
  /// Begins to connect. Requires options that socket_text_source accepts.
  explicit TcpLineReceiver(const SocketOptions& options);
  /// Closes the connection; nothing is woken afterwards.
  ~TcpLineReceiver();
  TcpLineReceiver(const TcpLineReceiver&) = delete;
  TcpLineReceiver& operator=(const TcpLineReceiver&) = delete;

  LineBuffer& buffer();

 private:
  class Connection;
  std::shared_ptr<Connection> connection_;
};

/// "socket:host:port", with brackets around an IPv6 address: how messages name the place.
std::string socket_place(const SocketOptions& options);

}  // namespace stream
