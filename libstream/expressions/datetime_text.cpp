#include <libstream/base/ascii.hpp>
#include <libstream/expressions/datetime_text.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <string>

namespace stream {
namespace {

bool is_blank(char c) {
  const auto code = static_cast<unsigned char>(c);
  return code <= 0x20 || code == 0x7f;
}

std::optional<std::int64_t> checked_days(std::int64_t year, std::int64_t month, std::int64_t day) {
  if (month < 1 || month > 12 || day < 1) return std::nullopt;
  const auto in_year = static_cast<std::int32_t>(year);
  const auto in_month = static_cast<std::int32_t>(month);
  if (day > days_in_month(in_year, in_month)) return std::nullopt;
  return days_from_civil({in_year, in_month, static_cast<std::int32_t>(day)});
}

/// The fields of a timestamp's text.
struct TimestampParts {
  // Year, month, day, hour, minute, second, micros; the last takes what a zone leaves over.
  std::array<std::int64_t, 8> segments{1, 1, 1, 0, 0, 0, 0, 0};
  std::string_view zone;
  bool has_zone = false;
  bool is_time_only = false;
};

class TimestampReader {
 public:
  explicit TimestampReader(std::string_view text) : whole_(text), text_(trim_all(text)) {}

  std::optional<TimestampParts> read() {
    if (text_.empty()) return std::nullopt;
    std::size_t at = 0;
    bool has_sign = false;
    bool is_negative = false;
    if (text_[0] == '-' || text_[0] == '+') {
      has_sign = true;
      is_negative = text_[0] == '-';
      ++at;
    }
    for (; at < text_.size() && !parts_.has_zone; ++at) {
      if (is_digit(text_[at])) {
        take_digit(text_[at]);
      } else if (!take_separator(at, has_sign)) {
        return std::nullopt;
      }
    }
    if (!is_valid_segment()) return std::nullopt;
    parts_.segments[segment_] = value_;
    for (; fraction_digits_ < 6; ++fraction_digits_) parts_.segments[6] *= 10;
    if (is_negative) parts_.segments[0] = -parts_.segments[0];
    return parts_;
  }

 private:
  void take_digit(char c) {
    const bool is_fraction = segment_ == 6;
    if (is_fraction) ++fraction_digits_;
    if ((!is_fraction || digits_ < 6) && digits_ < 12) value_ = value_ * 10 + (c - '0');
    ++digits_;
  }

  bool take_separator(std::size_t at, bool has_sign) {
    const char c = text_[at];
    switch (segment_) {
      case 0:
        if (at == 0 && c == 'T' && text_.data() == whole_.data()) {
          parts_.is_time_only = true;
          segment_ = 3;
          return true;
        }
        if (c == ':' && !has_sign) {
          parts_.is_time_only = true;
          if (digits_ == 0 || digits_ > 2) return false;
          parts_.segments[3] = value_;
          return start_segment(4);
        }
        return c == '-' && end_segment();
      case 1:
        return c == '-' && end_segment();
      case 2:
        return (c == ' ' || c == 'T') && end_segment();
      case 3:
      case 4:
        return c == ':' && end_segment();
      case 5:
        if (c == '.') return end_segment();
        [[fallthrough]];
      case 6:
        if (!end_segment()) return false;
        segment_ = 7;
        parts_.has_zone = true;
        parts_.zone = text_.substr(at);
        return true;
      default:
        return false;
    }
  }

  bool end_segment() {
    if (!is_valid_segment()) return false;
    parts_.segments[segment_] = value_;
    return start_segment(segment_ + 1);
  }
  bool start_segment(std::size_t segment) {
    segment_ = segment;
    value_ = 0;
    digits_ = 0;
    return true;
  }
  bool is_valid_segment() const {
    if (segment_ == 6) return true;
    if (segment_ == 0) return digits_ >= 4 && digits_ <= 6;
    if (segment_ == 7) return digits_ <= 2;
    return digits_ > 0 && digits_ <= 2;
  }

