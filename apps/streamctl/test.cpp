#include <actors/runner.hpp>
#include <apps/streamctl/commands.hpp>
#include <libstream/base/file_system.hpp>
#include <libstream/execution/local_runner.hpp>
#include <libstream/testing/dstream_case.hpp>
#include <libstream/testing/format_case.hpp>
#include <libstream/testing/query_case.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <memory>

namespace stream::apps {
namespace {

struct Options {
  std::vector<std::string> paths;
  std::string report;
  std::string only;  ///< part of a case's name
  bool is_verbose = false;
  bool is_quick = false;
  bool shows_names = false;
};

bool is_dstream_case(const std::string& path) { return path.ends_with(".dcase"); }
bool is_query_case(const std::string& path) {
  return path.ends_with(".case") || path.ends_with(".cases");
}
bool is_case(const std::string& path) { return is_dstream_case(path) || is_query_case(path); }

/// What came of one case of a file.
struct Outcome {
  std::string name;
  std::string reason;     ///< empty: passed
  std::string name_diff;  ///< column names that differ, which does not fail a case
};

void collect(const std::string& path, std::vector<std::string>& found) {
  FileSystem& files = local_file_system();
  const FileStatus status = value_or_throw(files.status(path));
  if (!status.is_directory) {
    found.push_back(path);
    return;
  }
  for (const FileStatus& child : value_or_throw(files.list(path))) {
    if (child.is_directory || is_case(child.path)) collect(child.path, found);
  }
}

std::vector<testing::CaseCell> all_cells() {
  const auto actors = actor_runner();
  std::vector<testing::CaseCell> cells;
  for (const bool loses_tasks : {false, true}) {
    for (const std::uint32_t parallelism : {1u, 3u}) {
      for (const std::size_t batch_rows : {std::size_t{1024}, std::size_t{1}}) {
        cells.push_back({local_runner(), "local", parallelism, batch_rows, loses_tasks});
        cells.push_back({actors, "actor", parallelism, batch_rows, loses_tasks});
      }
    }
  }
  return cells;
}

/// Why the case fails, empty when it passes in every cell.
std::string dstream_reason(const std::string& text, const std::vector<testing::CaseCell>& cells) {
  const auto parsed = testing::parse_dstream_case(text);
  if (!parsed) return parsed.error().message();
  for (const testing::CaseCell& cell : cells) {
    const auto diff = testing::run_dstream_case(*parsed, cell);
    if (!diff) return cell.name() + ": " + diff.error().message();
    if (!diff->empty()) return cell.name() + ":\n" + *diff;
  }
  return "";
}

Outcome query_outcome(const std::string& name, const testing::Transcript& transcript,
                      const std::vector<testing::CaseCell>& cells) {
  const bool is_streaming = testing::is_streaming_case(transcript);
  Outcome outcome{name, "", ""};
  for (const testing::CaseCell& cell : cells) {
    if (cell.loses_tasks && !is_streaming) continue;  // a bounded query has one epoch
    const auto result = testing::is_format_case(transcript)
                            ? testing::run_format_case(transcript, cell)
                            : testing::run_query_case(transcript, cell);
    if (!result) {
      outcome.reason = cell.name() + ": " + result.error().message();
      return outcome;
    }
    outcome.name_diff = result->name_diff;
    if (!result->diff.empty()) {
      outcome.reason = cell.name() + ":\n" + result->diff;
      return outcome;
    }
  }
  return outcome;
}

std::vector<Outcome> outcomes_of(const std::string& path, const Options& options,
                                 const std::vector<testing::CaseCell>& cells) {
  if (!is_case(path)) return {{path, "not a transcript (*.case, *.cases, *.dcase)", ""}};
  const auto text = read_file(local_file_system(), path);
  if (!text) return {{path, text.error().message(), ""}};
  if (is_dstream_case(path)) return {{path, dstream_reason(*text, cells), ""}};
  const auto transcripts = testing::parse_transcripts(*text);
  if (!transcripts) return {{path, transcripts.error().message(), ""}};
  std::vector<Outcome> outcomes;
  for (const testing::Transcript& transcript : *transcripts) {
    const std::string name = transcript.name.empty() ? path : path + ":" + transcript.name;
    if (name.find(options.only) == std::string::npos) continue;
    outcomes.push_back(query_outcome(name, transcript, cells));
  }
  return outcomes;
}

int run(const Options& options) {
  std::vector<std::string> paths;
  for (const std::string& path : options.paths) collect(path, paths);
  std::sort(paths.begin(), paths.end());
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> report(nullptr, std::fclose);
  if (!options.report.empty()) {
    report.reset(std::fopen(options.report.c_str(), "we"));
    if (!report) throw bad_option("--report " + options.report + ": the file cannot be written");
  }
  auto cells = all_cells();
  if (options.is_quick) cells.resize(1);
  std::size_t num_passed = 0;
  std::size_t num_failed = 0;
  for (const std::string& path : paths) {
    for (const Outcome& outcome : outcomes_of(path, options, cells)) {
      const bool is_passed = outcome.reason.empty();
      ++(is_passed ? num_passed : num_failed);
      if (!is_passed)
        fmt::print("FAIL {}\n  {}\n", outcome.name, outcome.reason);
      else if (options.is_verbose)
        fmt::print("ok   {}\n", outcome.name);
      if (options.shows_names && !outcome.name_diff.empty())
        fmt::print("NAME {}\n  {}", outcome.name, outcome.name_diff);
      if (report) {
        const nlohmann::json line{{"case", outcome.name},
                                  {"passed", is_passed},
                                  {"reason", outcome.reason},
                                  {"names", outcome.name_diff}};
        fmt::print(report.get(), "{}\n",
                   line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
      }
    }
    std::fflush(stdout);
  }
  fmt::print("{} passed, {} failed\n", num_passed, num_failed);
  return num_failed == 0 && num_passed > 0 ? 0 : 1;
}

}  // namespace

Command add_test(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("paths", options->paths, "transcripts or folders of them")->required();
  app.add_option("--report", options->report, "file that gets a JSON line for each case");
  app.add_option("--only", options->only, "only cases whose name holds this text");
  app.add_flag("--verbose,-v", options->is_verbose, "also name what passes");
  app.add_flag("--quick", options->is_quick, "one way of running each case instead of all");
  app.add_flag("--names", options->shows_names, "also show column names that differ");
  return [options] { return run(*options); };
}

}  // namespace stream::apps
