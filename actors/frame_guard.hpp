// Looks at the bytes that come from another process before CAF does: headers of BASP, the same in
// CAF 0.17 and 1.x. CAF reserves what a header announces and believes every field; this lets
// through what nodes say to one another, up to a length. Pure; one a connection, on the thread that
// reads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace stream {

class FrameGuard {
 public:
  static constexpr std::size_t kHeaderBytes = 32;
  /// Of handshakes and notes about actors.
  static constexpr std::uint32_t kMostNoteBytes = 64u << 10;
  /// Of messages: a frame of ours (peer_messages.hpp) and what CAF puts around it.
  static constexpr std::uint32_t kMostMessageBytes = (16u << 20) + kMostNoteBytes;

  /// False: close the connection. Then, and ever after, nothing more is let through.
  bool take(std::span<const char> bytes);

  /// Whether a connection that begins with this byte may be another node's, without TLS.
  static bool may_begin_with(unsigned char byte);

 private:
  bool is_fine(const std::array<unsigned char, kHeaderBytes>& header);

  std::array<unsigned char, kHeaderBytes> header_{};
  std::size_t header_size_ = 0;
  std::uint32_t payload_left_ = 0;
  bool has_begun_ = false;
  bool is_refused_ = false;
};

}  // namespace stream
