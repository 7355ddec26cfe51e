#include <libstream/connectors/postgresql/postgresql.hpp>
#include <tests/servers/postgres_fixture.hpp>
#include <tests/unit/connectors/sink_harness.hpp>

using namespace stream;
using namespace stream::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

const Schema kPairs{
    {{"k", primitive(TypeKind::string), true}, {"n", primitive(TypeKind::int64), true}}};

Batch pairs(const std::vector<std::pair<std::string, std::int64_t>>& rows) {
  std::vector<std::vector<Value>> values;
  for (const auto& [k, n] : rows) values.push_back({Value{k}, Value{n}});
  BlockPool pool;
  return batch_of(std::make_shared<const Schema>(kPairs), values, pool);
}

std::shared_ptr<const Sink> sink_to(PostgresFixture& f, OptionMap more = {},
                                    TableWrite write = TableWrite::append) {
  PostgresSinkRequest request;
  request.options = {{"url", f.url}, {"dbtable", f.name}, {"markerTable", f.name + "_marks"}};
  for (const auto& [key, value] : more) request.options[key] = value;
  request.schema = kPairs;
  request.write = write;
  return value_or_throw(make_postgresql_sink(std::move(request)));
}

std::unique_ptr<SinkWriter> writer_of(const Sink& sink, std::int64_t term = 1,
                                      std::uint32_t task = 0) {
  auto writer = sink.make_writer();
  value_or_throw(writer->open({local_file_system(), "query", task, 2, term}));
  return writer;
}

std::string sink_error(PostgresFixture& f, OptionMap more, const Schema& schema = kPairs) {
  PostgresSinkRequest request;
  request.options = {{"url", f.url}, {"dbtable", f.name}};
  for (const auto& [key, value] : more) request.options[key] = value;
  request.schema = schema;
  const auto made = make_postgresql_sink(std::move(request));
  return made ? "made" : made.error().message();
}

const char* const kAllTypes =
    "SELECT CAST(id AS BYTE) AS i1, CAST(-id AS SHORT) AS i2, CAST(id * 70000 AS INT) AS i4, id * "
    "5000000000 AS i8, CAST(id AS FLOAT) / 3 AS f4, CAST(id AS DOUBLE) / -3 AS f8, id % 2 = 0 AS "
    "flag, CAST(id * 1.25 AS DECIMAL(38,10)) AS dec, concat('text \\'', id, '\\\\ \"ü') AS s, "
    "CAST(concat('bin', id) AS BINARY) AS b, date_add(DATE'1899-12-31', CAST(id * 20000 AS INT)) "
    "AS "
    "day, TIMESTAMP'1969-12-31 23:59:59.999999' + make_interval(id) AS ts, "
    "TIMESTAMP_NTZ'2024-02-29 12:34:56.789' AS ntz, INTERVAL '-3 04:05:06.7' DAY TO SECOND AS dt, "
    "INTERVAL '2-3' YEAR TO MONTH AS ym, make_interval(1, 2, 0, -3, 4, 5, 6.5) AS ci, "
    "array(id, NULL, -id) AS longs, array('a', 'b,\"c\"', NULL) AS texts, array(DATE'2024-01-01') "
    "AS "
    "days, CAST(array(1.5, 2.25) AS ARRAY<DECIMAL(10,2)>) AS decs, CAST(array() AS ARRAY<INT>) AS "
    "none, CAST(NULL AS STRING) AS missing FROM range(0, 4)";

}  // namespace

TEST_CASE("values of every type come back as they were written") {
  PostgresFixture f;
  const DataFrame written = f.session.sql(kAllTypes);
  written.write().format("postgresql").option("url", f.url).option("dbtable", f.name).save();
  const DataFrame read = f.read().option("dbtable", f.name).load();
  const Schema before = written.schema();
  const Schema after = read.schema();
  REQUIRE(after.num_fields() == before.num_fields());
  // PostgreSQL has no byte, the first column.
  for (std::size_t i = 1; i < after.num_fields(); ++i) {
    INFO(after.fields[i].name);
    CHECK(is_same_type(after.fields[i].type, before.fields[i].type));
  }
  const DataFrame as_written = f.session.sql(kAllTypes).with_column("i1", col("i1").cast("short"));
  const auto sorted = [](const DataFrame& frame) { return frame.order_by({col("i4")}).collect(); };
  CHECK(sorted(read) == sorted(as_written));
  CHECK(f.value("SELECT s FROM " + f.name + " WHERE i4 = 70000") == "text '1\\ \"ü");
  CHECK(f.value("SELECT dt::text || ' ' || ym || ' ' || longs::text FROM " + f.name +
                " WHERE i4 = 70000") == "-3 days -04:05:06.7 2 years 3 mons {1,NULL,-1}");
}

