#include <apps/streamctl/commands.hpp>
#include <libstream/base/error.hpp>
#include <tests/perf/workloads.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

namespace stream::apps {
namespace {

struct BenchArguments {
  std::vector<std::string> names;
  perf::BenchOptions bench;
};

std::string beside_this_program(const std::string& name) {
  std::error_code failure;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", failure);
  return failure ? name : (self.parent_path() / name).string();
}

void print(const perf::Line& line) {
  if (!line.failure.empty()) {
    fmt::print("{:<24} FAILED: {}\n", line.workload, line.failure);
  } else {
    const double rate = line.seconds > 0 ? static_cast<double>(line.rows) / line.seconds : 0;
    fmt::print("{:<24} {:>11} rows {:>8.3f} s {:>9.3f} M rows/s {:>8.1f} MB  {}\n", line.workload,
               line.rows, line.seconds, rate * 1e-6, static_cast<double>(line.peak_bytes) * 1e-6,
               line.ratio);
  }
  std::fflush(stdout);
}

int run(const BenchArguments& options) {
  bool is_right = true;
  for (const perf::Workload& workload : perf::workloads()) {
    const auto& names = options.names;
    if (!names.empty() && std::find(names.begin(), names.end(), workload.name) == names.end())
      continue;
    workload.run(options.bench, [&](const perf::Line& line) {
      is_right = is_right && line.failure.empty();
      print(line);
    });
  }
  return is_right ? 0 : 1;
}

}  // namespace

Command add_bench(CLI::App& app) {
  auto options = std::make_shared<BenchArguments>();
  std::vector<std::string> known;
  std::string text;
  for (const perf::Workload& workload : perf::workloads()) {
    known.push_back(workload.name);
    text += fmt::format("\n{:<11} {}", workload.name, workload.text);
  }
  app.add_option("workloads", options->names, "what to measure (default: all):" + text)
      ->check(CLI::IsMember(known));
  app.add_option("--input", options->bench.input, "text to count the words of (default: generated)")
      ->check(CLI::ExistingFile);
  app.add_option("--kafka", options->bench.kafka,
                 "HOST:PORT of a broker, for kafka-*; topics are made there");
  app.add_option("--part", options->bench.part,
                 "of W3, W4, W5, W8 and growth: only what has this in its name");
  app.add_option("--pairs", options->bench.pairs,
                 "runs of each side, in turn; the ratio told is their median (default: at least 5, "
                 "short ones for 10 s)")
      ->check(CLI::Range(1, 99));
  app.add_flag("--quick", options->bench.is_quick, "3 pairs, less input, shorter runs");
  return [options] {
    options->bench.word_count_program = beside_this_program("word_count");
    return run(*options);
  };
}

}  // namespace stream::apps
