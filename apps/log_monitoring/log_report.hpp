// The screen of log_monitoring: one window's counts as text. Pure; the caller prints it. Any
// thread.
#pragma once

#include <libstream/base/clock.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace stream::apps {

using CountedNames = std::vector<std::pair<std::string, std::int64_t>>;

/// What was counted in one window.
struct LogWindow {
  EpochMillis end = 0;
  Duration length{0};                            ///< zero: the whole input, so without rates
  std::array<std::int64_t, 5> status_classes{};  ///< 1xx … 5xx
  std::int64_t access_lines = 0;
  std::int64_t system_lines = 0;
  std::int64_t malformed_lines = 0;
  std::int64_t bytes = 0;
  CountedNames paths;
  CountedNames clients;
  CountedNames programs;

  /// 5xx of all access lines; 0 without any.
  double error_share() const;
};

struct ReportOptions {
  double alert_error_share = 0.05;
  std::size_t num_names = 5;  ///< length of the lists
};

/// The most frequent first, equal ones by name, at most `n`.
CountedNames top_names(CountedNames names, std::size_t n);

/// A block of lines, each ended by a line break, without control characters from the logs.
std::string render_report(const LogWindow& window, const ReportOptions& options);

/// The same, painted over the block before it on a terminal.
std::string render_in_place(const LogWindow& window, const ReportOptions& options);

}  // namespace stream::apps