TEST_CASE("structs, maps and arrays of them become jsonb") {
  PostgresFixture f;
  f.session
      .sql(
          "SELECT named_struct('a', 1, 'b', array('x', NULL)) AS st, map('k\"', 2) AS m, "
          "array(named_struct('c', DATE'2024-01-02')) AS l, parse_json('{\"v\": [1, 2]}') AS v")
      .write()
      .format("jdbc")
      .option("url", "jdbc:" + f.url)
      .option("dbtable", f.name)
      .save();
  CHECK(f.value("SELECT st->'b'->>0 || (st->>'a') || (m->>'k\"') || (l->0->>'c') || (v->'v'->>1) "
                "FROM " +
                f.name) == "x122024-01-022");
}

TEST_CASE("a mode says what a bounded write does with a table that is there") {
  PostgresFixture f;
  const auto save = [&](const std::string& mode, std::int64_t from, const std::string& more = "x") {
    f.session.range(from, from + 2)
        .write()
        .format("postgresql")
        .mode(mode)
        .option("url", f.url)
        .option("dbtable", f.name)
        .option("truncate", more == "truncate" ? "true" : "false")
        .save();
  };
  const auto ids = [&] { return f.rows("SELECT id FROM " + f.name); };
  save("error", 0);
  CHECK(ids() == Lines{"0", "1"});
  CHECK_THAT(message_of([&] { save("error", 5); }),
             ContainsSubstring("[TABLE_OR_VIEW_ALREADY_EXISTS]"));
  save("append", 2);
  CHECK(ids() == Lines{"0", "1", "2", "3"});
  save("ignore", 7);
  CHECK(ids() == Lines{"0", "1", "2", "3"});
  save("overwrite", 8);
  CHECK(ids() == Lines{"8", "9"});
  save("overwrite", 4, "truncate");
  CHECK(ids() == Lines{"4", "5"});
  CHECK(f.rows("SELECT relname FROM pg_class WHERE relname LIKE 'stream_stage%'").empty());
}

TEST_CASE("an epoch that is in already is not written again") {
  PostgresFixture f;
  f.run("CREATE TABLE " + f.name + " (k text, n bigint)");
  const auto sink = sink_to(f);
  {
    auto writer = writer_of(*sink);
    REQUIRE(write_epoch(*writer, 0, 0, {pairs({{"a", 1}}), pairs({{"b", 2}})}));
    // The process dies after the transaction and before commits/0.
  }
  auto again = writer_of(*sink, 2);
  REQUIRE(write_epoch(*again, 0, 0, {pairs({{"a", 1}}), pairs({{"b", 2}})}));
  CHECK(f.rows("SELECT * FROM " + f.name) == Lines{"a,1", "b,2"});
  REQUIRE(write_epoch(*again, 1, 0, {pairs({{"a", 1}})}));
  CHECK(f.rows("SELECT * FROM " + f.name) == Lines{"a,1", "a,1", "b,2"});
  auto other_task = writer_of(*sink, 2, 1);
  REQUIRE(write_epoch(*other_task, 0, 0, {pairs({{"c", 3}})}));
  CHECK(f.rows("SELECT k FROM " + f.name) == Lines{"a", "a", "b", "c"});
}

TEST_CASE("what was not finished is not there") {
  PostgresFixture f;
  f.run("CREATE TABLE " + f.name + " (k text, n bigint)");
  const auto sink = sink_to(f);
  {
    auto writer = writer_of(*sink);
    REQUIRE(writer->begin(0, 0));
    REQUIRE(writer->write(pairs({{"a", 1}})));
  }
  auto again = writer_of(*sink, 2);
  REQUIRE(write_epoch(*again, 0, 0, {pairs({{"a", 1}})}));
  CHECK(f.rows("SELECT * FROM " + f.name) == Lines{"a,1"});
}

