// Letters and digits of ASCII, whatever the locale: of keywords, options and numbers. Names and
// values of rows are folded by Unicode's rules (libstream/expressions/case_mapping.hpp).
#pragma once

#include <string>
#include <string_view>

namespace stream {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr char ascii_upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

inline std::string ascii_lower(std::string_view text) {
  std::string made(text);
  for (char& c : made) c = ascii_lower(c);
  return made;
}

inline std::string ascii_upper(std::string_view text) {
  std::string made(text);
  for (char& c : made) c = ascii_upper(c);
  return made;
}

}  // namespace stream
