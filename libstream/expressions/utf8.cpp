#include <libstream/expressions/utf8.hpp>

#include <algorithm>

namespace stream {

namespace {

unsigned char byte_at(std::string_view text, std::size_t offset) {
  return static_cast<unsigned char>(text[offset]);
}

/// Length of the valid sequence at `offset`; when it is broken, `length` is that of its longest
/// valid beginning (at least 1) and the result is false.
bool scan_sequence(std::string_view text, std::size_t offset, std::size_t& length) {
  const unsigned char first = byte_at(text, offset);
  length = 1;
  if (first < 0x80) return true;
  if (first < 0xC2 || first > 0xF4) return false;
  const std::size_t wanted = utf8_length(static_cast<char>(first));
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (first == 0xE0) low = 0xA0;
  if (first == 0xED) high = 0x9F;
  if (first == 0xF0) low = 0x90;
  if (first == 0xF4) high = 0x8F;
  while (length < wanted) {
    if (offset + length >= text.size()) return false;
    const unsigned char next = byte_at(text, offset + length);
    if (next < low || next > high) return false;
    low = 0x80;
    high = 0xBF;
    ++length;
  }
  return true;
}

}  // namespace

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t offset = 0; offset < text.size(); offset += utf8_length(text[offset])) ++count;
  return count;
}

std::size_t offset_of_character(std::string_view text, std::size_t index) {
  std::size_t offset = 0;
  for (; index > 0 && offset < text.size(); --index) offset += utf8_length(text[offset]);
  return std::min(offset, text.size());
}

std::string_view characters(std::string_view text, std::int64_t begin, std::int64_t end) {
  if (end <= begin || end <= 0 || begin >= static_cast<std::int64_t>(text.size())) return {};
  const auto first = static_cast<std::size_t>(std::max<std::int64_t>(begin, 0));
  const std::size_t from = offset_of_character(text, first);
  text.remove_prefix(from);
  return text.substr(0, offset_of_character(text, static_cast<std::size_t>(end) - first));
}

char32_t next_code_point(std::string_view text, std::size_t& offset) {
  std::size_t length = 0;
  const bool is_valid = scan_sequence(text, offset, length);
  const std::size_t begin = offset;
  offset += length;
  if (!is_valid) return 0xFFFD;
  const unsigned char first = byte_at(text, begin);
  if (length == 1) return first;
  char32_t result = first & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i)
    result = (result << 6) | (byte_at(text, begin + i) & 0x3Fu);
  return result;
}

void append_code_point(char32_t code_point, std::string& out) {
  const auto byte = [](char32_t value) {
    return static_cast<char>(static_cast<unsigned char>(value));
  };
  if (code_point < 0x80) {
    out += byte(code_point);
  } else if (code_point < 0x800) {
    out += byte(0xC0 | (code_point >> 6));
    out += byte(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    out += byte(0xE0 | (code_point >> 12));
    out += byte(0x80 | ((code_point >> 6) & 0x3F));
    out += byte(0x80 | (code_point & 0x3F));
  } else {
    out += byte(0xF0 | (code_point >> 18));
    out += byte(0x80 | ((code_point >> 12) & 0x3F));
    out += byte(0x80 | ((code_point >> 6) & 0x3F));
    out += byte(0x80 | (code_point & 0x3F));
  }
}

bool is_valid_utf8(std::string_view text) {
  std::size_t length = 0;
  for (std::size_t offset = 0; offset < text.size(); offset += length)
    if (!scan_sequence(text, offset, length)) return false;
  return true;
}

std::string make_valid_utf8(std::string_view text) {
  std::string result;
  std::size_t length = 0;
  for (std::size_t offset = 0; offset < text.size(); offset += length) {
    if (scan_sequence(text, offset, length))
      result += text.substr(offset, length);
    else
      append_code_point(0xFFFD, result);
  }
  return result;
}

}  // namespace stream
