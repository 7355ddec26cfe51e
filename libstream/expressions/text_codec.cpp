#include <libstream/expressions/case_mapping.hpp>
#include <libstream/expressions/function.hpp>
#include <libstream/expressions/text_codec.hpp>
#include <libstream/expressions/utf8.hpp>

#include <array>

namespace stream {

namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

enum class Charset { utf8, ascii, latin1, utf16, utf16be, utf16le, utf32 };

Result<Charset> charset_of(std::string_view name, std::string_view function) {
  struct Named {
    std::string_view name;
    Charset charset;
  };
  constexpr std::array kCharsets = {
      Named{"UTF-8", Charset::utf8},        Named{"US-ASCII", Charset::ascii},
      Named{"ISO-8859-1", Charset::latin1}, Named{"UTF-16", Charset::utf16},
      Named{"UTF-16BE", Charset::utf16be},  Named{"UTF-16LE", Charset::utf16le},
      Named{"UTF-32", Charset::utf32},
  };
  const std::string upper = to_upper(name);
  for (const Named& known : kCharsets)
    if (known.name == upper) return known.charset;
  return runtime_error("INVALID_PARAMETER_VALUE.CHARSET",
                       "The value of parameter(s) `charset` in `" + std::string(function) +
                           "` is invalid: expects one of the 'ISO-8859-1', 'US-ASCII', 'UTF-16', "
                           "'UTF-16BE', 'UTF-16LE', 'UTF-32', 'UTF-8', but got " +
                           std::string(name) + ".");
}

Error malformed(std::string_view charset, std::string_view function) {
  return runtime_error("MALFORMED_CHARACTER_CODING", "Invalid value found when performing `" +
                                                         std::string(function) + "` with " +
                                                         std::string(charset));
}

void append_unit(std::uint32_t unit, int bytes, bool is_little, std::string& out) {
  for (int i = 0; i < bytes; ++i)
    out += static_cast<char>(
        static_cast<unsigned char>(unit >> (8 * (is_little ? i : bytes - 1 - i))));
}

void append_utf16(char32_t c, bool is_little, std::string& out) {
  if (c < 0x10000) return append_unit(c, 2, is_little, out);
  append_unit(0xD800 + ((c - 0x10000) >> 10), 2, is_little, out);
  append_unit(0xDC00 + ((c - 0x10000) & 0x3FF), 2, is_little, out);
}

std::uint32_t unit_at(std::string_view bytes, std::size_t at, int size, bool is_little) {
  std::uint32_t unit = 0;
  for (int i = 0; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(
        bytes[at + static_cast<std::size_t>(is_little ? size - 1 - i : i)]);
    unit = (unit << 8) | byte;
  }
  return unit;
}

/// False: an odd length or a surrogate without its other half.
bool append_from_utf16(std::string_view bytes, bool is_little, std::string& out) {
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    if (at + 2 > bytes.size()) return false;
    char32_t c = unit_at(bytes, at, 2, is_little);
    if (c >= 0xDC00 && c < 0xE000) return false;
    if (c >= 0xD800 && c < 0xDC00) {
      at += 2;
      if (at + 2 > bytes.size()) return false;
      const std::uint32_t low = unit_at(bytes, at, 2, is_little);
      if (low < 0xDC00 || low >= 0xE000) return false;
      c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
    append_code_point(c, out);
  }
  return true;
}

bool append_from_utf32(std::string_view bytes, std::string& out) {
  bool is_little = false;
  if (bytes.starts_with(std::string_view("\xFF\xFE\0\0", 4))) {
    is_little = true;
    bytes.remove_prefix(4);
  } else if (bytes.starts_with(std::string_view("\0\0\xFE\xFF", 4))) {
    bytes.remove_prefix(4);
  }
  if (bytes.size() % 4 != 0) return false;
  for (std::size_t at = 0; at < bytes.size(); at += 4) {
    const std::uint32_t c = unit_at(bytes, at, 4, is_little);
    if (c > 0x10FFFF) return false;
    append_code_point(c, out);
  }
  return true;
}

}  // namespace

