// Texts to intervals, in all of Spark's spellings: "10 seconds", "interval 1 day -2 hours",
// "1 02:03:04.5", "INTERVAL '1-2' YEAR TO MONTH". Used by casts, literals, watermark delays and
// windows. Pure functions, any thread. Errors: [INVALID_INTERVAL_FORMAT.…], class bad_data.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/data/schema.hpp>

#include <cstdint>
#include <string_view>

namespace stream {

/// Numbers with units: "1 year 2 months", "interval 1 week -3.5 seconds".
Result<CalendarInterval> parse_calendar_interval(std::string_view text);

/// Micros, from the fields of `type` ("1 02:03" for DAY TO MINUTE), alone or as a whole literal.
Result<std::int64_t> parse_day_time_interval(std::string_view text, const DataType& type);

/// Months, from the fields of `type`, alone or as a whole literal.
Result<std::int32_t> parse_year_month_interval(std::string_view text, const DataType& type);

/// The length in micros, a month counted as 31 days: watermark delays. Error: it does not fit.
Result<std::int64_t> duration_micros(const CalendarInterval& interval);

}  // namespace stream
