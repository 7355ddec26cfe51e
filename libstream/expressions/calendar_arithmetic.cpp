#include <libstream/expressions/calendar_arithmetic.hpp>

#include <algorithm>
#include <limits>
#include <string>

namespace stream {
namespace {

template <class T>
std::optional<T> narrow(Int128 value) {
  if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max())
    return std::nullopt;
  return static_cast<T>(value);
}

/// days as a 64-bit number, for months that stay within 32-bit years.
std::int64_t shift_months(std::int64_t days, std::int64_t months) {
  const CivilDate date = civil_from_days(days);
  const std::int64_t total = std::int64_t{date.year} * 12 + date.month - 1 + months;
  const auto year = static_cast<std::int32_t>(floor_divide(total, 12));
  const auto month = static_cast<std::int32_t>(floor_modulo(total, 12)) + 1;
  return days_from_civil({year, month, std::min(date.day, days_in_month(year, month))});
}

constexpr std::int64_t kMaxMonths = 12LL * 1'000'000'000;

std::int64_t unit_micros(DateUnit unit) {
  switch (unit) {
    case DateUnit::millisecond:
      return 1000;
    case DateUnit::second:
      return kMicrosPerSecond;
    case DateUnit::minute:
      return 60 * kMicrosPerSecond;
    case DateUnit::hour:
      return 3600 * kMicrosPerSecond;
    case DateUnit::day:
      return kMicrosPerDay;
    default:
      return 1;
  }
}

}  // namespace

std::optional<std::int32_t> add_months(std::int32_t days, std::int64_t months) {
  if (months > kMaxMonths || months < -kMaxMonths) return std::nullopt;
  return narrow<std::int32_t>(shift_months(days, months));
}

std::int64_t to_utc_keeping(const TimeZone& zone, std::int64_t local_micros, std::int32_t offset) {
  if (zone.is_fixed()) return local_micros - zone.fixed_offset_micros();
  const std::int64_t kept = local_micros - offset * kMicrosPerSecond;
  if (zone.period_at(floor_divide(kept, kMicrosPerSecond)).offset == offset) return kept;
  return to_utc_micros(zone, local_micros);
}

std::optional<std::int64_t> add_interval(std::int64_t micros, const CalendarInterval& interval,
                                         const TimeZone& zone) {
  std::int64_t instant = micros;
  if (interval.months != 0 || interval.days != 0) {
    const std::int32_t offset = zone.period_at(floor_divide(micros, kMicrosPerSecond)).offset;
    const Int128 local = static_cast<Int128>(micros) + offset * kMicrosPerSecond;
    const auto clock = narrow<std::int64_t>(local);
    if (!clock) return std::nullopt;
    const std::int64_t days = floor_divide(*clock, kMicrosPerDay);
    const Int128 moved =
        static_cast<Int128>(shift_months(days, interval.months) + interval.days) * kMicrosPerDay +
        floor_modulo(*clock, kMicrosPerDay);
    const auto moved_clock = narrow<std::int64_t>(moved);
    if (!moved_clock) return std::nullopt;
    instant = to_utc_keeping(zone, *moved_clock, offset);
  }
  if (__builtin_add_overflow(instant, interval.micros, &instant)) return std::nullopt;
  return instant;
}

std::optional<std::int64_t> add_day_time(std::int64_t micros, std::int64_t day_time,
                                         const TimeZone& zone) {
  if (zone.is_fixed()) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(micros, day_time, &sum)) return std::nullopt;
    return sum;
  }
  const auto days = static_cast<std::int32_t>(day_time / kMicrosPerDay);
  return add_interval(micros, {0, days, day_time % kMicrosPerDay}, zone);
}

std::int64_t months_between_clocks(std::int64_t from_local, std::int64_t to_local) {
  std::int64_t to_days = floor_divide(to_local, kMicrosPerDay);
  const std::int64_t from_days = floor_divide(from_local, kMicrosPerDay);
  const std::int64_t from_time = floor_modulo(from_local, kMicrosPerDay);
  const std::int64_t to_time = floor_modulo(to_local, kMicrosPerDay);
  if (to_days > from_days && to_time < from_time) --to_days;
  if (to_days < from_days && to_time > from_time) ++to_days;
  const CivilDate from = civil_from_days(from_days);
  const CivilDate to = civil_from_days(to_days);
  const auto packed = [](const CivilDate& date) {
    return (std::int64_t{date.year} * 12 + date.month - 1) * 32 + date.day;
  };
  return (packed(to) - packed(from)) / 32;
}

std::optional<DateUnit> find_truncation(std::string_view name) {
  constexpr std::pair<std::string_view, DateUnit> kNames[] = {
      {"MICROSECOND", DateUnit::microsecond},
      {"MILLISECOND", DateUnit::millisecond},
      {"SECOND", DateUnit::second},
      {"MINUTE", DateUnit::minute},
      {"HOUR", DateUnit::hour},
      {"DAY", DateUnit::day},
      {"DD", DateUnit::day},
      {"WEEK", DateUnit::week},
      {"MON", DateUnit::month},
      {"MONTH", DateUnit::month},
      {"MM", DateUnit::month},
      {"QUARTER", DateUnit::quarter},
      {"YEAR", DateUnit::year},
      {"YYYY", DateUnit::year},
      {"YY", DateUnit::year},
  };
  for (const auto& [known, unit] : kNames) {
    const bool is_same =
        std::equal(name.begin(), name.end(), known.begin(), known.end(),
                   [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 32 : a) == b; });
    if (is_same) return unit;
  }
  return std::nullopt;
}

std::int32_t truncate_date(std::int32_t days, DateUnit unit) {
  if (unit == DateUnit::week)
    return static_cast<std::int32_t>(days - floor_modulo(std::int64_t{days} + 3, 7));
  CivilDate date = civil_from_days(days);
  date.day = 1;
  if (unit == DateUnit::quarter) date.month = (date.month - 1) / 3 * 3 + 1;
  if (unit == DateUnit::year) date.month = 1;
  return static_cast<std::int32_t>(days_from_civil(date));
}

std::int64_t truncate_timestamp(std::int64_t micros, DateUnit unit, const TimeZone& zone) {
  if (unit <= DateUnit::second) return micros - floor_modulo(micros, unit_micros(unit));
  const std::int32_t offset = zone.period_at(floor_divide(micros, kMicrosPerSecond)).offset;
  const std::int64_t local = micros + offset * kMicrosPerSecond;
  if (unit <= DateUnit::day)
    return to_utc_keeping(zone, local - floor_modulo(local, unit_micros(unit)), offset);
  const auto days = static_cast<std::int32_t>(floor_divide(local, kMicrosPerDay));
  return to_utc_micros(zone, truncate_date(days, unit) * kMicrosPerDay);
}

}  // namespace stream
