#include <libstream/data/date_time.hpp>

#include <fmt/format.h>

#include <iterator>

namespace stream {
namespace {

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

/// "05.25" or "5" (without `is_padded`): seconds with a fraction without trailing zeros.
void append_seconds(std::uint64_t micros, bool is_padded, std::string& out) {
  append_digits(micros / static_cast<std::uint64_t>(kMicrosPerSecond), is_padded ? 2 : 1, out);
  std::uint64_t fraction = micros % static_cast<std::uint64_t>(kMicrosPerSecond);
  if (fraction == 0) return;
  int digits = 6;
  while (fraction % 10 == 0) {
    fraction /= 10;
    --digits;
  }
  out += '.';
  append_digits(fraction, digits, out);
}

std::uint64_t magnitude_of(std::int64_t value) {
  return value < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(value)
                   : static_cast<std::uint64_t>(value);
}

constexpr std::string_view kFieldNames[] = {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"};

void append_fields(const DataType& type, std::string& out) {
  out += kFieldNames[type.precision];
  if (type.precision == type.scale) return;
  out += " TO ";
  out += kFieldNames[type.scale];
}

}  // namespace

std::int64_t days_from_civil(const CivilDate& date) {
  const std::int64_t year = std::int64_t{date.year} - (date.month <= 2 ? 1 : 0);
  const std::int64_t era = floor_divide(year, 400);
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * ((date.month + 9) % 12) + 2) / 5 + date.day - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719'468;
}

CivilDate civil_from_days(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = floor_divide(days, 146'097);
  const std::int64_t day_of_era = days - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const auto day = static_cast<std::int32_t>(day_of_year - (153 * month_from_march + 2) / 5 + 1);
  const auto month = static_cast<std::int32_t>(month_from_march < 10 ? month_from_march + 3
                                                                     : month_from_march - 9);
  return {static_cast<std::int32_t>(year_of_era + era * 400 + (month <= 2 ? 1 : 0)), month, day};
}

bool is_leap_year(std::int32_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

std::int32_t days_in_month(std::int32_t year, std::int32_t month) {
  constexpr std::int32_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap_year(year) ? 29 : kDays[month - 1];
}

void append_date(std::int32_t days, std::string& out) {
  const CivilDate date = civil_from_days(days);
  if (date.year > 9999) out += '+';
  if (date.year < 0) out += '-';
  append_digits(magnitude_of(date.year), 4, out);
  out += '-';
  append_digits(static_cast<std::uint64_t>(date.month), 2, out);
  out += '-';
  append_digits(static_cast<std::uint64_t>(date.day), 2, out);
}

void append_date_time(std::int64_t local_micros, std::string& out) {
  const std::int64_t days = floor_divide(local_micros, kMicrosPerDay);
  const auto of_day = static_cast<std::uint64_t>(floor_modulo(local_micros, kMicrosPerDay));
  append_date(static_cast<std::int32_t>(days), out);
  constexpr auto kMinute = static_cast<std::uint64_t>(60 * kMicrosPerSecond);
  out += ' ';
  append_digits(of_day / (60 * kMinute), 2, out);
  out += ':';
  append_digits(of_day / kMinute % 60, 2, out);
  out += ':';
  append_seconds(of_day % kMinute, true, out);
}

void append_day_time_interval(std::int64_t micros, const DataType& type, std::string& out) {
  const auto first = static_cast<IntervalField>(type.precision);
  const auto last = static_cast<IntervalField>(type.scale);
  out += "INTERVAL '";
  if (micros < 0) out += '-';
  std::uint64_t rest = magnitude_of(micros);
  bool is_first = true;
  const auto append_field = [&](IntervalField field, std::uint64_t unit_micros,
                                std::string_view separator) {
    if (field < first || field > last) return;
    if (!is_first) out += separator;
    const std::uint64_t count = rest / unit_micros;
    rest %= unit_micros;
    if (is_first && field == IntervalField::day) {
      out += std::to_string(count);
    } else {
      append_digits(count, 2, out);
    }
    is_first = false;
  };
  constexpr auto kSecond = static_cast<std::uint64_t>(kMicrosPerSecond);
  append_field(IntervalField::day, 86'400 * kSecond, "");
  append_field(IntervalField::hour, 3600 * kSecond, " ");
  append_field(IntervalField::minute, 60 * kSecond, ":");
  if (last == IntervalField::second) {
    if (!is_first) out += ':';
    append_seconds(rest, true, out);
  }
  out += "' ";
  append_fields(type, out);
}

void append_year_month_interval(std::int32_t months, const DataType& type, std::string& out) {
  out += "INTERVAL '";
  if (months < 0) out += '-';
  const std::uint64_t rest = magnitude_of(months);
  const auto first = static_cast<IntervalField>(type.precision);
  const auto last = static_cast<IntervalField>(type.scale);
  if (first == IntervalField::month) {
    out += std::to_string(rest);
  } else {
    out += std::to_string(rest / 12);
    if (last == IntervalField::month) out += "-" + std::to_string(rest % 12);
  }
  out += "' ";
  append_fields(type, out);
}

void append_calendar_interval(const CalendarInterval& interval, std::string& out) {
  const std::size_t begin = out.size();
  const auto append_part = [&](std::int64_t count, std::string_view unit) {
    if (count == 0) return;
    if (out.size() > begin) out += ' ';
    fmt::format_to(std::back_inserter(out), "{} {}", count, unit);
  };
  append_part(interval.months / 12, "years");
  append_part(interval.months % 12, "months");
  append_part(interval.days, "days");
  constexpr std::int64_t kMinute = 60 * kMicrosPerSecond;
  append_part(interval.micros / (60 * kMinute), "hours");
  append_part(interval.micros / kMinute % 60, "minutes");
  const std::int64_t rest = interval.micros % kMinute;
  if (rest != 0) {
    if (out.size() > begin) out += ' ';
    if (rest < 0) out += '-';
    append_seconds(magnitude_of(rest), false, out);
    out += " seconds";
  }
  if (out.size() == begin) out += "0 seconds";
}

}  // namespace stream
