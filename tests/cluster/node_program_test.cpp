#include <tests/cluster/node_processes.hpp>
#include <tests/cluster/sensor_program.hpp>
#include <tests/kit/catch.hpp>

#include <csignal>

using namespace stream::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr int kFiles = 10;
constexpr int kRows = 300;

/// Drops the files one after the other while `harm` happens, then waits for all rows.
template <class Harm>
void run_with_harm(const TemporaryDirectory& directory, const std::string& home, Harm harm) {
  drop_file(directory / "nodes.sql", sensor_script(directory / "in", directory / "out"));
  ChildProcess submit("streamctl",
                      {"submit", directory / "nodes.sql", "--cluster", home, "--trigger", "100ms",
                       "--parallelism", "4", "--checkpoint", directory / "checkpoint"});
  for (int file = 0; file < kFiles; ++file) {
    drop_file(directory / ("in/" + std::to_string(file) + ".csv"),
              readings(file * kRows, (file + 1) * kRows));
    sleep_millis(300);
    if (file == kFiles / 2) harm();
  }
  run_alone(directory);
  const std::size_t expected = counts_in(directory / "alone").size();
  const bool is_done = wait_until([&] {
    return copies_in(directory / "out").size() >= kFiles * kRows + 1 &&
           counts_in(directory / "out").size() >= expected;
  });
  submit.signal(SIGINT);
  const ChildResult result = submit.wait(20);
  INFO(result.output);
  INFO(status_of(home));
  CHECK(is_done);
  CHECK(result.exit_code == 0);
  check_like_alone(directory, kFiles * kRows);
}

}  // namespace

TEST_CASE("a script on two nodes gives the rows that one process gives") {
  TemporaryDirectory directory;
  for (int file = 0; file < kFiles; ++file)
    drop_file(directory / ("in/" + std::to_string(file) + ".csv"),
              readings(file * kRows, (file + 1) * kRows));
  run_alone(directory);
  const Nodes nodes(2);
  drop_file(directory / "nodes.sql", sensor_script(directory / "in", directory / "out"));
  const ChildResult result =
      run_program("streamctl", {"submit", directory / "nodes.sql", "--cluster", nodes.addresses[1],
                                "--trigger", "available-now", "--parallelism", "4", "--checkpoint",
                                directory / "checkpoint", "--progress", directory / "progress"});
  INFO(result.output);
  REQUIRE(result.exit_code == 0);
  CHECK_THAT(result.output, ContainsSubstring("running copies, counts"));
  check_like_alone(directory, kFiles * kRows);
  CHECK_THAT(status_of(nodes.addresses[0]), ContainsSubstring("ended"));
  for (const auto& [name, lines] : read_lines(directory / "")) {
    if (name == "progress") CHECK(lines.size() >= 2 * kFiles);
  }
}

TEST_CASE("a node that is killed takes no row with it") {
  TemporaryDirectory directory;
  Nodes nodes(3);
  run_with_harm(directory, nodes.addresses[0], [&] { nodes.kill(2); });
  CHECK(count_of(status_of(nodes.addresses[0]), "ready") == 2);
}

TEST_CASE("another node takes a query over when its coordinator's is killed") {
  TemporaryDirectory directory;
  Nodes nodes(3);
  run_with_harm(directory, nodes.addresses[1], [&] { nodes.kill(0); });
  CHECK(count_of(status_of(nodes.addresses[1]), "ready") == 2);
}

TEST_CASE("errors of a submitted script come back, and addresses off loopback are refused") {
  TemporaryDirectory directory;
  const Nodes nodes(1);
  drop_file(directory / "bad.sql", "CREATE SINK o USING noop;\nINSERT INTO o SELECT wrd FROM x;\n");
  const ChildResult bad =
      run_program("streamctl", {"submit", directory / "bad.sql", "--cluster", nodes.addresses[0]});
  CHECK(bad.exit_code == 1);
  CHECK_THAT(bad.output, ContainsSubstring("bad.sql:2:"));
  const ChildResult open = run_program("streamctl", {"node", "--listen", "0.0.0.0:4000"});
  CHECK(open.exit_code == 1);
  CHECK_THAT(open.output, ContainsSubstring("the one address"));
}
