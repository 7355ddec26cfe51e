// Errors about SQL text: Spark's condition, the place, the line with a caret under it and, where a
// word looks misspelt, the keyword it may stand for. Used by lexer and parser.
#pragma once

#include <libstream/base/error.hpp>
#include <libstream/sql/token.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace stream::sql {

/// "[CONDITION] message (line 1, pos 7)" and the marked line, for `length` bytes from `offset`.
Error error_at(std::string_view text, std::string_view condition, std::string_view message,
               std::size_t offset, std::size_t length);

/// [PARSE_SYNTAX_ERROR] at `token`; `expected` says what could stand there, or is empty. A misspelt
/// keyword may be the token or `previous`, the one before it (or null).
Error syntax_error(std::string_view text, const Token& token, const Token* previous,
                   std::string_view expected);

/// The keyword that `word` may be a misspelling of; empty: none.
std::string_view similar_keyword(std::string_view word);

}  // namespace stream::sql
