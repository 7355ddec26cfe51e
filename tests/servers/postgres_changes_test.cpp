#include <libstream/connectors/postgresql/postgresql.hpp>
#include <libstream/testing/manual_clock.hpp>
#include <tests/servers/postgres_fixture.hpp>
#include <tests/unit/connectors/reader_harness.hpp>

#include <random>

using namespace stream;
using namespace stream::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

Result<std::shared_ptr<const Source>> changes_of(PostgresFixture& f, OptionMap more = {}) {
  OptionMap options{{"url", f.url}, {"dbtable", f.name}, {"slot", f.name}, {"createSlot", "true"}};
  for (const auto& [key, value] : more) options[key] = value;
  return make_postgresql_source(std::move(options), true);
}

/// A query's planner and reader; `offset` is what a checkpoint would keep.
struct Capture {
  Capture(std::shared_ptr<const Source> from, const std::string& at = "")
      : source(std::move(from)), planner(source->make_planner()), harness(*source) {
    value_or_throw(planner->open({local_file_system(), system_clock(), log, 1}));
    offset = at.empty() ? value_or_throw(planner->initial_offset()) : at;
  }
  Result<std::optional<std::string>> latest() { return planner->latest_offset(offset, 0); }
  /// Rows as "change:first column:second column".
  Lines read(const std::string& start, const std::string& end) {
    Lines lines;
    for (const Batch& batch : harness.read_splits(value_or_throw(planner->plan(start, end)))) {
      for (const auto& row : rows_of(batch)) {
        const auto text = [](const Value& value) {
          if (value.is_null()) return std::string("null");
          if (const auto* number = std::get_if<std::int64_t>(&value.content))
            return std::to_string(*number);
          return value.as<std::string>();
        };
        lines.push_back(row[row.size() - 3].as<std::string>() + ":" + text(row[0]) + ":" +
                        text(row[1]));
      }
    }
    return lines;
  }
  Lines epoch(bool commits = true) {
    const std::string end = *value_or_throw(latest());
    Lines lines = read(offset, end);
    offset = end;
    if (commits) value_or_throw(planner->commit(end));
    return lines;
  }

  MemorySourceLog log;
  std::shared_ptr<const Source> source;
  std::unique_ptr<SourcePlanner> planner;
  ReaderHarness harness;
  std::string offset;
};

/// Slots outlive their sessions, and there are few.
struct DroppedSlot {
  PostgresFixture& f;
  ~DroppedSlot() {
    static_cast<void>(f.admin.run("SELECT pg_drop_replication_slot('" + f.name + "')").has_value());
  }
};

}  // namespace

TEST_CASE("inserts, updates, deletes and truncates come as changes in the order of commits") {
  PostgresFixture f;
  f.run("CREATE TABLE " + f.name + " (id bigint PRIMARY KEY, v text)");
  const DroppedSlot dropped{f};
  Capture capture(value_or_throw(changes_of(f)));
  CHECK(capture.source->schema().to_string() ==
        "id BIGINT, v STRING, _change_type STRING, _commit_lsn BIGINT, _commit_timestamp "
        "TIMESTAMP");
  CHECK(capture.epoch().empty());
  f.run("INSERT INTO " + f.name + " VALUES (1, 'a'), (2, NULL)");
  f.run("BEGIN; UPDATE " + f.name + " SET v = 'b' WHERE id = 1; UPDATE " + f.name +
        " SET id = 3 WHERE id = 2; DELETE FROM " + f.name + " WHERE id = 1; COMMIT");
  f.run("BEGIN; INSERT INTO " + f.name + " VALUES (9, 'rolled back'); ROLLBACK");
  CHECK(capture.epoch() == Lines{"insert:1:a", "insert:2:null", "update_postimage:1:b",
                                 "update_preimage:2:null", "update_postimage:3:null",
                                 "delete:1:null"});
  f.run("ALTER TABLE " + f.name + " REPLICA IDENTITY FULL; ALTER TABLE " + f.name +
        " ADD COLUMN w int");
  f.run("UPDATE " + f.name + " SET v = 'c' WHERE id = 3; TRUNCATE " + f.name);
  CHECK(capture.epoch() ==
        Lines{"update_preimage:3:null", "update_postimage:3:c", "truncate:null:null"});
  CHECK(capture.epoch().empty());
}

