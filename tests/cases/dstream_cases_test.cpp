#include <actors/runner.hpp>
#include <libstream/base/file_system.hpp>
#include <libstream/execution/local_runner.hpp>
#include <libstream/testing/dstream_case.hpp>
#include <tests/kit/catch.hpp>

using namespace stream;

namespace {

void collect(const std::string& directory, std::vector<std::string>& paths) {
  for (const FileStatus& child : value_or_throw(local_file_system().list(directory))) {
    if (child.is_directory)
      collect(child.path, paths);
    else if (child.path.ends_with(".dcase"))
      paths.push_back(child.path);
  }
}

}  // namespace

TEST_CASE("every DStream transcript comes out alike in every way of running it") {
  std::vector<std::string> paths;
  collect(STREAM_CASES, paths);
  REQUIRE(paths.size() >= 26);
  const auto actors = actor_runner();
  for (const std::string& path : paths) {
    const auto parsed =
        testing::parse_dstream_case(value_or_throw(read_file(local_file_system(), path)));
    INFO(path);
    REQUIRE(parsed);
    for (const bool loses_tasks : {false, true}) {
      for (const std::uint32_t parallelism : {1u, 3u}) {
        for (const std::size_t batch_rows : {std::size_t{1024}, std::size_t{1}}) {
          for (const auto& runner : {local_runner(), actors}) {
            const testing::CaseCell cell{runner, runner == actors ? "actor" : "local", parallelism,
                                         batch_rows, loses_tasks};
            INFO(cell.name());
            const auto diff = testing::run_dstream_case(*parsed, cell);
            REQUIRE(diff);
            CHECK(*diff == "");
          }
        }
      }
    }
  }
}

TEST_CASE("a transcript with a wrong expectation fails with a diff") {
  const auto parsed = testing::parse_dstream_case(
      "--- stream a\n[1,2]\n--- flow\nout = a.map(add1)\n--- output out\n1 [2,4]\n2 -\n");
  REQUIRE(parsed);
  const auto diff = testing::run_dstream_case(*parsed, {local_runner(), "local", 1, 1024, false});
  REQUIRE(diff);
  CHECK_THAT(*diff, Catch::Matchers::ContainsSubstring("- [2,4]"));
  CHECK_THAT(*diff, Catch::Matchers::ContainsSubstring("+ [2,3]"));
  CHECK_THAT(*diff, Catch::Matchers::ContainsSubstring("interval 2"));
}

TEST_CASE("a malformed transcript is refused with its line") {
  for (const char* text : {"--- stream a\nnot json\n", "--- nonsense\n", "--- flow\nout a.map(x)\n",
                           "--- stream a\n[1]\n--- flow\nx = a.count()\n--- output out\n2 [1]\n"}) {
    const auto parsed = testing::parse_dstream_case(text);
    REQUIRE_FALSE(parsed);
    CHECK_THAT(parsed.error().message(), Catch::Matchers::ContainsSubstring("line "));
  }
}

TEST_CASE("an unknown operation or function is named") {
  for (const char* flow : {"x = a.fly(1)", "x = a.map(fly)", "x = b.count()"}) {
    const auto parsed = testing::parse_dstream_case(
        std::string("--- stream a\n[[1,2]]\n--- flow\n") + flow + "\n--- output x\n1 []\n");
    REQUIRE(parsed);
    CHECK_FALSE(testing::run_dstream_case(*parsed, {local_runner(), "local", 1, 1024, false}));
  }
}
