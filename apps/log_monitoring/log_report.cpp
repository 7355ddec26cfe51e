#include <apps/log_monitoring/log_report.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace stream::apps {
namespace {

constexpr std::size_t kNameColumns = 32;

std::string clock_time(EpochMillis time) {
  using namespace std::chrono;
  const sys_seconds second = floor<seconds>(sys_time<milliseconds>(milliseconds(time)));
  const hh_mm_ss clock(second - floor<days>(second));
  return fmt::format("{:02}:{:02}:{:02}", clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

/// Logs are written by strangers: only plain text may reach the terminal, and no more than a
/// column.
std::string printable(const std::string& name) {
  std::string text = name.substr(0, kNameColumns);
  for (char& c : text) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return text;
}

void append_list(std::string& text, const char* title, const CountedNames& names, std::size_t n) {
  if (names.empty()) return;
  text += fmt::format("  {}\n", title);
  for (const auto& [name, count] : top_names(names, n)) {
    text += fmt::format("    {:<{}} {:>9}\n", printable(name), kNameColumns, count);
  }
}

}  // namespace

double LogWindow::error_share() const {
  return access_lines == 0
             ? 0.0
             : static_cast<double>(status_classes[4]) / static_cast<double>(access_lines);
}

CountedNames top_names(CountedNames names, std::size_t n) {
  std::ranges::sort(names, [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  names.resize(std::min(n, names.size()));
  return names;
}

std::string render_report(const LogWindow& window, const ReportOptions& options) {
  const double seconds = static_cast<double>(window.length.count()) / 1000.0;
  const bool has_length = seconds > 0;
  const auto lines = window.access_lines + window.system_lines;
  std::string text =
      has_length
          ? fmt::format("---- {} UTC, last {:g} s: {} lines, {:.1f} a second ----\n",
                        clock_time(window.end), seconds, lines,
                        static_cast<double>(lines) / seconds)
          : fmt::format("---- {} UTC, whole input: {} lines ----\n", clock_time(window.end), lines);
  if (window.access_lines > 0) {
    const auto& classes = window.status_classes;
    const double kibibytes = static_cast<double>(window.bytes) / 1024.0;
    text += fmt::format("  requests {}   2xx {}   3xx {}   4xx {}   5xx {}   {:.1f} {}\n",
                        window.access_lines, classes[1], classes[2], classes[3], classes[4],
                        has_length ? kibibytes / seconds : kibibytes, has_length ? "KiB/s" : "KiB");
    const bool is_alert = window.error_share() > options.alert_error_share;
    text += fmt::format(
        "  error share {:.1f} %{}\n", 100.0 * window.error_share(),
        is_alert ? fmt::format("   ALERT: above {:g} %", 100.0 * options.alert_error_share) : "");
  }
  append_list(text, "top paths", window.paths, options.num_names);
  append_list(text, "top clients", window.clients, options.num_names);
  append_list(text, "programs", window.programs, options.num_names);
  if (window.malformed_lines > 0)
    text += fmt::format("  malformed lines {}\n", window.malformed_lines);
  return text;
}

std::string render_in_place(const LogWindow& window, const ReportOptions& options) {
  // To the upper left corner; each line and the rest of the screen lose what an earlier block left.
  std::string text = "\x1b[H";
  for (const char c : render_report(window, options)) {
    if (c == '\n') text += "\x1b[K";
    text += c;
  }
  return text + "\x1b[J";
}

}  // namespace stream::apps
