#include <actors/runner.hpp>
#include <apps/streamctl/commands.hpp>
#include <libstream/base/file_system.hpp>
#include <libstream/execution/local_runner.hpp>
#include <libstream/testing/case_file.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <memory>

namespace stream::apps {
namespace {

struct TestOptions {
  std::vector<std::string> paths;
  std::string report;
  std::string only;  ///< part of a case's name
  bool is_verbose = false;
  bool is_quick = false;
  bool shows_names = false;
  bool updates = false;
};

/// Writes the file again where something else came; says whether it did.
bool update(const std::string& path, const std::string& text, const TestOptions& options,
            const testing::CaseCell& cell) {
  const std::string updated =
      value_or_throw(testing::update_case_file(text, path.ends_with(".dcase"), cell, options.only));
  if (updated == text) return false;
  if (auto written = write_file_atomic(local_file_system(), path, updated); !written)
    throw std::move(written).error();
  return true;
}

/// Outcomes of a file's cases in all cells.
std::vector<testing::CaseOutcome> outcomes_of(const std::string& path, const TestOptions& options,
                                              const std::vector<testing::CaseCell>& cells) {
  auto text = read_file(local_file_system(), path);
  if (!text) return {{path, text.error().message(), ""}};
  if (options.updates && testing::is_case_file(path) && update(path, *text, options, cells[0])) {
    fmt::print("wrote {}\n", path);
    text = read_file(local_file_system(), path);
    if (!text) return {{path, text.error().message(), ""}};
  }
  return testing::run_case_file(path, *text, cells, options.only);
}

int run(const TestOptions& options) {
  std::vector<std::string> paths;
  for (const std::string& path : options.paths) {
    for (std::string& found : value_or_throw(testing::find_case_files(path)))
      paths.push_back(std::move(found));
  }
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> report(nullptr, std::fclose);
  if (!options.report.empty()) {
    report.reset(std::fopen(options.report.c_str(), "we"));
    if (!report) throw bad_option("--report " + options.report + ": the file cannot be written");
  }
  auto cells = testing::all_case_cells(local_runner(), actor_runner());
  if (options.is_quick) cells.resize(1);
  std::size_t num_passed = 0;
  std::size_t num_failed = 0;
  for (const std::string& path : paths) {
    for (const testing::CaseOutcome& outcome : outcomes_of(path, options, cells)) {
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
  auto options = std::make_shared<TestOptions>();
  app.add_option("paths", options->paths, "transcripts or folders of them")->required();
  app.add_option("--report", options->report, "file that gets a JSON line for each case");
  app.add_option("--only", options->only, "only cases whose name holds this text");
  app.add_flag("--verbose,-v", options->is_verbose, "also name what passes");
  app.add_flag("--quick", options->is_quick, "one way of running each case instead of all");
  app.add_flag("--names", options->shows_names, "also show column names that differ");
  app.add_flag(
      "--update", options->updates,
      "rewrite outputs with what comes in the first way of running; the rest of a file stays");
  return [options] { return run(*options); };
}

}  // namespace stream::apps
