#include <libstream/base/check.hpp>
#include <libstream/data/decimal.hpp>

#include <array>
#include <charconv>
#include <cmath>

namespace stream {
namespace {

constexpr std::array<Int128, kMaxDecimalPrecision + 1> make_powers() {
  std::array<Int128, kMaxDecimalPrecision + 1> powers{};
  Int128 power = 1;
  for (Int128& entry : powers) {
    entry = power;
    power = static_cast<Int128>(static_cast<UInt128>(power) * 10);
  }
  return powers;
}

constexpr auto kPowers = make_powers();
constexpr int kMaxExponentDigits = 6;

/// Digits of a number text as they stand.
struct NumberText {
  bool is_negative = false;
  std::string digits;  // without leading zeros, "" for zero
  int scale = 0;       // digits after the point, less the exponent
};

std::optional<NumberText> scan_number(std::string_view text) {
  NumberText number;
  std::size_t i = 0;
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) number.is_negative = text[i++] == '-';
  bool has_digit = false;
  bool is_after_point = false;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && !is_after_point) {
      is_after_point = true;
      continue;
    }
    if (c < '0' || c > '9') break;
    has_digit = true;
    if (is_after_point) ++number.scale;
    if (c != '0' || !number.digits.empty()) number.digits += c;
  }
  if (!has_digit) return std::nullopt;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    const bool has_plus = i < text.size() && text[i] == '+';
    if (has_plus) ++i;
    if (text.size() - i > kMaxExponentDigits + 1) return std::nullopt;
    int exponent = 0;
    const auto [end, error] = std::from_chars(text.data() + i, text.data() + text.size(), exponent);
    if (error != std::errc() || (has_plus && text[i] == '-')) return std::nullopt;
    i = static_cast<std::size_t>(end - text.data());
    number.scale -= exponent;
  }
  if (i != text.size()) return std::nullopt;
  return number;
}

Int128 unsigned_value(std::string_view digits) {
  Int128 value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

}  // namespace

Int128 power_of_ten(int exponent) {
  STREAM_CHECK(exponent >= 0 && exponent <= kMaxDecimalPrecision, std::to_string(exponent));
  return kPowers[static_cast<std::size_t>(exponent)];
}

bool fits_precision(Int128 unscaled, int precision) {
  const Int128 bound = power_of_ten(precision);
  return unscaled < bound && unscaled > -bound;
}

std::optional<Int128> rescale(Int128 unscaled, int from_scale, int to_scale) {
  if (to_scale == from_scale || unscaled == 0) return unscaled;
  if (to_scale > from_scale) {
    if (to_scale - from_scale > kMaxDecimalPrecision) return std::nullopt;
    Int128 result;
    if (__builtin_mul_overflow(unscaled, power_of_ten(to_scale - from_scale), &result))
      return std::nullopt;
    return result;
  }
  if (from_scale - to_scale > kMaxDecimalPrecision) return Int128{0};
  const Int128 divisor = power_of_ten(from_scale - to_scale);
  const Int128 quotient = unscaled / divisor;
  const Int128 rest = unscaled % divisor;
  const Int128 distance = rest < 0 ? -rest : rest;
  if (distance < divisor - distance) return quotient;
  return unscaled < 0 ? quotient - 1 : quotient + 1;
}

void append_decimal(Int128 unscaled, int scale, std::string& out) {
  char buffer[48];
  char* end = buffer + sizeof buffer;
  char* begin = end;
  UInt128 magnitude =
      unscaled < 0 ? UInt128{0} - static_cast<UInt128>(unscaled) : static_cast<UInt128>(unscaled);
  int digits = 0;
  while (magnitude != 0 || digits <= scale) {
    if (digits == scale && scale > 0) *--begin = '.';
    *--begin = static_cast<char>('0' + static_cast<int>(magnitude % 10));
    magnitude /= 10;
    ++digits;
  }
  if (unscaled < 0) *--begin = '-';
  out.append(begin, end);
}

std::optional<Int128> parse_decimal(std::string_view text, int scale) {
  std::optional<NumberText> number = scan_number(text);
  if (!number) return std::nullopt;
  std::string& digits = number->digits;
  // Bring the digits to `scale`: append zeros, or round the surplus away.
  const int surplus = number->scale - scale;
  bool is_rounded_up = false;
  if (surplus > 0) {
    const auto cut = static_cast<std::size_t>(surplus);
    if (cut > digits.size()) {
      digits.clear();
    } else {
      is_rounded_up = digits[digits.size() - cut] >= '5';
      digits.erase(digits.size() - cut);
    }
  } else if (!digits.empty()) {
    if (-surplus > kMaxDecimalPrecision) return std::nullopt;
    digits.append(static_cast<std::size_t>(-surplus), '0');
  }
  if (digits.size() > kMaxDecimalPrecision) return std::nullopt;
  Int128 value = unsigned_value(digits);
  if (is_rounded_up) value += 1;
  return number->is_negative ? -value : value;
}

std::optional<DecimalText> parse_decimal_exactly(std::string_view text) {
  const std::optional<NumberText> number = scan_number(text);
  if (!number || number->digits.size() > kMaxDecimalPrecision) return std::nullopt;
  DecimalText result;
  result.unscaled = unsigned_value(number->digits);
  if (number->is_negative) result.unscaled = -result.unscaled;
  result.scale = number->scale;
  result.num_digits = number->digits.empty() ? 1 : static_cast<int>(number->digits.size());
  return result;
}

double decimal_to_double(Int128 unscaled, int scale) {
  // Through text: correctly rounded for any number of digits.
  std::string text;
  append_decimal(unscaled, scale, text);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::optional<Int128> decimal_from_double(double value, int scale) {
  if (!std::isfinite(value)) return std::nullopt;
  char buffer[64];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  if (error != std::errc()) return std::nullopt;
  return parse_decimal({buffer, static_cast<std::size_t>(end - buffer)}, scale);
}

}  // namespace stream
