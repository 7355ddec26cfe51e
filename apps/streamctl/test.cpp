#include <actors/runner.hpp>
#include <apps/streamctl/commands.hpp>
#include <libstream/base/file_system.hpp>
#include <libstream/execution/local_runner.hpp>
#include <libstream/testing/dstream_case.hpp>

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
  bool is_verbose = false;
};

bool is_case(const std::string& path) { return path.size() > 6 && path.ends_with(".dcase"); }

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
std::string reason_of(const std::string& path, const std::vector<testing::CaseCell>& cells) {
  if (!is_case(path)) return "not a transcript that this build runs (*.dcase)";
  auto text = read_file(local_file_system(), path);
  if (!text) return text.error().message();
  const auto parsed = testing::parse_dstream_case(*text);
  if (!parsed) return parsed.error().message();
  for (const testing::CaseCell& cell : cells) {
    const auto diff = testing::run_dstream_case(*parsed, cell);
    if (!diff) return cell.name() + ": " + diff.error().message();
    if (!diff->empty()) return cell.name() + ":\n" + *diff;
  }
  return "";
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
  const auto cells = all_cells();
  std::size_t num_passed = 0;
  for (const std::string& path : paths) {
    const std::string reason = reason_of(path, cells);
    if (reason.empty()) ++num_passed;
    if (!reason.empty())
      fmt::print("FAIL {}\n  {}\n", path, reason);
    else if (options.is_verbose)
      fmt::print("ok   {}\n", path);
    if (report) {
      const nlohmann::json line{{"case", path}, {"passed", reason.empty()}, {"reason", reason}};
      fmt::print(report.get(), "{}\n",
                 line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    }
  }
  fmt::print("{} passed, {} failed\n", num_passed, paths.size() - num_passed);
  return num_passed == paths.size() && !paths.empty() ? 0 : 1;
}

}  // namespace

Command add_test(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("paths", options->paths, "transcripts or folders of them")->required();
  app.add_option("--report", options->report, "file that gets a JSON line for each case");
  app.add_flag("--verbose,-v", options->is_verbose, "also name what passes");
  return [options] { return run(*options); };
}

}  // namespace stream::apps
