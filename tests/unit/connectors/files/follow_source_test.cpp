#include <libstream/connectors/files/follow_source.hpp>
#include <tests/unit/connectors/files/file_fixture.hpp>

using namespace stream;
using namespace stream::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

struct FollowSetup {
  FollowSetup() { require_ok(files.create_directories("/log")); }
  /// Appends as a process that holds the file open does: the inode stays.
  void append(const std::string& path, const std::string& text) {
    std::string content;
    if (require_value(files.exists(path))) content = require_value(read_file(files, path));
    put_file(files, path, content + text);
  }
  std::shared_ptr<const Source> source(bool from_beginning, std::string path = "/log/app") {
    FollowOptions options;
    options.paths = {std::move(path)};
    options.from_beginning = from_beginning;
    return follow_source(options);
  }
  ManualClock clock;
  MemoryFileSystem files{clock};
  MemorySourceLog log;
};

}  // namespace

TEST_CASE("only whole lines that end after the start are read") {
  FollowSetup setup;
  setup.append("/log/app", "old\nhal");
  const auto source = setup.source(false);
  PlannerHarness query(*source, setup.files, setup.clock, setup.log);
  query.begin();
  CHECK(query.epoch().empty());
  setup.append("/log/app", "f a line\nunfin");
  CHECK(query.epoch() == Lines{"half a line"});
  CHECK(query.epoch().empty());
  setup.append("/log/app", "ished");
  CHECK(query.epoch().empty());
  setup.append("/log/app", "\nnext\n");
  CHECK(query.epoch() == Lines{"unfinished", "next"});
}

TEST_CASE("from the beginning everything is read, and a file may come later") {
  FollowSetup setup;
  setup.append("/log/app", "1\n2\n");
  SECTION("present") {
    const auto source = setup.source(true);
    PlannerHarness query(*source, setup.files, setup.clock, setup.log);
    query.begin();
    CHECK(query.epoch() == Lines{"1", "2"});
  }
  SECTION("later") {
    const auto source = setup.source(false, "/log/other");
    PlannerHarness query(*source, setup.files, setup.clock, setup.log);
    query.begin();
    CHECK(query.epoch().empty());
    setup.append("/log/other", "3\n");
    CHECK(query.epoch() == Lines{"3"});
  }
}

TEST_CASE("a renamed file is read to its end and the new one from its start") {
  FollowSetup setup;
  setup.append("/log/app", "1\n");
  const std::string path = GENERATE("/log/app", "/log/app*");
  INFO(path);
  const auto source = setup.source(true, path);
  PlannerHarness query(*source, setup.files, setup.clock, setup.log);
  query.begin();
  CHECK(query.epoch() == Lines{"1"});
  setup.append("/log/app", "2\n");
  require_ok(setup.files.rename("/log/app", "/log/app.1"));
  setup.append("/log/app", "3\n");
  Lines lines = query.epoch();
  std::sort(lines.begin(), lines.end());
  CHECK(lines == Lines{"2", "3"});
  setup.append("/log/app.1", "written after the renaming\n");
  CHECK(query.epoch() == Lines{"written after the renaming"});
  require_ok(setup.files.remove("/log/app.1"));
  setup.append("/log/app", "4\n");
  CHECK(query.epoch() == Lines{"4"});
}

TEST_CASE("a file that was planned is found under its new name") {
  FollowSetup setup;
  setup.append("/log/app", "1\n2\n");
  const auto source = setup.source(true);
  PlannerHarness query(*source, setup.files, setup.clock, setup.log);
  query.begin();
  const auto splits = require_value(query.planner->plan(query.offset, query.latest()));
  require_ok(setup.files.rename("/log/app", "/log/app.1"));
  setup.append("/log/app", "other\n");
  CHECK(read_lines(*source, setup.files, splits) == Lines{"1", "2"});
}

TEST_CASE("a truncated file is read from its start") {
  FollowSetup setup;
  setup.append("/log/app", "11\n22\n");
  const auto source = setup.source(true);
  PlannerHarness query(*source, setup.files, setup.clock, setup.log);
  query.begin();
  CHECK(query.epoch() == Lines{"11", "22"});
  put_file(setup.files, "/log/app", "3\n");
  CHECK(query.epoch() == Lines{"3"});
  CHECK_THAT(query.offset, ContainsSubstring("\"truncations\":1"));
  setup.append("/log/app", "4\n5\n6\n");
  CHECK(query.epoch() == Lines{"4", "5", "6"});
  put_file(setup.files, "/log/app", "");
  CHECK(query.epoch().empty());
  setup.append("/log/app", "7\n");
  CHECK(query.epoch() == Lines{"7"});
}

TEST_CASE("asking twice for the same start gives the newest end both times") {
  FollowSetup setup;
  setup.append("/log/app", "1\n2");
  const auto source = setup.source(true);
  PlannerHarness query(*source, setup.files, setup.clock, setup.log);
  query.begin();
  CHECK(query.latest() == query.latest());
  CHECK_THAT(query.latest(), ContainsSubstring("\"position\":2"));
  setup.append("/log/app", "\n");
  CHECK_THAT(query.latest(), ContainsSubstring("\"position\":4"));
  CHECK(query.epoch() == Lines{"1", "2"});
}

TEST_CASE("a restart goes on from the offset") {
  FollowSetup setup;
  setup.append("/log/app", "1\n");
  const auto source = setup.source(true);
  PlannerHarness query(*source, setup.files, setup.clock, setup.log);
  query.begin();
  CHECK(query.epoch() == Lines{"1"});
  setup.append("/log/app", "2\n");
  PlannerHarness again(*source, setup.files, setup.clock, setup.log);
  again.offset = query.offset;
  CHECK(again.epoch() == Lines{"2"});
}

TEST_CASE("the follow source conforms and refuses what is no offset") {
  FollowSetup setup;
  setup.append("/log/a", "1\n22\n\n333\n");
  setup.append("/log/b", "4\nhalf");
  const auto source = setup.source(true, "/log/*");
  PlannerHarness query(*source, setup.files, setup.clock, setup.log);
  query.begin();
  CHECK(check_conformance(*source, setup.files, *query.planner, query.offset, query.latest()) ==
        Lines{"1", "22", "", "333", "4"});
  for (const char* text : {"", "[]", "{\"/log/a\":3}", "{\"/log/a\":{\"inode\":\"x\"}}"})
    CHECK_FALSE(query.planner->plan(text, query.latest()));
}

TEST_CASE("a directory that does not exist is an error at open") {
  FollowSetup setup;
  const auto source = setup.source(true, "/nowhere/app");
  const auto opened = source->make_planner()->open({setup.files, setup.clock, setup.log, 1});
  REQUIRE_FALSE(opened);
  CHECK_THAT(opened.error().message(), ContainsSubstring("/nowhere"));
}
