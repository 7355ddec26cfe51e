#include <tests/cluster/child_process.hpp>
#include <tests/kit/catch.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

using namespace stream::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

const std::string kExamples = STREAM_EXAMPLES;

ChildResult sql(const std::string& statements, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments{"sql", "-c", statements};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_program("streamctl", arguments);
}

/// Serves lines to whoever connects, on a port of its own.
class LineServer {
 public:
  LineServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_, 1) == 0);
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  ~LineServer() {
    if (peer_ >= 0) ::close(peer_);
    ::close(listener_);
  }
  std::string port() const { return std::to_string(port_); }
  void send(const std::string& text) {
    if (peer_ < 0) peer_ = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    REQUIRE(::send(peer_, text.data(), text.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(text.size()));
  }

 private:
  int listener_;
  int peer_ = -1;
  int port_ = 0;
};

std::string thirds(int from, int to) {
  std::string text = "time,sensor,value\n";
  for (int i = from; i < to; ++i)
    text += "2024-01-01 00:00:00,s" + std::to_string(i % 3) + "," + std::to_string(i) + "\n";
  return text;
}

std::vector<std::string> doubled(int from, int to) {
  std::vector<std::string> lines;
  for (int i = from; i < to; ++i)
    lines.push_back(R"({"sensor":"s)" + std::to_string(i % 3) + R"(","value":)" +
                    std::to_string(2 * i) + "}");
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace

TEST_CASE("the example counts words that come over TCP until it is told to stop") {
  TemporaryDirectory directory;
  LineServer server;
  const std::string progress = directory / "progress";
  ChildProcess child("streamctl",
                     {"run", kExamples + "/word_count.sql", "--param", "host=127.0.0.1", "--param",
                      "port=" + server.port(), "--progress", progress, "--quiet"});
  server.send("to be or not\nto be\n");
  const auto has_rows = [&] {
    for (const auto& [name, lines] : read_lines(directory / "")) {
      for (const std::string& line : lines) {
        if (line.find("\"numOutputRows\":4") != std::string::npos) return true;
      }
    }
    return false;
  };
  for (int i = 0; i < 1000 && !has_rows(); ++i) sleep_millis(10);
  child.signal(SIGINT);
  const ChildResult result = child.wait(20);
  INFO(result.output);
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.output, ContainsSubstring("|word|count|"));
  CHECK_THAT(result.output, ContainsSubstring("|  be|    2|"));
  CHECK_THAT(result.output, ContainsSubstring("| not|    1|"));
}

TEST_CASE("a script that is run again goes on where it stopped") {
  TemporaryDirectory directory;
  for (const char* parallelism : {"1", "3"}) {
    const std::string output = directory / (std::string("out") + parallelism);
    const std::string input = directory / (std::string("in") + parallelism);
    const std::vector<std::string> arguments{
        "run",          kExamples + "/files.sql", "--param",       "input=" + input,
        "--param",      "output=" + output,       "--param",       "trigger=available-now",
        "--checkpoint", output + "-checkpoint",   "--parallelism", parallelism};
    drop_file(input + "/a.csv", thirds(0, 50));
    for (int run = 0; run < 2; ++run) {
      const ChildResult result = run_program("streamctl", arguments);
      INFO(result.output);
      REQUIRE(result.exit_code == 0);
      CHECK(sorted_lines(output) == doubled(0, 50));
    }
    drop_file(input + "/b.csv", thirds(50, 80));
    REQUIRE(run_program("streamctl", arguments).exit_code == 0);
    CHECK(sorted_lines(output) == doubled(0, 80));
  }
}