TEST_CASE("changes can be read again until they are committed, and come once over restarts") {
  const std::uint32_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  PostgresFixture f;
  f.run("CREATE TABLE " + f.name + " (id bigint PRIMARY KEY, v text)");
  const DroppedSlot dropped{f};
  const auto source = value_or_throw(changes_of(f, {{"maxRowsPerTrigger", "7"}}));
  auto capture = std::make_unique<Capture>(source);
  Lines expected;
  Lines got;
  std::int64_t next = 0;
  int num_restarts = 0;
  int num_repeats = 0;
  for (int round = 0; round < 60; ++round) {
    const auto size = 1 + random() % 10;
    const std::string last = std::to_string(next + static_cast<std::int64_t>(size) - 1);
    f.run("INSERT INTO " + f.name + " SELECT i, 'x' FROM generate_series(" + std::to_string(next) +
          ", " + last + ") i");
    for (std::size_t i = 0; i < size; ++i)
      expected.push_back("insert:" + std::to_string(next++) + ":x");
    const std::string start = capture->offset;
    const std::string end = *value_or_throw(capture->latest());
    Lines rows = capture->read(start, end);
    const auto crash = random() % 4;
    if (crash == 0) {
      // Died before commits/n: the same range again, by another process.
      capture = std::make_unique<Capture>(source, start);
      REQUIRE(capture->read(start, end) == rows);
      ++num_repeats;
    } else if (crash == 1) {
      // Died after commits/n, before the slot was moved on.
      capture = std::make_unique<Capture>(source, end);
      ++num_restarts;
    }
    if (crash != 1) value_or_throw(capture->planner->commit(end));
    capture->offset = end;
    got.insert(got.end(), rows.begin(), rows.end());
  }
  for (Lines rows = capture->epoch(); !rows.empty(); rows = capture->epoch())
    got.insert(got.end(), rows.begin(), rows.end());
  CHECK(got == expected);
  CHECK(num_restarts > 0);
  CHECK(num_repeats > 0);
}

TEST_CASE("a slot that is gone or was read by others is an error with what to do") {
  PostgresFixture f;
  f.run("CREATE TABLE " + f.name + " (id bigint PRIMARY KEY, v text)");
  const DroppedSlot dropped{f};
  const auto source = value_or_throw(changes_of(f));
  Capture capture(source);
  f.run("INSERT INTO " + f.name + " VALUES (1, 'a')");
  f.run("SELECT pg_replication_slot_advance('" + f.name + "', pg_current_wal_lsn())");
  const auto overtaken = capture.latest();
  REQUIRE_FALSE(overtaken);
  CHECK_THAT(overtaken.error().message(),
             ContainsSubstring("others have read from it") && ContainsSubstring("failOnDataLoss"));
  f.run("SELECT pg_drop_replication_slot('" + f.name + "')");
  const auto gone = capture.latest();
  REQUIRE_FALSE(gone);
  CHECK(gone.error().error_class() == ErrorClass::fatal);
  CHECK_THAT(gone.error().message(), ContainsSubstring("was dropped"));
  // Told not to mind, it goes on from now.
  Capture careless(value_or_throw(changes_of(f, {{"failOnDataLoss", "false"}})), capture.offset);
  CHECK(careless.epoch().empty());
  f.run("INSERT INTO " + f.name + " VALUES (2, 'b')");
  CHECK(careless.epoch() == Lines{"insert:2:b"});
}

TEST_CASE("a missing slot, publication or type that cannot be captured is refused") {
  PostgresFixture f;
  f.run("CREATE TABLE " + f.name + " (id bigint PRIMARY KEY, v text)");
  const auto source = value_or_throw(changes_of(f, {{"createSlot", "false"}}));
  MemorySourceLog log;
  auto planner = source->make_planner();
  value_or_throw(planner->open({local_file_system(), system_clock(), log, 1}));
  const auto initial = planner->initial_offset();
  REQUIRE_FALSE(initial);
  CHECK_THAT(initial.error().message(), ContainsSubstring("createSlot"));
  const DroppedSlot dropped{f};
  f.run("SELECT pg_create_logical_replication_slot('" + f.name + "', 'pgoutput')");
  const auto unpublished = changes_of(f);
  REQUIRE_FALSE(unpublished);
  CHECK_THAT(unpublished.error().message(), ContainsSubstring("CREATE PUBLICATION"));
  f.run("ALTER TABLE " + f.name + " ADD COLUMN p point");
  const auto point = changes_of(f);
  REQUIRE_FALSE(point);
  CHECK_THAT(point.error().message(), ContainsSubstring("column p"));
}

TEST_CASE("a large value that an update left alone is not made up") {
  PostgresFixture f;
  f.run("CREATE TABLE " + f.name + " (id bigint PRIMARY KEY, v text, n int); ALTER TABLE " +
        f.name + " ALTER v SET STORAGE EXTERNAL");
  const DroppedSlot dropped{f};
  Capture capture(value_or_throw(changes_of(f)));
  f.run("INSERT INTO " + f.name + " VALUES (1, repeat('x', 10000), 1)");
  CHECK(capture.epoch().size() == 1);
  f.run("UPDATE " + f.name + " SET n = 2");
  const std::string end = *value_or_throw(capture.latest());
  const auto splits = value_or_throw(capture.planner->plan(capture.offset, end));
  REQUIRE(capture.harness.reader->open(splits[0]));
  Batch batch;
  const auto read = capture.harness.reader->read(batch);
  REQUIRE_FALSE(read);
  CHECK_THAT(read.error().message(), ContainsSubstring("REPLICA IDENTITY FULL"));
  Capture tolerant(value_or_throw(changes_of(f, {{"unchangedToast", "null"}})), capture.offset);
  CHECK(tolerant.epoch() == Lines{"update_postimage:1:null"});
}
