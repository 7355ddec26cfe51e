// Months, days and times added to dates and timestamps and counted between them, with Java's rules
// for the ends of months and for changes of offset. Used by operators, datetime functions and
// sequence. Pure functions; nullopt: the result is out of range. Wall clocks: pass utc_zone().
#pragma once

#include <libstream/expressions/time_zone.hpp>

#include <cstdint>
#include <optional>

namespace stream {

/// The same day of another month, or that month's last one.
std::optional<std::int32_t> add_months(std::int32_t days, std::int64_t months);

/// Months first, then days of the wall clock, then micros that pass.
std::optional<std::int64_t> add_interval(std::int64_t micros, const CalendarInterval& interval,
                                         const TimeZone& zone);
/// Whole days of the interval are days of the wall clock.
std::optional<std::int64_t> add_day_time(std::int64_t micros, std::int64_t day_time,
                                         const TimeZone& zone);

/// Whole months from one wall clock to another, toward zero.
std::int64_t months_between_clocks(std::int64_t from_local, std::int64_t to_local);

/// The instant of a wall clock; where it happens twice the one of `offset` (seconds).
std::int64_t to_utc_keeping(const TimeZone& zone, std::int64_t local_micros, std::int32_t offset);

enum class DateUnit : std::uint8_t {
  microsecond,
  millisecond,
  second,
  minute,
  hour,
  day,
  week,
  month,
  quarter,
  year,
};
/// The unit that trunc and date_trunc mean ("MM", "yyyy", "DD", …), in any case.
std::optional<DateUnit> find_truncation(std::string_view name);
/// The first day of the week, month, quarter or year. Requires such a unit.
std::int32_t truncate_date(std::int32_t days, DateUnit unit);
std::int64_t truncate_timestamp(std::int64_t micros, DateUnit unit, const TimeZone& zone);

}  // namespace stream
