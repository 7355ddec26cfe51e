// Big-endian numbers and the epochs of PostgreSQL's binary formats, shared by encoder, decoder and
// the reader of replication messages. Pure functions, any thread.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace stream::postgresql {

static_assert(std::endian::native == std::endian::little, "byte order");

/// 2000-01-01 after 1970-01-01.
inline constexpr std::int64_t kEpochDays = 10'957;
inline constexpr std::int64_t kEpochMicros = kEpochDays * 86'400'000'000;

/// The eleven bytes that a binary COPY begins with.
inline constexpr std::string_view kCopySignature{"PGCOPY\n\377\r\n\0", 11};

template <class T>
T swap_bytes(T value) {
  if constexpr (sizeof(T) == 1) return value;
  if constexpr (sizeof(T) == 2)
    return static_cast<T>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
  if constexpr (sizeof(T) == 4)
    return static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
  if constexpr (sizeof(T) == 8)
    return static_cast<T>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
}

template <class T>
void append_number(T value, std::string& out) {
  const T swapped = swap_bytes(value);
  out.append(reinterpret_cast<const char*>(&swapped), sizeof swapped);
}

/// Requires bytes.size() >= sizeof(T).
template <class T>
T number_at(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return swap_bytes(value);
}

/// Reads bytes from the front and remembers that there were too few.
class ByteCursor {
 public:
  explicit ByteCursor(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  T number() {
    if (bytes_.size() < sizeof(T)) return fail<T>();
    const T value = number_at<T>(bytes_.data());
    bytes_.remove_prefix(sizeof(T));
    return value;
  }
  std::string_view take(std::size_t size) {
    if (bytes_.size() < size) return fail<std::string_view>();
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  /// Up to a zero byte, which is taken too.
  std::string_view text() {
    const std::size_t end = bytes_.find('\0');
    if (end == std::string_view::npos) return fail<std::string_view>();
    const std::string_view taken = bytes_.substr(0, end);
    bytes_.remove_prefix(end + 1);
    return taken;
  }

  bool is_short() const { return is_short_; }
  bool is_empty() const { return bytes_.empty(); }
  std::size_t size() const { return bytes_.size(); }

 private:
  template <class T>
  T fail() {
    is_short_ = true;
    bytes_ = {};
    return T{};
  }

  std::string_view bytes_;
  bool is_short_ = false;
};

}  // namespace stream::postgresql
