#include <apps/log_monitoring/log_line.hpp>
#include <libstream/base/ascii.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace stream::apps {
namespace {

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7f;
  });
}

/// Whether `text` begins as `shape` does: '0' stands for a digit, all else for itself.
bool has_shape(std::string_view text, std::string_view shape) {
  if (text.size() < shape.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == '0' ? !is_digit(text[i]) : text[i] != shape[i]) return false;
  }
  return true;
}

template <class Number>
bool parse_number(std::string_view text, Number& number) {
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stopped == end;
}

/// What is left of a line; each call takes a piece from its front.
class LineReader {
 public:
  explicit LineReader(std::string_view line) : rest_(line) {}

  /// Up to the next space, which is taken too. Empty at the end.
  std::string_view word() {
    const std::size_t end = std::min(rest_.find(' '), rest_.size());
    const auto word = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return word;
  }
  /// What stands between quotes, where `\"` does not close; the space behind is taken too.
  std::optional<std::string_view> quoted() {
    if (!rest_.starts_with('"')) return std::nullopt;
    std::size_t end = 1;
    while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
    if (end >= rest_.size()) return std::nullopt;
    return take(1, end);
  }
  std::optional<std::string_view> bracketed() {
    const std::size_t end = rest_.find(']');
    if (!rest_.starts_with('[') || end == std::string_view::npos) return std::nullopt;
    return take(1, end);
  }
  std::string_view rest() const { return rest_; }
  void skip(std::size_t num_bytes) { rest_.remove_prefix(std::min(num_bytes, rest_.size())); }

 private:
  std::string_view take(std::size_t begin, std::size_t end) {
    const auto taken = rest_.substr(begin, end - begin);
    rest_.remove_prefix(end + 1);
    if (rest_.starts_with(' ')) rest_.remove_prefix(1);
    return taken;
  }
  std::string_view rest_;
};

