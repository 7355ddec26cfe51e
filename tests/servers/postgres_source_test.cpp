#include <libstream/connectors/postgresql/postgresql.hpp>
#include <libstream/testing/manual_clock.hpp>
#include <tests/servers/postgres_fixture.hpp>
#include <tests/unit/connectors/reader_harness.hpp>

using namespace stream;
using namespace stream::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

std::shared_ptr<const Source> source_of(PostgresFixture& f, OptionMap more, bool is_streaming) {
  OptionMap options{{"url", f.url}};
  for (const auto& [key, value] : more) options[key] = value;
  return value_or_throw(make_postgresql_source(std::move(options), is_streaming));
}

/// A planner and a reader, epoch after epoch, as a query uses them.
struct Followed {
  explicit Followed(std::shared_ptr<const Source> from)
      : source(std::move(from)), planner(source->make_planner()), harness(*source) {
    value_or_throw(planner->open({local_file_system(), system_clock(), log, 1}));
    offset = value_or_throw(planner->initial_offset());
  }
  std::string latest() { return value_or_throw(planner->latest_offset(offset, 0)).value(); }
  std::vector<std::int64_t> read(const std::string& start, const std::string& end) {
    std::vector<std::int64_t> ids;
    for (const Batch& batch : harness.read_splits(value_or_throw(planner->plan(start, end)))) {
      for (const auto& row : rows_of(batch)) ids.push_back(row[0].as<std::int64_t>());
    }
    return ids;
  }
  std::vector<std::int64_t> epoch() {
    const std::string end = latest();
    const auto ids = read(offset, end);
    offset = end;
    return ids;
  }

  MemorySourceLog log;
  std::shared_ptr<const Source> source;
  std::unique_ptr<SourcePlanner> planner;
  ReaderHarness harness;
  std::string offset;
};

using Ids = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("a table and a query are read with the columns that are asked for") {
  PostgresFixture f;
  f.run("CREATE TYPE mood_" + f.name + " AS ENUM ('good', 'bad'); CREATE DOMAIN dom_" + f.name +
        " AS int CHECK (value > 0); CREATE TABLE " + f.name +
        " (id bigint, \"Odd name\" text, m mood_" + f.name + ", d dom_" + f.name +
        ", p point, u uuid, j json, free numeric, late timestamp); INSERT INTO " + f.name +
        " VALUES (1, 'x', 'good', 5, '(1,2)', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', "
        "'{\"a\": 1}', 1.5, 'infinity'), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)");
  const DataFrame all = f.read().option("dbtable", f.name).load();
  CHECK(all.schema().to_string() ==
        "id BIGINT, Odd name STRING, m STRING, d INT, p STRING, u STRING, j STRING, free "
        "DECIMAL(38,18), late TIMESTAMP_NTZ");
  const auto rows = all.where(col("id") == 1).collect();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0][2] == Value{std::string("good")});
  CHECK(rows[0][3] == Value{std::int32_t{5}});
  CHECK(rows[0][4] == Value{std::string("(1,2)")});
  CHECK(rows[0][5] == Value{std::string("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")});
  CHECK(all.select({col("`Odd name`")}).collect().size() == 2);
  CHECK(all.count() == 2);
  const DataFrame query =
      f.read().option("query", "SELECT id * 2 AS twice FROM " + f.name + " -- all\n;").load();
  CHECK(diff(query, "[2]\n[4]") == "");
  CHECK_THAT(message_of([&] { f.read().option("dbtable", "no_such_table").load(); }),
             ContainsSubstring("no_such_table"));
  CHECK_THAT(message_of([&] { f.read().option("query", "SELECT FRM x").load(); }),
             ContainsSubstring("postgresql source"));
}

TEST_CASE("a numeric that is no number is an error that says what to do") {
  PostgresFixture f;
  CHECK_THAT(
      message_of([&] { f.read().option("query", "SELECT 'NaN'::numeric AS n").load().collect(); }),
      ContainsSubstring("NaN") && ContainsSubstring("::text"));
}

