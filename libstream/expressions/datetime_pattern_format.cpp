// How compiled patterns write dates and times.
#include <libstream/expressions/datetime_pattern.hpp>

#include <cstdlib>
#include <iterator>

namespace stream {
namespace {

using Kind = PatternElement::Kind;
using Sign = PatternElement::Sign;

/// A moment taken apart.
struct Moment {
  CivilDate date;
  std::int64_t days = 0;
  std::int64_t micros_of_day = 0;
  std::int32_t offset = 0;
  const TimeZone* zone = nullptr;
  std::string_view abbreviation;
};

std::int64_t value_of(DateTimeField field, const Moment& moment) {
  const std::int64_t seconds = moment.micros_of_day / kMicrosPerSecond;
  const std::int64_t hour = seconds / 3600;
  switch (field) {
    case DateTimeField::era:
      return moment.date.year > 0 ? 1 : 0;
    case DateTimeField::year:
      return moment.date.year;
    case DateTimeField::year_of_era:
      return moment.date.year > 0 ? moment.date.year : 1 - moment.date.year;
    case DateTimeField::quarter:
      return (moment.date.month - 1) / 3 + 1;
    case DateTimeField::month:
      return moment.date.month;
    case DateTimeField::day:
      return moment.date.day;
    case DateTimeField::day_of_year:
      return moment.days - days_from_civil({moment.date.year, 1, 1}) + 1;
    case DateTimeField::day_of_week:
      return floor_modulo(moment.days + 3, 7) + 1;
    case DateTimeField::aligned_week_day:
      return (moment.date.day - 1) % 7 + 1;
    case DateTimeField::am_pm:
      return hour / 12;
    case DateTimeField::hour:
      return hour;
    case DateTimeField::hour_from_one:
      return hour == 0 ? 24 : hour;
    case DateTimeField::half_day_hour:
      return hour % 12;
    case DateTimeField::half_day_hour_from_one:
      return hour % 12 == 0 ? 12 : hour % 12;
    case DateTimeField::minute:
      return seconds / 60 % 60;
    case DateTimeField::second:
      return seconds % 60;
    case DateTimeField::nano:
      return moment.micros_of_day % kMicrosPerSecond * 1000;
  }
  return 0;
}

/// Digits with zeros before them up to `width`.
void append_digits(std::uint64_t value, int width, std::string& out) {
  char digits[24];
  char* begin = std::end(digits);
  do {
    *--begin = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  while (std::end(digits) - begin < width) *--begin = '0';
  out.append(begin, std::end(digits));
}
void append_digits(std::int32_t value, int width, std::string& out) {
  append_digits(static_cast<std::uint64_t>(value), width, out);
}

void append_number(const PatternElement& element, std::int64_t value, std::string& out) {
  if (value < 0) {
    out += '-';
    value = -value;
  } else if (element.sign == Sign::exceeds_pad) {
    std::int64_t limit = 1;
    for (int i = 0; i < element.min_width; ++i) limit *= 10;
    if (value >= limit) out += '+';
  }
  append_digits(static_cast<std::uint64_t>(value), element.min_width, out);
}

void append_name(const PatternElement& element, std::int64_t value, std::string& out) {
  const bool is_full = element.kind == Kind::full_text;
  switch (element.field) {
    case DateTimeField::era:
      out += is_full ? (value == 1 ? "Anno Domini" : "Before Christ") : (value == 1 ? "AD" : "BC");
      break;
    case DateTimeField::quarter: {
      constexpr std::string_view kFull[] = {"1st quarter", "2nd quarter", "3rd quarter",
                                            "4th quarter"};
      if (is_full) {
        out += kFull[value - 1];
      } else {
        out += 'Q';
        out += static_cast<char>('0' + value);
      }
      break;
    }
    case DateTimeField::month:
      out += month_name(static_cast<std::int32_t>(value), is_full);
      break;
    case DateTimeField::day_of_week:
      out += day_name(static_cast<std::int32_t>(value), is_full);
      break;
    default:
      out += value == 1 ? "PM" : "AM";
      break;
  }
}

void append_offset(const PatternElement& element, std::int32_t offset, std::string& out) {
  const std::int32_t seconds = std::abs(offset);
  const std::int32_t minutes = seconds / 60 % 60;
  const bool has_second = element.has_seconds && seconds % 60 != 0;
  if (seconds / 60 == 0 && !has_second) {
    out += element.text;
    return;
  }
  const auto append_part = [&](std::int32_t value) {
    if (element.has_colon) out += ':';
    append_digits(value, 2, out);
  };
  out += offset < 0 ? '-' : '+';
  append_digits(seconds / 3600, 2, out);
  if (element.has_minutes_always || minutes != 0) append_part(minutes);
  if (has_second) append_part(seconds % 60);
}

void append_localized_offset(const PatternElement& element, std::int32_t offset, std::string& out) {
  out += "GMT";
  if (offset == 0) return;
  const std::int32_t seconds = std::abs(offset);
  const auto append_part = [&](std::int32_t value) {
    out += ':';
    append_digits(value, 2, out);
  };
  out += offset < 0 ? '-' : '+';
  append_digits(seconds / 3600, element.is_long ? 2 : 1, out);
  if (element.is_long || seconds % 3600 != 0) append_part(seconds / 60 % 60);
  if (seconds % 60 != 0) append_part(seconds % 60);
}

void append_zone_name(const PatternElement& element, const Moment& moment, std::string& out) {
  const std::string& id = moment.zone->id();
  const bool is_utc = id == "UTC" || id == "Etc/UTC" || id == "UCT" || id == "Zulu";
  if (element.is_long && is_utc) {
    out += "Coordinated Universal Time";
  } else if (element.is_long && id == "GMT") {
    out += "Greenwich Mean Time";
  } else {
    out += moment.abbreviation.empty() ? std::string_view(id) : moment.abbreviation;
  }
}

void append_element(const PatternElement& element, const Moment& moment, std::string& out) {
  switch (element.kind) {
    case Kind::number:
      append_number(element, value_of(element.field, moment), out);
      break;
    case Kind::year_of_two_digits:
      append_digits(static_cast<std::uint64_t>(std::abs(value_of(element.field, moment)) % 100), 2,
                    out);
      break;
    case Kind::fraction: {
      std::int64_t unit = 1'000'000'000;
      for (int i = 0; i < element.max_width; ++i) unit /= 10;
      append_digits(static_cast<std::uint64_t>(value_of(element.field, moment) / unit),
                    element.max_width, out);
      break;
    }
    case Kind::short_text:
    case Kind::full_text:
      append_name(element, value_of(element.field, moment), out);
      break;
    case Kind::literal:
      out += element.text;
      break;
    case Kind::offset:
      append_offset(element, moment.offset, out);
      break;
    case Kind::localized_offset:
      append_localized_offset(element, moment.offset, out);
      break;
    case Kind::zone_id:
      out += moment.zone->id();
      break;
    case Kind::zone_name:
      append_zone_name(element, moment, out);
      break;
    case Kind::optional_begin:
    case Kind::optional_end:
      break;
  }
}

}  // namespace

void DateTimePattern::append_timestamp(std::int64_t utc_micros, const TimeZone& zone,
                                       std::string& out) const {
  const TimeZone::Period& period = zone.period_at(floor_divide(utc_micros, kMicrosPerSecond));
  const std::int64_t local = utc_micros + period.offset * kMicrosPerSecond;
  Moment moment;
  moment.days = floor_divide(local, kMicrosPerDay);
  moment.micros_of_day = floor_modulo(local, kMicrosPerDay);
  moment.date = civil_from_days(moment.days);
  moment.offset = period.offset;
  moment.zone = &zone;
  moment.abbreviation = period.abbreviation;
  for (const PatternElement& element : elements_) append_element(element, moment, out);
}

void DateTimePattern::append_date(std::int32_t days, std::string& out) const {
  append_timestamp(days * kMicrosPerDay, utc_zone(), out);
}

}  // namespace stream
