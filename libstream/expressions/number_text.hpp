// Numbers and booleans from text as CAST and the readers take them (Java's rules). Blanks and
// control characters around them are accepted. Pure functions, any thread.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace stream {

/// "-12", "+7". `allows_fraction`: "1.9" is 1, as in casts without ANSI. nullopt: no such integer.
std::optional<std::int64_t> parse_integer(std::string_view text, bool allows_fraction = false);

/// Java's Double.valueOf, and "inf", "infinity", "nan" in any case. nullopt: not a number.
std::optional<double> parse_double(std::string_view text);
std::optional<float> parse_float(std::string_view text);

/// "t", "true", "y", "yes", "1" and their opposites, in any case.
std::optional<bool> parse_boolean(std::string_view text);

/// Is it sign, digits, point and exponent, in this order and nothing else?
bool is_decimal_text(std::string_view text);

}  // namespace stream
