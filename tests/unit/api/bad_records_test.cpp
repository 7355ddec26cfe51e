// Bad records as an output: each comes out whole, with its place and its reason.
#include <libstream/api/session.hpp>
#include <libstream/api/sql_session.hpp>
#include <libstream/execution/local_runner.hpp>
#include <libstream/sql/sql_parser.hpp>
#include <libstream/testing/check_answer.hpp>
#include <tests/kit/catch.hpp>
#include <tests/kit/folder.hpp>
#include <tests/kit/thrown.hpp>

#include <fmt/format.h>

using namespace stream;
using Catch::Matchers::ContainsSubstring;
using stream::testing::answer_diff;
using stream::testing::Folder;
using stream::testing::message_of;

TEST_CASE("bad records go to the sink that the reader names, whole, with place and reason") {
  Session session(local_runner());
  const Folder folder;
  folder.put("a.csv", "1,Ann\nx,Bob\n3,Cid\n");
  folder.put("b.csv", "4,Dan\n5\n" + std::string(3000, 'y') + ",Eve\n");
  session.create_sink("quarantine", "memory");
  const DataFrame people = session.read_stream()
                               .schema("id INT, name STRING")
                               .option("bad_records", "quarantine")
                               .csv(folder / "*.csv");
  auto query = people.write_stream().trigger(Trigger::available_now()).to_table("people");
  query->await_termination();
  CHECK(answer_diff(session.table("people").select("id"), "[1]\n[3]\n[4]") == "");
  const DataFrame bad = session.table("quarantine");
  CHECK(answer_diff(
            bad.select_expr({"substr(decode(bytes, 'UTF-8'), 1, 5) AS b", "length(bytes) AS n"}),
            "[\"x,Bob\",5]\n[\"5\",1]\n[\"yyyyy\",3004]") == "");
  CHECK(bad.where("place LIKE '%a.csv byte 6' AND reason LIKE '%id%' AND source LIKE "
                  "'FileStreamSource%'")
            .count() == 1);
  const auto recent = query->recent_progress();
  REQUIRE_FALSE(recent.empty());
  CHECK(recent.front().num_rejected_rows == 3);
  REQUIRE(recent.front().sinks.size() == 2);
  CHECK(recent.front().sinks[0].num_output_rows == 3);
  CHECK(recent.front().sinks[1].num_output_rows == 3);
}

TEST_CASE("more bad records than a reader names all come out, also alone and of bounded reads") {
  Session session(local_runner());
  const Folder folder;
  std::string lines;
  for (int i = 0; i < 5000; ++i) lines += i % 10 == 0 ? "{\"v\":1}\n" : "{broken\n";
  folder.put("a.json", lines);
  const auto reader = [&] {
    DataFrameReader made = session.read();
    made.schema("v INT");
    return made;
  };
  const DataFrame frame = reader().option("bad_records", "drop").json(folder / "a.json");
  CHECK(frame.count() == 500);
  CHECK(frame.bad_records().count() == 4500);
  CHECK(frame.bad_records().select("place").distinct().count() == 4500);
  session.create_sink("bad", "json", {{"path", folder / "bad"}});
  CHECK(reader().option("bad_records", "bad").json(folder / "a.json").count() == 500);
  CHECK(session.read().schema("place STRING").json(folder / "bad").count() == 4500);
  CHECK_THAT(message_of([&] { reader().json(folder / "a.json").bad_records().schema(); }),
             ContainsSubstring("PERMISSIVE") && ContainsSubstring("bad_records = drop"));
  CHECK_THAT(
      message_of([&] { reader().option("bad_records", "fail").json(folder / "a.json").count(); }),
      ContainsSubstring("MALFORMED_RECORD_IN_PARSING"));
  CHECK_THAT(
      message_of([&] {
        reader().option("bad_records", "drop").option("mode", "PERMISSIVE").json(folder / "a.json");
      }),
      ContainsSubstring("contradict"));
  CHECK_THAT(message_of([&] {
               reader().option("bad_records", "nowhere").json(folder / "a.json").count();
             }),
             ContainsSubstring("The sink `nowhere` cannot be found"));
}

TEST_CASE("in SQL side sinks are options, and a sink of text gets each row as JSON") {
  Session session(local_runner());
  const Folder folder;
  folder.put("a.csv", "2024-01-01 00:00:25,a\nbroken,b\n");
  SqlSessionOptions options;
  options.trigger = Trigger::available_now();
  SqlSession sql(session.state(), options);
  const auto script = fmt::format(
      "CREATE SINK quarantine USING text OPTIONS (path '{0}/bad');"
      "CREATE SINK late USING memory;"
      "CREATE STREAM events (ts TIMESTAMP, k STRING) USING csv"
      "  OPTIONS (path '{0}/a.csv', bad_records 'quarantine')"
      "  WATERMARK FOR ts AS ts - INTERVAL 1 SECOND;"
      "CREATE SINK counts USING memory OPTIONS (late_rows 'late', checkpoint '{0}/checkpoint');"
      "INSERT INTO counts SELECT window, count(*) AS n FROM events"
      "  GROUP BY window(ts, '10 seconds');",
      folder / "");
  for (const Statement& statement : value_or_throw(parse_script(script))) {
    const StatementResult result = sql.run(statement);
    if (const auto* started = std::get_if<StartedQuery>(&result))
      started->query->await_termination();
  }
  const DataFrame bad = session.read().text(folder / "bad");
  CHECK(bad.count() == 1);
  CHECK(bad.where("value LIKE '%\"place\":\"file:%' AND value LIKE '%\"reason\":%'").count() == 1);
  CHECK(session.table("late").count() == 0);
}
