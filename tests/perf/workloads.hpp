// The workloads of `streamctl bench`: what they are called, and running one. One thread.
#pragma once

#include <libstream/plans/runner.hpp>
#include <tests/perf/measure.hpp>

#include <functional>
#include <string>
#include <vector>

namespace stream::perf {

struct BenchOptions {
  std::string input;               ///< text to count the words of; empty: generated
  bool is_quick = false;           ///< fewer pairs, less input, shorter runs
  std::string word_count_program;  ///< path of the program that W12 starts
  std::string kafka;               ///< HOST:PORT of a broker; empty: none
  std::string part;                ///< W3, W4, W5, W8, growth: only lines with this in their name
  int pairs = 0;                   ///< of runs; 0: at least 5, or 3 when quick

  bool wants(const std::string& name) const { return name.find(part) != std::string::npos; }
};

/// One line of the result.
struct Line {
  std::string workload;
  std::string failure;  ///< empty: measured and right
  std::int64_t rows = 0;
  double seconds = 0;
  std::int64_t peak_bytes = 0;
  std::string ratio;  ///< to what it is compared with, in words
};

using Print = std::function<void(const Line&)>;

Line line_of(std::string workload, const Measured& measured, std::string ratio);
Line failed_line(std::string workload, std::string reason);

enum class RunnerKind { local, actors };
const char* to_string(RunnerKind kind);
/// To be called in the child that runs the query: it may start threads.
std::shared_ptr<Runner> make_runner(RunnerKind kind, std::uint32_t num_threads);

/// Pairs of runs to measure.
NumPairs num_pairs(const BenchOptions& options);
std::string in_words(const Spread& ratio, const char* unit);
/// Lines of the hand's run and of the engine's, with the ratio.
void print_pairs(const std::string& name, const Comparison& comparison, const Print& print);
/// One line: the first's rate for each of the second's.
void print_scaling(const std::string& name, const Comparison& comparison, const Print& print);
/// Fails a comparison whose runs give different notes: both put what they found into them.
Comparison compare_notes(Comparison comparison);

struct Workload {
  std::string name;
  std::string text;
  /// Measures and hands over each line as soon as it is known.
  std::function<void(const BenchOptions&, const Print&)> run;
};

const std::vector<Workload>& workloads();

void run_word_count(const BenchOptions& options, const Print& print);      ///< W1
void run_updates(const BenchOptions& options, const Print& print);         ///< W2
void run_start_and_idle(const BenchOptions& options, const Print& print);  ///< W12
void run_backpressure(const BenchOptions& options, const Print& print);    ///< W14
void run_empty_epochs(const BenchOptions& options, const Print& print);    ///< W15
void run_tumbling(const BenchOptions& options, const Print& print);        ///< W3
void run_sliding(const BenchOptions& options, const Print& print);         ///< W4
void run_sessions(const BenchOptions& options, const Print& print);        ///< W5
void run_shuffle(const BenchOptions& options, const Print& print);         ///< W8
void run_growth(const BenchOptions& options, const Print& print);          ///< growth
/// A query of Nexmark: N1, N2, N3, N5, N7, N8.
void run_nexmark(const std::string& name, const BenchOptions& options, const Print& print);
void run_latency(const BenchOptions& options, const Print& print);      ///< W9
void run_sql_start(const BenchOptions& options, const Print& print);    ///< SQL
void run_json(const BenchOptions& options, const Print& print);         ///< JSON
void run_kafka_read(const BenchOptions& options, const Print& print);   ///< kafka-read
void run_kafka_write(const BenchOptions& options, const Print& print);  ///< kafka-write
void run_kafka_exactly_once(const BenchOptions& options,
                            const Print& print);                       ///< kafka-exactly-once
void run_columns(const BenchOptions& options, const Print& print);     ///< columns
void run_fraud(const BenchOptions& options, const Print& print);       ///< fraud
void run_checkpoint(const BenchOptions& options, const Print& print);  ///< checkpoint

}  // namespace stream::perf
