#include <libstream/connectors/files/text_file_sink.hpp>
#include <tests/unit/connectors/files/sink_run.hpp>

#include <optional>

using namespace stream;
using namespace stream::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

Lines expected_lines(const SinkRun& run) {
  Lines lines;
  for (std::int64_t epoch = 0; epoch < run.num_epochs; ++epoch) {
    for (std::uint32_t task = 0; task < run.num_tasks; ++task) {
      for (int i = 0; i < 2 && SinkRun::has_rows(epoch, task); ++i)
        lines.push_back(fmt::format("{}\t{}", SinkRun::word(epoch, task), i));
    }
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace

TEST_CASE("each task with rows gets one file an epoch, named by task, epoch and query") {
  MemoryFileSystem files;
  const auto sink = text_file_sink({.directory = "/out"});
  SinkRun run{*sink};
  require_ok(run.live(files));
  CHECK(all_paths(files) ==
        Lines{"/out/part-00000-00000001-01234567.txt", "/out/part-00000-00000002-01234567.txt",
              "/out/part-00001-00000000-01234567.txt", "/out/part-00001-00000001-01234567.txt",
              "/out/part-00001-00000003-01234567.txt"});
  CHECK(require_value(read_file(files, "/out/part-00001-00000003-01234567.txt")) ==
        "3-1\t0\n3-1\t1\n");
  CHECK(visible_lines(files, "/out") == expected_lines(run));
}

TEST_CASE("between checkpoints rows collect in one file that the checkpoint names") {
  MemoryFileSystem files;
  const auto sink = text_file_sink({.directory = "/out", .prefix = "rows", .separator = ";"});
  SinkRun run{*sink};
  run.checkpoint_every = 4;
  require_ok(run.live(files));
  CHECK(all_paths(files) ==
        Lines{"/out/rows-00000-00000003-01234567.txt", "/out/rows-00001-00000003-01234567.txt"});
  CHECK(require_value(read_file(files, "/out/rows-00000-00000003-01234567.txt")) ==
        "1-0;0\n1-0;1\n2-0;0\n2-0;1\n");
}

TEST_CASE("rows are visible once after a crash before any change, and nothing stays staged") {
  const std::int64_t checkpoint_every = GENERATE(1, 2);
  // Death of the process alone, then of the machine: with it goes what was not synced.
  const auto power_loss =
      GENERATE(std::optional<CrashMode>{}, std::optional(CrashMode::drop_all),
               std::optional(CrashMode::torn_data), std::optional(CrashMode::keep_entries));
  const auto sink = text_file_sink({.directory = "/out"});
  int num_crashes = 0;
  for (int dies_before = 0;; ++dies_before) {
    INFO("dies before change " << dies_before << ", a checkpoint every " << checkpoint_every);
    MemoryFileSystem files;
    SinkRun run{*sink};
    run.checkpoint_every = checkpoint_every;
    DyingFiles dying(files);
    dying.dies_before = dies_before;
    const bool lived = run.live(dying).has_value();
    REQUIRE(lived != dying.is_dead());
    if (lived) break;
    ++num_crashes;
    if (power_loss) files.crash(*power_loss);
    // A second crash while the first is being recovered, then a life to the end.
    DyingFiles again(files);
    again.dies_before = dies_before % 7;
    REQUIRE_FALSE(run.live(again));
    REQUIRE(again.is_dead());
    require_ok(run.live(files));
    REQUIRE(visible_lines(files, "/out") == expected_lines(run));
    for (const std::string& path : all_paths(files))
      REQUIRE_THAT(path, !ContainsSubstring("staging"));
  }
  CHECK(num_crashes > 25);
}

TEST_CASE("a commit may be repeated, also by another committer") {
  MemoryFileSystem files;
  BlockPool pool;
  const auto sink = text_file_sink({.directory = "/out"});
  const SinkContext context{files, "0123456789", 0, 1, 1};
  const auto committer = sink->make_committer();
  require_ok(committer->recover(context, -1));
  const auto writer = sink->make_writer();
  require_ok(writer->open(context));
  require_ok(writer->begin(0, 0));
  require_ok(writer->write(word_counts(pool, {{"a", 1}})));
  const std::string message = require_value(writer->finish(0));
  CHECK(visible_lines(files, "/out").empty());

  SECTION("finished files survive the recovery of their own epoch") {
    const auto other = sink->make_committer();
    require_ok(other->recover({files, "0123456789", 0, 1, 2}, 0));
    require_ok(other->commit(0, {message}));
    require_ok(other->commit(0, {message}));
    CHECK(visible_lines(files, "/out") == Lines{"a\t1"});
  }
  SECTION("but not the recovery of an earlier one") {
    const auto other = sink->make_committer();
    require_ok(other->recover({files, "0123456789", 0, 1, 2}, -1));
    const auto committed = other->commit(0, {message});
    REQUIRE_FALSE(committed);
    CHECK_THAT(committed.error().message(), ContainsSubstring("/out/part-00000-00000000"));
  }
  CHECK_FALSE(committer->commit(0, {"nonsense"}));
}

TEST_CASE("files of a dead attempt that the new one does not make again go") {
  MemoryFileSystem files;
  const auto sink = text_file_sink({.directory = "/out"});
  for (const char* name : {"part-00007-00000001-01234567.txt", "part-00007-00000000-01234567.txt",
                           "part-00007-00000001-76543210.txt", "other-00007-00000001-01234567.txt"})
    put_file(files, join_path("/out", name), "x\n");
  put_file(files, "/out/.staging-76543210/open-0-1-ab", "of another query\n");
  SinkRun run{*sink};
  run.committed = 0;
  run.num_epochs = 2;
  require_ok(run.live(files));
  const Lines paths = all_paths(files);
  CHECK(paths ==
        Lines{"/out/.staging-76543210", "/out/.staging-76543210/open-0-1-ab",
              "/out/other-00007-00000001-01234567.txt", "/out/part-00000-00000001-01234567.txt",
              "/out/part-00001-00000001-01234567.txt", "/out/part-00007-00000000-01234567.txt",
              "/out/part-00007-00000001-76543210.txt"});
}

TEST_CASE("a query that ends between checkpoints leaves nothing staged behind") {
  MemoryFileSystem files;
  BlockPool pool;
  const auto sink = text_file_sink({.directory = "/out"});
  const SinkContext context{files, "0123456789", 0, 1, 1};
  {
    const auto writer = sink->make_writer();
    require_ok(writer->open(context));
    require_ok(writer->begin(0, 0));
    require_ok(writer->write(word_counts(pool, {{"a", 1}})));
  }
  CHECK(all_paths(files).empty());
}

TEST_CASE("the sink refuses options that make no visible files") {
  const Schema schema = *text_schema();
  CHECK(text_file_sink({.directory = "/out"})->check(schema));
  CHECK_FALSE(text_file_sink({.directory = ""})->check(schema));
  CHECK_FALSE(text_file_sink({.directory = "/out", .prefix = ".hidden"})->check(schema));
  CHECK_FALSE(text_file_sink({.directory = "/out", .prefix = "a/b"})->check(schema));
  CHECK(text_file_sink({.directory = "/out"})->kind() == SinkKind::resumable);
}
