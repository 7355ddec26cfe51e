#include <libstream/base/ascii.hpp>
#include <libstream/expressions/datetime_text.hpp>
#include <libstream/expressions/number_text.hpp>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

namespace stream {
namespace {

std::size_t count_digits(std::string_view text, std::size_t from) {
  std::size_t end = from;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - from;
}

bool is_hexadecimal(std::string_view text) {
  const std::size_t sign = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  return text.size() > sign + 2 && text[sign] == '0' && (text[sign + 1] | 0x20) == 'x' &&
         (text.find('p') != std::string_view::npos || text.find('P') != std::string_view::npos);
}

template <class Float>
Float from_terminated(const std::string& text, char** end) {
  if constexpr (sizeof(Float) == 4) return std::strtof(text.c_str(), end);
  return static_cast<Float>(std::strtod(text.c_str(), end));
}

template <class Float>
std::optional<Float> special_float(std::string_view text) {
  const std::string word = ascii_lower(text);
  const std::string_view bare =
      word.starts_with('-') || word.starts_with('+') ? std::string_view(word).substr(1) : word;
  constexpr Float kInfinity = std::numeric_limits<Float>::infinity();
  if (bare == "inf" || bare == "infinity") return word[0] == '-' ? -kInfinity : kInfinity;
  if (word == "nan" || text == "-NaN" || text == "+NaN")
    return std::numeric_limits<Float>::quiet_NaN();
  return std::nullopt;
}

template <class Float>
std::optional<Float> parse_floating(std::string_view text) {
  text = trim_all(text);
  std::string_view number = text;
  if (!number.empty() && std::string_view("fFdD").find(number.back()) != std::string_view::npos)
    number.remove_suffix(1);
  if (is_decimal_text(number)) {
    std::string_view digits = number;
    if (digits[0] == '+') digits.remove_prefix(1);
    Float value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc()) return value;
    // Too large or too small: an infinity or zero.
    return from_terminated<Float>(std::string(digits), nullptr);
  }
  if (is_hexadecimal(number)) {
    const std::string copy(number);
    char* end = nullptr;
    const Float value = from_terminated<Float>(copy, &end);
    if (end == copy.data() + copy.size()) return value;
    return std::nullopt;
  }
  return special_float<Float>(text);
}

}  // namespace

bool is_decimal_text(std::string_view text) {
  std::size_t at = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  const std::size_t num_whole = count_digits(text, at);
  at += num_whole;
  std::size_t num_fraction = 0;
  if (at < text.size() && text[at] == '.') {
    num_fraction = count_digits(text, ++at);
    at += num_fraction;
  }
  if (num_whole + num_fraction == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    const std::size_t num_exponent = count_digits(text, at);
    if (num_exponent == 0) return false;
    at += num_exponent;
  }
  return at == text.size();
}

std::optional<std::int64_t> parse_integer(std::string_view text, bool allows_fraction) {
  text = trim_all(text);
  if (text.empty()) return std::nullopt;
  if (text[0] == '+') {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  if (allows_fraction) {
    const std::size_t point = text.find('.');
    if (point != std::string_view::npos) {
      if (count_digits(text, point + 1) != text.size() - point - 1) return std::nullopt;
      text = text.substr(0, point);
      if (text.empty() || text == "-") return 0;
    }
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> parse_double(std::string_view text) { return parse_floating<double>(text); }
std::optional<float> parse_float(std::string_view text) { return parse_floating<float>(text); }

std::optional<bool> parse_boolean(std::string_view text) {
  text = trim_all(text);
  if (text.size() > 5) return std::nullopt;
  const std::string word = ascii_lower(text);
  if (word == "t" || word == "true" || word == "y" || word == "yes" || word == "1") return true;
  if (word == "f" || word == "false" || word == "n" || word == "no" || word == "0") return false;
  return std::nullopt;
}

}  // namespace stream
