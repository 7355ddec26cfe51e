#include <libstream/data/decimal.hpp>
#include <libstream/expressions/number_format.hpp>

#include <cmath>
#include <cstdio>

namespace stream {

namespace {

/// `digits` (integer and fraction without point), its last `drop` digits rounded half to even.
std::string rounded(std::string digits, std::size_t drop) {
  if (drop == 0) return digits;
  if (drop > digits.size()) digits.insert(0, drop - digits.size(), '0');
  const std::size_t keep = digits.size() - drop;
  const std::string rest = digits.substr(keep);
  digits.resize(keep);
  const bool is_tie = rest[0] == '5' && rest.find_first_not_of('0', 1) == std::string::npos;
  const bool is_odd = !digits.empty() && (digits.back() - '0') % 2 == 1;
  if (rest[0] < '5' || (is_tie && !is_odd)) return digits;
  std::size_t at = digits.size();
  while (at > 0 && digits[at - 1] == '9') digits[--at] = '0';
  if (at == 0)
    digits = std::string(1, '1').append(digits);
  else
    ++digits[at - 1];
  return digits;
}

}  // namespace

NumberFormat NumberFormat::with_fraction(int digits) {
  NumberFormat made;
  made.min_integer_ = 1;
  made.min_fraction_ = made.max_fraction_ = static_cast<std::size_t>(digits);
  made.group_ = 3;
  return made;
}

std::optional<NumberFormat> NumberFormat::compile(std::string_view pattern) {
  NumberFormat made;
  pattern = pattern.substr(0, pattern.find(';'));
  enum class Part { prefix, number, suffix } part = Part::prefix;
  bool is_quoted = false;
  bool after_point = false;
  bool has_group = false;
  std::size_t since_comma = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\'') {
      const bool is_pair = i + 1 < pattern.size() && pattern[i + 1] == '\'';
      if (is_pair) {
        (part == Part::prefix ? made.prefix_ : made.suffix_) += '\'';
        ++i;
      } else {
        is_quoted = !is_quoted;
      }
      if (part == Part::number) part = Part::suffix;
      continue;
    }
    const bool is_number = !is_quoted && (c == '#' || c == '0' || c == ',' || c == '.');
    if (!is_number) {
      if (part == Part::number) part = Part::suffix;
      if (!is_quoted && c == '%') made.shift_ = 2;
      (part == Part::prefix ? made.prefix_ : made.suffix_) += c;
      continue;
    }
    if (part == Part::suffix) return std::nullopt;
    part = Part::number;
    if (c == '.') {
      if (after_point) return std::nullopt;
      after_point = true;
    } else if (c == ',') {
      if (after_point) return std::nullopt;
      has_group = true;
      since_comma = 0;
    } else if (after_point) {
      ++made.max_fraction_;
      if (c == '0') {
        if (made.min_fraction_ + 1 != made.max_fraction_) return std::nullopt;
        ++made.min_fraction_;
      }
    } else {
      ++since_comma;
      if (c == '0')
        ++made.min_integer_;
      else if (made.min_integer_ > 0)
        return std::nullopt;
    }
  }
  if (is_quoted) return std::nullopt;
  if (has_group) made.group_ = since_comma;
  // A pattern without any digit before the point still prints whole numbers.
  if (part == Part::prefix) made.max_fraction_ = 0;
  return made;
}

std::string NumberFormat::print(bool is_negative, std::string integer, std::string fraction) const {
  integer.erase(0, integer.find_first_not_of('0') == std::string::npos
                       ? integer.size()
                       : integer.find_first_not_of('0'));
  while (fraction.size() > min_fraction_ && fraction.back() == '0') fraction.pop_back();
  if (integer.size() < min_integer_) integer.insert(0, min_integer_ - integer.size(), '0');
  if (integer.empty() && fraction.empty()) integer.push_back('0');
  if (group_ > 0) {
    for (std::size_t at = integer.size(); at > group_;) {
      at -= group_;
      integer.insert(at, 1, ',');
    }
  }
  std::string result;
  if (is_negative) result += '-';
  result += prefix_;
  result += integer;
  if (!fraction.empty()) result += '.';
  result += fraction;
  result += suffix_;
  return result;
}

std::string NumberFormat::format(double value) const {
  if (std::isnan(value)) return "NaN";
  const bool is_negative = std::signbit(value);
  if (std::isinf(value)) {
    std::string result(is_negative ? "-" : "");
    return result.append(prefix_).append("∞").append(suffix_);
  }
  // A double has at most 1074 digits behind its point; snprintf rounds exactly, half to even.
  for (int i = 0; i < shift_; ++i) value *= 10;
  const int digits = static_cast<int>(std::min<std::size_t>(max_fraction_, 340));
  char text[800];
  const int length = std::snprintf(text, sizeof text, "%.*f", digits, std::fabs(value));
  const std::string plain(text, static_cast<std::size_t>(length));
  const std::size_t point = plain.find('.');
  std::string fraction = point == std::string::npos ? "" : plain.substr(point + 1);
  if (fraction.size() < min_fraction_) fraction.resize(min_fraction_, '0');
  return print(is_negative, plain.substr(0, point), std::move(fraction));
}

std::string NumberFormat::format(Int128 unscaled, int scale) const {
  const bool is_negative = unscaled < 0;
  std::string digits;
  append_decimal(is_negative ? -unscaled : unscaled, 0, digits);
  auto num_fraction = static_cast<std::size_t>(scale);
  for (int i = 0; i < shift_; ++i) {
    if (num_fraction > 0)
      --num_fraction;
    else
      digits += '0';
  }
  if (num_fraction > max_fraction_) {
    digits = rounded(std::move(digits), num_fraction - max_fraction_);
    num_fraction = max_fraction_;
  }
  if (digits.size() < num_fraction) digits.insert(0, num_fraction - digits.size(), '0');
  std::string fraction = digits.substr(digits.size() - num_fraction);
  digits.resize(digits.size() - num_fraction);
  if (fraction.size() < min_fraction_) fraction.resize(min_fraction_, '0');
  return print(is_negative, std::move(digits), std::move(fraction));
}

}  // namespace stream
