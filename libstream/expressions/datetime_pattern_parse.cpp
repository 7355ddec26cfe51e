// How compiled patterns read dates and times: text to fields, then fields to a date and a time.
#include <libstream/base/ascii.hpp>
#include <libstream/expressions/datetime_pattern.hpp>

#include <algorithm>
#include <array>
#include <limits>

namespace stream {
namespace {

using Kind = PatternElement::Kind;
using Sign = PatternElement::Sign;

bool starts_with(std::string_view text, std::size_t at, std::string_view prefix) {
  if (at > text.size() || text.size() - at < prefix.size()) return false;
  return std::equal(prefix.begin(), prefix.end(), text.begin() + static_cast<std::ptrdiff_t>(at),
                    [](char a, char b) { return ascii_lower(a) == ascii_lower(b); });
}

/// What a text says, letter by letter of the pattern.
struct ParsedFields {
  std::array<std::optional<std::int64_t>, kNumDateTimeFields> values;
  std::optional<std::int32_t> offset;
  const TimeZone* zone = nullptr;

  std::optional<std::int64_t>& operator[](DateTimeField field) {
    return values[static_cast<std::size_t>(field)];
  }
  /// False when the field has another value already.
  bool set(DateTimeField field, std::int64_t value) {
    std::optional<std::int64_t>& kept = (*this)[field];
    if (kept && *kept != value) return false;
    kept = value;
    return true;
  }
};

class FieldReader {
 public:
  FieldReader(const std::vector<PatternElement>& elements, std::string_view text)
      : elements_(elements), text_(text) {}

  std::optional<ParsedFields> read() {
    if (!read_elements(0, elements_.size()) || at_ != text_.size()) return std::nullopt;
    return fields_;
  }

 private:
  bool read_elements(std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      if (elements_[i].kind != Kind::optional_begin) {
        if (!read_element(elements_[i])) return false;
        continue;
      }
      const std::size_t close = closing(i);
      const ParsedFields kept = fields_;
      const std::size_t kept_at = at_;
      if (!read_elements(i + 1, close)) {
        fields_ = kept;
        at_ = kept_at;
      }
      i = close;
    }
    return true;
  }
  std::size_t closing(std::size_t open) const {
    std::size_t depth = 0;
    std::size_t i = open;
    for (;; ++i) {
      if (elements_[i].kind == Kind::optional_begin) ++depth;
      if (elements_[i].kind == Kind::optional_end && --depth == 0) return i;
    }
  }

  bool read_element(const PatternElement& element) {
    switch (element.kind) {
      case Kind::number:
      case Kind::year_of_two_digits:
        return read_number(element);
      case Kind::fraction:
        return read_fraction(element);
      case Kind::short_text:
      case Kind::full_text:
        return read_name(element);
      case Kind::literal:
        if (!starts_with(text_, at_, element.text)) return false;
        at_ += element.text.size();
        return true;
      case Kind::offset:
        return read_offset(element);
      case Kind::localized_offset:
        return read_localized_offset(element);
      case Kind::zone_id:
      case Kind::zone_name:
        return read_zone();
      case Kind::optional_begin:
      case Kind::optional_end:
        return true;
    }
    return false;
  }

  std::size_t digits_at(std::size_t at, std::size_t max) const {
    std::size_t digits = 0;
    while (digits < max && at + digits < text_.size() && is_digit(text_[at + digits])) ++digits;
    return digits;
  }

  bool read_number(const PatternElement& element) {
    if (at_ == text_.size()) return false;
    const bool has_plus = text_[at_] == '+';
    const bool has_minus = text_[at_] == '-';
    if (has_plus && element.sign != Sign::exceeds_pad) return false;
    if (has_minus && element.sign == Sign::not_negative) return false;
    if (has_plus || has_minus) ++at_;
    const auto following = static_cast<std::size_t>(element.following_width);
    std::size_t digits = digits_at(at_, element.max_width + following);
    if (digits < element.min_width) return false;
    if (following > 0) {
      const std::size_t kept = digits > following ? digits - following : 0;
      digits = std::min(digits, std::max<std::size_t>(element.min_width, kept));
    }
    if (digits > 18) return false;
    std::int64_t value = 0;
    for (std::size_t i = 0; i < digits; ++i) value = value * 10 + (text_[at_ + i] - '0');
    if (has_minus && value == 0) return false;
    if (!has_minus && element.sign == Sign::exceeds_pad) {
      const bool is_wide = digits > element.min_width;
      if (has_plus != is_wide) return false;
    }
    at_ += digits;
    if (element.kind == Kind::year_of_two_digits) value += 2000;
    return fields_.set(element.field, has_minus ? -value : value);
  }

