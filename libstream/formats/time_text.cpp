#include <libstream/expressions/datetime_text.hpp>
#include <libstream/formats/number_text.hpp>
#include <libstream/formats/time_text.hpp>

namespace stream {
namespace {

constexpr const char* kDatePattern = "yyyy-MM-dd";
constexpr const char* kTimestampPattern = "yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]";
constexpr const char* kTimestampNtzPattern = "yyyy-MM-dd'T'HH:mm:ss[.SSS]";

/// Old files have "2015-01-01GMT+01:00".
std::string without_gmt(std::string_view text) {
  std::string out(text);
  for (std::size_t at = 0; (at = out.find("GMT", at)) != std::string::npos;) out.erase(at, 3);
  return out;
}

Result<std::optional<DateTimePattern>> compile(const std::optional<std::string>& pattern) {
  if (!pattern) return std::optional<DateTimePattern>();
  STREAM_TRY(DateTimePattern compiled, DateTimePattern::make(*pattern, PatternUse::parse));
  return std::optional<DateTimePattern>(std::move(compiled));
}

}  // namespace

Result<TimeReader> TimeReader::make(const TimeFormats& formats) {
  STREAM_TRY(DateTimePattern date,
             DateTimePattern::make(formats.date.value_or(kDatePattern), PatternUse::parse));
  TimeReader reader(std::move(date));
  reader.has_date_ = formats.date.has_value();
  STREAM_TRY(reader.zone_, find_time_zone(formats.time_zone));
  STREAM_TRY(reader.timestamp_, compile(formats.timestamp));
  STREAM_TRY(reader.timestamp_ntz_, compile(formats.timestamp_ntz));
  reader.date_falls_back_ = formats.falls_back.value_or(!formats.date);
  reader.timestamp_falls_back_ = formats.falls_back.value_or(!formats.timestamp);
  return reader;
}

std::optional<std::int32_t> TimeReader::date(std::string_view text) const {
  if (has_date_) {
    if (const auto days = strict_date_.parse_date(text)) return days;
    if (!date_falls_back_) return std::nullopt;
  }
  if (const auto days = parse_date(text)) return days;
  if (text.find("GMT") == std::string_view::npos) return std::nullopt;
  return parse_date(without_gmt(text));
}

std::optional<std::int64_t> TimeReader::timestamp(std::string_view text) const {
  if (timestamp_) {
    if (const auto micros = timestamp_->parse_timestamp(text, *zone_)) return micros;
    if (!timestamp_falls_back_) return std::nullopt;
  }
  if (const auto micros = parse_timestamp(text, *zone_)) return micros;
  if (!timestamp_falls_back_ || text.find("GMT") == std::string_view::npos) return std::nullopt;
  return parse_timestamp(without_gmt(text), *zone_);
}

std::optional<std::int64_t> TimeReader::timestamp_ntz(std::string_view text) const {
  if (timestamp_ntz_) return timestamp_ntz_->parse_timestamp_ntz(text, false);
  return parse_timestamp_ntz(text, false);
}

bool TimeReader::is_strict_date(std::string_view text) const {
  return strict_date_.parse_date(text).has_value();
}

bool TimeReader::is_timestamp(std::string_view text) const {
  if (timestamp_) return timestamp_->parse_timestamp(text, *zone_).has_value();
  return parse_timestamp(text, *zone_).has_value();
}

Result<TimeWriter> TimeWriter::make(const TimeFormats& formats) {
  STREAM_TRY(const TimeZone* zone, find_time_zone(formats.time_zone));
  STREAM_TRY(DateTimePattern date,
             DateTimePattern::make(formats.date.value_or(kDatePattern), PatternUse::format));
  STREAM_TRY(
      DateTimePattern timestamp,
      DateTimePattern::make(formats.timestamp.value_or(kTimestampPattern), PatternUse::format));
  STREAM_TRY(DateTimePattern timestamp_ntz,
             DateTimePattern::make(formats.timestamp_ntz.value_or(kTimestampNtzPattern),
                                   PatternUse::format));
  return TimeWriter(zone, std::move(date), std::move(timestamp), std::move(timestamp_ntz));
}

}  // namespace stream
