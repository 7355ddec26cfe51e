#include <libstream/connectors/files/file_relation.hpp>
#include <tests/perf/batches_source.hpp>
#include <tests/perf/event_rows.hpp>
#include <tests/perf/fold_sink.hpp>
#include <tests/perf/hand_windows.hpp>
#include <tests/perf/inputs.hpp>
#include <tests/perf/sql_query.hpp>
#include <tests/perf/workloads.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace stream::perf {
namespace {

constexpr Duration kTimeLimit{180'000};
constexpr std::size_t kBatchRows = 4096;
constexpr std::int64_t kNumFiles = 10;
constexpr const char* kTumbling =
    "SELECT window.start AS start, key, count(*) AS n, sum(value) AS total "
    "FROM timed GROUP BY window(time, '10 seconds'), key";
constexpr const char* kSliding =
    "SELECT window.start AS start, key, count(*) AS n, sum(value) AS total "
    "FROM timed GROUP BY window(time, '10 seconds', '2 seconds'), key";

EventSpec spec_of(const BenchOptions& options, std::uint32_t num_keys) {
  EventSpec spec;
  spec.num_keys = num_keys;
  if (options.is_quick) {
    spec.num_rows /= 5;
    spec.rows_per_milli /= 5;
  }
  return spec;
}

HandWindows hand_windows(bool is_sliding) {
  return is_sliding ? HandWindows{2000, 5, 2000} : HandWindows{};
}

Work finished(const Stopwatch& watch, std::int64_t rows, const Fingerprint& print) {
  return {watch.seconds(), rows, print.text()};
}

TakeWindow into(Fingerprint& print) {
  return [&](std::int64_t start, std::int64_t key, std::int64_t count, std::int64_t sum) {
    print.add_row({start * 1000, key, count, sum});
  };
}

struct Csv {
  std::string directory;
  std::vector<std::string> paths;
  std::int64_t num_rows = 0;
};

Result<Csv> prepare_csv(const BenchOptions& options, const TemporaryDirectory& directory,
                        std::uint32_t num_keys) {
  Csv csv;
  if (!options.input.empty()) {
    csv.directory = options.input;
    csv.paths = {options.input};
    STREAM_TRY(csv.num_rows, count_lines(options.input));
    return csv;
  }
  csv.directory = directory / fmt::format("events-{}", num_keys);
  const EventSpec spec = spec_of(options, num_keys);
  STREAM_TRY(csv.paths, write_events(csv.directory, spec, kNumFiles));
  csv.num_rows = spec.num_rows;
  return csv;
}

Result<Work> hand_over_files(const Csv& csv, bool is_sliding) {
  const Stopwatch watch;
  Fingerprint print;
  STREAM_TRY(const std::int64_t rows,
             aggregate_files_by_hand(csv.paths, hand_windows(is_sliding), into(print)));
  return finished(watch, rows, print);
}

Result<Work> query_over_files(const Csv& csv, bool is_sliding, RunnerKind runner,
                              std::uint32_t parallelism) {
  const Stopwatch watch;
  Fingerprint print;
  SqlQuery query;
  OptionMap options;
  options["maxFilesPerTrigger"] = "2";
  const Schema schema{{{"ts", primitive(TypeKind::int64), true},
                       {"key", primitive(TypeKind::int64), true},
                       {"value", primitive(TypeKind::int32), true}}};
  STREAM_TRY(query.source,
             make_file_source("csv", {csv.directory}, options, schema, true, SqlSettings()));
  query.view = "SELECT timestamp_millis(ts) AS time, key, value FROM events";
  query.text = is_sliding ? kSliding : kTumbling;
  query.sink = fold_sink([&](const Batch& batch) { print.add(batch); });
  query.runner = runner;
  query.parallelism = parallelism;
  STREAM_TRY(run_to_end(query));
  return finished(watch, csv.num_rows, print);
}

Result<Work> hand_over_columns(const EventSpec& spec, const HandWindows& windows) {
  const std::vector<Batch> batches = event_batches(spec, kBatchRows);
  const Stopwatch watch;
  Fingerprint print;
  const std::int64_t rows = aggregate_columns_by_hand(batches, windows, into(print));
  return finished(watch, rows, print);
}

Result<Work> query_over_columns(const EventSpec& spec, const std::string& text, const char* delay,
                                RunnerKind runner, std::size_t num_values = 1) {
  std::vector<Batch> batches = event_batches(spec, kBatchRows, num_values);
  const std::size_t per_epoch = batches.size() / kNumFiles + 1;
  SqlQuery query;
  query.source = batches_source(std::move(batches), per_epoch);
  const Stopwatch watch;
  Fingerprint print;
  query.watermark_delay = delay;
  query.text = text;
  query.sink = fold_sink([&](const Batch& batch) { print.add(batch); });
  query.runner = runner;
  STREAM_TRY(run_to_end(query));
  return finished(watch, spec.num_rows, print);
}

/// What slides cost beside windows that do not overlap, of the same rows.
void compare_windows(const Csv& csv, const BenchOptions& options, const Print& print) {
  for (const RunnerKind kind : {RunnerKind::local, RunnerKind::actors}) {
    const std::string part = fmt::format("W4 {}, of W3", to_string(kind));
    if (!options.wants(part)) continue;
    const Comparison comparison = compare(
        [&](int) { return query_over_files(csv, true, kind, 1); },
        [&](int) { return query_over_files(csv, false, kind, 1); }, num_pairs(options), kTimeLimit);
    if (!comparison.is_ok()) {
      print(failed_line(part, comparison.error));
      continue;
    }
    print(line_of(part, median_run(comparison.first),
                  in_words(comparison.ratio_of_rates(), "x W3's rate")));
  }
}

/// Windows (10 s) or slides over CSV for one number of keys, local and with actors.
void compare_csv(const std::string& name, const BenchOptions& options, std::uint32_t num_keys,
                 bool is_sliding, const Print& print) {
  const std::string scaling = name + " actors, 2 cores";
  if (!options.wants(name + " local") && !options.wants(name + " actors") &&
      !options.wants(scaling) && !options.wants(name + " local, of W3") &&
      !options.wants(name + " actors, of W3"))
    return;
  const auto directory = TemporaryDirectory::make();
  if (!directory) return print(failed_line(name, directory.error().message()));
  const auto csv = prepare_csv(options, *directory, num_keys);
  if (!csv) return print(failed_line(name, csv.error().message()));
  const NumPairs pairs = num_pairs(options);
  const NumberedWork hand = [&](int) { return hand_over_files(*csv, is_sliding); };
  for (const RunnerKind kind : {RunnerKind::local, RunnerKind::actors}) {
    const std::string part = fmt::format("{} {}", name, to_string(kind));
    if (!options.wants(part)) continue;
    print_pairs(
        part,
        compare_notes(compare([&](int) { return query_over_files(*csv, is_sliding, kind, 1); },
                              hand, pairs, kTimeLimit)),
        print);
  }
  if (is_sliding) return compare_windows(*csv, options, print);
  if (num_keys != 10'000 || !options.wants(scaling)) return;
  print_scaling(scaling,
                compare_notes(compare(
                    [&](int) { return query_over_files(*csv, is_sliding, RunnerKind::actors, 2); },
                    [&](int) { return query_over_files(*csv, is_sliding, RunnerKind::actors, 1); },
                    pairs, kTimeLimit)),
                print);
}

void compare_columns(const std::string& name, const BenchOptions& options, std::uint32_t num_keys,
                     bool is_sliding, const Print& print) {
  const EventSpec spec = spec_of(options, num_keys);
  for (const RunnerKind kind : {RunnerKind::local, RunnerKind::actors}) {
    const std::string part = fmt::format("{} {}", name, to_string(kind));
    if (!options.wants(part)) continue;
    print_pairs(part,
                compare_notes(compare(
                    [&](int) {
                      return query_over_columns(spec, is_sliding ? kSliding : kTumbling,
                                                "2 seconds", kind);
                    },
                    [&](int) { return hand_over_columns(spec, hand_windows(is_sliding)); },
                    num_pairs(options), kTimeLimit)),
                print);
  }
}

/// The query's time for each of the hand's, on one thread.
void compare_growth(const std::string& name, const BenchOptions& options, const NumberedWork& query,
                    const NumberedWork& hand, const Print& print) {
  if (!options.wants(name)) return;
  print_pairs(name, compare_notes(compare(query, hand, num_pairs(options), kTimeLimit)), print);
}

void grow_keys(const BenchOptions& options, const Print& print) {
  for (std::uint32_t num_keys = 100; num_keys <= 10'000'000; num_keys *= 10) {
    const EventSpec spec = spec_of(options, num_keys);
    compare_growth(
        fmt::format("growth keys {}", num_keys), options,
        [&](int) { return query_over_columns(spec, kTumbling, "2 seconds", RunnerKind::local); },
        [&](int) { return hand_over_columns(spec, HandWindows{}); }, print);
  }
}

/// Running totals of each key by slice: a window is the difference of two. Few keys and slices
/// only.
Result<Work> many_windows_by_hand(const EventSpec& spec, std::int64_t slide,
                                  std::int64_t per_window) {
  const std::vector<Batch> batches = event_batches(spec, kBatchRows);
  const Stopwatch watch;
  const std::int64_t first = batches[0].column(0).data<std::int64_t>()[0] / 1000 / slide;
  const std::int64_t num_slices = spec.num_rows / spec.rows_per_milli / slide + 2;
  const auto num_keys = static_cast<std::int64_t>(spec.num_keys);
  // Before the first slice and behind the last one lie empty ones, a window full each.
  const std::int64_t width = num_slices + 2 * per_window;
  std::vector<std::pair<std::int64_t, std::int64_t>> totals(
      static_cast<std::size_t>((width + 1) * num_keys));
  const auto at = [&](std::int64_t slice, std::int64_t key) -> auto& {
    return totals[static_cast<std::size_t>(slice * num_keys + key)];
  };
  std::int64_t newest = 0;
  for (const Batch& batch : batches) {
    const auto* times = batch.column(0).data<std::int64_t>();
    for (std::size_t row = 0; row < batch.num_rows(); ++row) {
      newest = std::max(newest, times[row] / 1000);
      auto& [count, sum] = at(times[row] / 1000 / slide - first + per_window + 1,
                              batch.column(1).data<std::int64_t>()[row]);
      ++count;
      sum += batch.column(2).data<std::int32_t>()[row];
    }
  }
  Fingerprint print;
  for (std::int64_t slice = 1; slice <= width; ++slice) {
    const std::int64_t start = first + slice - 2 * per_window;
    for (std::int64_t key = 0; key < num_keys; ++key) {
      at(slice, key).first += at(slice - 1, key).first;
      at(slice, key).second += at(slice - 1, key).second;
      if (slice < per_window || (start + per_window) * slide > newest - 2000) continue;
      const std::int64_t count = at(slice, key).first - at(slice - per_window, key).first;
      const std::int64_t sum = at(slice, key).second - at(slice - per_window, key).second;
      if (count > 0) print.add_row({start * slide * 1000, key, count, sum});
    }
  }
  return finished(watch, spec.num_rows, print);
}

/// By the number of windows of 10 s that are open at a time.
void grow_windows(const BenchOptions& options, const Print& print) {
  for (const std::int64_t num_windows : {1, 10, 100, 1000}) {
    EventSpec spec = spec_of(options, 100);
    spec.num_rows /= 4;
    const std::int64_t slide = 10'000 / num_windows;
    const std::string text = fmt::format(
        "SELECT window.start AS start, key, count(*) AS n, sum(value) AS total FROM timed "
        "GROUP BY window(time, '10 seconds', '{} milliseconds'), key",
        slide);
    compare_growth(
        fmt::format("growth windows {}", num_windows), options,
        [&](int) { return query_over_columns(spec, text, "2 seconds", RunnerKind::local); },
        [&](int) { return many_windows_by_hand(spec, slide, num_windows); }, print);
  }
}

/// The sums of further columns follow from the first's, so the hand's time is that of one.
Result<Work> sums_by_hand(const EventSpec& spec, std::size_t num_values) {
  const std::vector<Batch> batches = event_batches(spec, kBatchRows);
  const Stopwatch watch;
  Fingerprint print;
  std::vector<std::int64_t> row(2 + num_values);
  const std::int64_t rows = aggregate_columns_by_hand(
      batches, HandWindows{},
      [&](std::int64_t start, std::int64_t key, std::int64_t count, std::int64_t sum) {
        row[0] = start * 1000;
        row[1] = key;
        for (std::size_t i = 0; i < num_values; ++i)
          row[2 + i] = sum + static_cast<std::int64_t>(i) * count;
        print.add_row(row);
      });
  return finished(watch, rows, print);
}

void grow_columns(const BenchOptions& options, const Print& print) {
  for (const std::size_t num_values : {1u, 3u, 10u, 30u, 100u}) {
    EventSpec spec = spec_of(options, 10'000);
    spec.num_rows /= 4;
    std::string text = "SELECT window.start AS start, key, sum(value)";
    for (std::size_t i = 2; i <= num_values; ++i) text += fmt::format(", sum(value{})", i);
    text += " FROM timed GROUP BY window(time, '10 seconds'), key";
    compare_growth(
        fmt::format("growth columns {}", num_values), options,
        [&](int) {
          return query_over_columns(spec, text, "2 seconds", RunnerKind::local, num_values);
        },
        [&](int) { return sums_by_hand(spec, num_values); }, print);
  }
}

constexpr std::int64_t kGapMillis = 10'000;
constexpr std::int64_t kSessionDelay = 5'000;

/// All times of each key, sorted, cut where more than the gap lies between two (as Spark cuts):
/// plain, and no engine of its own.
Result<Work> sessions_by_hand(const EventSpec& spec) {
  std::vector<std::vector<std::pair<std::int64_t, std::uint32_t>>> times(spec.num_keys);
  const Stopwatch watch;
  EventRows rows(spec);
  std::int64_t newest = 0;
  for (std::int64_t i = 0; i < spec.num_rows; ++i) {
    const Event event = rows.next();
    newest = std::max(newest, event.millis);
    times[event.key].emplace_back(event.millis, event.value);
  }
  Fingerprint print;
  for (std::size_t key = 0; key < times.size(); ++key) {
    auto& of_key = times[key];
    std::sort(of_key.begin(), of_key.end());
    for (std::size_t first = 0; first < of_key.size();) {
      std::size_t last = first;
      std::int64_t sum = of_key[first].second;
      for (; last + 1 < of_key.size() && of_key[last + 1].first <= of_key[last].first + kGapMillis;
           ++last)
        sum += of_key[last + 1].second;
      const std::int64_t end = of_key[last].first + kGapMillis;
      if (end <= newest - kSessionDelay)
        print.add_row({of_key[first].first * 1000, end * 1000, static_cast<std::int64_t>(key),
                       static_cast<std::int64_t>(last - first + 1), sum});
      first = last + 1;
    }
  }
  return finished(watch, spec.num_rows, print);
}

}  // namespace

void run_tumbling(const BenchOptions& options, const Print& print) {
  for (const std::uint32_t num_keys : {10'000u, 100u, 1'000'000u})
    compare_csv(fmt::format("W3 {} keys", num_keys), options, num_keys, false, print);
  for (const std::uint32_t num_keys : {10'000u, 100u, 1'000'000u})
    compare_columns(fmt::format("W3 memory {} keys", num_keys), options, num_keys, false, print);
}

void run_sliding(const BenchOptions& options, const Print& print) {
  compare_csv("W4", options, 10'000, true, print);
  compare_columns("W4 memory", options, 10'000, true, print);
}

void run_growth(const BenchOptions& options, const Print& print) {
  grow_keys(options, print);
  grow_windows(options, print);
  grow_columns(options, print);
}

void run_sessions(const BenchOptions& options, const Print& print) {
  const char* const text =
      "SELECT session_window.start AS start, session_window.end AS end, key, count(*) AS n, "
      "sum(value) AS total FROM timed GROUP BY session_window(time, '10 seconds'), key";
  for (const std::uint32_t num_keys : {10'000u, 100'000u}) {
    EventSpec spec;
    spec.num_rows = options.is_quick ? 1'000'000 : 5'000'000;
    spec.num_keys = num_keys;
    spec.rows_per_milli = num_keys / 4000;  // a row of each key in 4 to 5 s: sessions of a dozen
    spec.max_late_millis = 4000;
    for (const RunnerKind kind : {RunnerKind::local, RunnerKind::actors}) {
      const std::string part = fmt::format("W5 {} keys {}", num_keys, to_string(kind));
      if (!options.wants(part)) continue;
      print_pairs(part,
                  compare_notes(compare(
                      [&](int) { return query_over_columns(spec, text, "5 seconds", kind); },
                      [&](int) { return sessions_by_hand(spec); }, num_pairs(options), kTimeLimit)),
                  print);
    }
  }
}

}  // namespace stream::perf
