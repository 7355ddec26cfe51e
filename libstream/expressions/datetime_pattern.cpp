#include <libstream/expressions/datetime_pattern.hpp>
#include <libstream/expressions/function.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace stream {
namespace {

using Kind = PatternElement::Kind;
using Sign = PatternElement::Sign;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_one_of(char c, std::string_view letters) { return letters.find(c) != letters.npos; }

Error illegal_pattern(std::string_view sub_condition, std::string_view message) {
  return runtime_error(fmt::format("INVALID_DATETIME_PATTERN.{}", sub_condition), message);
}
Error illegal_letter(char c, std::string_view pattern) {
  return illegal_pattern(
      "ILLEGAL_CHARACTER",
      fmt::format("Unrecognized datetime pattern: {}. Illegal pattern character found in datetime "
                  "pattern: {}. Please provide legal character.",
                  pattern, c));
}
Error wrong_count(char c, std::string_view pattern) {
  return illegal_pattern(
      "LENGTH", fmt::format("Unrecognized datetime pattern: {}. Too many letters in datetime "
                            "pattern: {}. Please reduce pattern length.",
                            pattern, c));
}

/// What Java's formatter itself does not take.
Error not_a_pattern(std::string_view pattern, std::string_view why) {
  return illegal_pattern("WITH_SUGGESTION",
                         fmt::format("Unrecognized datetime pattern: '{}'. {}", pattern, why));
}

/// Would Java's older SimpleDateFormat take the pattern? Spark then warns of the change.
bool is_simple_date_format(std::string_view pattern) {
  bool is_quoted = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\'') is_quoted = !is_quoted;
    if (is_quoted || !is_letter(pattern[i])) continue;
    if (!is_one_of(pattern[i], "GyMdkHmsSEDFwWahKzZYuXL")) return false;
    if (pattern.substr(i, 4) == "XXXX") return false;
  }
  return !is_quoted;
}

/// The letters that Spark refuses though Java knows them. `part` lies outside of quotes.
Result<void> check_letters(std::string_view part, std::string_view pattern, PatternUse use) {
  for (const char c : part) {
    if (is_one_of(c, "YWwuec"))
      return runtime_error(
          "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN",
          fmt::format("You may get a different result due to the upgrading to Spark >= 3.0: all "
                      "week-based patterns are unsupported since Spark 3.0, detected week-based "
                      "character: {}. Please use the SQL function EXTRACT instead.",
                      c));
  }
  for (const char c : part) {
    if (is_one_of(c, "ABnNp") || (use == PatternUse::parse && is_one_of(c, "EFqQ")))
      return illegal_letter(c, pattern);
  }
  for (const char c : std::string_view("GMLEQq")) {
    if (part.find(std::string(5, c)) != part.npos) return wrong_count(c, pattern);
  }
  if (part.find("yyyyyyy") != part.npos) return wrong_count('y', pattern);
  return {};
}

/// Translates a pattern into steps.
class PatternCompiler {
 public:
  PatternCompiler(std::string_view pattern, PatternUse use) : pattern_(pattern), use_(use) {}

  Result<std::vector<PatternElement>> compile() {
    STREAM_TRY(check());
    for (std::size_t i = 0; i < pattern_.size();) {
      const char c = pattern_[i];
      if (is_letter(c)) {
        std::size_t end = i;
        while (end < pattern_.size() && pattern_[end] == c) ++end;
        STREAM_TRY(append_letter(c, end - i));
        i = end;
      } else if (c == '\'') {
        STREAM_TRY(i, append_quoted(i));
      } else {
        STREAM_TRY(append_symbol(c));
        ++i;
      }
    }
    for (; num_open_ > 0; --num_open_) append({.kind = Kind::optional_end});
    return std::move(elements_);
  }

