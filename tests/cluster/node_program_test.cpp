#include <tests/cluster/node_processes.hpp>
#include <tests/cluster/sensor_program.hpp>
#include <tests/kit/catch.hpp>

#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

using namespace stream::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr int kFiles = 10;
constexpr int kProgramRows = 300;

/// Drops files one after the other, calls `after_file` with the number of each, then waits for all
/// rows.
template <class AfterFile>
void run_over_files(const TemporaryDirectory& directory, const std::string& home, int num_files,
                    AfterFile after_file) {
  drop_file(directory / "nodes.sql", sensor_script(directory / "in", directory / "out"));
  ChildProcess submit("streamctl",
                      {"submit", directory / "nodes.sql", "--cluster", home, "--trigger", "100ms",
                       "--parallelism", "4", "--checkpoint", directory / "checkpoint"});
  for (int file = 0; file < num_files; ++file) {
    drop_file(directory / ("in/" + std::to_string(file) + ".csv"),
              readings(file * kProgramRows, (file + 1) * kProgramRows));
    sleep_millis(300);
    after_file(file);
  }
  run_alone(directory);
  const auto rows = static_cast<std::size_t>(num_files * kProgramRows);
  const std::size_t expected = counts_in(directory / "alone").size();
  const bool is_done = wait_until([&] {
    return copies_in(directory / "out").size() >= rows + 1 &&
           counts_in(directory / "out").size() >= expected;
  });
  submit.signal(SIGINT);
  const ChildResult result = submit.wait(20);
  INFO(result.output);
  INFO(status_of(home));
  CHECK(is_done);
  CHECK(result.exit_code == 0);
  check_like_alone(directory, rows);
}

template <class Harm>
void run_with_harm(const TemporaryDirectory& directory, const std::string& home, Harm harm) {
  run_over_files(directory, home, kFiles, [&](int file) {
    if (file == kFiles / 2) harm();
  });
}

/// What a query that begins with 4 tasks is rescaled to, one after the other; in long runs each of
/// {1, 2, 3, 8} follows each of them.
std::vector<std::string> parallelisms() {
  if (std::getenv("STREAM_TEST_LONG") == nullptr) return {"2", "8", "3"};
  return {"1", "1", "2", "1", "3", "1", "8", "2", "2", "3", "2", "8", "3", "3", "8", "8", "1"};
}

}  // namespace

TEST_CASE("a script on two nodes gives the rows that one process gives") {
  TemporaryDirectory directory;
  for (int file = 0; file < kFiles; ++file)
    drop_file(directory / ("in/" + std::to_string(file) + ".csv"),
              readings(file * kProgramRows, (file + 1) * kProgramRows));
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
  check_like_alone(directory, kFiles * kProgramRows);
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

TEST_CASE("a script is rescaled while it runs on nodes, and goes on so on another one") {
  TemporaryDirectory directory;
  Nodes nodes(3);
  const auto rescale = [&](const std::string& submission, const std::string& parallelism) {
    return run_program("streamctl", {"rescale", submission, "--parallelism", parallelism,
                                     "--cluster", nodes.addresses[1]});
  };
  const std::vector<std::string> steps = parallelisms();
  const auto num_steps = static_cast<int>(steps.size());
  run_over_files(directory, nodes.addresses[1], num_steps + 3, [&](int file) {
    if (file == num_steps) nodes.kill(0);
    if (file >= num_steps) return;
    const std::string& parallelism = steps[static_cast<std::size_t>(file)];
    const ChildResult result = rescale("1", parallelism);
    INFO(result.output);
    CHECK(result.exit_code == 0);
    CHECK_THAT(status_of(nodes.addresses[1]), ContainsSubstring("parallelism " + parallelism));
  });
  CHECK_THAT(status_of(nodes.addresses[1]), ContainsSubstring("parallelism " + steps.back()));
  CHECK_THAT(rescale("7", "2").output, ContainsSubstring("no submission 7"));
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
