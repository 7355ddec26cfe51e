// Lines of UTF-8 text from a TCP server, rows `value STRING`. The connection is made by the first
// epoch and made again when it breaks; all network work happens on the process's IoThread.
//
// Without the write-ahead log the reader owns the connection and ranges are open: rows received
// before a crash and not committed are lost. With it the planner owns the connection, each tick
// makes what was received a durable segment of the source's log, and ranges are replayable.
#pragma once

#include <libstream/connectors/source.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace stream {

struct SocketOptions {
  std::string host;
  std::uint16_t port = 0;
  bool reconnect = true;       ///< false: after the peer closed, no more rows come
  Duration back_off_min{100};  ///< between attempts; doubles up to back_off_max
  Duration back_off_max{10'000};
  Duration idle_time_out{0};                  ///< reconnect when so long nothing came; zero: never
  std::size_t max_line_bytes = 1u << 20;      ///< longer lines are rejected
  std::size_t max_buffered_bytes = 4u << 20;  ///< received, not yet read; then TCP holds the peer
  bool write_ahead_log = false;
};

/// Error bad_option naming every option out of range.
Result<std::shared_ptr<Source>> socket_text_source(SocketOptions options);

}  // namespace stream