TEST_CASE("a script that is killed again and again writes each row once") {
  TemporaryDirectory directory;
  const auto arguments = [&](const std::string& trigger) {
    return std::vector<std::string>{
        "run",          kExamples + "/files.sql",        "--param", "input=" + (directory / "in"),
        "--param",      "output=" + (directory / "out"), "--param", "trigger=" + trigger,
        "--checkpoint", directory / "checkpoint"};
  };
  constexpr int kFiles = 12;
  constexpr int kRows = 100;
  for (int file = 0; file < kFiles; ++file) {
    ChildProcess child("streamctl", arguments("10ms"));
    sleep_millis(20 * file);
    drop_file(directory / ("in/" + std::to_string(file) + ".csv"),
              thirds(file * kRows, (file + 1) * kRows));
    sleep_millis(15 * (file % 5));
    child.signal(SIGKILL);
    child.wait();
  }
  const ChildResult result = run_program("streamctl", arguments("available-now"));
  INFO(result.output);
  REQUIRE(result.exit_code == 0);
  // A kill may leave staged files behind, but never rows: what the log names is the result.
  const ChildResult read =
      sql("CREATE TABLE t (sensor STRING, value INT) USING json OPTIONS (path '" +
              (directory / "out") + "'); SELECT count(*) AS n, count(DISTINCT value) AS d FROM t",
          {"--csv"});
  INFO(read.output);
  CHECK(read.output == "n,d\n1200,1200\n");
}

TEST_CASE("bad records and late rows come out beside the result, each once, over kills") {
  TemporaryDirectory directory;
  const auto arguments = [&](const std::string& trigger) {
    return std::vector<std::string>{
        "run",          kExamples + "/side_outputs.sql", "--param", "input=" + (directory / "in"),
        "--param",      "output=" + (directory / "out"), "--param", "trigger=" + trigger,
        "--checkpoint", directory / "checkpoint"};
  };
  const auto drop = [&](int file, const std::string& rows) {
    drop_file(directory / ("in/" + std::to_string(file) + ".csv"), "time,sensor,value\n" + rows);
  };
  constexpr int kFiles = 8;
  constexpr int kRows = 100;
  for (int file = 0; file < kFiles; ++file) {
    std::string rows;
    for (int i = 0; i < kRows; ++i) {
      const std::string value = i % 10 == 3 ? "broken" : std::to_string(i);
      const std::string minute = i % 10 == 7 ? "00" : "0" + std::to_string(file);
      rows += "2024-01-01 00:" + minute + ":30,s" + std::to_string(i % 3) + "," + value + "\n";
    }
    ChildProcess child("streamctl", arguments("10ms"));
    sleep_millis(20 * file);
    drop(file, rows);
    sleep_millis(15 * (file % 5));
    child.signal(SIGKILL);
    child.wait();
    // Every other file is read to its end, so that later ones have late rows for sure.
    if (file % 2 == 0) REQUIRE(run_program("streamctl", arguments("available-now")).exit_code == 0);
  }
  drop(kFiles, "2024-01-01 02:00:00,end,1\n");
  const ChildResult result = run_program("streamctl", arguments("available-now"));
  INFO(result.output);
  REQUIRE(result.exit_code == 0);
  const std::string out = directory / "out";
  const ChildResult read = sql(
      "CREATE TABLE m (sensor STRING, n BIGINT) USING json OPTIONS (path '" + out +
          "/minutes'); CREATE TABLE l (value INT) USING json OPTIONS (path '" + out +
          "/late'); CREATE TABLE b (place STRING, reason STRING) USING json OPTIONS (path '" + out +
          "/bad'); SELECT sum(n) AS rows, count_if(kind = 'bad') AS bad, "
          "count_if(kind = 'late') > 0 AS has_late FROM (SELECT n, 'counted' AS kind FROM m "
          "UNION ALL SELECT 1, 'late' FROM l UNION ALL SELECT 1, 'bad' FROM b)",
      {"--csv"});
  INFO(read.output);
  CHECK(read.output == "rows,bad,has_late\n800,80,true\n");
}

