#include <actors/frame_guard.hpp>

#include <algorithm>

namespace stream {
namespace {

// BASP: operation, two bytes of padding, flags, length of what follows, data of the operation,
// sender, receiver; numbers in network order.
enum class Operation : unsigned char {
  server_handshake,
  client_handshake,
  message,
  routed_message,
  monitor,
  down,
  heartbeat,
};

// Bits of a message's id that make it a part of a stream of CAF 0.17, which trusts its content.
constexpr unsigned char kStreamBit = 0x20;

std::uint32_t length_in(const std::array<unsigned char, FrameGuard::kHeaderBytes>& header) {
  std::uint32_t length = 0;
  for (std::size_t i = 4; i < 8; ++i) length = length << 8 | header[i];
  return length;
}

}  // namespace

bool FrameGuard::take(std::span<const char> bytes) {
  while (!bytes.empty() && !is_refused_) {
    if (payload_left_ > 0) {
      const std::size_t part = std::min<std::size_t>(payload_left_, bytes.size());
      payload_left_ -= static_cast<std::uint32_t>(part);
      bytes = bytes.subspan(part);
      continue;
    }
    const std::size_t part = std::min(kHeaderBytes - header_size_, bytes.size());
    std::copy_n(bytes.begin(), part, header_.begin() + static_cast<std::ptrdiff_t>(header_size_));
    header_size_ += part;
    bytes = bytes.subspan(part);
    if (header_size_ < kHeaderBytes) break;
    header_size_ = 0;
    is_refused_ = !is_fine(header_);
    payload_left_ = length_in(header_);
  }
  return !is_refused_;
}

bool FrameGuard::is_fine(const std::array<unsigned char, kHeaderBytes>& header) {
  const std::uint32_t length = length_in(header);
  const bool is_first = !has_begun_;
  has_begun_ = true;
  switch (static_cast<Operation>(header[0])) {
    case Operation::server_handshake:
    case Operation::client_handshake:
      return length > 0 && length <= kMostNoteBytes;
    case Operation::message:
      return !is_first && length > 0 && length <= kMostMessageBytes &&
             (header[8] & kStreamBit) == 0;
    case Operation::routed_message:
      return false;  // nodes are connected directly
    case Operation::monitor:
    case Operation::down:
      return !is_first && length > 0 && length <= kMostNoteBytes;
    case Operation::heartbeat:
      return !is_first && length == 0;
  }
  return false;
}

bool FrameGuard::may_begin_with(unsigned char byte) {
  return byte == static_cast<unsigned char>(Operation::client_handshake);
}

}  // namespace stream
