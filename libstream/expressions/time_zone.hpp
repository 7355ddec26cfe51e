// Time zones as Spark names them ("UTC", "Europe/Berlin", "+05:30", "GMT+1", "Z", "PST"), with
// Java's rules for wall clocks that a change of offset skips or repeats. Zones are read once from
// the system's database and live as long as the process; used by any thread.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/data/date_time.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

class TimeZone {
 public:
  /// From `begin` (seconds since 1970 UTC) on, clocks are `offset` seconds ahead of UTC.
  struct Period {
    std::int64_t begin = 0;
    std::int32_t offset = 0;
    bool is_daylight_saving = false;
    std::string abbreviation;  ///< "CET"; of fixed offsets empty
  };

  /// Requires at least one period, in order. After 400 years from `repeats_from` on (UTC seconds)
  /// they come again.
  TimeZone(std::string id, std::vector<Period> periods, std::int64_t repeats_from);

  /// As it was asked for, normalised as Java does: "Europe/Berlin", "+05:30", "Z", "GMT+01:00".
  const std::string& id() const { return id_; }
  bool is_fixed() const { return periods_.size() == 1; }
  /// The offset of a fixed zone.
  std::int64_t fixed_offset_micros() const { return fixed_offset_micros_; }
  const Period& period_at(std::int64_t utc_seconds) const;
  /// Java's choice for a wall clock: in a gap or an overlap the offset before the change.
  std::int32_t offset_of_local(std::int64_t local_seconds) const;

 private:
  std::string id_;
  std::vector<Period> periods_;
  std::vector<std::int64_t> begins_;        // of each period, UTC
  std::vector<std::int64_t> local_begins_;  // the first wall clock that belongs to it
  std::int64_t fixed_offset_micros_ = 0;
  std::int64_t repeats_from_ = 0;
};

/// Error [INVALID_TIMEZONE]: no such zone. The zone lives forever.
Result<const TimeZone*> find_time_zone(std::string_view id);
const TimeZone& utc_zone();
/// Seconds of "Z", "+h", "+hh", "+hh:mm", "+hhmm", "+hh:mm:ss", "+hhmmss" up to 18 hours, Java's
/// ZoneOffset.of; nullopt: something else.
std::optional<std::int32_t> parse_zone_offset(std::string_view text);

/// The wall clock of an instant, as micros.
inline std::int64_t to_local_micros(const TimeZone& zone, std::int64_t utc_micros) {
  if (zone.is_fixed()) [[likely]]
    return utc_micros + zone.fixed_offset_micros();
  const std::int64_t seconds = floor_divide(utc_micros, kMicrosPerSecond);
  return utc_micros + zone.period_at(seconds).offset * kMicrosPerSecond;
}
/// The instant of a wall clock. In a gap it moves on by the gap's length; in an overlap it is the
/// earlier one.
inline std::int64_t to_utc_micros(const TimeZone& zone, std::int64_t local_micros) {
  if (zone.is_fixed()) [[likely]]
    return local_micros - zone.fixed_offset_micros();
  const std::int64_t seconds = floor_divide(local_micros, kMicrosPerSecond);
  return local_micros - zone.offset_of_local(seconds) * kMicrosPerSecond;
}

}  // namespace stream
