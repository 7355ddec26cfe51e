#include <libstream/data/date_time.hpp>
#include <libstream/expressions/time_zone_rule.hpp>

namespace stream {
namespace {

class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }
  bool skip(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool at_comma() const { return !text_.empty() && text_[0] == ','; }

  std::optional<std::int32_t> number() {
    std::int32_t value = 0;
    std::size_t digits = 0;
    while (digits < text_.size() && digits < 4 && text_[digits] >= '0' && text_[digits] <= '9')
      value = value * 10 + (text_[digits++] - '0');
    if (digits == 0) return std::nullopt;
    text_.remove_prefix(digits);
    return value;
  }
  /// "CET", "<+03>".
  std::optional<std::string> name() {
    const bool is_quoted = skip('<');
    std::size_t size = 0;
    const auto is_part = [&](char c) {
      if (is_quoted) return c != '>';
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    };
    while (size < text_.size() && is_part(text_[size])) ++size;
    if (size == 0) return std::nullopt;
    std::string read(text_.substr(0, size));
    text_.remove_prefix(size);
    if (is_quoted && !skip('>')) return std::nullopt;
    return read;
  }
  /// "-3:30" in seconds.
  std::optional<std::int32_t> time() {
    const bool is_negative = skip('-');
    if (!is_negative) skip('+');
    std::int32_t seconds = 0;
    for (std::int32_t unit = 3600; unit > 0; unit /= 60) {
      const auto part = number();
      if (!part) return std::nullopt;
      seconds += *part * unit;
      if (unit == 1 || !skip(':')) break;
    }
    return is_negative ? -seconds : seconds;
  }
  /// ",M3.5.0/2" or ",J60".
  std::optional<ZoneRule::Change> change() {
    ZoneRule::Change read;
    if (!skip(',')) return std::nullopt;
    if (skip('J')) {
      const auto day = number();
      if (!day) return std::nullopt;
      read.day = *day;
    } else {
      if (!skip('M')) return std::nullopt;
      const auto month = number();
      if (!month || *month < 1 || *month > 12 || !skip('.')) return std::nullopt;
      const auto week = number();
      if (!week || !skip('.')) return std::nullopt;
      const auto day = number();
      if (!day) return std::nullopt;
      read = {*month, *week, *day, 0};
    }
    read.seconds = 2 * 3600;
    if (skip('/')) {
      const auto seconds = time();
      if (!seconds) return std::nullopt;
      read.seconds = *seconds;
    }
    return read;
  }

 private:
  std::string_view text_;
};

}  // namespace

std::optional<ZoneRule> parse_zone_rule(std::string_view text) {
  RuleReader reader(text);
  ZoneRule rule;
  auto name = reader.name();
  auto offset = reader.time();
  if (!name || !offset) return std::nullopt;
  rule.standard_name = *name;
  rule.standard_offset = -*offset;
  name = reader.name();
  if (!name) return std::nullopt;
  rule.daylight_name = *name;
  rule.daylight_offset = rule.standard_offset + 3600;
  if (!reader.at_comma()) {
    offset = reader.time();
    if (!offset) return std::nullopt;
    rule.daylight_offset = -*offset;
  }
  const auto to_daylight = reader.change();
  const auto to_standard = reader.change();
  if (!to_daylight || !to_standard || !reader.at_end()) return std::nullopt;
  rule.to_daylight = *to_daylight;
  rule.to_standard = *to_standard;
  return rule;
}

std::int64_t local_seconds_of(const ZoneRule::Change& change, std::int32_t year) {
  std::int64_t days = 0;
  if (change.month == 0) {
    const bool is_after_leap_day = is_leap_year(year) && change.day >= 60;
    days = days_from_civil({year, 1, 1}) + change.day - 1 + (is_after_leap_day ? 1 : 0);
  } else {
    const std::int64_t first = days_from_civil({year, change.month, 1});
    const std::int64_t first_weekday = floor_modulo(first + 4, 7);
    std::int64_t day = floor_modulo(change.day - first_weekday, 7) + (change.week - 1) * 7;
    if (day >= days_in_month(year, change.month)) day -= 7;
    days = first + day;
  }
  return days * 86'400 + change.seconds;
}

}  // namespace stream
