#include <libstream/base/ascii.hpp>
#include <libstream/expressions/function.hpp>
#include <libstream/expressions/time_zone.hpp>
#include <libstream/expressions/time_zone_rule.hpp>

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <limits>
#include <map>
#include <memory>
#include <mutex>

namespace stream {
namespace {

constexpr std::int64_t kSecondsOf400Years = 146'097LL * 86'400;

/// Java's ZoneId.SHORT_IDS.
constexpr std::pair<std::string_view, std::string_view> kShortIds[] = {
    {"ACT", "Australia/Darwin"},
    {"AET", "Australia/Sydney"},
    {"AGT", "America/Argentina/Buenos_Aires"},
    {"ART", "Africa/Cairo"},
    {"AST", "America/Anchorage"},
    {"BET", "America/Sao_Paulo"},
    {"BST", "Asia/Dhaka"},
    {"CAT", "Africa/Harare"},
    {"CNT", "America/St_Johns"},
    {"CST", "America/Chicago"},
    {"CTT", "Asia/Shanghai"},
    {"EAT", "Africa/Addis_Ababa"},
    {"ECT", "Europe/Paris"},
    {"EST", "-05:00"},
    {"HST", "-10:00"},
    {"IET", "America/Indiana/Indianapolis"},
    {"IST", "Asia/Kolkata"},
    {"JST", "Asia/Tokyo"},
    {"MIT", "Pacific/Apia"},
    {"MST", "-07:00"},
    {"NET", "Asia/Yerevan"},
    {"NST", "Pacific/Auckland"},
    {"PLT", "Asia/Karachi"},
    {"PNT", "America/Phoenix"},
    {"PRT", "America/Puerto_Rico"},
    {"PST", "America/Los_Angeles"},
    {"SST", "Pacific/Guadalcanal"},
    {"VST", "Asia/Ho_Chi_Minh"},
};

/// "+h:mm" and "+hh:m", which Java does not know, in Java's form.
std::string pad_offset(std::string_view id) {
  std::string padded(id);
  for (std::size_t i = 0; i + 2 < padded.size(); ++i) {
    const bool is_sign = padded[i] == '+' || padded[i] == '-';
    if (!is_sign || !is_digit(padded[i + 1]) || padded[i + 2] != ':') continue;
    padded.insert(i + 1, 1, '0');
    break;
  }
  const std::size_t size = padded.size();
  if (size >= 5 && is_digit(padded[size - 1]) && padded[size - 2] == ':' &&
      is_digit(padded[size - 3]) && is_digit(padded[size - 4]) &&
      (padded[size - 5] == '+' || padded[size - 5] == '-'))
    padded.insert(size - 1, 1, '0');
  return padded;
}

std::string offset_id(std::int32_t offset) {
  if (offset == 0) return "Z";
  const std::int32_t seconds = std::abs(offset);
  std::string id =
      fmt::format("{}{:02}:{:02}", offset < 0 ? '-' : '+', seconds / 3600, seconds / 60 % 60);
  if (seconds % 60 != 0) id += fmt::format(":{:02}", seconds % 60);
  return id;
}

/// "Europe/Berlin": Java's form of names of regions.
bool is_region_name(std::string_view id) {
  if (id.size() < 2) return false;
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (!is_letter(id[0])) return false;
  return std::all_of(id.begin() + 1, id.end(), [&](char c) {
    return is_letter(c) || is_digit(c) || std::string_view("~/._+-").find(c) != id.npos;
  });
}

/// The POSIX rule at the end of the zone's file, for the years after its last entry. Empty: none.
std::string rule_after_file(const std::string& name) {
  const char* directory = std::getenv("TZDIR");
  std::ifstream file(std::string(directory ? directory : "/usr/share/zoneinfo") + "/" + name,
                     std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  if (content.size() < 3 || content.back() != '\n') return {};
  const std::size_t begin = content.rfind('\n', content.size() - 2);
  if (begin == content.npos) return {};
  return content.substr(begin + 1, content.size() - begin - 2);
}

std::int64_t seconds_of_year(std::int32_t year) { return days_from_civil({year, 1, 1}) * 86'400; }

/// The periods that the zone's file lists.
std::vector<TimeZone::Period> periods_in_file(const date::time_zone& zone) {
  std::vector<TimeZone::Period> periods;
  // No table begins before the 19th century.
  std::int64_t at = seconds_of_year(1700);
  while (at < seconds_of_year(2100)) {
    const date::sys_info info = zone.get_info(date::sys_seconds(std::chrono::seconds(at)));
    const auto offset = static_cast<std::int32_t>(info.offset.count());
    const bool is_same = !periods.empty() && periods.back().offset == offset &&
                         periods.back().abbreviation == info.abbrev;
    if (!is_same)
      periods.push_back({at, offset, info.save != std::chrono::minutes(0), info.abbrev});
    const std::int64_t end = info.end.time_since_epoch().count();
    if (end <= at) break;
    at = end;
  }
  return periods;
}

/// 400 years of changes by `rule`.
void append_periods(const ZoneRule& rule, std::int32_t from_year,
                    std::vector<TimeZone::Period>& periods) {
  for (std::int32_t year = from_year; year < from_year + 400; ++year) {
    TimeZone::Period daylight{local_seconds_of(rule.to_daylight, year) - rule.standard_offset,
                              rule.daylight_offset, true, rule.daylight_name};
    TimeZone::Period standard{local_seconds_of(rule.to_standard, year) - rule.daylight_offset,
                              rule.standard_offset, false, rule.standard_name};
    const bool is_northern = daylight.begin < standard.begin;
    periods.push_back(is_northern ? daylight : standard);
    periods.push_back(is_northern ? standard : daylight);
  }
}

std::unique_ptr<TimeZone> load_region(const std::string& id) {
  std::vector<TimeZone::Period> periods;
  std::string rule_text;
  try {
    const date::time_zone* zone = date::locate_zone(id);
    periods = periods_in_file(*zone);
    rule_text = rule_after_file(zone->name());
  } catch (const std::exception&) {
    return nullptr;
  }
  const std::int64_t last_day = floor_divide(periods.back().begin, 86'400);
  const std::int32_t repeats_from = std::max(2037, civil_from_days(last_day).year) + 1;
  if (const auto rule = parse_zone_rule(rule_text)) append_periods(*rule, repeats_from, periods);
  periods.front().begin = std::numeric_limits<std::int64_t>::min();
  return std::make_unique<TimeZone>(id, std::move(periods), seconds_of_year(repeats_from));
}

std::unique_ptr<TimeZone> make_fixed(std::string id, std::int32_t offset) {
  return std::make_unique<TimeZone>(std::move(id),
                                    std::vector<TimeZone::Period>{{0, offset, false, {}}}, 0);
}

/// Java's ZoneId.of; nullptr: no such zone.
std::unique_ptr<TimeZone> load_zone(std::string_view written) {
  std::string id = pad_offset(written);
  for (const auto& [name, region] : kShortIds) {
    if (id == name) {
      id = region;
      break;
    }
  }
  if (id == "Z") return make_fixed("Z", 0);
  if (id.size() < 2) return nullptr;
  if (id[0] == '+' || id[0] == '-') {
    const auto offset = parse_zone_offset(id);
    return offset ? make_fixed(offset_id(*offset), *offset) : nullptr;
  }
  for (const std::string_view prefix : {"UTC", "GMT", "UT"}) {
    if (id == prefix) return make_fixed(id, 0);
    if (id.rfind(prefix, 0) != 0) continue;
    if (id[prefix.size()] != '+' && id[prefix.size()] != '-') continue;
    const auto offset = parse_zone_offset(std::string_view(id).substr(prefix.size()));
    if (!offset) return nullptr;
    return make_fixed(std::string(prefix) + (*offset == 0 ? "" : offset_id(*offset)), *offset);
  }
  const bool is_java_region = is_region_name(id) && id.rfind("posix", 0) != 0 &&
                              id.rfind("right/", 0) != 0 && id != "localtime" && id != "Factory";
  return is_java_region ? load_region(id) : nullptr;
}

/// Zones by the text that asked for them. The lock guards the table; zones themselves never change.
class ZoneTable {
 public:
  const TimeZone* find(std::string_view id) {
    std::lock_guard lock(mutex_);
    if (const auto found = by_text_.find(id); found != by_text_.end()) return found->second;
    std::unique_ptr<TimeZone> zone = load_zone(id);
    if (!zone) return nullptr;
    std::unique_ptr<TimeZone>& kept = by_id_[zone->id()];
    if (!kept) kept = std::move(zone);
    by_text_.emplace(std::string(id), kept.get());
    return kept.get();
  }

 private:
  std::mutex mutex_;
  std::map<std::string, const TimeZone*, std::less<>> by_text_;
  std::map<std::string, std::unique_ptr<TimeZone>> by_id_;
};

}  // namespace

TimeZone::TimeZone(std::string id, std::vector<Period> periods, std::int64_t repeats_from)
    : id_(std::move(id)), periods_(std::move(periods)), repeats_from_(repeats_from) {
  fixed_offset_micros_ = periods_[0].offset * kMicrosPerSecond;
  for (std::size_t i = 0; i < periods_.size(); ++i) {
    const std::int64_t begin = periods_[i].begin;
    begins_.push_back(begin);
    local_begins_.push_back(i == 0 ? begin
                                   : begin + std::max(periods_[i - 1].offset, periods_[i].offset));
  }
}

const TimeZone::Period& TimeZone::period_at(std::int64_t utc_seconds) const {
  if (is_fixed()) return periods_[0];
  if (utc_seconds >= repeats_from_ + kSecondsOf400Years)
    utc_seconds = repeats_from_ + (utc_seconds - repeats_from_) % kSecondsOf400Years;
  const auto after = std::upper_bound(begins_.begin() + 1, begins_.end(), utc_seconds);
  return periods_[static_cast<std::size_t>(after - begins_.begin()) - 1];
}

std::int32_t TimeZone::offset_of_local(std::int64_t local_seconds) const {
  if (is_fixed()) return periods_[0].offset;
  if (local_seconds >= repeats_from_ + kSecondsOf400Years)
    local_seconds = repeats_from_ + (local_seconds - repeats_from_) % kSecondsOf400Years;
  const auto after =
      std::upper_bound(local_begins_.begin() + 1, local_begins_.end(), local_seconds);
  return periods_[static_cast<std::size_t>(after - local_begins_.begin()) - 1].offset;
}

Result<const TimeZone*> find_time_zone(std::string_view id) {
  static ZoneTable table;
  if (const TimeZone* zone = table.find(id)) return zone;
  return runtime_error("INVALID_TIMEZONE",
                       fmt::format("The timezone: {} is invalid. The timezone must be either a "
                                   "region-based zone ID or a zone offset.",
                                   id));
}

const TimeZone& utc_zone() {
  static const TimeZone zone("UTC", {{0, 0, false, {}}}, 0);
  return zone;
}

std::optional<std::int32_t> parse_zone_offset(std::string_view text) {
  if (text == "Z") return 0;
  if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const bool is_negative = text[0] == '-';
  text.remove_prefix(1);
  int parts[3] = {0, 0, 0};
  if (text.size() == 1) {
    if (!is_digit(text[0])) return std::nullopt;
    parts[0] = text[0] - '0';
  } else {
    const bool has_colons = text.size() > 2 && text[2] == ':';
    std::size_t at = 0;
    for (int part = 0; part < 3 && at < text.size(); ++part) {
      if (part > 0 && has_colons && text[at++] != ':') return std::nullopt;
      if (at + 2 > text.size() || !is_digit(text[at]) || !is_digit(text[at + 1]))
        return std::nullopt;
      parts[part] = (text[at] - '0') * 10 + (text[at + 1] - '0');
      at += 2;
    }
    if (at != text.size()) return std::nullopt;
  }
  const std::int32_t seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
  if (parts[1] > 59 || parts[2] > 59 || seconds > 18 * 3600) return std::nullopt;
  return is_negative ? -seconds : seconds;
}

}  // namespace stream