TEST_CASE("wrong SQL is shown with file, line, column and caret") {
  TemporaryDirectory directory;
  const auto refused = [&](const std::string& text, const std::vector<std::string>& parts) {
    drop_file(directory / "bad.sql", text);
    const ChildResult result = run_program("streamctl", {"run", directory / "bad.sql"});
    CHECK(result.exit_code == 1);
    for (const std::string& part : parts) CHECK_THAT(result.output, ContainsSubstring(part));
  };
  refused("SELECT 1;\nSELECT 1 + ;\n",
          {"bad.sql:2:12: [PARSE_SYNTAX_ERROR]", "(line 2, pos 11)", "SELECT 1 + ;\n-----------^"});
  refused("SELECT a\nFRMO t", {"(line 2, pos 5)", "did you mean FROM"});
  refused("SELECT wrd\nFROM (SELECT 1 AS word)",
          {"bad.sql:1:8: [UNRESOLVED_COLUMN.WITH_SUGGESTION]", "`word`", "SELECT wrd\n-------^^^"});
  refused("SELECT 1;\n SELECT uper('a')", {":2:9: [UNRESOLVED_ROUTINE]", "upper"});
  refused("INSERT INTO nowhere SELECT 1", {":1:13: [TABLE_OR_VIEW_NOT_FOUND]", "CREATE SINK"});
  refused("CREATE STREAM s USING kafak", {"[DATA_SOURCE_NOT_FOUND]"});
  refused("SELECT '${who}'", {":1:9: [UNBOUND_SQL_PARAMETER]", "--param who="});
  refused("CREATE SINK s USING console OPTIONS (output_mode 'all')", {"output_mode", "complete"});
}

TEST_CASE("a query that fails ends the program with its error") {
  TemporaryDirectory directory;
  drop_file(directory / "in/a.txt", "0\n");
  const ChildResult result = sql("CREATE STREAM s USING text OPTIONS (path '" + (directory / "in") +
                                 "'); CREATE SINK o USING noop; CREATE SINK p USING noop; "
                                 "INSERT INTO o SELECT 1 / CAST(value AS INT) FROM s; "
                                 "INSERT INTO p SELECT value FROM s");
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.output, ContainsSubstring("query o: ") && ContainsSubstring("DIVIDE_BY_ZERO"));
}

TEST_CASE("rows come as a table, JSON, CSV or Markdown") {
  const std::string query = "SELECT 1 AS a, 'x|\"y\"' AS b, CAST(NULL AS INT) AS c";
  CHECK(sql(query).output ==
        "+---+-----+----+\n|a  |b    |c   |\n+---+-----+----+\n|1  "
        "|x|\"y\"|NULL|\n+---+-----+----+\n\n");
  CHECK(sql(query, {"--json"}).output == "{\"a\":1,\"b\":\"x|\\\"y\\\"\",\"c\":null}\n");
  CHECK(sql(query, {"--csv"}).output == "a,b,c\n1,\"x|\\\"y\\\"\",\n");
  CHECK(sql(query, {"--markdown"}).output ==
        "| a | b | c |\n|---:|---|---:|\n| 1 | x\\|\"y\" | NULL |\n");
}

TEST_CASE("SHOW, DESCRIBE and SET list what the session knows") {
  TemporaryDirectory directory;
  drop_file(directory / "in/a.txt", "x\n");
  const std::string setup =
      "CREATE STREAM lines USING text OPTIONS (path '" + (directory / "in") +
      "'); CREATE SINK screen USING console OPTIONS (output_mode 'update'); "
      "CREATE TEMPORARY VIEW v(w, n) AS SELECT value, length(value) FROM lines; ";
  const auto lists = [&](const std::string& statement, const std::string& csv) {
    const ChildResult result = sql(setup + statement, {"--csv"});
    INFO(statement);
    CHECK(result.output == csv);
  };
  lists("SHOW STREAMS", "stream,format\nlines,text\n");
  lists("SHOW SINKS", "sink,format,output_mode\nscreen,console,update\n");
  lists("SHOW TABLES", "namespace,tableName,isTemporary\n\"\",lines,true\n\"\",v,true\n");
  lists("SHOW VIEWS", "namespace,viewName,isTemporary\n\"\",v,true\n");
  lists("SHOW TABLES LIKE 'li*'", "namespace,tableName,isTemporary\n\"\",lines,true\n");
  lists("SHOW FUNCTIONS LIKE 'uppe*'", "function\nupper\n");
  lists("DESCRIBE v", "col_name,data_type,comment\nw,string,\nn,int,\n");
  lists("DESCRIBE QUERY SELECT array(named_struct('a', 1L)) AS x",
        "col_name,data_type,comment\nx,array<struct<a:bigint>>,\n");
  lists("SET spark.sql.session.timeZone = Asia/Tokyo; SET spark.sql.session.timeZone",
        "key,value\nspark.sql.session.timeZone,Asia/Tokyo\n");
  lists("DROP VIEW v; SHOW VIEWS", "namespace,viewName,isTemporary\n");
  CHECK_THAT(sql(setup + "DROP VIEW lines").output, ContainsSubstring("[TABLE_OR_VIEW_NOT_FOUND]"));
  CHECK_THAT(sql(setup + "CREATE OR REPLACE TEMPORARY VIEW v AS SELECT * FROM v").output,
             ContainsSubstring("[RECURSIVE_VIEW]"));
}

