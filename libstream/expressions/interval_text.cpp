#include <libstream/base/ascii.hpp>
#include <libstream/data/date_time.hpp>
#include <libstream/expressions/datetime_text.hpp>
#include <libstream/expressions/function.hpp>
#include <libstream/expressions/interval_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

namespace stream {
namespace {

constexpr std::int64_t kMinute = 60 * kMicrosPerSecond;
constexpr std::int64_t kHour = 60 * kMinute;

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

Error invalid_format(std::string_view sub_condition, std::string_view text,
                     std::string_view reason) {
  return runtime_error(fmt::format("INVALID_INTERVAL_FORMAT.{}", sub_condition),
                       fmt::format("Error parsing '{}' to interval. Please ensure that the value "
                                   "provided is in a valid format for defining an interval: {}.",
                                   text, reason));
}

/// The word of `text` that position `at` lies in.
std::string_view word_at(std::string_view text, std::size_t at) {
  if (at >= text.size()) at = text.size() - 1;
  while (at > 0 && is_space(text[at])) --at;
  std::size_t begin = at;
  while (begin > 0 && !is_space(text[begin - 1])) --begin;
  std::size_t end = begin;
  while (end < text.size() && !is_space(text[end])) ++end;
  return text.substr(begin, end - begin);
}

/// target += count · unit; false on overflow.
template <class T>
bool add_units(T& target, std::int64_t count, std::int64_t unit) {
  std::int64_t product = 0;
  std::int64_t sum = 0;
  if (__builtin_mul_overflow(count, unit, &product) ||
      __builtin_add_overflow(std::int64_t{target}, product, &sum) ||
      sum < std::numeric_limits<T>::min() || sum > std::numeric_limits<T>::max())
    return false;
  target = static_cast<T>(sum);
  return true;
}

/// Reads "interval 1 day -2.5 seconds", lower case and trimmed.
class UnitReader {
 public:
  UnitReader(std::string_view text, std::string_view original) : text_(text), original_(original) {}

  Result<CalendarInterval> read() {
    if (text_.empty()) return invalid_format("INPUT_IS_EMPTY", original_, "it is empty");
    if (text_.rfind("interval", 0) == 0) {
      if (text_.size() == 8) return invalid_format("INPUT_IS_EMPTY", original_, "it is empty");
      if (!is_space(text_[8]))
        return invalid_format("INVALID_PREFIX", original_,
                              fmt::format("invalid prefix '{}'", word_at(text_, 0)));
      at_ = 9;
    }
    for (skip_blanks(); at_ < text_.size(); skip_blanks()) {
      STREAM_TRY(read_number());
      STREAM_TRY(read_unit());
    }
    return interval_;
  }

 private:
  void skip_blanks() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  Error fail(std::string_view sub_condition, std::string_view what) const {
    return invalid_format(sub_condition, original_,
                          fmt::format("{} '{}'", what, word_at(text_, at_)));
  }

  Result<void> read_number() {
    count_ = 0;
    fraction_ = 0;
    has_fraction_ = false;
    is_negative_ = false;
    const char first = text_[at_];
    const bool is_point_first = first == '.';
    if (first == '-' || first == '+') {
      is_negative_ = first == '-';
      ++at_;
      skip_blanks();
      if (at_ == text_.size()) return fail("MISSING_NUMBER", "expect a number after");
    } else if (!is_digit(first) && !is_point_first) {
      return fail("UNRECOGNIZED_NUMBER", "unrecognized number");
    }
    for (; at_ < text_.size() && is_digit(text_[at_]); ++at_) {
      if (__builtin_mul_overflow(count_, std::int64_t{10}, &count_) ||
          __builtin_add_overflow(count_, std::int64_t{text_[at_] - '0'}, &count_))
        return fail("ARITHMETIC_EXCEPTION", "overflow in");
    }
    if (at_ < text_.size() && text_[at_] == '.') STREAM_TRY(read_fraction(is_point_first));
    if (at_ == text_.size()) return fail("MISSING_UNIT", "expect a unit name after");
    if (!is_space(text_[at_])) return fail("INVALID_VALUE", "invalid value");
    skip_blanks();
    if (at_ == text_.size()) return fail("UNKNOWN_PARSING_ERROR", "no unit after");
    return {};
  }

  Result<void> read_fraction(bool needs_digits) {
    has_fraction_ = true;
    std::int64_t nanos = 0;
    std::int64_t scale = 100'000'000;
    const std::size_t begin = ++at_;
    for (; at_ < text_.size() && is_digit(text_[at_]); ++at_, scale /= 10) {
      if (scale == 0) return fail("INVALID_PRECISION", "more digits than nanoseconds in");
      nanos += (text_[at_] - '0') * scale;
    }
    if (needs_digits && at_ == begin) return fail("INVALID_VALUE", "invalid value");
    fraction_ = nanos / 1000;
    return {};
  }

