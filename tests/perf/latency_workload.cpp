#include <libstream/api/query_start.hpp>
#include <libstream/connectors/memory/queue_source.hpp>
#include <libstream/data/column_builder.hpp>
#include <libstream/sql/sql_parser.hpp>
#include <tests/perf/fold_sink.hpp>
#include <tests/perf/inputs.hpp>
#include <tests/perf/sql_query.hpp>
#include <tests/perf/workloads.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

namespace stream::perf {
namespace {

constexpr Duration kTimeLimit{120'000};
constexpr std::int64_t kRowsPerSecond = 100'000;

std::shared_ptr<const Schema> schema_of_times() {
  return std::make_shared<const Schema>(Schema{{{"due", primitive(TypeKind::int64), false},
                                                {"key", primitive(TypeKind::int64), false},
                                                {"time", primitive(TypeKind::timestamp), false}}});
}

/// Rows that are due in [begin, end) nanoseconds, each with the time at which it is.
Batch rows_due(const std::shared_ptr<const Schema>& schema, std::int64_t first, std::int64_t last,
               std::int64_t begin, BlockPool& pool) {
  std::vector<ColumnBuilder> builders;
  for (const Field& field : schema->fields) builders.emplace_back(field.type, pool);
  for (std::int64_t i = first; i < last; ++i) {
    const std::int64_t due = begin + i * (1'000'000'000 / kRowsPerSecond);
    builders[0].append(due);
    builders[1].append(i % 1000);
    builders[2].append(due / 1000);
  }
  std::vector<Column> columns;
  for (ColumnBuilder& builder : builders) columns.push_back(builder.finish());
  return {schema, std::move(columns), static_cast<std::size_t>(last - first)};
}

/// Rows arrive as a clock says, whatever the query does. Latency: from a row's due time to the
/// sink.
Result<Work> measure_latency(RunnerKind kind, Duration time, const std::string& checkpoint) {
  const auto schema = schema_of_times();
  QueueOptions queue;
  queue.one_at_a_time = false;
  const auto source = std::make_shared<QueueSource>(schema, queue);
  SqlQuery query;
  query.source = source;
  query.runner = kind;
  STREAM_TRY(const auto session, make_session(query));
  STREAM_TRY(const RelationRef relation,
             parse_query("SELECT due, key + 1 FROM events WHERE key >= 0"));
  const std::int64_t begin = system_clock().steady_nanos();
  const std::int64_t warm = begin + 1'000'000'000;
  std::mutex mutex;
  std::vector<std::int64_t> latencies;
  StreamingOptions options;
  options.sink = fold_sink([&](const Batch& batch) {
    const std::int64_t now = system_clock().steady_nanos();
    const std::lock_guard lock(mutex);
    for (std::size_t row = 0; row < batch.num_rows(); ++row) {
      const std::int64_t due = batch.column(0).data<std::int64_t>()[row];
      if (due >= warm) latencies.push_back(now - due);
    }
  });
  options.query.trigger = Trigger::processing_time(Duration(1));
  options.query.checkpoint_directory = checkpoint;
  options.query.checkpoint_interval = Duration(1000);
  STREAM_TRY(const auto running, start_streaming(*session, relation, std::move(options)));
  const Stopwatch watch;
  BlockPool pool;
  std::int64_t sent = 0;
  const std::int64_t end = warm + time.count() * 1'000'000;
  for (std::int64_t now = begin; now < end; now = system_clock().steady_nanos()) {
    const std::int64_t due = (now - begin) / (1'000'000'000 / kRowsPerSecond);
    if (due > sent) {
      STREAM_TRY(source->add(rows_due(schema, sent, due, begin, pool)));
      sent = due;
    }
    pause_shortly();
  }
  STREAM_TRY(running->process_all_available());
  const double seconds = watch.seconds();
  running->stop(false);
  if (latencies.empty()) return fatal("no row came");
  const std::int64_t expected = sent - kRowsPerSecond;
  if (static_cast<std::int64_t>(latencies.size()) < expected)
    return fatal(fmt::format("{} of {} rows came", latencies.size(), expected));
  std::sort(latencies.begin(), latencies.end());
  const auto at = [&](double share) {
    return static_cast<double>(latencies[static_cast<std::size_t>(
               share * static_cast<double>(latencies.size() - 1))]) *
           1e-6;
  };
  return Work{seconds, sent,
              fmt::format("latency p50 {:.2f} p99 {:.2f} p99.9 {:.2f} max {:.2f} ms", at(0.5),
                          at(0.99), at(0.999), at(1))};
}

/// Text, parsed, analysed, planned and running; then stopped. The median of many.
Result<Work> measure_start(RunnerKind kind) {
  constexpr int kStarts = 50;
  const auto schema = schema_of_times();
  SqlQuery query;
  query.source = std::make_shared<QueueSource>(schema, QueueOptions{});
  query.runner = kind;
  STREAM_TRY(const auto session, make_session(query));
  std::vector<double> millis;
  const Stopwatch all;
  for (int i = 0; i < kStarts; ++i) {
    const Stopwatch watch;
    STREAM_TRY(const RelationRef relation,
               parse_query("SELECT window.start, key, count(*), sum(due) FROM timed WHERE key > 5 "
                           "GROUP BY window(time, '10 seconds', '2 seconds'), key"));
    StreamingOptions options;
    options.sink = fold_sink([](const Batch&) {});
    STREAM_TRY(const auto running, start_streaming(*session, relation, std::move(options)));
    millis.push_back(watch.seconds() * 1e3);
    running->stop(false);
  }
  const Spread spread = spread_of(millis);
  return Work{all.seconds(), kStarts,
              fmt::format("text to running query {:.2f} ms ({:.2f}-{:.2f})", spread.median,
                          spread.min, spread.max)};
}

}  // namespace

void run_latency(const BenchOptions& options, const Print& print) {
  const Duration time(options.is_quick ? 5'000 : 30'000);
  for (const RunnerKind kind : {RunnerKind::local, RunnerKind::actors}) {
    const auto directory = TemporaryDirectory::make();
    if (!directory) return print(failed_line("W9", directory.error().message()));
    const Measured measured =
        measure([&] { return measure_latency(kind, time, *directory / "checkpoint"); }, kTimeLimit);
    print(line_of(fmt::format("W9 {}", to_string(kind)), measured, measured.work.note));
  }
}

void run_sql_start(const BenchOptions&, const Print& print) {
  for (const RunnerKind kind : {RunnerKind::local, RunnerKind::actors}) {
    const Measured measured = measure([&] { return measure_start(kind); }, kTimeLimit);
    print(line_of(fmt::format("SQL {}", to_string(kind)), measured, measured.work.note));
  }
}

}  // namespace stream::perf
