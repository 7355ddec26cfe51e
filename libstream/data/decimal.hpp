// Decimals of up to 38 digits: an unscaled 128-bit integer and a scale kept in the type. Text,
// rounding and bounds; arithmetic on columns is in expressions. Pure functions, any thread.
#pragma once

#include <libstream/data/schema.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace stream {

/// 10^exponent; requires 0 <= exponent <= 38.
Int128 power_of_ten(int exponent);

/// True when |unscaled| < 10^precision.
bool fits_precision(Int128 unscaled, int precision);

/// The value at another scale, rounded half up (away from zero) where digits are lost; nullopt when
/// it leaves 128 bits.
std::optional<Int128> rescale(Int128 unscaled, int from_scale, int to_scale);

/// "-12.340": all `scale` digits are written, never an exponent.
void append_decimal(Int128 unscaled, int scale, std::string& out);

/// A number text, with sign, point and exponent, at `scale`, rounded half up. nullopt: not a number
/// or out of 128 bits. Blanks around it are not accepted.
std::optional<Int128> parse_decimal(std::string_view text, int scale);

/// The exact digits of a number text: unscaled value and scale (which may be negative for "1E5").
struct DecimalText {
  Int128 unscaled = 0;
  int scale = 0;
  int num_digits = 0;  ///< significant digits, at least 1
};
/// nullopt: not a number, or more than 38 digits.
std::optional<DecimalText> parse_decimal_exactly(std::string_view text);

double decimal_to_double(Int128 unscaled, int scale);
/// Nearest decimal of that scale, from the shortest decimal text of the double, half up (Spark's
/// way). nullopt: NaN, infinite or out of 128 bits.
std::optional<Int128> decimal_from_double(double value, int scale);

}  // namespace stream
