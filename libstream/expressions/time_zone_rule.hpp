// The rule at the end of a time zone file ("CET-1CEST,M3.5.0,M10.5.0/3", the TZ variable of POSIX),
// which says what holds after the file's last entry. Used by time_zone.cpp. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

/// A yearly change between standard and daylight saving time.
struct ZoneRule {
  struct Change {
    std::int32_t month = 0;    ///< 0: `day` is 1 … 365, February 29 not counted
    std::int32_t week = 0;     ///< 1 … 5, 5: the last
    std::int32_t day = 0;      ///< 0 is Sunday
    std::int32_t seconds = 0;  ///< after local midnight
  };
  std::string standard_name;
  std::string daylight_name;
  std::int32_t standard_offset = 0;  ///< seconds ahead of UTC
  std::int32_t daylight_offset = 0;
  Change to_daylight;
  Change to_standard;
};

/// nullopt: not a rule with two changes a year.
std::optional<ZoneRule> parse_zone_rule(std::string_view text);
/// Seconds of a change's wall clock in `year`, before subtracting the offset that held.
std::int64_t local_seconds_of(const ZoneRule::Change& change, std::int32_t year);

}  // namespace stream
