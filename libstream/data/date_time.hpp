// Dates and times as numbers: the proleptic Gregorian calendar without zones, and the plain text
// forms of dates, timestamps and intervals. Zones and patterns are in expressions. Pure functions.
#pragma once

#include <libstream/data/schema.hpp>

#include <cstdint>
#include <string>

namespace stream {

inline constexpr std::int64_t kMicrosPerSecond = 1'000'000;
inline constexpr std::int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

struct CivilDate {
  std::int32_t year = 1970;  ///< astronomical: 0 is 1 BC
  std::int32_t month = 1;    ///< 1 … 12
  std::int32_t day = 1;      ///< 1 … 31
  bool operator==(const CivilDate&) const = default;
};

/// Days since 1970-01-01 (H. Hinnant's algorithm). Requires a valid date.
std::int64_t days_from_civil(const CivilDate& date);
CivilDate civil_from_days(std::int64_t days);
bool is_leap_year(std::int32_t year);
std::int32_t days_in_month(std::int32_t year, std::int32_t month);

/// floor(a / b) and its non-negative rest, for b > 0.
constexpr std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}
constexpr std::int64_t floor_modulo(std::int64_t a, std::int64_t b) {
  return a % b + (a % b < 0 ? b : 0);
}

/// "2024-02-29"; years beyond 9999 with a "+", before 0 with a "-".
void append_date(std::int32_t days, std::string& out);

/// "2024-02-29 12:34:56.789" of a wall clock: a fraction without trailing zeros, none when zero.
void append_date_time(std::int64_t local_micros, std::string& out);

/// "INTERVAL '1 02:03:04.5' DAY TO SECOND" in the fields of the type.
void append_day_time_interval(std::int64_t micros, const DataType& type, std::string& out);
/// "INTERVAL '1-2' YEAR TO MONTH".
void append_year_month_interval(std::int32_t months, const DataType& type, std::string& out);
/// "1 years 2 months 3 days 4 hours 5.5 seconds"; zero parts are left out, all zero: "0 seconds".
void append_calendar_interval(const CalendarInterval& interval, std::string& out);

}  // namespace stream