TEST_CASE("parts of a table are read from one snapshot, each row once") {
  PostgresFixture f;
  f.session.parallelism(3);
  f.run("CREATE TABLE " + f.name +
        " AS SELECT i::bigint AS id, '2024-01-01'::date + i AS day FROM "
        "generate_series(1, 1000) i; INSERT INTO " +
        f.name + " VALUES (NULL, NULL)");
  for (const char* column : {"id", "day"}) {
    const bool is_id = std::string(column) == "id";
    const auto source = source_of(f,
                                  {{"dbtable", f.name},
                                   {"partitionColumn", column},
                                   {"lowerBound", is_id ? "1" : "2024-03-01"},
                                   {"upperBound", is_id ? "700" : "2025-01-01"},
                                   {"numPartitions", "4"}},
                                  false);
    MemorySourceLog log;
    auto planner = source->make_planner();
    value_or_throw(planner->open({local_file_system(), system_clock(), log, 1}));
    const auto splits = value_or_throw(planner->plan("0", "0"));
    REQUIRE(splits.size() == 4);
    f.run("BEGIN; INSERT INTO " + f.name + " VALUES (5000, '2024-05-05'); DELETE FROM " + f.name +
          " WHERE id = 5000; COMMIT; INSERT INTO " + f.name + " VALUES (5001, '2024-05-05')");
    ReaderHarness harness(*source);
    std::size_t num_rows = 0;
    for (const Split& split : splits) {
      std::size_t in_part = 0;
      for (const Batch& batch : harness.read_splits({split})) in_part += batch.num_rows();
      CHECK(in_part > 50);
      num_rows += in_part;
    }
    CHECK(num_rows == 1001);
    f.run("DELETE FROM " + f.name + " WHERE id = 5001");
  }
}

TEST_CASE("a stream by a growing key reads each row once and again the same") {
  PostgresFixture f;
  f.run("CREATE TABLE " + f.name + " (id bigserial PRIMARY KEY, v text); INSERT INTO " + f.name +
        "(v) SELECT 'a' FROM generate_series(1, 5)");
  Followed stream(source_of(
      f, {{"dbtable", f.name}, {"incrementalColumn", "id"}, {"maxRowsPerTrigger", "3"}}, true));
  const std::string begin = stream.offset;
  CHECK(stream.epoch() == Ids{1, 2, 3});
  const std::string middle = stream.offset;
  CHECK(stream.epoch() == Ids{4, 5});
  CHECK(stream.epoch() == Ids{});
  f.run("INSERT INTO " + f.name + "(v) VALUES ('b')");
  CHECK(stream.epoch() == Ids{6});
  Followed restarted(stream.source);
  CHECK(restarted.read(begin, middle) == Ids{1, 2, 3});
  CHECK(restarted.read(middle, stream.offset) == Ids{4, 5, 6});
}

TEST_CASE("a key that becomes visible late is not passed over") {
  PostgresFixture f;
  f.run("CREATE TABLE " + f.name + " (id bigserial PRIMARY KEY, v text)");
  Followed stream(source_of(f, {{"dbtable", f.name}, {"incrementalColumn", "id"}}, true));
  auto slow = connect_to(f.url);
  value_or_throw(slow.run("BEGIN; INSERT INTO " + f.name + "(v) VALUES ('slow')"));
  f.run("INSERT INTO " + f.name + "(v) VALUES ('quick')");
  CHECK(f.value("SELECT id FROM " + f.name) == "2");
  CHECK(stream.epoch() == Ids{});
  f.run("INSERT INTO " + f.name + "(v) VALUES ('quick')");
  CHECK(stream.epoch() == Ids{});
  value_or_throw(slow.run("COMMIT"));
  Ids ids = stream.epoch();
  for (const std::int64_t id : stream.epoch()) ids.push_back(id);
  CHECK(ids == Ids{1, 2, 3});
}

TEST_CASE("wrong keys to follow or to cut by are refused") {
  PostgresFixture f;
  f.run("CREATE TABLE " + f.name + " (id bigint, v text)");
  const auto error = [&](OptionMap options, bool is_streaming) {
    options["url"] = f.url;
    options["dbtable"] = f.name;
    const auto made = make_postgresql_source(std::move(options), is_streaming);
    return made ? "made" : made.error().message();
  };
  CHECK_THAT(error({{"incrementalColumn", "x"}}, true), ContainsSubstring("no column x"));
  CHECK_THAT(error({{"incrementalColumn", "v"}}, true), ContainsSubstring("is a STRING"));
  const OptionMap cut{
      {"partitionColumn", "v"}, {"lowerBound", "1"}, {"upperBound", "9"}, {"numPartitions", "2"}};
  CHECK_THAT(error(cut, false), ContainsSubstring("is a STRING"));
  OptionMap text = cut;
  text["partitionColumn"] = "id";
  text["upperBound"] = "9; DROP TABLE x";
  CHECK_THAT(error(text, false), ContainsSubstring("lowerBound and upperBound"));
}
