// Cuts SQL text into tokens by Spark's rules, and gives the values of quoted tokens. Used by the
// parser. Pure functions, any thread.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/sql/token.hpp>

#include <string>
#include <vector>

namespace stream::sql {

inline constexpr std::size_t kMaxTextBytes = 4u << 20;
inline constexpr std::size_t kMaxTokens = 1u << 20;

/// The tokens of `text`, which they point into; the last one is the end. Comments are left out, and
/// so are hints. Error bad_plan with the place of what is no token.
Result<std::vector<Token>> tokenize(std::string_view text);

/// The value of a string token: quotes removed, escapes replaced (not in r'…').
std::string string_value(std::string_view token);
/// The name in a `quoted` or plain word.
std::string name_value(const Token& token);

}  // namespace stream::sql
