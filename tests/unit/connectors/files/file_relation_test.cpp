#include <libstream/connectors/files/file_relation.hpp>
#include <libstream/connectors/files/format_file_reader.hpp>
#include <libstream/connectors/files/sink_log.hpp>
#include <libstream/data/value.hpp>
#include <tests/unit/connectors/files/sink_run.hpp>

#include <algorithm>
#include <filesystem>

namespace stream::testing {
namespace {

using Rows = std::vector<std::vector<Value>>;

std::shared_ptr<const Source> source_of(FileSystem& files, const std::string& path,
                                        OptionMap options, const Schema& schema,
                                        bool is_streaming) {
  return require_value(make_file_source("csv", {path}, std::move(options), schema, is_streaming,
                                        SqlSettings{}, files));
}

Rows read_rows(const Source& source, FileSystem& files, const std::vector<Split>& splits) {
  BlockPool pool;
  auto reader = source.make_reader();
  require_ok(reader->start({files, system_clock(), pool, [] {}, 4096, 64}));
  Rows rows;
  for (const Split& split : splits) {
    require_ok(reader->open(split));
    for (Batch batch; require_value(reader->read(batch)) == ReadStatus::batch;) {
      for (auto& row : rows_of(batch)) rows.push_back(std::move(row));
    }
  }
  return rows;
}

Schema words() {
  return Schema{
      {{"word", primitive(TypeKind::string), true}, {"count", primitive(TypeKind::int64), true}}};
}
std::vector<Value> word(const std::string& text, std::int64_t count) {
  return {Value{text}, Value{count}};
}

/// What a run writes, as the lines of CSV files.
Lines written_words(const SinkRun& run) {
  Lines lines;
  for (std::int64_t epoch = 0; epoch < run.num_epochs; ++epoch) {
    for (std::uint32_t task = 0; task < run.num_tasks; ++task) {
      for (int i = 0; i < 2 && SinkRun::has_rows(epoch, task); ++i)
        lines.push_back(fmt::format("{},{}", SinkRun::word(epoch, task), i));
    }
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

TEST_CASE("Partition directories are columns, with the types of their values") {
  ManualClock clock;
  MemoryFileSystem files(clock);
  put_file(files, "/in/day=2024-01-02/k=1/a.csv", "x,1\n");
  put_file(files, "/in/day=2024-01-03/k=22/_hidden.csv", "no,1\n");
  put_file(files, "/in/day=2024-01-03/k=22/b.csv", "y,2\n");
  const auto source = source_of(files, "/in", {}, words(), false);
  REQUIRE(source->schema().to_string() == "word STRING, count BIGINT, day DATE, k INT");
  const auto splits = require_value(source->make_planner()->plan("{}", "{}"));
  const Rows rows = read_rows(*source, files, splits);
  REQUIRE(rows.size() == 2);
  REQUIRE(rows[0] == std::vector<Value>{Value{std::string("x")}, Value{std::int64_t{1}},
                                        Value{19724}, Value{1}});

  // Other columns, _metadata among them.
  const auto narrow = source->with_columns({3, 4, 1});
  const Rows picked = read_rows(*narrow, files, splits);
  REQUIRE(picked[1][0] == Value{22});
  REQUIRE(picked[1][1].as<ValueList>()[1] == Value{std::string("b.csv")});
  REQUIRE(picked[1][2] == Value{std::int64_t{2}});
}

TEST_CASE("A stream of files takes each file once, oldest first, as many as its limit says") {
  ManualClock clock;
  MemoryFileSystem files(clock);
  MemorySourceLog log;
  for (int i = 0; i < 5; ++i) {
    clock.advance(std::chrono::seconds(1));
    put_file(files, "/in/" + std::to_string(9 - i) + ".csv", std::to_string(i) + ",1\n");
  }
  const auto source = source_of(files, "/in", {{"maxFilesPerTrigger", "2"}}, words(), true);
  auto planner = source->make_planner();
  require_ok(planner->open({files, clock, log, 1}));
  std::string offset = require_value(planner->initial_offset());
  std::vector<std::size_t> sizes;
  std::string order;
  for (int epoch = 0; epoch < 4; ++epoch) {
    if (epoch == 2) {
      // A new planner goes on where the log ends.
      planner = source->make_planner();
      require_ok(planner->open({files, clock, log, 1}));
    }
    const std::string end = require_value(planner->latest_offset(offset, 0)).value();
    const Rows rows = read_rows(*source, files, require_value(planner->plan(offset, end)));
    for (const auto& row : rows) order += row[0].as<std::string>();
    sizes.push_back(rows.size());
    require_ok(planner->commit(end));
    offset = end;
  }
  REQUIRE(order == "01234");
  REQUIRE(sizes == std::vector<std::size_t>{2, 2, 1, 0});
}

TEST_CASE("Files of any size are cut so that each task has as much to read, the same each time") {
  ManualClock clock;
  MemoryFileSystem files(clock);
  std::string line;
  for (int i = 0; i < 100; ++i) line += "word" + std::to_string(i) + "," + std::to_string(i) + "\n";
  std::size_t num_rows = 0;
  for (const auto& [name, laps] : {std::pair{"/in/a.csv", 9000}, std::pair{"/in/b.csv", 2500}}) {
    std::string text;
    for (int lap = 0; lap < laps; ++lap) text += line;
    num_rows += 100 * static_cast<std::size_t>(laps);
    put_file(files, name, text);
  }
  const auto source = source_of(files, "/in", {}, words(), false);
  MemorySourceLog log;
  for (const std::uint32_t parallelism : {1u, 2u, 3u}) {
    auto planner = source->make_planner();
    require_ok(planner->open({files, clock, log, parallelism}));
    const auto splits = require_value(planner->plan("{}", "{}"));
    const auto again = require_value(planner->plan("{}", "{}"));
    REQUIRE(splits.size() == again.size());
    std::vector<std::uint64_t> bytes(parallelism);
    for (std::size_t i = 0; i < splits.size(); ++i) {
      REQUIRE(splits[i].content == again[i].content);
      const FileRange range = require_value(decode_file_range(splits[i].content));
      bytes[splits[i].index % parallelism] += range.end - range.begin;
    }
    const auto [least, most] = std::minmax_element(bytes.begin(), bytes.end());
    CHECK(*most < *least + *least / 2);
    CHECK(read_rows(*source, files, splits).size() == num_rows);
  }
}

TEST_CASE("A file sink's epochs are there once, whatever crashes, also for who reads no log") {
  // Death of the process alone, then of the machine: with it goes what was not synced.
  const auto power_loss =
      GENERATE(std::optional<CrashMode>{}, std::optional(CrashMode::drop_all),
               std::optional(CrashMode::torn_data), std::optional(CrashMode::keep_entries));
  for (int dies_before = 0;; ++dies_before) {
    INFO("the process dies before change " << dies_before);
    ManualClock clock;
    MemoryFileSystem memory(clock);
    const auto sink = require_value(
        make_file_sink({"csv", "/out", {}, {}, true, SaveMode::append, {}}, SqlSettings{}, memory));
    SinkRun run{*sink};
    DyingFiles dying(memory);
    dying.dies_before = dies_before;
    const bool died = !run.live(dying);
    if (died && power_loss) memory.crash(*power_loss);
    if (died) {
      DyingFiles again(memory);
      again.dies_before = dies_before % 7;
      REQUIRE_FALSE(run.live(again));
    }
    require_ok(run.live(memory));
    const Lines expected = written_words(run);
    // Whoever takes all files, without the log, finds no more.
    REQUIRE(visible_lines(memory, "/out") == expected);
    REQUIRE_FALSE(require_value(memory.exists("/out/.staging-01234567")));
    for (const FileStatus& file : require_value(memory.list("/out/_spark_metadata", 10'000)))
      REQUIRE(!file_name(file.path).starts_with('.'));
    put_file(memory, "/out/stray.csv", "not,9\n");
    const auto source = source_of(memory, "/out", {}, words(), false);
    Lines read;
    for (const auto& row :
         read_rows(*source, memory, require_value(source->make_planner()->plan("{}", "{}"))))
      read.push_back(fmt::format("{},{}", row[0].as<std::string>(), row[1].as<std::int64_t>()));
    std::sort(read.begin(), read.end());
    REQUIRE(read == expected);
    REQUIRE(require_value(last_sink_log_entry(memory, "/out")) == run.num_epochs - 1);
    if (!died) break;
  }
}

TEST_CASE("A file sink's log names its files in full, whatever the path was") {
  MemoryFileSystem memory;
  const auto sink = require_value(make_file_sink(
      {"csv", "out/./here/", {}, {}, true, SaveMode::append, {}}, SqlSettings{}, memory));
  SinkRun run{*sink};
  require_ok(run.live(memory));
  const std::string here = std::filesystem::current_path() / "out/here";
  const auto logged = require_value(read_sink_log(memory, here));
  REQUIRE(!logged.empty());
  for (const LoggedFile& file : logged) REQUIRE(parent_path(file.path) == here);
  const auto source = source_of(memory, here, {}, words(), false);
  REQUIRE(
      read_rows(*source, memory, require_value(source->make_planner()->plan("{}", "{}"))).size() ==
      written_words(run).size());
}

TEST_CASE("Compressed files read back") {
  for (const char* codec : {"gzip", "zstd"}) {
    ManualClock clock;
    MemoryFileSystem files(clock);
    const auto sink = require_value(make_file_sink(
        {"csv", "/out", {{"compression", codec}}, {}, false, SaveMode::overwrite, {}},
        SqlSettings{}, files));
    SinkRun run{*sink, 1, 1};
    run.num_epochs = 2;
    run.checkpoint_every = 2;
    require_ok(run.live(files));
    const auto source = source_of(files, "/out", {}, words(), false);
    const Rows rows =
        read_rows(*source, files, require_value(source->make_planner()->plan("{}", "{}")));
    REQUIRE(rows == Rows{word("1-0", 0), word("1-0", 1)});
  }
}

}  // namespace
}  // namespace stream::testing
