// Programs and servers that are killed while rows go into PostgreSQL and come out of it. The rows
// are those of files, so that each has its number: none may be missing, none there twice.
#include <tests/cluster/child_process.hpp>
#include <tests/kit/test_runs.hpp>
#include <tests/servers/postgres_fixture.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

using namespace stream;
using namespace stream::testing;

namespace {

constexpr int kRowsAFile = 2'000;

void drop_numbers(const std::string& folder, int file) {
  std::string text;
  for (int i = 0; i < kRowsAFile; ++i)
    text += std::to_string(file * kRowsAFile + i) + "," + std::to_string(i % 7) + "\n";
  drop_file(folder + "/" + std::to_string(file) + ".csv", text);
}

/// A SQL program that moves the numbers, or counts them by key, into a table.
std::string program(const std::string& url, const std::string& table, const std::string& folder,
                    const std::string& more) {
  return "CREATE STREAM numbers (id BIGINT, k INT) USING csv OPTIONS (path '" + folder +
         "', maxFilesPerTrigger '1');\n"
         "CREATE SINK copies USING postgresql OPTIONS (url '" +
         url + "', dbtable '" + table + "', createTable 'true'" + more +
         ");\n"
         "CREATE SINK counts USING postgresql OPTIONS (url '" +
         url + "', dbtable '" + table +
         "_counts', createTable 'true', key 'k', output_mode 'update'" + more +
         ");\n"
         "BEGIN STATEMENT SET;\n"
         "INSERT INTO copies SELECT id, k FROM numbers;\n"
         "INSERT INTO counts SELECT k, count(*) AS n FROM numbers GROUP BY k;\nEND;\n";
}

struct Programs {
  TemporaryDirectory directory;
  std::string input = directory / "in";
  int num_files = 0;

  void write(const std::string& sql) { std::ofstream(directory / "program.sql") << sql; }
  std::vector<std::string> arguments(const std::string& trigger) const {
    return {"run",           directory / "program.sql",
            "--checkpoint",  directory / "checkpoint",
            "--trigger",     trigger,
            "--parallelism", "2"};
  }
  void drop() { drop_numbers(input, num_files++); }
};

/// What is in the tables is what is in the files.
void check_tables(PostgresFixture& f, postgresql::Connection& server, int num_files) {
  const std::int64_t num_rows = std::int64_t{num_files} * kRowsAFile;
  const auto value = [&](const std::string& query) {
    return value_or_throw(server.query(query)).text(0, 0);
  };
  CHECK(value("SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || max(id) FROM " + f.name) ==
        std::to_string(num_rows) + " " + std::to_string(num_rows) + " " +
            std::to_string(num_rows - 1));
  CHECK(value("SELECT count(*) FROM (SELECT k, count(*) AS n FROM " + f.name +
              " GROUP BY k EXCEPT SELECT k, n FROM " + f.name + "_counts) AS wrong") == "0");
  CHECK(value("SELECT sum(n) FROM " + f.name + "_counts") == std::to_string(num_rows));
}

}  // namespace

TEST_CASE("a program that is killed at any moment loses no row and doubles none") {
  const std::uint32_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  PostgresFixture f;
  Programs programs;
  programs.write(program(f.url, f.name, programs.input, ""));
  const int num_kills = rounds(5, 100);
  int killed_running = 0;
  for (int i = 0; i < num_kills; ++i) {
    for (int file = 0; file < 3; ++file) programs.drop();
    ChildProcess child("streamctl", programs.arguments("10ms"));
    sleep_millis(150 + static_cast<int>(random() % 1'500));
    killed_running += child.is_running() ? 1 : 0;
    child.signal(SIGKILL);
    const ChildResult result = child.wait();
    INFO(result.output);
    REQUIRE(result.exit_code == 128 + SIGKILL);
  }
  CHECK(killed_running == num_kills);
  programs.drop();
  const ChildResult last = run_program("streamctl", programs.arguments("available-now"));
  INFO(last.output);
  REQUIRE(last.exit_code == 0);
  check_tables(f, f.admin, programs.num_files);
}

TEST_CASE("a server that loses its power and comes back has every row once") {
  const std::uint32_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  PostgresFixture f;
  ServerScript server("postgres", "durable");
  const std::string url = server.variable("STREAM_TEST_POSTGRES");
  Programs programs;
  programs.write(program(url, f.name, programs.input, ""));
  const int num_kills = rounds(3, 20);
  int num_failed = 0;
  for (int i = 0; i < num_kills; ++i) {
    for (int file = 0; file < 4; ++file) programs.drop();
    ChildProcess child("streamctl", programs.arguments("10ms"));
    sleep_millis(300 + static_cast<int>(random() % 1'200));
    server.run("restart");
    sleep_millis(200);
    num_failed += child.is_running() ? 0 : 1;
    child.signal(SIGKILL);
    child.wait();
  }
  INFO(num_failed << " of " << num_kills << " programs ended by themselves");
  const ChildResult last = run_program("streamctl", programs.arguments("available-now"));
  INFO(last.output);
  REQUIRE(last.exit_code == 0);
  auto admin = connect_to(url);
  check_tables(f, admin, programs.num_files);
}

TEST_CASE("a stopped program that goes on after its successor has begun changes nothing") {
  PostgresFixture f;
  Programs programs;
  programs.write(program(f.url, f.name, programs.input, ""));
  for (int file = 0; file < 10; ++file) programs.drop();
  ChildProcess zombie("streamctl", programs.arguments("10ms"));
  const auto num_rows = [&] {
    const auto rows = f.admin.query("SELECT count(*) FROM " + f.name);
    return rows ? rows->text(0, 0) : "";
  };
  for (int i = 0; i < 2'000 && (num_rows().empty() || num_rows() == "0"); ++i) sleep_millis(5);
  zombie.signal(SIGSTOP);
  REQUIRE(num_rows() != "0");
  // On one machine the checkpoint's lock keeps a second start out; a copy is what a node that took
  // over on another machine sees.
  std::filesystem::copy(programs.directory / "checkpoint", programs.directory / "copy",
                        std::filesystem::copy_options::recursive);
  std::filesystem::rename(programs.directory / "checkpoint", programs.directory / "old");
  std::filesystem::rename(programs.directory / "copy", programs.directory / "checkpoint");
  const ChildResult successor = run_program("streamctl", programs.arguments("available-now"));
  INFO(successor.output);
  REQUIRE(successor.exit_code == 0);
  check_tables(f, f.admin, programs.num_files);
  zombie.signal(SIGCONT);
  for (int i = 0; i < 400 && zombie.is_running(); ++i) sleep_millis(5);
  zombie.signal(SIGKILL);
  zombie.wait();
  check_tables(f, f.admin, programs.num_files);
}
