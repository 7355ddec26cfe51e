#include <libstream/connectors/memory/queue_source.hpp>
#include <tests/unit/connectors/reader_harness.hpp>
#include <tests/unit/connectors/sink_harness.hpp>

namespace stream::testing {
namespace {

using Lines = std::vector<std::string>;

struct Started {
  explicit Started(const QueueSource& from) : source(from), planner(from.make_planner()) {
    REQUIRE(planner->open({local_file_system(), system_clock(), log, 1}));
  }
  std::string latest(const std::string& start) {
    auto end = planner->latest_offset(start, 0);
    REQUIRE(end);
    return **end;
  }
  Lines lines(const std::string& start, const std::string& end, std::size_t batch_rows = 4096) {
    ReaderHarness harness(source, batch_rows);
    Lines all;
    for (const Batch& batch : harness.read_splits(*planner->plan(start, end))) {
      CHECK(batch.num_rows() <= batch_rows);
      for (std::string& line : lines_of(batch)) all.push_back(std::move(line));
    }
    return all;
  }
  MemorySourceLog log;
  const QueueSource& source;
  std::unique_ptr<SourcePlanner> planner;
};

void add(QueueSource& source, const Lines& lines) { REQUIRE(source.add(string_batch(lines))); }

TEST_CASE("A queue gives one element an epoch, in order, and nothing when it is empty") {
  QueueSource source(text_schema());
  Started started(source);
  CHECK(started.latest("0") == "0");
  add(source, {"a", "b"});
  add(source, {});
  add(source, {"c"});
  CHECK(started.latest("0") == "1");
  CHECK(started.lines("0", "1") == Lines{"a", "b"});
  CHECK(started.latest("1") == "2");
  CHECK(started.lines("1", "2").empty());
  CHECK(started.latest("2") == "3");
  CHECK(started.lines("2", "3") == Lines{"c"});
  CHECK(started.latest("3") == "3");
}

TEST_CASE("Without one_at_a_time an epoch takes all that was added until its tick") {
  QueueSource source(text_schema(), {.one_at_a_time = false});
  Started started(source);
  add(source, {"a"});
  add(source, {"b"});
  const std::string end = started.latest("0");
  add(source, {"c"});
  CHECK(end == "2");
  CHECK(started.lines("0", end) == Lines{"a", "b"});
  CHECK(started.lines(end, started.latest(end)) == Lines{"c"});
}

TEST_CASE("An element is read again until it is committed, then it is gone") {
  QueueSource source(text_schema());
  Started started(source);
  add(source, {"a"});
  add(source, {"b"});
  CHECK(started.lines("0", "2") == Lines{"a", "b"});
  CHECK(started.lines("0", "2") == Lines{"a", "b"});
  CHECK(source.num_uncommitted() == 2);
  REQUIRE(started.planner->commit("1"));
  CHECK(source.num_uncommitted() == 1);
  CHECK(started.lines("1", "2") == Lines{"b"});
  ReaderHarness harness(source);
  REQUIRE(harness.reader->open({"0 1", 0}));
  Batch batch;
  const auto read = harness.reader->read(batch);
  REQUIRE_FALSE(read);
  CHECK(read.error().error_class() == ErrorClass::fatal);
}

TEST_CASE("A large element is cut into batches of the task's size") {
  QueueSource source(text_schema());
  Started started(source);
  Lines lines;
  for (int i = 0; i < 10; ++i) lines.push_back("a line that is not inline " + std::to_string(i));
  add(source, lines);
  CHECK(started.lines("0", "1", 3) == lines);
}

TEST_CASE("An empty queue with a fallback gives it in each epoch") {
  QueueSource source(text_schema(), {.fallback = string_batch({"nothing"})});
  Started started(source);
  CHECK(started.lines("0", started.latest("0")) == Lines{"nothing"});
  add(source, {"a"});
  CHECK(started.lines("1", started.latest("1")) == Lines{"a"});
  CHECK(started.lines("2", started.latest("2")) == Lines{"nothing"});
}

TEST_CASE("A batch of another schema and one over the bound are refused") {
  QueueSource source(text_schema(), {.max_elements = 1});
  const auto wrong = source.add(pair_batch({{"a", 1}}));
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().error_class() == ErrorClass::bad_plan);
  add(source, {"a"});
  const auto full = source.add(string_batch({"b"}));
  REQUIRE_FALSE(full);
  CHECK(full.error().error_class() == ErrorClass::transient);
}

}  // namespace
}  // namespace stream::testing
