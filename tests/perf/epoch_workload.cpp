#include <libstream/api/streaming_context.hpp>
#include <tests/perf/query_watch.hpp>
#include <tests/perf/workloads.hpp>

#include <fmt/format.h>

namespace stream::perf {
namespace {

constexpr Duration kTimeLimit{60'000};

/// Rows: epochs. Note: processor time of one.
Result<Work> run_epochs(RunnerKind kind, Duration time) {
  const auto watch = std::make_shared<QueryWatch>();
  StreamingContext context(make_runner(kind, 1), Duration(1));
  context.set_trigger(Trigger::processing_time(Duration(1)));
  context.options().run_empty_epochs = true;
  context.add_listener(watch);
  context.source_stream<std::int64_t>(std::make_shared<QueueSource>(row_schema<std::int64_t>()))
      .map([](std::int64_t value) {
        return std::pair{value, std::int64_t{1}};
      })
      .reduce_by_key(std::plus{})
      .for_each_batch([](const auto&, EpochTime) {});
  context.start();
  watch->wait(time / 10);
  const Stopwatch stopwatch;
  const double cpu_before = cpu_seconds_now();
  const std::int64_t epochs_before = watch->num_epochs();
  watch->wait(time);
  const double seconds = stopwatch.seconds();
  const double cpu = cpu_seconds_now() - cpu_before;
  const std::int64_t epochs = watch->num_epochs() - epochs_before;
  context.stop(false);
  context.await_termination();
  if (epochs == 0) return fatal("no epoch ran");
  return Work{
      seconds, epochs,
      fmt::format("{:.1f} us of processor time an epoch", cpu * 1e6 / static_cast<double>(epochs))};
}

}  // namespace

void run_empty_epochs(const BenchOptions& options, const Print& print) {
  const Duration time(options.is_quick ? 2'000 : 5'000);
  for (const RunnerKind kind : {RunnerKind::actors, RunnerKind::local}) {
    const Measured measured = measure([&] { return run_epochs(kind, time); }, kTimeLimit);
    print(line_of(fmt::format("W15 {}", to_string(kind)), measured, measured.work.note));
  }
}

}  // namespace stream::perf
