// Texts counted in code points, as Spark counts them: a byte that cannot begin a character is a
// character of its own. Pure functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace stream {

/// Bytes of the character that begins with `first`.
inline std::size_t utf8_length(char first) {
  const auto byte = static_cast<unsigned char>(first);
  if (byte < 0xC2 || byte > 0xF4) return 1;
  return byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

bool is_ascii(std::string_view text);
std::size_t count_characters(std::string_view text);
/// The byte offset of character `index`, or text.size() when there are not so many.
std::size_t offset_of_character(std::string_view text, std::size_t index);
/// Characters [begin, end) of `text`, a part of it; both may be out of range.
std::string_view characters(std::string_view text, std::int64_t begin, std::int64_t end);

/// The character at `offset`, which moves behind it; a broken one is U+FFFD.
char32_t next_code_point(std::string_view text, std::size_t& offset);
void append_code_point(char32_t code_point, std::string& out);

bool is_valid_utf8(std::string_view text);
/// Each broken sequence (its longest valid beginning) becomes U+FFFD.
std::string make_valid_utf8(std::string_view text);

}  // namespace stream