  bool skip(std::string_view unit) {
    if (text_.substr(at_, unit.size()) != unit) return false;
    at_ += unit.size();
    return true;
  }

  Result<void> read_unit() {
    const std::size_t begin = at_;
    if (has_fraction_ && text_[at_] != 's')
      return fail("INVALID_FRACTION", "only seconds can have a fractional part, not");
    const std::int64_t count = is_negative_ ? -count_ : count_;
    bool fits = true;
    if (skip("year")) {
      fits = add_units(interval_.months, count, 12);
    } else if (skip("week")) {
      fits = add_units(interval_.days, count, 7);
    } else if (skip("day")) {
      fits = add_units(interval_.days, count, 1);
    } else if (skip("hour")) {
      fits = add_units(interval_.micros, count, kHour);
    } else if (skip("second")) {
      fits = add_units(interval_.micros, count, kMicrosPerSecond) &&
             add_units(interval_.micros, is_negative_ ? -fraction_ : fraction_, 1);
    } else if (skip("month")) {
      fits = add_units(interval_.months, count, 1);
    } else if (skip("minute")) {
      fits = add_units(interval_.micros, count, kMinute);
    } else if (skip("millisecond")) {
      fits = add_units(interval_.micros, count, 1000);
    } else if (skip("microsecond")) {
      fits = add_units(interval_.micros, count, 1);
    } else {
      return fail("INVALID_UNIT", "invalid unit");
    }
    if (!fits) return fail("ARITHMETIC_EXCEPTION", "overflow in");
    skip("s");
    if (at_ < text_.size() && !is_space(text_[at_])) {
      at_ = begin;
      return fail("INVALID_UNIT", "invalid unit");
    }
    return {};
  }

