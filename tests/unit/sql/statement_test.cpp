#include <libstream/sql/sql_parser.hpp>
#include <tests/kit/catch.hpp>
#include <tests/unit/sql/tree_text.hpp>

namespace stream::sql {

namespace {

template <class Kind>
Kind only(std::string_view text) {
  const Result<std::vector<Statement>> script = parse_script(text);
  if (!script) FAIL(script.error().message());
  REQUIRE(script->size() == 1);
  const Kind* kind = script->front().as<Kind>();
  REQUIRE(kind != nullptr);
  return *kind;
}

std::string error_of(std::string_view text) {
  const Result<std::vector<Statement>> script = parse_script(text);
  return script ? "parsed" : script.error().message();
}

}  // namespace

TEST_CASE("a script is statements with semicolons between them") {
  const Result<std::vector<Statement>> script =
      parse_script(";; SELECT 1 ; -- one\n SET a = b;\nSELECT ';' FROM t");
  REQUIRE(script);
  REQUIRE(script->size() == 3);
  CHECK((*script)[0].text == "SELECT 1");
  CHECK((*script)[1].text == "SET a = b");
  CHECK((*script)[2].text == "SELECT ';' FROM t");
  CHECK((*script)[2].as<QueryStatement>() != nullptr);
  CHECK(parse_script(" -- nothing").value().empty());
}

TEST_CASE("temporary views are created and dropped") {
  const auto view = only<CreateViewStatement>(
      "CREATE OR REPLACE GLOBAL TEMPORARY VIEW v (a, b) AS SELECT 1L, 2L");
  CHECK(view.name == "v");
  CHECK(view.columns == std::vector<std::string>{"a", "b"});
  CHECK(view.replaces);
  CHECK(view.is_global);
  CHECK(tree_text(view.query) == "project[1:BIGINT, 2:BIGINT](rows1)");
  CHECK_FALSE(only<CreateViewStatement>("CREATE TEMP VIEW v AS TABLE t").replaces);
  CHECK_THAT(error_of("CREATE VIEW v AS TABLE t"), Catch::Contains("CREATE TEMPORARY VIEW"));
  const auto drop = only<DropStatement>("DROP VIEW IF EXISTS v");
  CHECK(drop.kind == DropStatement::Kind::view);
  CHECK(drop.if_exists);
  CHECK(drop.name == "v");
}

TEST_CASE("streams have a schema, a format, options and a watermark") {
  const auto source = only<CreateSourceStatement>(
      "CREATE STREAM IF NOT EXISTS events (ts TIMESTAMP, m MAP<STRING, DECIMAL(10, 2)>) USING "
      "kafka "
      "OPTIONS (topic 'a', max.rows = 5, `x y` -1.5, header, fast TRUE) "
      "WATERMARK FOR ts AS ts - INTERVAL '10' SECONDS");
  CHECK(source.is_stream);
  CHECK(source.if_not_exists);
  CHECK(source.name == "events");
  CHECK(source.format == "kafka");
  REQUIRE(source.schema);
  CHECK(source.schema->to_string() == "ts TIMESTAMP, m MAP<STRING, DECIMAL(10,2)>");
  CHECK(source.options == SqlOptions{{"topic", "a"},
                                     {"max.rows", "5"},
                                     {"x y", "-1.5"},
                                     {"header", "true"},
                                     {"fast", "true"}});
  REQUIRE(source.watermark);
  CHECK(source.watermark->column == "ts");
  CHECK(source.watermark->delay == "10 seconds");
}

TEST_CASE("tables and sinks have a format and options") {
  const auto table = only<CreateSourceStatement>(
      "CREATE TABLE t USING csv OPTIONS (header 'true') LOCATION '/data/t'");
  CHECK_FALSE(table.is_stream);
  CHECK_FALSE(table.schema);
  CHECK(table.location == "/data/t");
  const auto sink =
      only<CreateSinkStatement>("CREATE SINK s USING console OPTIONS (output_mode 'complete')");
  CHECK(sink.name == "s");
  CHECK(sink.format == "console");
  CHECK(sink.options == SqlOptions{{"output_mode", "complete"}});
  CHECK_THAT(error_of("CREATE STREAM s (a INT)"), Catch::Contains("expected USING"));
  CHECK_THAT(error_of("CREATE SINK s USING f OPTIONS (a 1, A 2)"),
             Catch::StartsWith("[DUPLICATE_KEY]"));
}

TEST_CASE("INSERT INTO starts a query, alone or in a set") {
  const auto insert = only<InsertStatement>("INSERT INTO s AS q WITH a AS (TABLE t) TABLE a");
  CHECK(insert.sink == "s");
  CHECK(insert.query_name == "q");
  CHECK(tree_text(insert.query) == "with[a = t](a)");
  const auto with = only<InsertStatement>("WITH a AS (TABLE t) INSERT INTO s SELECT b FROM a");
  CHECK(tree_text(with.query) == "with[a = t](project[b](a))");
  const auto set = only<StatementSet>(
      "BEGIN STATEMENT SET; INSERT INTO a SELECT 1; INSERT INTO b SELECT end FROM t; END;");
  REQUIRE(set.inserts.size() == 2);
  CHECK(set.inserts[1].sink == "b");
  CHECK_THAT(error_of("BEGIN STATEMENT SET; SELECT 1; END"), Catch::Contains("expected INSERT"));
  CHECK_THAT(error_of("BEGIN STATEMENT SET; INSERT INTO a SELECT 1;"), Catch::Contains("END"));
}

TEST_CASE("settings are text up to the semicolon") {
  CHECK(only<SetStatement>("SET spark.sql.x=a b,c;").value == "a b,c");
  CHECK(only<SetStatement>("SET spark.sql.x = a").key == "spark.sql.x");
  CHECK(only<SetStatement>("SET x = s3://a/b?c=${d}#e\\f").value == "s3://a/b?c=${d}#e\\f");
  CHECK(only<SetStatement>("SET x = 'quo;ted'").value == "quo;ted");
  CHECK(only<SetStatement>("SET `a b` = 1").key == "a b");
  CHECK(only<SetStatement>("SET TIME ZONE 'Europe/Berlin'").key == "spark.sql.session.timeZone");
  CHECK_FALSE(only<SetStatement>("SET spark.x").value);
  CHECK(only<SetStatement>("SET").key.empty());
  CHECK(only<ResetStatement>("RESET spark.x").key == "spark.x");
  CHECK(only<ResetStatement>("RESET").key.empty());
}

TEST_CASE("what there is can be shown, described and explained") {
  CHECK(only<ShowStatement>("SHOW STREAMS").kind == ShowStatement::Kind::streams);
  CHECK(only<ShowStatement>("SHOW FUNCTIONS LIKE 'a*'").pattern == "a*");
  CHECK(only<DescribeStatement>("DESC t").name == "t");
  const auto function = only<DescribeStatement>("DESCRIBE FUNCTION abs");
  CHECK(function.kind == DescribeStatement::Kind::function);
  CHECK(function.name == "abs");
  CHECK(tree_text(only<DescribeStatement>("DESCRIBE QUERY TABLE t").query) == "t");
  const auto explain = only<ExplainStatement>("EXPLAIN FORMATTED INSERT INTO s TABLE t");
  CHECK(explain.mode == ExplainStatement::Mode::formatted);
  CHECK(explain.sink == "s");
  CHECK(tree_text(explain.query) == "t");
  CHECK(only<StopQueryStatement>("STOP QUERY q").name == "q");
}

TEST_CASE("a statement may begin as a column may be named") {
  CHECK_NOTHROW(only<QueryStatement>("VALUES a LIKE ALL ('x')"));
  CHECK_NOTHROW(only<QueryStatement>("(VALUES a)"));
  CHECK(only<InsertStatement>("INSERT INTO s VALUES a").sink == "s");
}

TEST_CASE("an unknown statement is refused with what there is") {
  CHECK_THAT(error_of("ALTER TABLE t"), Catch::Contains("expected a query, CREATE"));
  CHECK_THAT(error_of("SHWO TABLES"), Catch::Contains("did you mean SHOW"));
  CHECK_THAT(error_of("SELECT 1 SELECT 2"), Catch::Contains("near 'SELECT'"));
}

}  // namespace stream::sql
