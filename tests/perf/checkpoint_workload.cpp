#include <libstream/api/streaming_context.hpp>
#include <tests/perf/dirty_keys_source.hpp>
#include <tests/perf/inputs.hpp>
#include <tests/perf/query_watch.hpp>
#include <tests/perf/workloads.hpp>

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>

namespace stream::perf {
namespace {

constexpr std::int64_t kNumKeys = 1'000'000;
constexpr Duration kTimeLimit{120'000};

using Total = std::pair<std::int64_t, std::int64_t>;

/// Totals that the query tells at its end. The sink adds, the measuring thread waits.
class Told {
 public:
  void add(const std::vector<Total>& rows) {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, total] : rows) totals_[static_cast<std::size_t>(key)] = total;
    num_rows_ += static_cast<std::int64_t>(rows.size());
    changed_.notify_all();
  }
  /// False when not every key was told in time.
  bool wait(Duration time_limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, time_limit, [&] { return num_rows_ >= kNumKeys; });
  }
  Result<void> check(const DirtyKeysTally& tally) {
    const std::lock_guard lock(mutex_);
    if (num_rows_ != kNumKeys)
      return bad_data(fmt::format("wrong result: {} totals for {} keys", num_rows_, kNumKeys));
    for (std::size_t key = 0; key < totals_.size(); ++key) {
      if (totals_[key] != tally.updates[key])
        return bad_data(fmt::format("wrong result: key {} has {}, expected {}", key, totals_[key],
                                    tally.updates[key]));
    }
    return {};
  }

 private:
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<std::int64_t> totals_ = std::vector<std::int64_t>(kNumKeys, -1);
  std::int64_t num_rows_ = 0;
};

/// Totals by key for `time`, with a checkpoint each second where a directory is given.
Result<Work> run_totals(RunnerKind kind, const std::string& checkpoint, Duration time) {
  const auto tally = std::make_shared<DirtyKeysTally>();
  const auto told = std::make_shared<Told>();
  const auto watch = std::make_shared<QueryWatch>();
  StreamingContext context(make_runner(kind, 1), Duration(1000));
  context.set_trigger(Trigger::processing_time(Duration(1000)));
  context.checkpoint(checkpoint);
  context.add_listener(watch);
  context.source_stream<Total>(dirty_keys_source(kNumKeys, time, tally))
      .map_with_state<std::int64_t>([](std::int64_t key, std::optional<std::int64_t> value,
                                       State<std::int64_t>& total) -> std::optional<Total> {
        if (*value == 0) return Total(key, total.get());
        total.update(total.get_option().value_or(0) + *value);
        return std::nullopt;
      })
      .for_each_batch([told](const Rdd<Total>& rows, EpochTime) { told->add(rows.collect()); });
  context.start();
  const bool is_told = told->wait(kTimeLimit / 2);
  context.stop(true);
  context.await_termination();
  if (!is_told) return fatal("the query ended, or hung, before it told its totals");
  STREAM_TRY(told->check(*tally));
  return Work{tally->seconds, tally->num_rows - untimed_rows(kNumKeys),
              fmt::format("{} epochs", watch->num_epochs())};
}

}  // namespace

void run_checkpoint(const BenchOptions& options, const Print& print) {
  const auto directory = TemporaryDirectory::make();
  if (!directory) return print(failed_line("checkpoint", directory.error().message()));
  const Duration time(options.is_quick ? 3'000 : 6'000);
  for (const RunnerKind kind : {RunnerKind::actors, RunnerKind::local}) {
    const std::string name = fmt::format("checkpoint {}", to_string(kind));
    const Comparison comparison = compare(
        [&](int pair) {
          return run_totals(kind, fmt::format("{}-{}", *directory / to_string(kind), pair), time);
        },
        [&](int) { return run_totals(kind, "", time); }, num_pairs(options), kTimeLimit);
    if (!comparison.is_ok()) {
      print(failed_line(name, comparison.error));
      continue;
    }
    print(line_of(name + ", none", median_run(comparison.second), ""));
    const Spread ratio = comparison.ratio_of_rates();
    print(line_of(name, median_run(comparison.first),
                  fmt::format("{:.2f} x the rate without ({:.2f}-{:.2f})", ratio.median, ratio.min,
                              ratio.max)));
  }
}

}  // namespace stream::perf
