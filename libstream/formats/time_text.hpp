// Dates and timestamps of text formats, by pattern or in the forms of CAST, read and written. Made
// from TimeFormats by the csv and json formats. Immutable, any thread.
#pragma once

#include <libstream/expressions/datetime_pattern.hpp>
#include <libstream/formats/read_behaviour.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stream {

class TimeReader {
 public:
  /// Error: a pattern or a zone that is none, with Spark's condition.
  static Result<TimeReader> make(const TimeFormats& formats);

  std::optional<std::int32_t> date(std::string_view text) const;
  std::optional<std::int64_t> timestamp(std::string_view text) const;
  std::optional<std::int64_t> timestamp_ntz(std::string_view text) const;

  /// For schema inference: a date is found by its pattern alone, yyyy-MM-dd without one.
  bool is_strict_date(std::string_view text) const;
  bool is_timestamp(std::string_view text) const;
  bool date_falls_back() const { return date_falls_back_; }
  bool is_timestamp_ntz(std::string_view text) const { return timestamp_ntz(text).has_value(); }

 private:
  explicit TimeReader(DateTimePattern strict_date) : strict_date_(std::move(strict_date)) {}

  const TimeZone* zone_ = nullptr;
  DateTimePattern strict_date_;
  bool has_date_ = false;
  std::optional<DateTimePattern> timestamp_;
  std::optional<DateTimePattern> timestamp_ntz_;
  bool date_falls_back_ = true;
  bool timestamp_falls_back_ = true;
};

class TimeWriter {
 public:
  static Result<TimeWriter> make(const TimeFormats& formats);

  void append_date(std::int32_t days, std::string& out) const { date_.append_date(days, out); }
  void append_timestamp(std::int64_t micros, std::string& out) const {
    timestamp_.append_timestamp(micros, *zone_, out);
  }
  void append_timestamp_ntz(std::int64_t micros, std::string& out) const {
    timestamp_ntz_.append_timestamp(micros, utc_zone(), out);
  }

 private:
  TimeWriter(const TimeZone* zone, DateTimePattern date, DateTimePattern timestamp,
             DateTimePattern timestamp_ntz)
      : zone_(zone),
        date_(std::move(date)),
        timestamp_(std::move(timestamp)),
        timestamp_ntz_(std::move(timestamp_ntz)) {}

  const TimeZone* zone_;
  DateTimePattern date_;
  DateTimePattern timestamp_;
  DateTimePattern timestamp_ntz_;
};

}  // namespace stream
