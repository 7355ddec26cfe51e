#include <actors/runner.hpp>
#include <libstream/execution/local_runner.hpp>
#include <tests/perf/workloads.hpp>

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

const std::vector<Workload>& workloads() {
  static const std::vector<Workload> all{
      {"W1", "word count of a file, against the hand-written one; one core and two",
       run_word_count},
      {"W2", "word count with updates every 100 ms", run_updates},
      {"W12", "start of the process to the result of one line; an idle query", run_start_and_idle},
      {"W14", "a sink ten times slower than its source", run_backpressure},
      {"W15", "empty epochs, 1 ms apart", run_empty_epochs},
      {"checkpoint", "a checkpoint each second of 1 M keys, a tenth of them changed",
       run_checkpoint},
  };
  return all;
}

}  // namespace stream::perf
