#include <libstream/data/decimal.hpp>
#include <libstream/formats/number_text.hpp>

#include <charconv>
#include <iterator>
#include <string>

namespace stream {
namespace {

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

/// A few digits, perhaps with a point: a whole number and a power of ten that T holds exactly, so
/// that their quotient is rounded once. nullopt: to be looked at closer.
template <class T>
std::optional<T> parse_short(std::string_view text) {
  constexpr T kTens[] = {T(1e0), T(1e1), T(1e2), T(1e3), T(1e4), T(1e5),
                         T(1e6), T(1e7), T(1e8), T(1e9), T(1e10)};
  constexpr std::size_t kMostDigits = std::numeric_limits<T>::digits10;
  const bool is_negative = !text.empty() && text[0] == '-';
  std::int64_t whole = 0;
  std::size_t num_digits = 0;
  std::size_t num_decimals = 0;
  bool has_point = false;
  for (std::size_t i = is_negative; i < text.size(); ++i) {
    const char c = text[i];
    if (c >= '0' && c <= '9') {
      if (++num_digits > kMostDigits) return std::nullopt;
      whole = whole * 10 + (c - '0');
      num_decimals += has_point;
    } else if (c == '.' && !has_point) {
      has_point = true;
    } else {
      return std::nullopt;
    }
  }
  if (num_digits == 0 || num_decimals >= std::size(kTens)) return std::nullopt;
  const T value = static_cast<T>(whole) / kTens[num_decimals];
  return is_negative ? -value : value;
}

template <class T>
std::optional<T> parse_floating(std::string_view text) {
  if (const auto value = parse_short<T>(text)) return value;
  text = trim_blanks(text);
  bool is_negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    is_negative = text[0] == '-';
    text.remove_prefix(1);
  }
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  if (text == "NaN") return std::numeric_limits<T>::quiet_NaN();
  if (text == "Infinity") return is_negative ? -kInfinity : kInfinity;
  if (text.empty()) return std::nullopt;
  const char last = text.back();
  const bool is_hex = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  if (is_hex && text.find_first_of("pP") == std::string_view::npos) return std::nullopt;
  if (last == 'f' || last == 'F' || last == 'd' || last == 'D') text.remove_suffix(1);
  if (is_hex) text.remove_prefix(2);
  // from_chars also knows "inf" and "nan".
  if (text.empty() || (!is_hex && text[0] != '.' && (text[0] < '0' || text[0] > '9')))
    return std::nullopt;
  T value = 0;
  const char* const end = text.data() + text.size();
  const auto [next, error] = std::from_chars(
      text.data(), end, value, is_hex ? std::chars_format::hex : std::chars_format::general);
  if (next != end || error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // Too large or too small: the exponent's sign tells, or the digits where there is none.
    const std::size_t at = text.find_first_of(is_hex ? "pP" : "eE");
    const bool is_small =
        at != std::string_view::npos ? text[at + 1] == '-' : text[0] == '0' || text[0] == '.';
    value = is_small ? 0 : kInfinity;
  }
  return is_negative ? -value : value;
}

struct LocaleSymbols {
  std::string_view language;
  std::string_view grouping;
  char point;
};
constexpr std::string_view kNoBreakSpace = "\xC2\xA0";
constexpr std::string_view kNarrowNoBreakSpace = "\xE2\x80\xAF";
constexpr LocaleSymbols kLocales[] = {
    {"de-CH", "\xE2\x80\x99", '.'},
    {"de-LI", "\xE2\x80\x99", '.'},
    {"de-AT", kNoBreakSpace, ','},
    {"es-MX", ",", '.'},
    {"pt-PT", kNoBreakSpace, ','},
    {"de", ".", ','},
    {"es", ".", ','},
    {"it", ".", ','},
    {"nl", ".", ','},
    {"pt", ".", ','},
    {"id", ".", ','},
    {"tr", ".", ','},
    {"da", ".", ','},
    {"el", ".", ','},
    {"hr", ".", ','},
    {"ro", ".", ','},
    {"sl", ".", ','},
    {"vi", ".", ','},
    {"fr", kNarrowNoBreakSpace, ','},
    {"ru", kNoBreakSpace, ','},
    {"pl", kNoBreakSpace, ','},
    {"cs", kNoBreakSpace, ','},
    {"sv", kNoBreakSpace, ','},
    {"fi", kNoBreakSpace, ','},
    {"nb", kNoBreakSpace, ','},
    {"no", kNoBreakSpace, ','},
    {"uk", kNoBreakSpace, ','},
    {"hu", kNoBreakSpace, ','},
    {"sk", kNoBreakSpace, ','},
    {"bg", kNoBreakSpace, ','},
};

}  // namespace

std::optional<double> parse_java_double(std::string_view text) {
  return parse_floating<double>(text);
}
std::optional<float> parse_java_float(std::string_view text) { return parse_floating<float>(text); }

DecimalReader::DecimalReader(std::string_view locale) {
  if (locale == "en-US" || locale == "en_US") return;
  is_plain_ = false;
  grouping_ = ",";
  for (const LocaleSymbols& symbols : kLocales) {
    const bool fits =
        locale.starts_with(symbols.language) &&
        (locale.size() == symbols.language.size() || locale[symbols.language.size()] == '-');
    if (!fits) continue;
    grouping_ = symbols.grouping;
    point_ = symbols.point;
    return;
  }
}

std::optional<Int128> DecimalReader::read(std::string_view text, int precision, int scale) const {
  std::string plain;
  if (is_plain_) {
    if (text.find(',') != std::string_view::npos) {
      for (const char c : text) {
        if (c != ',') plain += c;
      }
      text = plain;
    }
  } else {
    bool has_point = false;
    for (std::size_t i = 0; i < text.size();) {
      if (!has_point && text.substr(i).starts_with(grouping_)) {
        i += grouping_.size();
      } else if (!has_point && text[i] == point_) {
        plain += '.';
        has_point = true;
        ++i;
      } else if ((text[i] >= '0' && text[i] <= '9') || (text[i] == '-' && i == 0) ||
                 (text[i] == 'E' && i > 0)) {
        plain += text[i++];
      } else {
        return std::nullopt;
      }
    }
    text = plain;
  }
  const auto value = parse_decimal(text, scale);
  if (!value || !fits_precision(*value, precision)) return std::nullopt;
  return value;
}

}  // namespace stream
