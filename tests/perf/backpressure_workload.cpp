#include <libstream/api/streaming_context.hpp>
#include <libstream/base/file_system.hpp>
#include <tests/perf/inputs.hpp>
#include <tests/perf/query_watch.hpp>
#include <tests/perf/replay_source.hpp>
#include <tests/perf/slow_sink.hpp>
#include <tests/perf/workloads.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream::perf {
namespace {

constexpr std::uint32_t kNumSinks = 2;
constexpr double kSlowness = 10;
constexpr double kMaxGrowth = 0.10;
constexpr Duration kTimeLimit{120'000};
constexpr std::uint64_t kTextBytes = 16u << 20;

using Counter = std::shared_ptr<std::atomic<std::int64_t>>;

/// Lines through a channel into the sinks for `time`; an error when one was lost.
Result<Work> run_lines(const std::string& path, std::uint64_t size_bytes, RunnerKind kind,
                       double sink_rows_per_second, Duration time) {
  const auto num_read = std::make_shared<std::atomic<std::int64_t>>(0);
  const auto num_written = std::make_shared<std::atomic<std::int64_t>>(0);
  const auto watch = std::make_shared<QueryWatch>();
  ReplayOptions replay;
  replay.path = path;
  replay.size_bytes = size_bytes;
  replay.laps = 1'000'000;
  replay.num_rows = num_read;
  const Stopwatch stopwatch;
  StreamingContext context(make_runner(kind, 2), Duration(1000));
  context.set_trigger(Trigger::processing_time(Duration(1000)));
  context.add_listener(watch);
  context.source_stream<std::string>(replay_source(replay))
      .repartition(kNumSinks)
      .write(slow_sink(sink_rows_per_second / kNumSinks, num_written));
  context.start();
  watch->wait(time);
  context.stop(true);
  context.await_termination();
  const double seconds = stopwatch.seconds();
  if (*num_read == 0 || *num_written != *num_read || watch->num_rows() != *num_read)
    return bad_data(fmt::format("wrong result: {} lines were read, {} written, {} committed",
                                num_read->load(), num_written->load(), watch->num_rows()));
  return Work{seconds, *num_written, ""};
}

/// Largest growth of memory after the first third, as a share.
double growth_of(const std::vector<std::int64_t>& resident) {
  const auto from = resident.begin() + static_cast<std::ptrdiff_t>(resident.size() / 3);
  const std::int64_t before = *from;
  return static_cast<double>(*std::max_element(from, resident.end()) - before) /
         static_cast<double>(before);
}

void run_with(RunnerKind kind, const std::string& path, std::uint64_t size_bytes, Duration time,
              const Print& print) {
  const std::string name = fmt::format("W14 {}", to_string(kind));
  const Measured fast =
      measure([&] { return run_lines(path, size_bytes, kind, 0, Duration(1000)); }, kTimeLimit);
  if (!fast.is_ok()) return print(failed_line(name, fast.error));
  const double slow_rate = fast.rows_per_second() / kSlowness;
  const Measured slow =
      measure([&] { return run_lines(path, size_bytes, kind, slow_rate, time); }, kTimeLimit);
  if (!slow.is_ok()) return print(failed_line(name, slow.error));
  const double growth = growth_of(slow.resident_bytes);
  if (growth > kMaxGrowth)
    return print(failed_line(
        name, fmt::format("memory grew by {:.0f} % after the first third", growth * 100)));
  print(line_of(
      name, slow,
      fmt::format("memory grew by {:.1f} % after the first third, at 1/{:.0f} of {:.2f} M rows/s",
                  growth * 100, kSlowness, fast.rows_per_second() * 1e-6)));
}

}  // namespace

void run_backpressure(const BenchOptions& options, const Print& print) {
  const auto directory = TemporaryDirectory::make();
  if (!directory) return print(failed_line("W14", directory.error().message()));
  const std::string path = *directory / "lines.txt";
  const Measured made = measure(
      [&]() -> Result<Work> {
        const Stopwatch watch;
        STREAM_TRY(write_words(path, {kTextBytes, 1, 100'000}));
        return Work{watch.seconds(), 0, ""};
      },
      kTimeLimit);
  const auto status = local_file_system().status(path);
  if (!made.is_ok() || !status) return print(failed_line("W14", "no input: " + made.error));
  const Duration time(options.is_quick ? 10'000 : 30'000);
  for (const RunnerKind kind : {RunnerKind::actors, RunnerKind::local})
    run_with(kind, path, status->size_bytes, time, print);
}

}  // namespace stream::perf
