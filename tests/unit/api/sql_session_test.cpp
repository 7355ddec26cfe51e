#include <libstream/api/sql_session.hpp>
#include <libstream/connectors/memory/queue_source.hpp>
#include <libstream/execution/local_runner.hpp>
#include <libstream/sql/sql_parser.hpp>
#include <tests/kit/catch.hpp>

using namespace stream;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A session with stream s(v INT) that the test feeds, and the bounded view b.
class SqlSessionTest {
 public:
  SqlSessionTest() {
    QueueOptions options;
    options.one_at_a_time = false;
    options.keeps_committed = true;
    source_ = std::make_shared<QueueSource>(schema_, options);
    value_or_throw(state_->add_relation("s", make_relation(SourceRelation{source_, true}), false));
    run("CREATE TEMPORARY VIEW b AS SELECT * FROM VALUES (1), (2) AS t(v)");
  }

  StatementResult run(const std::string& text) {
    StatementResult result;
    for (const Statement& statement : value_or_throw(parse_script(text)))
      result = session_.run(statement);
    return result;
  }
  std::string refusal(const std::string& text) {
    try {
      run(text);
    } catch (const Error& error) {
      return error.message();
    }
    return "no error";
  }
  std::vector<std::vector<Value>> rows(const std::string& text) {
    std::vector<std::vector<Value>> all;
    const StatementResult result = run(text);
    for (const Batch& batch : std::get<StatementRows>(result).batches) {
      for (auto& row : rows_of(batch)) all.push_back(std::move(row));
    }
    return all;
  }
  void feed(const std::vector<std::int32_t>& values) {
    std::vector<std::vector<Value>> all;
    for (const std::int32_t value : values) all.push_back({Value{value}});
    BlockPool pool;
    value_or_throw(source_->add(batch_of(schema_, all, pool)));
  }
  SqlSession& session() { return session_; }

 private:
  std::shared_ptr<const Schema> schema_ =
      std::make_shared<const Schema>(Schema{{{"v", primitive(TypeKind::int32), true}}});
  std::shared_ptr<QueueSource> source_;
  std::shared_ptr<SessionState> state_ = std::make_shared<SessionState>(local_runner());
  SqlSession session_{state_};
};

}  // namespace

TEST_CASE("INSERT starts a query whose memory table can be read meanwhile") {
  SqlSessionTest test;
  test.run("CREATE SINK totals USING memory OPTIONS (output_mode 'complete')");
  const auto started =
      std::get<StartedQuery>(test.run("INSERT INTO totals AS adder SELECT sum(v) AS total FROM s"));
  CHECK(started.name == "adder");
  test.feed({1, 2});
  started.query->process_all_available();
  CHECK(test.rows("SELECT total FROM totals")[0][0].as<std::int64_t>() == 3);
  test.feed({4});
  started.query->process_all_available();
  CHECK(test.rows("SELECT total FROM totals")[0][0].as<std::int64_t>() == 7);
  CHECK(test.rows("SHOW QUERIES")[0][2].as<std::string>() == "running");
  test.run("STOP QUERY adder");
  CHECK_FALSE(started.query->is_active());
  CHECK(test.rows("SHOW QUERIES")[0][2].as<std::string>() == "stopped");
}

TEST_CASE("a name is taken as long as its query runs") {
  SqlSessionTest test;
  test.run("CREATE SINK o USING noop; CREATE SINK p USING noop");
  test.run("INSERT INTO o AS q SELECT v FROM s");
  CHECK_THAT(test.refusal("INSERT INTO p AS q SELECT v FROM s"),
             ContainsSubstring("query with that name is already active"));
  CHECK_THAT(test.refusal("STOP QUERY qq"), ContainsSubstring("Did you mean `q`"));
  test.run("STOP QUERY q; INSERT INTO p AS q SELECT v FROM s");
  CHECK(test.session().queries().size() == 2);
  test.session().stop_all(true);
  CHECK_THAT(test.refusal("STOP QUERY q"), ContainsSubstring("[QUERY_NOT_FOUND]"));
}

TEST_CASE("a statement set runs all its INSERTs or none, in one query") {
  SqlSessionTest test;
  test.run("CREATE SINK sums USING memory OPTIONS (output_mode 'complete')");
  test.run("CREATE SINK counts USING memory OPTIONS (output_mode 'complete')");
  test.run("CREATE SINK slow USING noop OPTIONS (trigger '5s')");
  const auto started = std::get<StartedQuery>(
      test.run("BEGIN STATEMENT SET; INSERT INTO sums SELECT sum(v) AS n FROM s; "
               "INSERT INTO counts SELECT v % 2 AS k, count(*) AS n FROM s GROUP BY v % 2; END"));
  test.feed({1, 2, 3});
  started.query->process_all_available();
  CHECK(test.rows("SELECT n FROM sums")[0][0].as<std::int64_t>() == 6);
  CHECK(test.rows("SELECT n FROM counts WHERE k = 1")[0][0].as<std::int64_t>() == 2);
  REQUIRE(started.query->last_progress());
  // Both read one source, which is read once.
  CHECK(started.query->last_progress()->sources.size() == 1);
  CHECK(test.session().queries().size() == 1);
  const auto set = [&](const std::string& inserts) {
    return test.refusal("BEGIN STATEMENT SET; " + inserts + " END");
  };
  CHECK_THAT(set("INSERT INTO sums SELECT v FROM b;"), ContainsSubstring("reads no stream"));
  CHECK_THAT(set("INSERT INTO slow SELECT v FROM s; INSERT INTO slow SELECT v FROM s;"),
             ContainsSubstring("slow twice"));
  CHECK_THAT(set("INSERT INTO slow SELECT v FROM s; INSERT INTO sums SELECT sum(v) FROM s;"),
             ContainsSubstring("different triggers"));
  CHECK(test.session().queries().size() == 1);
}

