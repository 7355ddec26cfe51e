// log_monitoring: rates, error share and top names of access and system logs, window by window.
#include <apps/log_monitoring/log_stream.hpp>
#include <apps/terminal/cluster_options.hpp>
#include <apps/terminal/query_terminal.hpp>
#include <libstream/base/duration.hpp>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <cstdio>
#include <map>

namespace {

using namespace stream;
using namespace stream::apps;

/// What to read when nothing is named: this machine's logs, from their beginning so that there is
/// something to see, or generated lines.
void choose_inputs(LogMonitoringOptions& options, bool generate) {
  if (generate || !options.inputs.empty()) return;
  options.inputs = readable_system_logs();
  options.from_beginning = true;
  std::string names;
  for (const auto& input : options.inputs) names += " " + input;
  std::fprintf(
      stderr, "log_monitoring: reading%s\n",
      names.empty() ? " generated access logs, as no log here is readable" : names.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  LogMonitoringOptions options;
  TerminalOptions terminal;
  ClusterRunnerOptions cluster;
  std::string window = "10s";
  std::string slide = "2s";
  CLI::App app("Rates, error share and top names of access and system logs");
  const std::map<std::string, LogFormat> formats = {{"auto", LogFormat::automatic},
                                                    {"access", LogFormat::access},
                                                    {"syslog", LogFormat::syslog},
                                                    {"dpkg", LogFormat::dpkg}};
  app.add_option("--input", options.inputs,
                 "FILE, DIRECTORY or tcp://HOST:PORT; repeatable (default: this machine's logs)");
  app.add_option("--format", options.format, "auto, access, syslog or dpkg")
      ->transform(CLI::CheckedTransformer(formats));
  app.add_option("--window", window, "length of a window")->capture_default_str();
  app.add_option("--slide", slide, "time between two reports")->capture_default_str();
  app.add_option("--alert-error-share", options.report.alert_error_share,
                 "share of 5xx answers above which a window is an alert")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--rejects", options.rejects, "directory that gets the malformed lines");
  auto* generate = app.add_option("--generate", options.generated_per_second,
                                  "read generated access logs, so many lines a second");
  app.add_flag("--from-beginning", options.from_beginning,
               "also read what the files hold at the start");
  app.add_flag("--once", options.once, "read what the files hold, report once and end");
  app.add_option("--checkpoint", options.checkpoint, "directory that makes counts survive a crash");
  app.add_option("--progress", terminal.progress_file,
                 "file that gets each epoch's progress as a JSON line");
  add_cluster_options(app, cluster);
  CLI11_PARSE(app, argc, argv);
  return report_errors([&] {
    options.window = value_or_throw(parse_duration(window));
    options.slide = value_or_throw(parse_duration(slide));
    choose_inputs(options, generate->count() > 0);
    if (generate->count() > 0) options.inputs.clear();
    if (options.once && options.inputs.empty())
      throw bad_option("--once: needs files to read, name them with --input");
    const bool in_place = isatty(STDOUT_FILENO) != 0 && !options.once;
    // The report fills the screen; a status line would be painted into it.
    terminal.show_status = !in_place;
    auto context = make_log_monitoring(
        runner_of(cluster), options, [in_place, report = options.report](const LogWindow& counts) {
          const auto text =
              in_place ? render_in_place(counts, report) : render_report(counts, report);
          std::fwrite(text.data(), 1, text.size(), stdout);
          std::fflush(stdout);
        });
    return run_query(context, terminal);
  });
}
