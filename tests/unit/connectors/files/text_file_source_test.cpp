#include <libstream/connectors/files/text_file_source.hpp>
#include <tests/unit/connectors/files/file_fixture.hpp>

using namespace stream;
using namespace stream::testing;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr EpochMillis kStart = 1'000'000;

struct Setup {
  Setup() { require_ok(files.create_directories("/in")); }
  void put(const std::string& name, const std::string& content) {
    put_file(files, "/in/" + name, content);
  }
  void put_at(EpochMillis at, const std::string& name, const std::string& content) {
    const EpochMillis now = clock.wall_millis();
    clock.set(at);
    put(name, content);
    clock.set(now);
  }
  ManualClock clock{kStart};
  MemoryFileSystem files{clock};
  MemorySourceLog log;
  TextFileOptions options{.path = "/in"};
};

Error open_error(const TextFileOptions& options) {
  Setup setup;
  const auto planner = text_file_source(options)->make_planner();
  auto opened = planner->open({setup.files, setup.clock, setup.log, 1});
  REQUIRE_FALSE(opened);
  return opened.error();
}

}  // namespace

TEST_CASE("every file counts once, oldest first, then by path") {
  Setup setup;
  setup.put_at(kStart - 10, "c", "oldest\n");
  setup.put("b", "second\nthird");
  setup.put("a", "first\n");
  setup.put("empty", "");
  setup.put(".hidden", "never\n");
  setup.put("_visible", "underscore\n");
  const auto source = text_file_source(setup.options);
  PlannerHarness query(*source, setup.files, setup.clock, setup.log);
  query.begin();
  CHECK(query.offset == "{\"logOffset\":-1}");
  CHECK(query.epoch() == Lines{"oldest", "underscore", "first", "second", "third"});
  CHECK(query.offset == "{\"logOffset\":0}");
  CHECK(query.epoch().empty());
  CHECK(query.offset == "{\"logOffset\":0}");
  setup.clock.advance(1s);
  setup.put("a", "changed\n");
  setup.put("d", "new\n");
  CHECK(query.epoch() == Lines{"new"});
}

TEST_CASE("a single file is a directory of one") {
  Setup setup;
  setup.put("a", "1\n2\n");
  setup.put("b", "3\n");
  setup.options.path = "/in/a";
  const auto source = text_file_source(setup.options);
  PlannerHarness query(*source, setup.files, setup.clock, setup.log);
  query.begin();
  CHECK(query.epoch() == Lines{"1", "2"});
  CHECK(query.epoch().empty());
}

TEST_CASE("limits take the oldest files, and a limit of bytes always admits one") {
  Setup setup;
  setup.put("a", "1234\n");
  setup.put("b", "12\n");
  setup.put("c", "3\n");
  SECTION("files") {
    setup.options.max_files_per_trigger = 2;
    const auto source = text_file_source(setup.options);
    PlannerHarness query(*source, setup.files, setup.clock, setup.log);
    query.begin();
    CHECK(query.epoch() == Lines{"1234", "12"});
    CHECK(query.epoch() == Lines{"3"});
  }
  SECTION("bytes") {
    setup.options.max_bytes_per_trigger = 5;
    const auto source = text_file_source(setup.options);
    PlannerHarness query(*source, setup.files, setup.clock, setup.log);
    query.begin();
    CHECK(query.epoch() == Lines{"1234"});
    CHECK(query.epoch() == Lines{"12", "3"});
  }
}

TEST_CASE("available now never goes past the first listing") {
  Setup setup;
  setup.put("a", "1\n");
  setup.put("b", "2\n");
  setup.options.available_now = true;
  setup.options.max_files_per_trigger = 1;
  const auto source = text_file_source(setup.options);
  PlannerHarness query(*source, setup.files, setup.clock, setup.log);
  query.begin();
  CHECK(query.epoch() == Lines{"1"});
  setup.put("c", "3\n");
  CHECK(query.epoch() == Lines{"2"});
  CHECK(query.epoch().empty());
}