 private:
  Result<void> check() {
    bool is_quoted = false;
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= pattern_.size(); ++i) {
      if (i < pattern_.size() && pattern_[i] != '\'') continue;
      const std::string_view part = pattern_.substr(begin, i - begin);
      if (!is_quoted) {
        STREAM_TRY(check_letters(part, pattern_, use_));
        has_era_ = has_era_ || part.find('G') != part.npos;
      }
      is_quoted = !is_quoted;
      begin = i + 1;
    }
    return {};
  }

  Error too_many(char c) const {
    return not_a_pattern(pattern_, fmt::format("Too many letters: {}.", c));
  }
  Error unknown(char c) const {
    return not_a_pattern(pattern_, fmt::format("No letter or symbol of patterns: {}.", c));
  }

  Result<std::size_t> append_quoted(std::size_t begin) {
    std::string text;
    for (std::size_t i = begin + 1; i < pattern_.size(); ++i) {
      if (pattern_[i] != '\'') {
        text += pattern_[i];
      } else if (i + 1 < pattern_.size() && pattern_[i + 1] == '\'') {
        text += '\'';
        ++i;
      } else {
        if (text.empty()) text = "'";
        append({.kind = Kind::literal, .text = std::move(text)});
        return i + 1;
      }
    }
    return not_a_pattern(pattern_, "It ends within quotes.");
  }

  Result<void> append_symbol(char c) {
    if (c == '[') {
      append({.kind = Kind::optional_begin});
      ++num_open_;
    } else if (c == ']') {
      if (num_open_ == 0) return unknown(c);
      append({.kind = Kind::optional_end});
      --num_open_;
    } else if (is_one_of(c, "{}#")) {
      return unknown(c);
    } else {
      append({.kind = Kind::literal, .text = std::string(1, c)});
    }
    return {};
  }

  Result<void> append_letter(char c, std::size_t count) {
    const auto width = static_cast<std::uint8_t>(std::min<std::size_t>(count, 255));
    switch (c) {
      case 'G':
        return append_text(c, DateTimeField::era, count);
      case 'y':
        append_year(width);
        return {};
      case 'M':
      case 'L':
        return append_text(c, DateTimeField::month, count);
      case 'Q':
      case 'q':
        return append_text(c, DateTimeField::quarter, count);
      case 'E':
        return append_text(c, DateTimeField::day_of_week, count);
      case 'a':
        if (count > 1) return too_many(c);
        append({.kind = Kind::short_text, .field = DateTimeField::am_pm});
        return {};
      case 'D':
        if (count > 3) return too_many(c);
        if (count == 1) return append_fixed(c, DateTimeField::day_of_year, 1);
        append_number({.kind = Kind::number,
                       .field = DateTimeField::day_of_year,
                       .min_width = width,
                       .max_width = 3,
                       .sign = Sign::not_negative});
        return {};
      case 'F':
        if (count > 1) return too_many(c);
        return append_fixed(c, DateTimeField::aligned_week_day, 1);
      case 'd':
        return append_fixed(c, DateTimeField::day, count);
      case 'H':
        return append_fixed(c, DateTimeField::hour, count);
      case 'k':
        return append_fixed(c, DateTimeField::hour_from_one, count);
      case 'K':
        return append_fixed(c, DateTimeField::half_day_hour, count);
      case 'h':
        return append_fixed(c, DateTimeField::half_day_hour_from_one, count);
      case 'm':
        return append_fixed(c, DateTimeField::minute, count);
      case 's':
        return append_fixed(c, DateTimeField::second, count);
      case 'S':
        return append_fraction(width);
      default:
        return append_zone(c, count);
    }
  }

  Result<void> append_text(char c, DateTimeField field, std::size_t count) {
    if (count > 4) return too_many(c);
    const bool has_numbers = field == DateTimeField::month || field == DateTimeField::quarter;
    if (count <= 2 && has_numbers) return append_fixed(c, field, count);
    append({.kind = count == 4 ? Kind::full_text : Kind::short_text, .field = field});
    return {};
  }

  /// One letter: any width; two: two digits.
  Result<void> append_fixed(char c, DateTimeField field, std::size_t count) {
    if (count > 2) return too_many(c);
    PatternElement element{.kind = Kind::number, .field = field};
    if (count == 2) {
      element.min_width = element.max_width = 2;
      element.sign = Sign::not_negative;
    }
    append_number(std::move(element));
    return {};
  }

  void append_year(std::uint8_t width) {
    const DateTimeField field = has_era_ ? DateTimeField::year_of_era : DateTimeField::year;
    if (width == 2) {
      append_number({.kind = Kind::year_of_two_digits,
                     .field = field,
                     .min_width = 2,
                     .max_width = 2,
                     .sign = Sign::not_negative});
    } else {
      append_number({.kind = Kind::number,
                     .field = field,
                     .min_width = width,
                     .max_width = 19,
                     .sign = width < 4 ? Sign::normal : Sign::exceeds_pad});
    }
  }

  Result<void> append_fraction(std::uint8_t width) {
    if (width > 9) return wrong_count('S', pattern_);
    PatternElement element{.kind = Kind::fraction,
                           .field = DateTimeField::nano,
                           .min_width = width,
                           .max_width = width,
                           .sign = Sign::not_negative};
    // Spark reads from one digit up to as many as there are letters.
    if (use_ == PatternUse::parse) element.min_width = 1;
    if (element.min_width == element.max_width) {
      append_number(std::move(element));
    } else {
      append(std::move(element));
    }
    return {};
  }

  Result<void> append_zone(char c, std::size_t count) {
    PatternElement element{.kind = Kind::offset};
    switch (c) {
      case 'V':
        if (count != 2) return too_many(c);
        element.kind = Kind::zone_id;
        break;
      case 'z':
      case 'v':
        if (count > 4 || (c == 'v' && count != 1 && count != 4)) return too_many(c);
        element.kind = Kind::zone_name;
        element.is_long = count == 4;
        break;
      case 'O':
        if (count != 1 && count != 4) return too_many(c);
        element.kind = Kind::localized_offset;
        element.is_long = count == 4;
        break;
      case 'Z':
        if (count > 5) return too_many(c);
        element.kind = count == 4 ? Kind::localized_offset : Kind::offset;
        element.is_long = count == 4;
        element.text = count == 5 ? "Z" : "+0000";
        element.has_minutes_always = true;
        element.has_colon = element.has_seconds = count == 5;
        break;
      case 'X':
      case 'x':
        if (count > 5) return too_many(c);
        element.has_minutes_always = count > 1;
        element.has_colon = count == 3 || count == 5;
        element.has_seconds = count >= 4;
        if (c == 'X') {
          element.text = "Z";
        } else {
          element.text = count == 1 ? "+00" : element.has_colon ? "+00:00" : "+0000";
        }
        break;
      default:
        return unknown(c);
    }
    append(std::move(element));
    return {};
  }

  void append(PatternElement element) {
    elements_.push_back(std::move(element));
    number_at_ = kNone;
  }

  /// Numbers side by side: the first gives digits to those of fixed width after it.
  void append_number(PatternElement element) {
    const std::size_t first = number_at_;
    const bool is_fixed =
        element.min_width == element.max_width && element.sign == Sign::not_negative;
    if (first != kNone && is_fixed) elements_[first].following_width += element.max_width;
    elements_.push_back(std::move(element));
    number_at_ = first != kNone && is_fixed ? first : elements_.size() - 1;
  }

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  std::string_view pattern_;
  PatternUse use_;
  std::vector<PatternElement> elements_;
  std::size_t number_at_ = kNone;
  std::size_t num_open_ = 0;
  bool has_era_ = false;
};

}  // namespace

