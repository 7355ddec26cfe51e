#include <actors/runner.hpp>
#include <libstream/execution/local_runner.hpp>
#include <tests/perf/postgres_workload.hpp>
#include <tests/perf/workloads.hpp>

#include <fmt/format.h>

namespace stream::perf {

Line line_of(std::string workload, const Measured& measured, std::string ratio) {
  if (!measured.is_ok()) return failed_line(std::move(workload), measured.error);
  return {std::move(workload), "", measured.work.rows, measured.work.seconds, measured.peak_bytes,
          std::move(ratio)};
}

Line failed_line(std::string workload, std::string reason) {
  Line line;
  line.workload = std::move(workload);
  line.failure = std::move(reason);
  return line;
}

const char* to_string(RunnerKind kind) { return kind == RunnerKind::local ? "local" : "actors"; }

std::shared_ptr<Runner> make_runner(RunnerKind kind, std::uint32_t num_threads) {
  if (kind == RunnerKind::local) return local_runner();
  ActorRunnerOptions options;
  options.num_threads = num_threads;
  return actor_runner(options);
}

NumPairs num_pairs(const BenchOptions& options) {
  if (options.pairs > 0) return {options.pairs, options.pairs};
  return options.is_quick ? NumPairs{3, 3} : NumPairs{};
}

std::string in_words(const Spread& ratio, const char* unit) {
  return fmt::format("{:.2f} {} ({:.2f}-{:.2f})", ratio.median, unit, ratio.min, ratio.max);
}

void print_pairs(const std::string& name, const Comparison& comparison, const Print& print) {
  if (!comparison.is_ok()) return print(failed_line(name, comparison.error));
  print(line_of(name + " hand", median_run(comparison.second), ""));
  print(line_of(name, median_run(comparison.first),
                in_words(comparison.ratio_of_seconds(), "x the hand's time") + ", " +
                    in_words(comparison.ratio_of_cpu(), "x its processor time")));
}

void print_scaling(const std::string& name, const Comparison& comparison, const Print& print) {
  if (!comparison.is_ok()) return print(failed_line(name, comparison.error));
  print(line_of(name, median_run(comparison.first),
                in_words(comparison.ratio_of_rates(), "x the rate of one core")));
}

Comparison compare_notes(Comparison comparison) {
  for (std::size_t i = 0; comparison.is_ok() && i < comparison.second.size(); ++i) {
    const std::string& found = comparison.first[i].work.note;
    const std::string& expected = comparison.second[i].work.note;
    if (found != expected)
      comparison.error = fmt::format("the results are {}, expected {}", found, expected);
  }
  return comparison;
}

namespace {
Workload nexmark(const char* name, const char* text) {
  return {name, text, [name = std::string(name)](const BenchOptions& options, const Print& print) {
            run_nexmark(name, options, print);
          }};
}
}  // namespace

const std::vector<Workload>& workloads() {
  static const std::vector<Workload> all{
      {"W1", "word count of a file, against the hand-written one; one core and two",
       run_word_count},
      {"W2", "word count with updates every 100 ms", run_updates},
      {"W3", "tumbling windows: count and sum by key, from CSV and from memory", run_tumbling},
      {"W4", "sliding windows, 10 s each 2 s", run_sliding},
      {"W5", "session windows", run_sessions},
      {"growth", "the cost of W3 by number of keys, of open windows and of summed columns",
       run_growth},
      {"W8", "nodes: rows shuffled, frames, epochs, rescaling, the control loop of many",
       run_shuffle},
      {"W9", "latency of 100,000 rows a second, a 1 ms trigger, a checkpoint a second",
       run_latency},
      nexmark("N1", "Nexmark q1: a decimal product of each bid"),
      nexmark("N2", "Nexmark q2: bids of some auctions"),
      nexmark("N3", "Nexmark q3: auctions joined with their sellers"),
      nexmark("N5", "Nexmark q5: the auction with the most bids, sliding windows"),
      nexmark("N7", "Nexmark q7: the highest bid of each window"),
      nexmark("N8", "Nexmark q8: new persons who opened an auction"),
      {"JSON", "JSON lines into six columns, against simdjson alone", run_json},
      {"kafka-read", "100-byte records of one partition, against the client library alone",
       run_kafka_read},
      {"kafka-write", "100-byte records at least once, against the client library alone",
       run_kafka_write},
      {"kafka-exactly-once", "the same in transactions of a second, against at least once",
       run_kafka_exactly_once},
      {"columns", "CSV of 1 to 100 columns, all of them read and one", run_columns},
      {"SQL", "SQL text to running query", run_sql_start},
      {"W12", "start of the process to the result of one line; an idle query", run_start_and_idle},
      {"W14", "a sink ten times slower than its source", run_backpressure},
      {"W15", "empty epochs, 1 ms apart", run_empty_epochs},
      {"fraud", "fraud_detection from its generator to alerts, one core", run_fraud},
      {"checkpoint", "a checkpoint each second of 1 M keys, a tenth of them changed",
       run_checkpoint},
      {"postgres-write", "rows into PostgreSQL exactly once, against psql's \\copy",
       run_postgres_write},
  };
  return all;
}

}  // namespace stream::perf
