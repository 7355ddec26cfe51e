// The words that SQL text is made of. Made by the lexer, read by the parser.
#pragma once

#include <cstdint>
#include <string_view>

namespace stream::sql {

enum class TokenKind : std::uint8_t {
  word,         ///< an identifier or keyword
  quoted_word,  ///< `a b`
  string,       ///< 'x', "x", r'x'
  integer,      ///< 12
  decimal,      ///< 1.5
  exponent,     ///< 1e3
  int64,        ///< 12L
  int16,        ///< 12S
  int8,         ///< 12Y
  float32,      ///< 1.5F
  float64,      ///< 1.5D
  big_decimal,  ///< 1.5BD
  symbol,       ///< operators and punctuation
  end,
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;  ///< as written, a part of the SQL text; empty at the end
  std::uint32_t offset = 0;
};

/// Equal without regard to the case of ASCII letters.
bool equals_ignoring_case(std::string_view a, std::string_view b);

inline bool is_number(TokenKind kind) {
  return kind >= TokenKind::integer && kind <= TokenKind::big_decimal;
}

}  // namespace stream::sql
