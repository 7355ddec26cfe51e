// The query of log_monitoring: lines to per-window counts to a report. Built by main and by tests,
// on any runner; one thread builds.
#pragma once

#include <apps/log_monitoring/log_line.hpp>
#include <apps/log_monitoring/log_report.hpp>
#include <libstream/api/streaming_context.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace stream::apps {

struct LogMonitoringOptions {
  std::vector<std::string> inputs;  ///< files, directories, tcp://HOST:PORT; empty: generated lines
  LogFormat format = LogFormat::automatic;
  Duration window{10'000};
  Duration slide{2'000};
  ReportOptions report;
  std::string rejects;  ///< directory of malformed lines; empty: only counted
  std::string checkpoint;
  std::int64_t generated_per_second = 2'000;
  bool from_beginning = false;  ///< files: what they hold now too
  bool once = false;            ///< take what is there, report it and end
};

/// Gets each window; called by one task at a time.
using ReportWindow = std::function<void(const LogWindow&)>;

/// Throws Error for wrong options.
StreamingContext make_log_monitoring(std::shared_ptr<Runner> runner,
                                     const LogMonitoringOptions& options, ReportWindow report);

/// The logs of this machine that may be read.
std::vector<std::string> readable_system_logs();

}  // namespace stream::apps
