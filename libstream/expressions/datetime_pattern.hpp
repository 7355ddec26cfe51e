// Patterns of letters for dates and times ("yyyy-MM-dd HH:mm:ss.SSS XXX"), Java's DateTimeFormatter
// as Spark narrows it: strict fields, names in English, letters in any case when parsing. Compiled
// once, immutable, used by any thread: date_format, to_timestamp, CSV and JSON options.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/expressions/time_zone.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

enum class PatternUse { format, parse };

/// What a pattern letter stands for.
enum class DateTimeField : std::uint8_t {
  era,
  year,         ///< with a sign: 0 is 1 BC
  year_of_era,  ///< in patterns that have an era
  quarter,
  month,
  day,
  day_of_year,
  day_of_week,       ///< 1 is Monday
  aligned_week_day,  ///< Java's F
  am_pm,
  hour,                    ///< H: 0 … 23
  hour_from_one,           ///< k: 1 … 24
  half_day_hour,           ///< K: 0 … 11
  half_day_hour_from_one,  ///< h: 1 … 12
  minute,
  second,
  nano,
};
constexpr std::size_t kNumDateTimeFields = 17;

/// One step of a pattern.
struct PatternElement {
  enum class Kind : std::uint8_t {
    number,
    year_of_two_digits,
    fraction,
    short_text,
    full_text,
    literal,
    offset,
    localized_offset,
    zone_id,
    zone_name,
    optional_begin,
    optional_end,
  };
  enum class Sign : std::uint8_t { normal, exceeds_pad, not_negative };

  Kind kind = Kind::literal;
  DateTimeField field = DateTimeField::year;
  std::uint8_t min_width = 1;
  std::uint8_t max_width = 19;
  Sign sign = Sign::normal;
  int following_width = 0;  ///< digits of numbers that follow at once
  bool is_long = false;     ///< of localized offsets and zone names
  std::string text{};       ///< literal; of offsets how zero is written
  bool has_minutes_always = false;
  bool has_colon = false;
  bool has_seconds = false;
};

class DateTimePattern {
 public:
  /// Error: Spark's for a letter that it does not know or refuses:
  /// [INCONSISTENT_BEHAVIOR_CROSS_VERSION.…], [INVALID_DATETIME_PATTERN.…], class bad_data.
  static Result<DateTimePattern> make(std::string_view pattern, PatternUse use);

  /// Instant of a text; `zone` counts where the pattern has none. nullopt: it does not match.
  std::optional<std::int64_t> parse_timestamp(std::string_view text, const TimeZone& zone) const;
  /// Wall clock of a text, a zone in it left out of account or refused.
  std::optional<std::int64_t> parse_timestamp_ntz(std::string_view text,
                                                  bool allows_zone = true) const;
  std::optional<std::int32_t> parse_date(std::string_view text) const;

  /// Appends the instant as it is in `zone`.
  void append_timestamp(std::int64_t utc_micros, const TimeZone& zone, std::string& out) const;
  void append_date(std::int32_t days, std::string& out) const;

 private:
  explicit DateTimePattern(std::vector<PatternElement> elements) : elements_(std::move(elements)) {}

  std::vector<PatternElement> elements_;
};

/// [CANNOT_PARSE_TIMESTAMP] for a text that does not match its pattern.
Error cannot_parse_timestamp(std::string_view text);

/// English names, as Java has them for en_US. `month` and `day_of_week` (Monday first) from 1.
std::string_view month_name(std::int32_t month, bool is_full);
std::string_view day_name(std::int32_t day_of_week, bool is_full);

}  // namespace stream
