// Lines of access and system logs, parsed by hand into views of the line: no allocation, no
// regular expression. Used by log_monitoring's map over the lines; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace stream::apps {

/// Months as logs write them.
inline constexpr std::array<std::string_view, 12> kMonths = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

enum class LogFormat : std::uint8_t { automatic, access, syslog, dpkg };

/// One line. Views point into it; what a format does not have is empty or -1.
struct LogRecord {
  LogFormat format = LogFormat::access;
  std::string_view time;     ///< as written
  std::string_view host;     ///< client of an access line, host of a syslog line
  std::string_view method;   ///< access: "GET"; dpkg: "install", "status", …
  std::string_view path;     ///< access: without the query string; dpkg: the package
  int status = -1;           ///< access: 100…599
  std::int64_t bytes = -1;   ///< access: -1 for "-"
  std::string_view program;  ///< syslog: the tag; dpkg: "dpkg"
  int severity = -1;         ///< syslog with a priority: 0 (emergency) … 7 (debug)
  std::string_view message;  ///< access: the agent; syslog: the text; dpkg: the rest
};

/// Apache's and nginx's common and combined formats.
std::optional<LogRecord> parse_access_line(std::string_view line);
/// RFC 3164, RFC 5424 and rsyslog's ISO-8601 files, each with or without a priority.
std::optional<LogRecord> parse_syslog_line(std::string_view line);
/// `2026-11-21 04:05:06 status installed pkg:arch version`
std::optional<LogRecord> parse_dpkg_line(std::string_view line);
/// The given format, or for `automatic` the first that takes the line. Never throws; nothing for
/// a malformed line.
std::optional<LogRecord> parse_log_line(std::string_view line, LogFormat format);

}  // namespace stream::apps