Result<DateTimePattern> DateTimePattern::make(std::string_view pattern, PatternUse use) {
  auto elements = PatternCompiler(pattern, use).compile();
  if (elements) return DateTimePattern(std::move(elements).value());
  if (!is_simple_date_format(pattern)) return std::move(elements).error();
  return runtime_error(
      "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION",
      fmt::format("You may get a different result due to the upgrading to Spark >= 3.0: fail to "
                  "recognize '{}' pattern in the DateTimeFormatter. {}",
                  pattern, elements.error().message()));
}

Error cannot_parse_timestamp(std::string_view text) {
  return runtime_error("CANNOT_PARSE_TIMESTAMP",
                       fmt::format("Text '{}' could not be parsed. Use `try_to_timestamp` to "
                                   "tolerate invalid input string and return NULL instead.",
                                   text));
}

std::string_view month_name(std::int32_t month, bool is_full) {
  constexpr std::string_view kNames[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
  const std::string_view name = kNames[month - 1];
  return is_full ? name : name.substr(0, 3);
}

std::string_view day_name(std::int32_t day_of_week, bool is_full) {
  constexpr std::string_view kNames[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                         "Friday", "Saturday", "Sunday"};
  const std::string_view name = kNames[day_of_week - 1];
  return is_full ? name : name.substr(0, 3);
}

}  // namespace stream
