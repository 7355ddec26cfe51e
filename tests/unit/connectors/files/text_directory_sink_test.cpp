#include <libstream/connectors/files/text_file_sink.hpp>
#include <tests/unit/connectors/files/sink_run.hpp>

using namespace stream;
using namespace stream::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

void check_epochs(FileSystem& files, const SinkRun& run) {
  for (std::int64_t epoch = 0; epoch < run.num_epochs; ++epoch) {
    const std::string directory = fmt::format("/out/counts-{}.txt", SinkRun::batch_time(epoch));
    Lines expected{directory + "/_SUCCESS"};
    for (std::uint32_t task = 0; task < run.num_tasks; ++task) {
      const std::string path = fmt::format("{}/part-{:05}", directory, task);
      expected.push_back(path);
      std::string text;
      for (int i = 0; i < 2 && SinkRun::has_rows(epoch, task); ++i)
        text += fmt::format("({},{})\n", SinkRun::word(epoch, task), i);
      REQUIRE(require_value(read_file(files, path)) == text);
    }
    Lines present;
    list_below(files, directory, present);
    REQUIRE(present == expected);
  }
}

}  // namespace

TEST_CASE("each epoch is a directory named by its time, with a part a task and _SUCCESS") {
  MemoryFileSystem files;
  const std::int64_t checkpoint_every = GENERATE(1, 3);
  const auto sink = text_directory_sink("/out/counts", "txt");
  SinkRun run{*sink};
  run.checkpoint_every = checkpoint_every;
  require_ok(run.live(files));
  check_epochs(files, run);
}

TEST_CASE("writing a time again replaces its parts") {
  MemoryFileSystem files;
  const auto sink = text_directory_sink("/out/counts", "txt");
  put_file(files, "/out/counts-1000.txt/part-00000", "old\n");
  put_file(files, "/out/counts-1000.txt/part-00005", "old\n");
  put_file(files, "/out/counts-1000.txt/_SUCCESS", "");
  SinkRun run{*sink};
  require_ok(run.live(files));
  check_epochs(files, run);
}

TEST_CASE("directories are complete after a crash before any change") {
  const auto sink = text_directory_sink("/out/counts", "txt");
  int num_crashes = 0;
  for (int dies_before = 0;; ++dies_before) {
    INFO("dies before change " << dies_before);
    MemoryFileSystem files;
    SinkRun run{*sink};
    run.num_epochs = 3;
    DyingFiles dying(files);
    dying.dies_before = dies_before;
    const bool lived = run.live(dying).has_value();
    REQUIRE(lived != dying.is_dead());
    if (lived) break;
    ++num_crashes;
    files.crash(CrashMode::drop_all);
    require_ok(run.live(files));
    check_epochs(files, run);
    for (const std::string& path : all_paths(files))
      REQUIRE_THAT(path, !ContainsSubstring("staging"));
  }
  CHECK(num_crashes > 40);
}

TEST_CASE("without a prefix the directory is the time alone") {
  MemoryFileSystem files;
  const auto sink = text_directory_sink("", "");
  SinkRun run{*sink};
  run.num_epochs = 1;
  require_ok(run.live(files));
  CHECK(require_value(files.exists("1000/_SUCCESS")));
  CHECK_FALSE(text_directory_sink("a", "b/c")->check(*text_schema()));
}