  std::string_view whole_;
  std::string_view text_;
  TimestampParts parts_;
  std::size_t segment_ = 0;
  std::int64_t value_ = 0;
  std::size_t digits_ = 0;
  int fraction_digits_ = 0;
};

/// "2024-02-29 12:34:56.789" and the like, as texts mostly are; nullopt: to be looked at closer.
std::optional<TimestampParts> read_usual(std::string_view text) {
  if (text.size() < 19 || text[4] != '-' || text[7] != '-' ||
      (text[10] != ' ' && text[10] != 'T') || text[13] != ':' || text[16] != ':')
    return std::nullopt;
  bool is_usual = true;
  const auto two_digits = [&](std::size_t at) {
    is_usual = is_usual && is_digit(text[at]) && is_digit(text[at + 1]);
    return std::int64_t{text[at] - '0'} * 10 + (text[at + 1] - '0');
  };
  TimestampParts parts;
  parts.segments = {two_digits(0) * 100 + two_digits(2),
                    two_digits(5),
                    two_digits(8),
                    two_digits(11),
                    two_digits(14),
                    two_digits(17),
                    0,
                    0};
  std::size_t at = 19;
  if (at < text.size() && text[at] == '.') {
    std::int64_t unit = 100'000;
    for (++at; at < text.size() && is_digit(text[at]); ++at, unit /= 10)
      parts.segments[6] += (text[at] - '0') * unit;
  }
  if (at < text.size()) {
    is_usual = is_usual && !is_digit(text[at]);
    parts.has_zone = true;
    parts.zone = text.substr(at);
  }
  return is_usual ? std::optional(parts) : std::nullopt;
}

std::optional<TimestampParts> read_parts(std::string_view text) {
  if (auto parts = read_usual(trim_all(text))) return parts;
  return TimestampReader(text).read();
}

std::optional<std::int64_t> micros_of_day(const TimestampParts& parts) {
  const auto& segments = parts.segments;
  if (segments[3] > 23 || segments[4] > 59 || segments[5] > 59) return std::nullopt;
  return ((segments[3] * 60 + segments[4]) * 60 + segments[5]) * kMicrosPerSecond + segments[6];
}

/// days and micros of the day less an offset, when it fits 64 bits.
std::optional<std::int64_t> join_micros(std::int64_t days, std::int64_t of_day,
                                        std::int64_t offset_seconds) {
  const Int128 micros = static_cast<Int128>(days) * kMicrosPerDay + of_day -
                        static_cast<Int128>(offset_seconds) * kMicrosPerSecond;
  if (micros < std::numeric_limits<std::int64_t>::min() ||
      micros > std::numeric_limits<std::int64_t>::max())
    return std::nullopt;
  return static_cast<std::int64_t>(micros);
}

enum class SpecialWord { none, epoch, now, today, tomorrow, yesterday };

SpecialWord special_word(std::string_view text) {
  text = trim_all(text);
  std::size_t letters = 0;
  std::string word;
  while (letters < text.size() && ((text[letters] | 0x20) >= 'a' && (text[letters] | 0x20) <= 'z'))
    word += static_cast<char>(text[letters++] | 0x20);
  const std::string_view zone = trim_all(text.substr(letters));
  if (!zone.empty() && (word == "now" || !find_time_zone(zone))) return SpecialWord::none;
  if (word == "epoch") return SpecialWord::epoch;
  if (word == "now") return SpecialWord::now;
  if (word == "today") return SpecialWord::today;
  if (word == "tomorrow") return SpecialWord::tomorrow;
  if (word == "yesterday") return SpecialWord::yesterday;
  return SpecialWord::none;
}

std::int64_t today_of(const TimeZone& zone, std::int64_t now_micros) {
  return floor_divide(to_local_micros(zone, now_micros), kMicrosPerDay);
}

/// Days from today on; requires today, tomorrow or yesterday.
std::int64_t day_shift(SpecialWord word) {
  if (word == SpecialWord::tomorrow) return 1;
  return word == SpecialWord::yesterday ? -1 : 0;
}

}  // namespace

std::string_view trim_all(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<std::int32_t> parse_date(std::string_view text) {
  text = trim_all(text);
  if (text.empty()) return std::nullopt;
  if (text.size() == 10 && text[4] == '-' && text[7] == '-') {
    const auto digit = [&](std::size_t at) { return std::int64_t{text[at] - '0'}; };
    bool is_usual = true;
    for (const std::size_t at : {0, 1, 2, 3, 5, 6, 8, 9}) is_usual = is_usual && is_digit(text[at]);
    if (is_usual) {
      const auto days = checked_days(digit(0) * 1000 + digit(1) * 100 + digit(2) * 10 + digit(3),
                                     digit(5) * 10 + digit(6), digit(8) * 10 + digit(9));
      return days ? std::optional(static_cast<std::int32_t>(*days)) : std::nullopt;
    }
  }
  std::size_t at = 0;
  const bool is_negative = text[0] == '-';
  if (is_negative || text[0] == '+') ++at;
  std::int64_t segments[3] = {1, 1, 1};
  std::size_t segment = 0;
  std::int64_t value = 0;
  std::size_t digits = 0;
  const auto is_valid = [&] {
    return segment == 0 ? digits >= 4 && digits <= 7 : digits > 0 && digits <= 2;
  };
  for (; at < text.size() && text[at] != ' ' && text[at] != 'T'; ++at) {
    if (segment < 2 && text[at] == '-') {
      if (!is_valid()) return std::nullopt;
      segments[segment++] = value;
      value = 0;
      digits = 0;
    } else {
      if (!is_digit(text[at]) || ++digits > 7) return std::nullopt;
      value = value * 10 + (text[at] - '0');
    }
  }
  if (!is_valid()) return std::nullopt;
  if (segment < 2 && at < text.size()) return std::nullopt;
  segments[segment] = value;
  const auto days =
      checked_days(is_negative ? -segments[0] : segments[0], segments[1], segments[2]);
  if (!days || *days > std::numeric_limits<std::int32_t>::max() ||
      *days < std::numeric_limits<std::int32_t>::min())
    return std::nullopt;
  return static_cast<std::int32_t>(*days);
}

std::optional<std::int64_t> parse_timestamp(std::string_view text, const TimeZone& zone,
                                            std::optional<std::int64_t> now_micros) {
  const auto parts = read_parts(text);
  if (!parts) return std::nullopt;
  const auto of_day = micros_of_day(*parts);
  if (!of_day) return std::nullopt;
  const TimeZone* in_zone = &zone;
  std::optional<std::int32_t> offset;
  if (parts->has_zone) {
    const std::string_view name = trim_all(parts->zone);
    offset = parse_zone_offset(name);
    if (!offset) {
      const auto found = find_time_zone(name);
      if (!found) return std::nullopt;
      in_zone = *found;
    }
  }
  std::optional<std::int64_t> days;
  if (!parts->is_time_only) {
    days = checked_days(parts->segments[0], parts->segments[1], parts->segments[2]);
  } else if (now_micros) {
    days = offset ? floor_divide(*now_micros + *offset * kMicrosPerSecond, kMicrosPerDay)
                  : today_of(*in_zone, *now_micros);
  }
  if (!days) return std::nullopt;
  if (!offset) {
    const std::int64_t of_day_seconds = *of_day / kMicrosPerSecond;
    offset = in_zone->offset_of_local(*days * 86'400 + of_day_seconds);
  }
  return join_micros(*days, *of_day, *offset);
}

std::optional<std::int64_t> parse_timestamp_ntz(std::string_view text, bool allows_zone) {
  const auto parts = read_parts(text);
  if (!parts || parts->is_time_only) return std::nullopt;
  if (parts->has_zone) {
    const std::string_view name = trim_all(parts->zone);
    if (!allows_zone || (!parse_zone_offset(name) && !find_time_zone(name))) return std::nullopt;
  }
  const auto of_day = micros_of_day(*parts);
  const auto days = checked_days(parts->segments[0], parts->segments[1], parts->segments[2]);
  if (!of_day || !days) return std::nullopt;
  return join_micros(*days, *of_day, 0);
}

std::optional<std::int32_t> special_date(std::string_view text, const TimeZone& zone,
                                         std::int64_t now_micros) {
  const SpecialWord word = special_word(text);
  if (word == SpecialWord::none) return std::nullopt;
  if (word == SpecialWord::epoch) return 0;
  return static_cast<std::int32_t>(today_of(zone, now_micros) + day_shift(word));
}

std::optional<std::int64_t> special_timestamp(std::string_view text, const TimeZone& zone,
                                              std::int64_t now_micros) {
  const SpecialWord word = special_word(text);
  if (word == SpecialWord::none) return std::nullopt;
  if (word == SpecialWord::epoch) return 0;
  if (word == SpecialWord::now) return now_micros;
  return to_utc_micros(zone, (today_of(zone, now_micros) + day_shift(word)) * kMicrosPerDay);
}

std::optional<std::int64_t> special_timestamp_ntz(std::string_view text, const TimeZone& zone,
                                                  std::int64_t now_micros) {
  const SpecialWord word = special_word(text);
  if (word == SpecialWord::none) return std::nullopt;
  if (word == SpecialWord::epoch) return 0;
  if (word == SpecialWord::now) return to_local_micros(zone, now_micros);
  return (today_of(zone, now_micros) + day_shift(word)) * kMicrosPerDay;
}

}  // namespace stream