TEST_CASE("a zombie that goes on after its successor began writes nothing") {
  PostgresFixture f;
  f.run("CREATE TABLE " + f.name + " (k text PRIMARY KEY, n bigint)");
  const auto sink = sink_to(f);
  auto zombie = writer_of(*sink, 1);
  REQUIRE(zombie->begin(0, 0));
  REQUIRE(zombie->write(pairs({{"a", 1}})));
  // Its open transaction holds the key that the successor writes.
  auto successor = writer_of(*sink, 2);
  REQUIRE(write_epoch(*successor, 0, 0, {pairs({{"a", 1}})}));
  Result<void> finished;
  if (auto ended = zombie->finish(0); !ended) finished = std::move(ended).error();
  if (finished) finished = zombie->commit(0);
  REQUIRE_FALSE(finished);
  CHECK(f.rows("SELECT * FROM " + f.name) == Lines{"a,1"});
  auto returned = sink->make_writer();
  const auto opened = returned->open({local_file_system(), "query", 0, 2, 1});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().error_class() == ErrorClass::fenced);
  CHECK_THAT(opened.error().message(), ContainsSubstring("a later start of this query"));
}

TEST_CASE("a connection that is cut in the middle of a COPY is a transient error") {
  PostgresFixture f;
  f.run("CREATE TABLE " + f.name + " (k text, n bigint)");
  const auto sink = sink_to(f);
  auto writer = writer_of(*sink);
  REQUIRE(writer->begin(0, 0));
  REQUIRE(writer->write(pairs({{"a", 1}})));
  const auto cut = f.rows(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'active' AND query "
      "LIKE 'COPY \"" +
      f.name + "\"%'");
  REQUIRE(cut == Lines{"t"});
  Result<void> written;
  for (int i = 0; i < 10'000 && written; ++i) written = writer->write(pairs({{"b", i}}));
  Result<std::string> finished = writer->finish(0);
  REQUIRE_FALSE(finished);
  CHECK(finished.error().error_class() == ErrorClass::transient);
  auto again = writer_of(*sink, 1);
  REQUIRE(write_epoch(*again, 0, 0, {pairs({{"a", 1}})}));
  CHECK(f.rows("SELECT * FROM " + f.name) == Lines{"a,1"});
}

TEST_CASE("two outputs to one table need names of their own") {
  PostgresFixture f;
  f.run("CREATE TABLE " + f.name + " (k text, n bigint)");
  auto first = writer_of(*sink_to(f));
  auto second = writer_of(*sink_to(f, {{"sinkName", "second"}}));
  REQUIRE(write_epoch(*first, 0, 0, {pairs({{"a", 1}})}));
  REQUIRE(write_epoch(*second, 0, 0, {pairs({{"b", 2}})}));
  CHECK(f.rows("SELECT k FROM " + f.name) == Lines{"a", "b"});
}

TEST_CASE("update mode replaces the rows of a key, the last one of an epoch counts") {
  PostgresFixture f;
  const auto sink = sink_to(f, {{"key", "k"}, {"createTable", "true"}}, TableWrite::upsert);
  auto writer = writer_of(*sink);
  REQUIRE(write_epoch(*writer, 0, 0, {pairs({{"a", 1}, {"b", 1}, {"a", 2}}), pairs({{"a", 3}})}));
  REQUIRE(write_epoch(*writer, 1, 0, {pairs({{"b", 9}, {"c", 4}})}));
  CHECK(f.rows("SELECT * FROM " + f.name) == Lines{"a,3", "b,9", "c,4"});
}

TEST_CASE("an aggregation in update and in complete mode keeps its table") {
  for (const bool is_complete : {false, true}) {
    PostgresFixture f;
    f.session.parallelism(2);
    MemoryStream words("w STRING");
    auto query = words.to_df(f.session)
                     .group_by("w")
                     .count()
                     .write_stream()
                     .format("postgresql")
                     .option("url", f.url)
                     .option("dbtable", f.name)
                     .option("key", "w")
                     .option("createTable", "true")
                     .output_mode(is_complete ? OutputMode::complete : OutputMode::update)
                     .start();
    words.add_data("[\"x\"]\n[\"y\"]\n[\"x\"]");
    query->process_all_available();
    words.add_data("[\"y\"]\n[\"z\"]");
    query->process_all_available();
    CHECK(f.rows("SELECT * FROM " + f.name) == Lines{"x,2", "y,2", "z,1"});
    CHECK_THAT(to_json(*query->last_progress()), ContainsSubstring("PostgreSQL[postgresql://127"));
    query->stop();
  }
}

TEST_CASE("a table that does not fit is refused before anything runs") {
  PostgresFixture f;
  CHECK_THAT(sink_error(f, {}),
             ContainsSubstring("no table " + f.name) && ContainsSubstring("createTable = true"));
  f.run("CREATE TABLE " + f.name + " (k varchar(3), n integer, needed date NOT NULL)");
  CHECK_THAT(sink_error(f, {}),
             ContainsSubstring("column n: BIGINT does not fit the type integer"));
  f.run("ALTER TABLE " + f.name + " ALTER n TYPE bigint");
  CHECK_THAT(sink_error(f, {}),
             ContainsSubstring("column needed") && ContainsSubstring("DROP NOT NULL"));
  f.run("ALTER TABLE " + f.name + " DROP needed");
  CHECK(sink_error(f, {}) == "made");
  CHECK_THAT(sink_error(f, {{"key", "k"}}), ContainsSubstring("SET NOT NULL"));
  f.run("ALTER TABLE " + f.name + " ALTER k SET NOT NULL");
  CHECK_THAT(sink_error(f, {{"key", "k"}}), ContainsSubstring("CREATE UNIQUE INDEX ON"));
  CHECK_THAT(sink_error(f, {{"key", "nokey"}}), ContainsSubstring("no column nokey"));
  f.run("CREATE UNIQUE INDEX ON " + f.name + " (k)");
  CHECK(sink_error(f, {{"key", "k"}}) == "made");
  const Schema more{{kPairs.fields[0], {"extra", primitive(TypeKind::date), true}}};
  CHECK_THAT(sink_error(f, {}, more), ContainsSubstring("no column extra") &&
                                          ContainsSubstring("ADD COLUMN \"extra\" date"));
  auto writer = writer_of(*sink_to(f));
  const auto too_long = write_epoch(*writer, 0, 0, {pairs({{"long text", 1}})});
  REQUIRE_FALSE(too_long);
  CHECK(too_long.error().error_class() == ErrorClass::bad_data);
  CHECK_THAT(too_long.error().message(), ContainsSubstring("column k"));
}

TEST_CASE("a server that is not there or says no is named, a password never") {
  PostgresFixture f;
  const std::string gone =
      sink_error(f, {{"url", "postgresql://u:hush@127.0.0.1:1/db"}, {"connectTimeout", "2"}});
  CHECK_THAT(gone, ContainsSubstring("127.0.0.1:1/db") && !ContainsSubstring("hush"));
  CHECK_THAT(sink_error(f, {{"user", "nobody"}, {"password", "hush"}}),
             ContainsSubstring("nobody") && !ContainsSubstring("hush"));
  CHECK_THAT(sink_error(f, {{"sslmode", "require"}}), ContainsSubstring("SSL"));
  CHECK_THAT(sink_error(f, {{"url", "postgresql://u:hu%sh@"}}),
             ContainsSubstring("url") && !ContainsSubstring("hu%"));
  f.run("CREATE TABLE " + f.name + " (k text, n bigint)");
  const auto sink = sink_to(f, {{"password", "hush"}});
  CHECK(sink->description().find("hush") == std::string::npos);
  CHECK_THAT(sink->description(), ContainsSubstring(f.name));
}

TEST_CASE("names and values that try to be SQL stay what they are") {
  PostgresFixture f;
  f.run("CREATE TABLE victim_" + f.name + " (x int)");
  const std::string evil = f.name + "\"; DROP TABLE victim_" + f.name + "; --";
  std::string quoted = "\"";
  for (const char c : evil) quoted += c == '"' ? "\"\"" : std::string(1, c);
  const Schema schema{{{"k'; DROP", primitive(TypeKind::string), true},
                       {"\"n\"", primitive(TypeKind::int64), true}}};
  PostgresSinkRequest request;
  request.options = {{"url", f.url},
                     {"dbtable", quoted + "\""},
                     {"createTable", "true"},
                     {"markerTable", f.name + "_marks"},
                     {"sinkName", "x'); DROP TABLE victim_" + f.name + "; --\\"},
                     {"key", "k'; DROP"}};
  request.schema = schema;
  const auto sink = value_or_throw(make_postgresql_sink(request));
  auto writer = sink->make_writer();
  REQUIRE(writer->open({local_file_system(), "q' OR '1'='1", 0, 1, 1}));
  BlockPool pool;
  const Batch batch = batch_of(std::make_shared<const Schema>(schema),
                               {{Value{std::string("'); DROP TABLE x; --")}, Value{1L}}}, pool);
  REQUIRE(write_epoch(*writer, 0, 0, {batch}));
  CHECK(f.value("SELECT * FROM " + quoted + "\"") == "'); DROP TABLE x; --,1");
  CHECK(f.value("SELECT count(*) FROM victim_" + f.name) == "0");
  CHECK(f.value("SELECT query_id FROM " + f.name + "_marks") == "q' OR '1'='1");
}