TEST_CASE("without existing files, those after the start and up to the batch time count") {
  Setup setup;
  setup.options.existing = false;
  setup.options.remember = remember_window(1s);
  setup.put_at(kStart, "at the start", "not after it\n");
  const auto source = text_file_source(setup.options);
  PlannerHarness query(*source, setup.files, setup.clock, setup.log);
  query.begin();
  CHECK(query.epoch().empty());
  setup.put_at(kStart + 1000, "on time", "1\n");
  setup.put_at(kStart + 1001, "later", "2\n");
  setup.clock.set(kStart + 1000);
  CHECK(query.epoch() == Lines{"1"});
  setup.clock.set(kStart + 2000);
  CHECK(query.epoch() == Lines{"2"});

  SECTION("a file moved in with a time before the window is ignored") {
    setup.clock.set(kStart + 100'000);
    setup.put_at(kStart + 40'000, "just out", "no\n");
    setup.put_at(kStart + 40'001, "just in", "yes\n");
    CHECK(query.epoch() == Lines{"yes"});
  }
  SECTION("what is out of the window is forgotten, and still not read twice") {
    setup.clock.set(kStart + 100'000);
    CHECK(query.epoch().empty());
    setup.put("new", "3\n");
    CHECK(query.epoch() == Lines{"3"});
  }
  SECTION("a restart keeps the first start") {
    setup.clock.set(kStart + 10'000);
    setup.put_at(kStart + 5000, "while it was down", "3\n");
    PlannerHarness again(*source, setup.files, setup.clock, setup.log);
    again.offset = query.offset;
    CHECK(again.epoch() == Lines{"3"});
  }
}

TEST_CASE("the window is as many batches as fill a minute") {
  CHECK(remember_window(1s) == 60s);
  CHECK(remember_window(7s) == 63s);
  CHECK(remember_window(2min) == 2min);
  CHECK(remember_window(500ms) == 60s);
}

TEST_CASE("a restart goes on from the log, whatever the number of entries") {
  Setup setup;
  const auto source = text_file_source(setup.options);
  std::string offset;
  Lines read;
  Lines expected;
  for (int i = 0; i < 35; ++i) {
    setup.clock.advance(1s);
    PlannerHarness query(*source, setup.files, setup.clock, setup.log);
    if (i == 0) query.begin();
    if (i != 0) query.offset = offset;
    const std::string name = "f%\n" + std::to_string(i);
    setup.put(name, name.substr(3) + "\n");
    expected.push_back(name.substr(3));
    for (const std::string& line : query.epoch()) read.push_back(line);
    offset = query.offset;
  }
  CHECK(read == expected);
  CHECK(setup.log.entries.size() <= 10);
  CHECK(setup.log.entries.begin()->first == 29);
}

TEST_CASE("a crash between compaction and removal of the old entries counts no file twice") {
  Setup setup;
  const auto source = text_file_source(setup.options);
  std::map<std::int64_t, std::string> kept;
  PlannerHarness query(*source, setup.files, setup.clock, setup.log);
  query.begin();
  const std::string start = query.offset;
  Lines expected;
  for (int i = 0; i < 10; ++i) {
    setup.clock.advance(1s);
    expected.push_back(std::to_string(i));
    setup.put("f" + expected.back(), expected.back() + "\n");
    REQUIRE(query.epoch() == Lines{expected.back()});
    kept.insert(setup.log.entries.begin(), setup.log.entries.end());
  }
  REQUIRE(setup.log.entries.size() == 1);
  REQUIRE(kept.size() == 10);
  setup.log.entries = kept;
  PlannerHarness again(*source, setup.files, setup.clock, setup.log);
  const auto splits = require_value(again.planner->plan(start, query.offset));
  CHECK(read_lines(*source, setup.files, splits) == expected);
  again.offset = query.offset;
  CHECK(again.epoch().empty());
}

TEST_CASE("a range that was planned before a crash is planned again with the same splits") {
  Setup setup;
  setup.options.split_bytes = 4;
  setup.put("a", "1\n22\n333\n4444\n");
  setup.put("b", "5\n");
  const auto source = text_file_source(setup.options);
  PlannerHarness before(*source, setup.files, setup.clock, setup.log);
  before.begin();
  const std::string end = before.latest();
  const auto splits = require_value(before.planner->plan(before.offset, end));
  REQUIRE(splits.size() > 2);

  setup.put("c", "6\n");
  PlannerHarness after(*source, setup.files, setup.clock, setup.log);
  after.offset = before.offset;
  CHECK(after.latest() == end);
  const auto again = require_value(after.planner->plan(after.offset, end));
  REQUIRE(again.size() == splits.size());
  for (std::size_t i = 0; i < splits.size(); ++i) CHECK(again[i].content == splits[i].content);
  CHECK(after.epoch() == Lines{"1", "22", "333", "4444", "5"});
  CHECK(after.epoch() == Lines{"6"});
}

TEST_CASE("a log that cannot be written fails the planning and loses no file") {
  Setup setup;
  setup.put("a", "1\n");
  const auto source = text_file_source(setup.options);
  PlannerHarness query(*source, setup.files, setup.clock, setup.log);
  query.begin();
  setup.log.num_failures = 1;
  REQUIRE_FALSE(query.planner->latest_offset(query.offset, kStart));
  CHECK(query.epoch() == Lines{"1"});
}

TEST_CASE("a range that the log does not have is refused") {
  Setup setup;
  const auto source = text_file_source(setup.options);
  PlannerHarness query(*source, setup.files, setup.clock, setup.log);
  const auto planned = query.planner->plan("{\"logOffset\":-1}", "{\"logOffset\":3}");
  REQUIRE_FALSE(planned);
  CHECK(planned.error().error_class() == ErrorClass::fatal);
  CHECK_FALSE(query.planner->plan("{}", "{}"));
  CHECK_FALSE(query.planner->plan("nonsense", "1"));
}

TEST_CASE("wrong options are listed all at once, a missing path by name") {
  const Error error = open_error({.path = "",
                                  .max_files_per_trigger = 0,
                                  .max_bytes_per_trigger = -1,
                                  .split_bytes = 0,
                                  .max_line_bytes = 0});
  CHECK(error.error_class() == ErrorClass::bad_option);
  for (const char* name : {"path:", "max_files_per_trigger:", "max_bytes_per_trigger:", "not both",
                           "split_bytes:", "max_line_bytes:"})
    CHECK_THAT(error.message(), ContainsSubstring(name));
  const Error missing = open_error({.path = "/nowhere"});
  CHECK(missing.error_class() == ErrorClass::bad_option);
  CHECK_THAT(missing.message(), ContainsSubstring("/nowhere"));
}

TEST_CASE("a directory that vanishes is a transient error") {
  Setup setup;
  const auto source = text_file_source(setup.options);
  PlannerHarness query(*source, setup.files, setup.clock, setup.log);
  query.begin();
  require_ok(setup.files.remove_all("/in"));
  const auto latest = query.planner->latest_offset(query.offset, kStart);
  REQUIRE_FALSE(latest);
  CHECK(latest.error().error_class() == ErrorClass::transient);
  CHECK_THAT(latest.error().message(), ContainsSubstring("/in"));
}

TEST_CASE("the text file source conforms: ranges read again give the same rows") {
  Setup setup;
  setup.options.split_bytes = 10;
  std::string text;
  for (int i = 0; i < 40; ++i) text += std::string(static_cast<std::size_t>(i % 17), 'y') + "\n";
  setup.put("a", text + "last");
  setup.put("b", "\n\n");
  const auto source = text_file_source(setup.options);
  PlannerHarness query(*source, setup.files, setup.clock, setup.log);
  query.begin();
  const std::string end = query.latest();
  CHECK(check_conformance(*source, setup.files, *query.planner, query.offset, end).size() == 43);
}