TEST_CASE("a streaming SELECT chooses the mode that shows most") {
  SqlSessionTest test;
  const auto mode_of = [&](const std::string& text) {
    const auto live = std::get<LiveRows>(test.run(text));
    live.query->stop();
    return live.mode;
  };
  CHECK(mode_of("SELECT v FROM s") == OutputMode::append);
  CHECK(mode_of("SELECT sum(v) FROM s") == OutputMode::complete);
  CHECK(mode_of("SELECT v, count(*) AS n FROM s GROUP BY v ORDER BY n") == OutputMode::complete);
  CHECK(test.refusal("SELECT v FROM s ORDER BY v") != "no error");
  CHECK(test.session().queries().empty());
}

TEST_CASE("names are dropped by their kind and made once") {
  SqlSessionTest test;
  CHECK_THAT(test.refusal("CREATE TEMPORARY VIEW b AS SELECT 1"),
             ContainsSubstring("[TEMP_TABLE_OR_VIEW_ALREADY_EXISTS]"));
  CHECK_THAT(test.refusal("CREATE OR REPLACE TEMPORARY VIEW b AS SELECT * FROM b"),
             ContainsSubstring("[RECURSIVE_VIEW]"));
  CHECK(test.rows("SELECT * FROM b").size() == 2);  // the old one stays
  CHECK_THAT(test.refusal("DROP SINK b"), ContainsSubstring("[TABLE_OR_VIEW_NOT_FOUND]"));
  CHECK_THAT(test.refusal("DROP STREAM b"), ContainsSubstring("[TABLE_OR_VIEW_NOT_FOUND]"));
  test.run("DROP STREAM IF EXISTS b");
  CHECK(test.rows("SELECT * FROM b").size() == 2);
  test.run("DROP VIEW b; CREATE TEMPORARY VIEW B AS SELECT 7 AS seven");
  CHECK(test.rows("DESCRIBE b")[0][0].as<std::string>() == "seven");
  test.run("CREATE SINK o USING noop; CREATE SINK IF NOT EXISTS o USING console");
  CHECK(test.rows("SHOW SINKS")[0][1].as<std::string>() == "noop");
  CHECK_THAT(test.refusal("CREATE SINK o USING noop"), ContainsSubstring("already exists"));
}

TEST_CASE("options of sinks are checked when the sink is made") {
  SqlSessionTest test;
  const auto sink = [&](const std::string& options) {
    return test.refusal("CREATE SINK x USING console OPTIONS (" + options + ")");
  };
  CHECK_THAT(sink("output_mode 'sometimes'"), ContainsSubstring("append, update or complete"));
  CHECK_THAT(sink("trigger 'soon'"), ContainsSubstring("soon"));
  CHECK_THAT(sink("save_mode 'x'"), ContainsSubstring("overwrite"));
  CHECK_THAT(sink("partition_by 'a,,b'"), ContainsSubstring("partition_by"));
  CHECK(sink("outputMode 'UPDATE', trigger 'availableNow'") == "no error");
  CHECK_THAT(test.refusal("CREATE SINK y USING consle"), ContainsSubstring("console"));
}

TEST_CASE("SET and RESET change what queries see") {
  SqlSessionTest test;
  CHECK_THAT(test.refusal("SELECT CAST('x' AS INT)"), ContainsSubstring("CAST_INVALID_INPUT"));
  test.run("SET spark.sql.ansi.enabled=false");
  CHECK(test.rows("SELECT CAST('x' AS INT)")[0][0].is_null());
  CHECK(test.rows("SET spark.sql.ansi.enabled")[0][1].as<std::string>() == "false");
  CHECK(test.rows("SET").size() == 1);
  test.run("RESET spark.sql.ansi.enabled");
  CHECK_THAT(test.refusal("SELECT CAST('x' AS INT)"), ContainsSubstring("CAST_INVALID_INPUT"));
  CHECK(test.rows("SET nothing")[0][1].as<std::string>() == "<undefined>");
}

TEST_CASE("EXPLAIN shows analysed, optimised and physical plan and opens nothing") {
  SqlSessionTest test;
  test.run("CREATE SINK o USING memory OPTIONS (output_mode 'complete')");
  const auto plan = [&](const std::string& text) {
    return test.rows(text)[0][0].as<std::string>();
  };
  const std::string simple = plan("EXPLAIN INSERT INTO o SELECT v, count(*) FROM s GROUP BY v");
  CHECK_THAT(simple, ContainsSubstring("== Analyzed Logical Plan ==\nProject [v#") &&
                         ContainsSubstring("+- Aggregate [v#") &&
                         ContainsSubstring("+- StreamingRelation ") &&
                         ContainsSubstring("== Physical Plan ==\nStage 0 [1 task]"));
  CHECK_THAT(simple, !ContainsSubstring("Optimized"));
  CHECK_THAT(plan("EXPLAIN EXTENDED SELECT v FROM (SELECT v, v + 1 AS w FROM b) WHERE v > 1"),
             ContainsSubstring("== Optimized Logical Plan ==\n"));
  CHECK_THAT(test.refusal("SELECT * FROM o"), ContainsSubstring("[TABLE_OR_VIEW_NOT_FOUND]"));
}