std::string encode_base64(std::string_view bytes) {
  std::string result;
  result.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = (group << 8) | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      result += k <= count ? kBase64[(group >> (18 - 6 * k)) & 63] : '=';
  }
  return result;
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::string result;
  std::uint32_t group = 0;
  int digits = 0;
  for (const char c : text) {
    if (c == '=') break;
    const int digit = base64_digit(c);
    if (digit < 0) continue;
    group = (group << 6) | static_cast<std::uint32_t>(digit);
    if (++digits < 4) continue;
    append_unit(group, 3, false, result);
    digits = 0;
    group = 0;
  }
  if (digits == 1) return std::nullopt;
  if (digits == 2) append_unit(group >> 4, 1, false, result);
  if (digits == 3) append_unit(group >> 2, 2, false, result);
  return result;
}

bool is_strict_base64(std::string_view text) {
  std::size_t digits = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
    if (c == '=') {
      ++padding;
    } else {
      if (base64_digit(c) < 0 || padding > 0) return false;
      ++digits;
    }
  }
  const std::size_t rest = digits % 4;
  if (rest == 0) return padding == 0;
  if (rest == 1) return false;
  return padding == 0 || padding == 4 - rest;
}

std::string encode_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string result;
  result.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    result += kDigits[byte >> 4];
    result += kDigits[byte & 15];
  }
  return result;
}

std::optional<std::string> decode_hex(std::string_view text) {
  std::string result;
  result.reserve((text.size() + 1) / 2);
  int high = text.size() % 2 == 1 ? 0 : -1;
  for (const char c : text) {
    const int digit = hex_digit(c);
    if (digit < 0) return std::nullopt;
    if (high < 0) {
      high = digit;
    } else {
      result += static_cast<char>(static_cast<unsigned char>(high * 16 + digit));
      high = -1;
    }
  }
  return result;
}

Result<std::string> encode_charset(std::string_view text, std::string_view name,
                                   std::string_view function) {
  STREAM_TRY(const Charset charset, charset_of(name, function));
  if (charset == Charset::utf8) {
    if (!is_valid_utf8(text)) return malformed(name, function);
    return std::string(text);
  }
  std::string result;
  if (charset == Charset::utf16) result = "\xFE\xFF";
  for (std::size_t offset = 0; offset < text.size();) {
    const char32_t c = next_code_point(text, offset);
    if (charset == Charset::ascii || charset == Charset::latin1) {
      if (c >= (charset == Charset::ascii ? 0x80u : 0x100u)) return malformed(name, function);
      append_unit(c, 1, false, result);
    } else if (charset == Charset::utf32) {
      append_unit(c, 4, false, result);
    } else {
      append_utf16(c, charset == Charset::utf16le, result);
    }
  }
  if (text.empty()) result.clear();
  return result;
}

Result<std::string> decode_charset(std::string_view bytes, std::string_view name,
                                   std::string_view function) {
  STREAM_TRY(const Charset charset, charset_of(name, function));
  std::string result;
  bool is_valid = true;
  switch (charset) {
    case Charset::utf8:
      is_valid = is_valid_utf8(bytes);
      result = bytes;
      break;
    case Charset::ascii:
      is_valid = is_ascii(bytes);
      result = bytes;
      break;
    case Charset::latin1:
      for (const char c : bytes) append_code_point(static_cast<unsigned char>(c), result);
      break;
    case Charset::utf16: {
      const bool is_little = bytes.starts_with("\xFF\xFE");
      if (is_little || bytes.starts_with("\xFE\xFF")) bytes.remove_prefix(2);
      is_valid = append_from_utf16(bytes, is_little, result);
      break;
    }
    case Charset::utf16be:
    case Charset::utf16le:
      is_valid = append_from_utf16(bytes, charset == Charset::utf16le, result);
      break;
    case Charset::utf32:
      is_valid = append_from_utf32(bytes, result);
      break;
  }
  if (!is_valid) return malformed(name, function);
  return result;
}

}  // namespace stream
