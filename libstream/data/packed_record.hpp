// Control records as bytes: msgpack values one behind the other, without nesting. Written and read
// in one order, field by field; reading is bounded, since hostile bytes arrive. One thread.
#pragma once

#include <libstream/base/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace stream {

class PackedWriter {
 public:
  /// Appends to `out`, which must outlive the writer.
  explicit PackedWriter(std::string& out) : out_(out) {}

  void put_signed(std::int64_t value);
  void put_unsigned(std::uint64_t value);
  void put_flag(bool value);
  void put_text(std::string_view value);

 private:
  std::string& out_;
};

/// After the first value that is not there or of another type every further one is empty, and
/// `finish` says what was wrong.
class PackedReader {
 public:
  /// `bytes` must outlive the reader. No text may be longer than `max_text_bytes`.
  explicit PackedReader(std::string_view bytes, std::size_t max_text_bytes = kMaxTextBytes)
      : bytes_(bytes), max_text_bytes_(max_text_bytes) {}

  static constexpr std::size_t kMaxTextBytes = 16u << 20;

  std::int64_t take_signed();
  std::uint64_t take_unsigned();
  bool take_flag();
  std::string take_text();
  /// A number of items to come: at most `most`, and never more than bytes that are left.
  std::size_t take_count(std::size_t most);
  /// The caller found a value that cannot be.
  void refuse(std::string_view why);
  bool has_failed() const { return !problem_.empty(); }

  std::string_view rest() const { return bytes_; }
  /// Goes on behind `rest()` less its first `size` bytes.
  void skip(std::size_t size) { bytes_.remove_prefix(size); }
  /// Error fatal: a value was wrong, or bytes are left.
  Result<void> finish() const;

 private:
  template <class Take>
  void take(Take take_value);

  std::string_view bytes_;
  std::size_t max_text_bytes_;
  std::string problem_;
};

}  // namespace stream