std::string_view without_line_end(std::string_view line) {
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// `GET /path?query HTTP/1.1`
bool parse_request(std::string_view request, LogRecord& record) {
  const std::size_t first = request.find(' ');
  const std::size_t last = request.rfind(' ');
  if (first == std::string_view::npos || first == last) return false;
  record.method = request.substr(0, first);
  record.path = request.substr(first + 1, last - first - 1);
  record.path = record.path.substr(0, record.path.find('?'));
  const bool is_method = !record.method.empty() && std::ranges::all_of(record.method, [](char c) {
    return (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
  return is_method && request.substr(last + 1).starts_with("HTTP/") && !record.path.empty() &&
         is_printable(record.path);
}

bool is_month_time(std::string_view text) {
  if (text.size() < 15 || std::ranges::find(kMonths, text.substr(0, 3)) == kMonths.end()) {
    return false;
  }
  const bool has_day = text[3] == ' ' && (text[4] == ' ' || is_digit(text[4])) && is_digit(text[5]);
  return has_day && has_shape(text.substr(6), " 00:00:00");
}

/// `prog[pid]: msg`, `prog: msg`
bool parse_tag(std::string_view rest, LogRecord& record) {
  const std::size_t end = rest.find_first_of(":[ ");
  if (end == std::string_view::npos || end == 0 || rest[end] == ' ') return false;
  record.program = rest.substr(0, end);
  std::size_t colon = end;
  if (rest[end] == '[') {
    const std::size_t close = rest.find(']', end);
    if (close == std::string_view::npos || close + 1 >= rest.size() || rest[close + 1] != ':') {
      return false;
    }
    colon = close + 1;
  }
  record.message = rest.substr(colon + 1);
  if (record.message.starts_with(' ')) record.message.remove_prefix(1);
  return is_printable(record.program);
}

/// `<34>`: facility times eight plus severity.
bool take_priority(LineReader& reader, LogRecord& record) {
  const auto rest = reader.rest();
  if (!rest.starts_with('<')) return true;
  const std::size_t end = rest.find('>');
  int priority = -1;
  if (end == std::string_view::npos || end > 4 ||
      !parse_number(rest.substr(1, end - 1), priority) || priority < 0 || priority > 191) {
    return false;
  }
  record.severity = priority % 8;
  reader.skip(end + 1);
  return true;
}

/// Behind `1 `: time, host, program, process, message id, then structured data and text.
bool parse_rfc5424(LineReader& reader, LogRecord& record) {
  record.time = reader.word();
  record.host = reader.word();
  record.program = reader.word();
  const auto process = reader.word();
  const auto message_id = reader.word();
  record.message = reader.rest();
  const bool has_time = record.time == "-" || has_shape(record.time, "0000-00-00T00:00:00");
  return has_time && !record.host.empty() && !record.program.empty() && !process.empty() &&
         !message_id.empty() && !record.message.empty() && is_printable(record.host) &&
         is_printable(record.program);
}

}  // namespace

std::optional<LogRecord> parse_access_line(std::string_view line) {
  LogRecord record;
  LineReader reader(without_line_end(line));
  record.host = reader.word();
  const auto identity = reader.word();
  const auto user = reader.word();
  if (record.host.empty() || identity.empty() || user.empty()) return std::nullopt;
  const auto time = reader.bracketed();
  const auto request = time ? reader.quoted() : std::nullopt;
  if (!request || !has_shape(*time, "00/") || !is_printable(record.host)) return std::nullopt;
  record.time = *time;
  // A request that is no HTTP is logged all the same, with status 400 or 408.
  const auto status = reader.word();
  const auto bytes = reader.word();
  if (status.size() != 3 || !parse_number(status, record.status) || record.status < 100 ||
      record.status > 599) {
    return std::nullopt;
  }
  if (!parse_request(*request, record)) {
    if (record.status < 400 || record.status > 499) return std::nullopt;
    record.method = record.path = {};
  }
  if (bytes != "-" && (!parse_number(bytes, record.bytes) || record.bytes < 0)) return std::nullopt;
  if (reader.rest().empty()) return record;
  const auto referer = reader.quoted();
  const auto agent = referer ? reader.quoted() : std::nullopt;
  if (!agent) return std::nullopt;
  record.message = *agent;
  return record;
}

std::optional<LogRecord> parse_syslog_line(std::string_view line) {
  LogRecord record;
  record.format = LogFormat::syslog;
  LineReader reader(without_line_end(line));
  if (!take_priority(reader, record)) return std::nullopt;
  if (record.severity >= 0 && reader.rest().starts_with("1 ")) {
    reader.skip(2);
    return parse_rfc5424(reader, record) ? std::optional(record) : std::nullopt;
  }
  if (is_month_time(reader.rest())) {
    record.time = reader.rest().substr(0, 15);
    reader.skip(15);
    if (!reader.rest().starts_with(' ')) return std::nullopt;
    reader.skip(1);
  } else if (has_shape(reader.rest(), "0000-00-00T00:00:00")) {
    record.time = reader.word();
  } else {
    return std::nullopt;
  }
  record.host = reader.word();
  if (record.host.empty() || !is_printable(record.host)) return std::nullopt;
  return parse_tag(reader.rest(), record) ? std::optional(record) : std::nullopt;
}

std::optional<LogRecord> parse_dpkg_line(std::string_view line) {
  line = without_line_end(line);
  if (!has_shape(line, "0000-00-00 00:00:00 ")) return std::nullopt;
  LogRecord record;
  record.format = LogFormat::dpkg;
  record.program = "dpkg";
  record.time = line.substr(0, 19);
  LineReader reader(line.substr(20));
  record.method = reader.word();
  // `status STATE PACKAGE VERSION`; for `startup archives unpack` the second word is what it does.
  if (record.method == "status") {
    record.message = reader.word();
    record.path = reader.word();
  } else {
    record.path = reader.word();
    record.message = reader.rest();
  }
  const bool is_whole = !record.method.empty() && !record.path.empty() && !record.message.empty();
  return is_whole && is_printable(record.method) && is_printable(record.path)
             ? std::optional(record)
             : std::nullopt;
}

std::optional<LogRecord> parse_log_line(std::string_view line, LogFormat format) {
  switch (format) {
    case LogFormat::access:
      return parse_access_line(line);
    case LogFormat::syslog:
      return parse_syslog_line(line);
    case LogFormat::dpkg:
      return parse_dpkg_line(line);
    case LogFormat::automatic:
      break;
  }
  if (auto record = parse_dpkg_line(line)) return record;
  if (auto record = parse_syslog_line(line)) return record;
  return parse_access_line(line);
}

}  // namespace stream::apps