TEST_CASE("a statement set is one query with a sink for each INSERT") {
  TemporaryDirectory directory;
  drop_file(directory / "in/a.txt", "x\ny\nx\n");
  const ChildResult result =
      sql("CREATE STREAM lines USING text OPTIONS (path '" + (directory / "in") +
              "'); CREATE SINK counts USING memory OPTIONS (output_mode 'complete'); "
              "CREATE SINK copies USING json OPTIONS (path '" +
              (directory / "out") +
              "'); BEGIN STATEMENT SET; "
              "INSERT INTO counts SELECT value, count(*) AS n FROM lines GROUP BY value; "
              "INSERT INTO copies SELECT value FROM lines; END;",
          {"--trigger", "available-now", "--checkpoint", directory / "checkpoint"});
  INFO(result.output);
  REQUIRE(result.exit_code == 0);
  CHECK(sorted_lines(directory / "out") ==
        std::vector<std::string>{R"({"value":"x"})", R"({"value":"x"})", R"({"value":"y"})"});
  const ChildResult shown =
      run_program("streamctl", {"checkpoint", "show", directory / "checkpoint/counts_copies"});
  CHECK_THAT(shown.output, ContainsSubstring("operator state-0-aggregate aggregate"));
}

TEST_CASE("explain prints the analysed plan and the stages") {
  const std::vector<std::string> parts{
      "== Analyzed Logical Plan ==", "Filter (id#",       "Aggregate [",
      "== Physical Plan ==",         "Stage 1 [2 tasks]", "by hash"};
  const ChildResult result =
      run_program("streamctl", {"explain", "--parallelism", "2", "--sql",
                                "SELECT id % 2 AS k, count(*) FROM range(10) WHERE id > 3 GROUP BY "
                                "id % 2"});
  CHECK(result.exit_code == 0);
  for (const std::string& part : parts) CHECK_THAT(result.output, ContainsSubstring(part));
  const ChildResult script = run_program("streamctl", {"explain", kExamples + "/word_count.sql"});
  CHECK(script.exit_code == 0);
  CHECK_THAT(script.output, ContainsSubstring("-- INSERT INTO screen") &&
                                ContainsSubstring("Generate explode(") &&
                                ContainsSubstring("not replayable"));
}

TEST_CASE("a streaming SELECT prints rows as they come") {
  TemporaryDirectory directory;
  drop_file(directory / "in/a.txt", "x\ny\nx\n");
  const std::string stream =
      "CREATE STREAM lines USING text OPTIONS (path '" + (directory / "in") + "'); ";
  CHECK(sql(stream + "SELECT value FROM lines", {"--csv", "--trigger", "available-now"}).output ==
        "value\nx\ny\nx\n");
  CHECK_THAT(sql(stream + "SELECT value, count(*) AS n FROM lines GROUP BY value",
                 {"--csv", "--trigger", "available-now"})
                 .output,
             ContainsSubstring("value,n\n") && ContainsSubstring("x,2\n"));
}
