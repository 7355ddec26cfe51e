#include <apps/word_count/word_count.hpp>
#include <libstream/base/file_system.hpp>
#include <tests/perf/hand_word_count.hpp>
#include <tests/perf/inputs.hpp>
#include <tests/perf/query_watch.hpp>
#include <tests/perf/replay_source.hpp>
#include <tests/perf/word_totals.hpp>
#include <tests/perf/workloads.hpp>

#include <fmt/format.h>

namespace stream::perf {
namespace {

constexpr Duration kTimeLimit{120'000};
constexpr std::uint64_t kMebibyte = 1u << 20;
// W2's text lasts a sixth of a second, hardly more than a tick: a stream is many of them.
constexpr std::int64_t kUpdateLaps = 16;

/// Does `body` in a child, so that this process stays small: memory of a parent counts in children.
Result<Measured> aside(const std::function<Result<Work>()>& body) {
  Measured measured = measure(body, kTimeLimit);
  if (!measured.is_ok()) return fatal(measured.error);
  return measured;
}

Result<Work> count_by_hand(const std::string& path, unsigned num_threads) {
  const Stopwatch watch;
  STREAM_TRY(const HandWordCount counted, HandWordCount::run(path, num_threads));
  return Work{watch.seconds(), counted.num_words(), ""};
}

struct Text {
  std::string path;
  std::uint64_t size_bytes = 0;
  std::int64_t num_lines = 0;
  std::int64_t num_words = 0;
};

/// The words to count, in the page cache: the first `size_bytes` of the given file, or made.
Result<Text> prepare_text(const BenchOptions& options, const TemporaryDirectory& directory,
                          std::uint64_t size_bytes, bool is_whole) {
  Text text;
  text.path = directory / "words.txt";
  if (options.input.empty() || !is_whole) {
    STREAM_TRY(aside([&]() -> Result<Work> {
      const Stopwatch watch;
      const auto made = options.input.empty() ? write_words(text.path, {size_bytes, 1, 100'000})
                                              : copy_head(options.input, text.path, size_bytes);
      if (!made) return made.error();
      return Work{watch.seconds(), 0, ""};
    }));
  } else {
    text.path = options.input;
  }
  STREAM_TRY(const FileStatus status, local_file_system().status(text.path));
  text.size_bytes = status.size_bytes;
  STREAM_TRY(const Measured lines, aside([&]() -> Result<Work> {
               const Stopwatch watch;
               STREAM_TRY(const std::int64_t counted, count_lines(text.path));
               return Work{watch.seconds(), counted, ""};
             }));
  text.num_lines = lines.work.rows;
  STREAM_TRY(const Measured words, aside([&] { return count_by_hand(text.path, 1); }));
  text.num_words = words.work.rows;
  return text;
}

/// Runs the program word_count over the whole file, to its end.
Result<Work> count_by_engine(const Text& text, const std::string& output, RunnerKind kind,
                             std::uint32_t parallelism) {
  apps::WordCountOptions options;
  options.input = text.path;
  options.output = output;
  options.trigger = "available-now";
  options.parallelism = parallelism;
  const Stopwatch watch;
  StreamingContext context = apps::make_word_count(make_runner(kind, parallelism), options);
  context.start();
  context.await_termination();
  return Work{watch.seconds(), text.num_words, ""};
}

std::string numbered(const std::string& prefix, int pair) {
  return fmt::format("{}-{}", prefix, pair);
}

/// Checks what each run over `laps` times the text wrote into prefix-0, prefix-1 … and removes it.
void check_outputs(Comparison& comparison, const Text& text, std::int64_t laps,
                   const std::string& prefix, bool is_final) {
  for (std::size_t i = 0; i < comparison.first.size(); ++i) {
    const std::string output = numbered(prefix, static_cast<int>(i));
    const auto checked = aside([&]() -> Result<Work> {
      const Stopwatch watch;
      STREAM_TRY(check_totals(text.path, laps, output, is_final));
      STREAM_TRY(local_file_system().remove_all(output));
      return Work{watch.seconds(), 0, ""};
    });
    if (comparison.is_ok() && !checked) comparison.error = checked.error().message();
  }
}

/// The engine's count against something else, its results checked.
Comparison compare_engine(const Text& text, const std::string& prefix, RunnerKind kind,
                          std::uint32_t parallelism, const NumberedWork& other, NumPairs pairs) {
  Comparison comparison = compare(
      [&](int pair) { return count_by_engine(text, numbered(prefix, pair), kind, parallelism); },
      other, pairs, kTimeLimit);
  check_outputs(comparison, text, 1, prefix, true);
  return comparison;
}

/// Word count of a stream whose totals are written every 100 ms; ends when all rows are committed.
Result<Work> count_updates(const Text& text, const std::string& output, RunnerKind kind) {
  auto watch = std::make_shared<QueryWatch>();
  const Stopwatch stopwatch;
  StreamingContext context(make_runner(kind, 1), Duration(100));
  context.set_trigger(Trigger::processing_time(Duration(100)));
  context.add_listener(watch);
  ReplayOptions replay;
  replay.path = text.path;
  replay.size_bytes = text.size_bytes;
  replay.laps = kUpdateLaps;
  context.source_stream<std::string>(replay_source(replay))
      .flat_map(split_words())
      .map([](std::string_view word) {
        return std::pair{word, std::int64_t{1}};
      })
      .reduce_by_key(std::plus{})
      .map_with_state<std::int64_t>(
          [](std::string_view word, std::optional<std::int64_t> count, State<std::int64_t>& total) {
            total.update(total.get_option().value_or(0) + *count);
            return std::pair{word, total.get()};
          })
      .write_text(output);
  context.start();
  const bool is_all = watch->wait_for_rows(kUpdateLaps * text.num_lines, kTimeLimit);
  const double seconds = stopwatch.seconds();
  context.stop(true);
  context.await_termination();
  if (!is_all)
    return fatal(fmt::format("{} of {} lines were committed", watch->num_rows(),
                             kUpdateLaps * text.num_lines));
  return Work{seconds, kUpdateLaps * text.num_words, fmt::format("{} epochs", watch->num_epochs())};
}

}  // namespace

void run_word_count(const BenchOptions& options, const Print& print) {
  const auto directory = TemporaryDirectory::make();
  if (!directory) return print(failed_line("W1", directory.error().message()));
  const auto text =
      prepare_text(options, *directory, (options.is_quick ? 64 : 256) * kMebibyte, true);
  if (!text) return print(failed_line("W1", text.error().message()));
  const NumPairs pairs = num_pairs(options);
  const auto hand = [&](unsigned threads) {
    return [&, threads](int) { return count_by_hand(text->path, threads); };
  };
  for (const RunnerKind kind : {RunnerKind::actors, RunnerKind::local})
    print_pairs(fmt::format("W1 {}", to_string(kind)),
                compare_engine(*text, *directory / "one", kind, 1, hand(1), pairs), print);
  print_scaling("W1 hand, 2 cores", compare(hand(2), hand(1), pairs, kTimeLimit), print);
  const auto one_core = [&](int pair) {
    return count_by_engine(*text, numbered(*directory / "single", pair), RunnerKind::actors, 1);
  };
  print_scaling("W1 actors, 2 cores",
                compare_engine(*text, *directory / "two", RunnerKind::actors, 2, one_core, pairs),
                print);
}

void run_updates(const BenchOptions& options, const Print& print) {
  const auto directory = TemporaryDirectory::make();
  if (!directory) return print(failed_line("W2", directory.error().message()));
  const auto text = prepare_text(options, *directory, 64 * kMebibyte, false);
  if (!text) return print(failed_line("W2", text.error().message()));
  for (const RunnerKind kind : {RunnerKind::actors, RunnerKind::local}) {
    const std::string name = fmt::format("W2 {}", to_string(kind));
    const std::string updates = *directory / "updates";
    Comparison comparison = compare(
        [&](int pair) { return count_updates(*text, numbered(updates, pair), kind); },
        [&](int pair) {
          return count_by_engine(*text, numbered(*directory / to_string(kind), pair), kind, 1);
        },
        num_pairs(options), kTimeLimit);
    check_outputs(comparison, *text, kUpdateLaps, updates, false);
    if (!comparison.is_ok()) {
      print(failed_line(name, comparison.error));
      continue;
    }
    const Measured& run = median_run(comparison.first);
    print(line_of(name, run,
                  in_words(comparison.ratio_of_rates(), "x W1's rate") + ", " + run.work.note));
  }
}

}  // namespace stream::perf