  bool read_fraction(const PatternElement& element) {
    const std::size_t digits = digits_at(at_, element.max_width);
    if (digits < element.min_width) return false;
    std::int64_t nanos = 0;
    for (std::size_t i = 0; i < 9; ++i)
      nanos = nanos * 10 + (i < digits ? text_[at_ + i] - '0' : 0);
    at_ += digits;
    return fields_.set(element.field, nanos);
  }

  bool take_name(DateTimeField field, std::string_view name, std::int64_t value) {
    if (!starts_with(text_, at_, name)) return false;
    at_ += name.size();
    return fields_.set(field, value);
  }
  bool read_name(const PatternElement& element) {
    const bool is_full = element.kind == Kind::full_text;
    if (element.field == DateTimeField::month) {
      for (std::int32_t month = 1; month <= 12; ++month) {
        if (take_name(element.field, month_name(month, is_full), month)) return true;
      }
      return false;
    }
    if (element.field == DateTimeField::era)
      return take_name(element.field, is_full ? "Anno Domini" : "AD", 1) ||
             take_name(element.field, is_full ? "Before Christ" : "BC", 0);
    return take_name(element.field, "AM", 0) || take_name(element.field, "PM", 1);
  }

  bool set_offset(std::int32_t offset) {
    if (std::abs(offset) > 18 * 3600) return false;
    if (fields_.offset && *fields_.offset != offset) return false;
    fields_.offset = offset;
    return true;
  }

  /// Two digits up to `max`, with a colon before them where asked for. nullopt: not there.
  std::optional<std::int32_t> two_digits(bool has_colon, std::int32_t max) {
    std::size_t at = at_;
    if (has_colon) {
      if (at >= text_.size() || text_[at] != ':') return std::nullopt;
      ++at;
    }
    if (digits_at(at, 2) != 2) return std::nullopt;
    const std::int32_t value = (text_[at] - '0') * 10 + (text_[at + 1] - '0');
    if (value > max) return std::nullopt;
    at_ = at + 2;
    return value;
  }

  bool read_offset(const PatternElement& element) {
    if (starts_with(text_, at_, element.text)) {
      at_ += element.text.size();
      return set_offset(0);
    }
    if (at_ == text_.size() || (text_[at_] != '+' && text_[at_] != '-')) return false;
    const bool is_negative = text_[at_++] == '-';
    const auto hours = two_digits(false, 23);
    if (!hours) return false;
    const auto minutes = two_digits(element.has_colon, 59);
    if (!minutes && element.has_minutes_always) return false;
    std::int32_t offset = *hours * 3600 + minutes.value_or(0) * 60;
    if (element.has_seconds) offset += two_digits(element.has_colon, 59).value_or(0);
    return set_offset(is_negative ? -offset : offset);
  }

  bool read_localized_offset(const PatternElement& element) {
    if (!starts_with(text_, at_, "GMT")) return false;
    at_ += 3;
    if (at_ == text_.size() || (text_[at_] != '+' && text_[at_] != '-')) return set_offset(0);
    const bool is_negative = text_[at_++] == '-';
    std::optional<std::int32_t> hours = two_digits(false, 23);
    if (!hours && !element.is_long && digits_at(at_, 1) == 1) hours = text_[at_++] - '0';
    if (!hours) return false;
    const auto minutes = two_digits(true, 59);
    if (!minutes && element.is_long) return false;
    std::int32_t offset = *hours * 3600 + minutes.value_or(0) * 60;
    if (minutes) offset += two_digits(true, 59).value_or(0);
    return set_offset(is_negative ? -offset : offset);
  }

  /// The longest zone's name that stands here.
  bool read_zone() {
    constexpr std::pair<std::string_view, std::string_view> kDaylightNames[] = {
        {"PDT", "America/Los_Angeles"}, {"MDT", "America/Denver"},   {"CDT", "America/Chicago"},
        {"EDT", "America/New_York"},    {"EST", "America/New_York"}, {"MST", "America/Denver"},
        {"CEST", "Europe/Paris"}};
    std::size_t size = 0;
    const auto is_part = [](char c) {
      return is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
             std::string_view("/_+-:~").find(c) != std::string_view::npos;
    };
    constexpr std::size_t kLongestName = 40;
    while (size < kLongestName && at_ + size < text_.size() && is_part(text_[at_ + size])) ++size;
    for (; size > 0; --size) {
      std::string_view name = text_.substr(at_, size);
      for (const auto& [abbreviation, region] : kDaylightNames) {
        if (name == abbreviation) name = region;
      }
      if (const auto zone = find_time_zone(name)) {
        fields_.zone = *zone;
        at_ += size;
        return true;
      }
    }
    return false;
  }