  std::string_view text_;
  std::string_view original_;
  std::size_t at_ = 0;
  CalendarInterval interval_;
  std::int64_t count_ = 0;
  std::int64_t fraction_ = 0;
  bool has_fraction_ = false;
  bool is_negative_ = false;
};

constexpr std::string_view kFieldNames[] = {"year", "month", "day", "hour", "minute", "second"};

/// The part of a literal between its quotes, when `text` is one: INTERVAL [sign]'…' DAY TO SECOND.
/// Its fields must be the type's. `sign` takes the sign before the quote.
std::optional<std::string_view> quoted_part(std::string_view text, const DataType& type,
                                            int& sign) {
  constexpr std::string_view kInterval = "interval";
  if (ascii_lower(text.substr(0, kInterval.size())) != kInterval) return std::nullopt;
  text.remove_prefix(kInterval.size());
  const std::string_view rest = trim_all(text);
  if (rest.size() == text.size()) return std::nullopt;
  text = rest;
  if (!text.empty() && (text[0] == '-' || text[0] == '+' || text[0] == '|')) {
    if (text[0] == '-') sign = -sign;
    text.remove_prefix(1);
  }
  const std::size_t end = text.rfind('\'');
  if (text.empty() || text[0] != '\'' || end == 0) return std::nullopt;
  std::string fields(kFieldNames[type.precision]);
  if (type.precision != type.scale) fields += " to " + std::string(kFieldNames[type.scale]);
  std::string written;
  const std::string_view tail = text.substr(end + 1);
  if (tail.empty() || !is_space(tail[0])) return std::nullopt;
  for (const char c : ascii_lower(trim_all(tail))) {
    if (!is_space(c)) {
      written += c;
    } else if (written.back() != ' ') {
      written += ' ';
    }
  }
  if (written != fields) return std::nullopt;
  return text.substr(1, end - 1);
}

/// Digits as a number of at most `max`; text loses them.
std::optional<std::int64_t> take_number(std::string_view& text, std::size_t max_digits,
                                        std::int64_t max) {
  std::size_t digits = 0;
  std::int64_t value = 0;
  while (digits < text.size() && is_digit(text[digits])) {
    if (++digits > max_digits) return std::nullopt;
    value = value * 10 + (text[digits - 1] - '0');
  }
  if (digits == 0 || value > max) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

/// ".5" as micros, digits after the sixth cut off.
std::optional<std::int64_t> take_fraction(std::string_view& text) {
  if (text.empty()) return 0;
  if (text[0] != '.' || text.size() < 2 || text.size() > 10) return std::nullopt;
  std::int64_t nanos = 0;
  std::int64_t scale = 100'000'000;
  for (text.remove_prefix(1); !text.empty(); text.remove_prefix(1), scale /= 10) {
    if (!is_digit(text[0])) return std::nullopt;
    nanos += (text[0] - '0') * scale;
  }
  return nanos / 1000;
}

int take_sign(std::string_view& text, int sign) {
  if (text.empty() || (text[0] != '-' && text[0] != '+' && text[0] != '|')) return sign;
  const int taken = text[0] == '-' ? -sign : sign;
  text.remove_prefix(1);
  return taken;
}

Error unmatched(std::string_view text, const DataType& type) {
  const bool has_notice = type.kind == TypeKind::day_time_interval;
  return runtime_error(
      has_notice ? "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING_WITH_NOTICE"
                 : "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING",
      fmt::format("Error parsing '{}' to interval. Please ensure that the value provided is in a "
                  "valid format for defining an interval: it does not match the fields of {}.",
                  text, type.to_string()));
}

std::optional<std::int64_t> day_time_fields(std::string_view text, const DataType& type, int sign) {
  constexpr std::int64_t kUnits[] = {0, 0, kMicrosPerDay, kHour, kMinute, kMicrosPerSecond};
  constexpr std::int64_t kMaxLater[] = {0, 0, 0, 23, 59, 59};
  const std::int64_t max = std::numeric_limits<std::int64_t>::max();
  sign = take_sign(text, sign);
  Int128 micros = 0;
  for (std::size_t field = type.precision; field <= type.scale; ++field) {
    const bool is_first = field == type.precision;
    if (!is_first) {
      const char separator = field == static_cast<std::size_t>(IntervalField::hour) ? ' ' : ':';
      if (text.empty() || text[0] != separator) return std::nullopt;
      text.remove_prefix(1);
    }
    const auto count =
        is_first ? take_number(text, 18, max) : take_number(text, 2, kMaxLater[field]);
    if (!count) return std::nullopt;
    micros += static_cast<Int128>(*count) * kUnits[field];
  }
  if (static_cast<IntervalField>(type.scale) == IntervalField::second) {
    const auto fraction = take_fraction(text);
    if (!fraction) return std::nullopt;
    micros += *fraction;
  }
  if (sign < 0) micros = -micros;
  if (!text.empty() || micros > max || micros < std::numeric_limits<std::int64_t>::min())
    return std::nullopt;
  return static_cast<std::int64_t>(micros);
}

std::optional<std::int32_t> year_month_fields(std::string_view text, const DataType& type,
                                              int sign) {
  sign = take_sign(text, sign);
  const auto first = take_number(text, 10, std::numeric_limits<std::int64_t>::max());
  if (!first) return std::nullopt;
  const bool has_years = static_cast<IntervalField>(type.precision) == IntervalField::year;
  std::int64_t months = has_years ? *first * 12 : *first;
  if (type.precision != type.scale) {
    if (text.empty() || text[0] != '-') return std::nullopt;
    text.remove_prefix(1);
    const auto second = take_number(text, 10, 11);
    if (!second) return std::nullopt;
    months += *second;
  }
  if (sign < 0) months = -months;
  if (!text.empty() || months > std::numeric_limits<std::int32_t>::max() ||
      months < std::numeric_limits<std::int32_t>::min())
    return std::nullopt;
  return static_cast<std::int32_t>(months);
}

}  // namespace

Result<CalendarInterval> parse_calendar_interval(std::string_view text) {
  const std::string prepared = ascii_lower(trim_all(text));
  return UnitReader(prepared, text).read();
}

Result<std::int64_t> parse_day_time_interval(std::string_view text, const DataType& type) {
  int sign = 1;
  const std::string_view trimmed = trim_all(text);
  const auto quoted = quoted_part(trimmed, type, sign);
  const auto micros = day_time_fields(quoted.value_or(trimmed), type, sign);
  if (!micros) return unmatched(text, type);
  return *micros;
}

Result<std::int32_t> parse_year_month_interval(std::string_view text, const DataType& type) {
  int sign = 1;
  const std::string_view trimmed = trim_all(text);
  const auto quoted = quoted_part(trimmed, type, sign);
  const auto months = year_month_fields(quoted.value_or(trimmed), type, sign);
  if (!months) return unmatched(text, type);
  return *months;
}

Result<std::int64_t> duration_micros(const CalendarInterval& interval) {
  std::int64_t micros = interval.micros;
  if (!add_units(micros, interval.days, kMicrosPerDay) ||
      !add_units(micros, interval.months, 31 * kMicrosPerDay))
    return runtime_error("ARITHMETIC_OVERFLOW", "long overflow");
  return micros;
}

}  // namespace stream
