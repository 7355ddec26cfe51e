#include <tests/perf/batches_source.hpp>
#include <tests/perf/fold_sink.hpp>
#include <tests/perf/nexmark.hpp>
#include <tests/perf/workloads.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream::perf {
namespace {

constexpr Duration kTimeLimit{180'000};
constexpr std::size_t kBatchRows = 4096;
constexpr std::size_t kNumEpochs = 10;

Result<Work> by_hand(const NexmarkQuery& query, std::int64_t num_events) {
  const std::vector<Batch> batches = nexmark_batches(num_events, kBatchRows);
  const Stopwatch watch;
  Fingerprint print;
  query.by_hand(batches, print);
  return Work{watch.seconds(), num_events, print.text()};
}

Result<Work> by_query(const NexmarkQuery& nexmark, std::int64_t num_events, RunnerKind runner) {
  std::vector<Batch> batches = nexmark_batches(num_events, kBatchRows);
  SqlQuery query;
  const std::size_t per_epoch = batches.size() / kNumEpochs + 1;
  query.source = batches_source(std::move(batches), per_epoch);
  const Stopwatch watch;
  Fingerprint print;
  query.text = nexmark.text;
  query.sink = fold_sink([&](const Batch& batch) { print.add(batch); });
  query.runner = runner;
  STREAM_TRY(run_to_end(query));
  return Work{watch.seconds(), num_events, print.text()};
}

}  // namespace

void run_nexmark(const std::string& name, const BenchOptions& options, const Print& print) {
  const auto& queries = nexmark_queries();
  const auto query = std::find_if(queries.begin(), queries.end(),
                                  [&](const NexmarkQuery& q) { return q.name == name; });
  const std::int64_t num_events = options.is_quick ? 1'000'000 : 5'000'000;
  for (const RunnerKind kind : {RunnerKind::local, RunnerKind::actors}) {
    print_pairs(fmt::format("{} {}", name, to_string(kind)),
                compare_notes(compare([&](int) { return by_query(*query, num_events, kind); },
                                      [&](int) { return by_hand(*query, num_events); },
                                      num_pairs(options), kTimeLimit)),
                print);
  }
}

}  // namespace stream::perf