  const std::vector<PatternElement>& elements_;
  std::string_view text_;
  std::size_t at_ = 0;
  ParsedFields fields_;
};

bool is_within(const std::optional<std::int64_t>& value, std::int64_t min, std::int64_t max) {
  return !value || (*value >= min && *value <= max);
}

/// Missing fields are those of 1970-01-01.
std::optional<std::int64_t> days_of(ParsedFields& fields) {
  using enum DateTimeField;
  if (!is_within(fields[month], 1, 12) || !is_within(fields[day], 1, 31) ||
      !is_within(fields[day_of_year], 1, 366) || !is_within(fields[year], -999'999, 999'999) ||
      !is_within(fields[year_of_era], 1, 999'999))
    return std::nullopt;
  if (fields[year_of_era] && fields[era]) {
    const std::int64_t counted = *fields[year_of_era];
    if (!fields.set(year, *fields[era] == 1 ? counted : 1 - counted)) return std::nullopt;
  }
  const auto in_year = static_cast<std::int32_t>(fields[year].value_or(1970));
  if (fields[day_of_year]) {
    const std::int64_t days = days_from_civil({in_year, 1, 1}) + *fields[day_of_year] - 1;
    const CivilDate date = civil_from_days(days);
    if (date.year != in_year || (fields[month] && *fields[month] != date.month) ||
        (fields[day] && *fields[day] != date.day))
      return std::nullopt;
    return days;
  }
  const auto in_month = static_cast<std::int32_t>(fields[month].value_or(1));
  const auto on_day = static_cast<std::int32_t>(fields[day].value_or(1));
  if (on_day > days_in_month(in_year, in_month)) return std::nullopt;
  return days_from_civil({in_year, in_month, on_day});
}

std::optional<std::int64_t> micros_of_day(ParsedFields& fields) {
  using enum DateTimeField;
  if (!is_within(fields[hour], 0, 23) || !is_within(fields[hour_from_one], 1, 24) ||
      !is_within(fields[half_day_hour], 0, 11) ||
      !is_within(fields[half_day_hour_from_one], 1, 12) || !is_within(fields[minute], 0, 59) ||
      !is_within(fields[second], 0, 59))
    return std::nullopt;
  if (fields[hour_from_one] && !fields.set(hour, *fields[hour_from_one] % 24)) return std::nullopt;
  if (fields[half_day_hour_from_one] &&
      !fields.set(half_day_hour, *fields[half_day_hour_from_one] % 12))
    return std::nullopt;
  std::int64_t hours = 0;
  if (fields[hour]) {
    hours = *fields[hour];
    if ((fields[half_day_hour] && *fields[half_day_hour] != hours % 12) ||
        (fields[am_pm] && *fields[am_pm] != hours / 12))
      return std::nullopt;
  } else {
    hours = fields[half_day_hour].value_or(0) + 12 * fields[am_pm].value_or(0);
  }
  const std::int64_t seconds =
      (hours * 60 + fields[minute].value_or(0)) * 60 + fields[second].value_or(0);
  return seconds * kMicrosPerSecond + fields[nano].value_or(0) / 1000;
}

std::optional<std::int64_t> to_micros(std::int64_t days, std::int64_t of_day,
                                      std::int64_t offset_seconds) {
  const Int128 micros = static_cast<Int128>(days) * kMicrosPerDay + of_day -
                        static_cast<Int128>(offset_seconds) * kMicrosPerSecond;
  if (micros > std::numeric_limits<std::int64_t>::max() ||
      micros < std::numeric_limits<std::int64_t>::min())
    return std::nullopt;
  return static_cast<std::int64_t>(micros);
}

}  // namespace

std::optional<std::int64_t> DateTimePattern::parse_timestamp(std::string_view text,
                                                             const TimeZone& zone) const {
  auto fields = FieldReader(elements_, text).read();
  if (!fields) return std::nullopt;
  const auto days = days_of(*fields);
  const auto of_day = micros_of_day(*fields);
  if (!days || !of_day) return std::nullopt;
  std::int32_t offset = 0;
  if (!fields->zone && fields->offset) {
    offset = *fields->offset;
  } else {
    const TimeZone& in_zone = fields->zone ? *fields->zone : zone;
    offset = in_zone.offset_of_local(*days * 86'400 + *of_day / kMicrosPerSecond);
  }
  return to_micros(*days, *of_day, offset);
}

std::optional<std::int64_t> DateTimePattern::parse_timestamp_ntz(std::string_view text,
                                                                 bool allows_zone) const {
  auto fields = FieldReader(elements_, text).read();
  if (!fields || (!allows_zone && (fields->zone || fields->offset))) return std::nullopt;
  const auto days = days_of(*fields);
  const auto of_day = micros_of_day(*fields);
  if (!days || !of_day) return std::nullopt;
  return to_micros(*days, *of_day, 0);
}

std::optional<std::int32_t> DateTimePattern::parse_date(std::string_view text) const {
  auto fields = FieldReader(elements_, text).read();
  if (!fields || !micros_of_day(*fields)) return std::nullopt;
  const auto days = days_of(*fields);
  if (!days) return std::nullopt;
  return static_cast<std::int32_t>(*days);
}

}  // namespace stream
