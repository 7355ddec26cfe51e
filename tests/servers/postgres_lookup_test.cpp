#include <libstream/testing/manual_clock.hpp>
#include <tests/servers/postgres_fixture.hpp>

using namespace stream;
using namespace stream::testing;

namespace {

/// Payments joined with the table of cards; rows go to a table in memory.
struct LookupQuery {
  explicit LookupQuery(PostgresFixture& from, const std::string& text) : f(from) {
    f.run("CREATE TABLE " + f.name +
          " (id bigint PRIMARY KEY, owner text, risk int); INSERT INTO " + f.name +
          " VALUES (1, 'Ann', 1), (2, 'Bob', 9)");
    payments.to_df(f.session).create_or_replace_temp_view("payments");
    f.read()
        .option("dbtable", f.name)
        .option("lookup", "true")
        .option("cacheTtl", "10s")
        .load()
        .create_or_replace_temp_view("cards");
    DataStreamWriter writer = f.session.sql(text).write_stream();
    writer.query_name("out_" + f.name).format("memory");
    writer.query_options().clock = &clock;
    query = writer.start();
  }
  ~LookupQuery() { query->stop(); }  // the session keeps it, and it reads the clock of this one
  Lines add(const std::string& rows) {
    payments.add_data(rows);
    query->process_all_available();
    Lines lines;
    for (const auto& row : f.session.table("out_" + f.name).collect()) {
      std::string line;
      for (const Value& value : row) {
        if (!line.empty()) line += ",";
        line += value.is_null() ? "null"
                : std::holds_alternative<std::int64_t>(value.content)
                    ? std::to_string(value.as<std::int64_t>())
                    : value.as<std::string>();
      }
      lines.push_back(line);
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  PostgresFixture& f;
  ManualClock clock;
  MemoryStream payments{"card BIGINT, n BIGINT"};
  std::shared_ptr<StreamingQuery> query;
};

}  // namespace

TEST_CASE("a stream is enriched from a table by key, and answers hold for their time") {
  PostgresFixture f;
  LookupQuery q(
      f,
      "SELECT p.card, c.owner FROM payments p LEFT JOIN cards c ON p.card = c.id AND c.risk "
      "< 5");
  CHECK(q.add("[1, 1]\n[2, 1]\n[3, 1]\n[null, 1]") ==
        Lines{"1,Ann", "2,null", "3,null", "null,null"});
  f.run("UPDATE " + f.name + " SET owner = 'Eve' WHERE id = 1; INSERT INTO " + f.name +
        " VALUES (3, 'Cid', 1)");
  q.clock.advance(Duration{9'000});
  CHECK(q.add("[1, 2]\n[3, 2]") ==
        Lines{"1,Ann", "1,Ann", "2,null", "3,null", "3,null", "null,null"});
  q.clock.advance(Duration{1'001});
  CHECK(q.add("[1, 3]\n[3, 3]") ==
        Lines{"1,Ann", "1,Ann", "1,Eve", "2,null", "3,Cid", "3,null", "3,null", "null,null"});
  // One statement for the keys of a batch, and no whole read of the table.
  CHECK(f.value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%\"" + f.name +
                "\" WHERE \"id\" = ANY($1)%' AND pid <> pg_backend_pid()") == "1");
}

TEST_CASE("an inner lookup join through a view drops what has no match") {
  PostgresFixture f;
  LookupQuery q(f,
                "SELECT p.card, c.who FROM payments p JOIN (SELECT id AS key, owner AS who FROM "
                "cards WHERE risk > 0) c ON c.key = p.card");
  CHECK(q.add("[1, 1]\n[7, 1]\n[2, 1]") == Lines{"1,Ann", "2,Bob"});
}
