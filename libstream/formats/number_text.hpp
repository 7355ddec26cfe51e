// Numbers from texts as Java reads them: what CSV fields and JSON strings hold. Pure, inline where
// rows are many.
#pragma once

#include <libstream/data/schema.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace stream {

/// Long.parseLong and its like: an optional sign, digits, nothing else; false: not that or out of
/// T's range.
template <class T>
inline bool parse_java_integer(const char* data, std::size_t size, T& value) {
  if (size == 0) return false;
  const bool is_negative = data[0] == '-';
  std::size_t i = is_negative || data[0] == '+';
  if (i == size) return false;
  while (i + 1 < size && data[i] == '0') ++i;
  if (size - i > 19) return false;
  std::uint64_t number = 0;
  for (; i < size; ++i) {
    const auto digit = static_cast<std::uint64_t>(static_cast<unsigned char>(data[i])) - '0';
    if (digit > 9) return false;
    number = number * 10 + digit;
  }
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
  if (number > kMax + is_negative) return false;
  value = static_cast<T>(is_negative ? 0 - number : number);
  return true;
}

/// Double.parseDouble: blanks around, "NaN", "Infinity", exponents, a type letter at the end,
/// hexadecimal forms.
std::optional<double> parse_java_double(std::string_view text);
/// The same rounded once to a float.
std::optional<float> parse_java_float(std::string_view text);

/// new BigDecimal(text), with the separators of a locale, at a scale, half up. nullopt: not a
/// number, or more digits than the precision.
class DecimalReader {
 public:
  /// `locale`: a language tag; unknown ones read as en-US.
  explicit DecimalReader(std::string_view locale);
  std::optional<Int128> read(std::string_view text, int precision, int scale) const;

 private:
  bool is_plain_ = true;
  std::string_view grouping_;
  char point_ = '.';
};

}  // namespace stream
