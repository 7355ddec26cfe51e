#include <tests/cluster/node_processes.hpp>
#include <tests/cluster/sensor_program.hpp>
#include <tests/kit/catch.hpp>

#include <csignal>

using namespace stream::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string console_script(const std::string& input) {
  return "CREATE STREAM readings (time TIMESTAMP, sensor STRING, value INT) "
         "USING csv OPTIONS (path '" +
         input +
         "', header true);\n"
         "CREATE SINK screen USING console OPTIONS (numRows 1000);\n"
         "INSERT INTO screen SELECT sensor, value FROM readings;\n";
}

bool wait_for(const ChildProcess& process, const std::string& text) {
  return wait_until([&] { return count_of(process.output(), text) > 0; });
}

/// A program on the nodes that shows each reading, and that nobody follows.
void submit_screen(const Nodes& nodes, const TemporaryDirectory& directory) {
  drop_file(directory / "screen.sql", console_script(directory / "in"));
  drop_file(directory / "in/first.csv", readings(1000, 1010));
  const ChildResult submitted =
      run_program("streamctl", {"submit", directory / "screen.sql", "--cluster", nodes.addresses[0],
                                "--parallelism", "4", "--trigger", "100ms", "--detach",
                                "--checkpoint", directory / "checkpoint"});
  INFO(submitted.output);
  REQUIRE(submitted.exit_code == 0);
  CHECK_THAT(submitted.output,
             ContainsSubstring("submission 1") && ContainsSubstring("running screen"));
}

std::unique_ptr<ChildProcess> attach(const std::string& node) {
  return std::make_unique<ChildProcess>("streamctl",
                                        std::vector<std::string>{"attach", "1", "--cluster", node});
}

}  // namespace

TEST_CASE("what a console sink shows comes out where the program is followed, now or later") {
  TemporaryDirectory directory;
  const Nodes nodes(2);
  submit_screen(nodes, directory);

  const auto first = attach(nodes.addresses[1]);
  CHECK(wait_for(*first, "1009|"));
  CHECK_THAT(first->output(), ContainsSubstring("Batch: 0"));
  first->signal(SIGINT);
  CHECK(first->wait(10).exit_code == 0);
  CHECK_THAT(status_of(nodes.addresses[0]), ContainsSubstring("running"));

  drop_file(directory / "in/second.csv", readings(1010, 1020));
  const auto second = attach(nodes.addresses[0]);
  CHECK(wait_for(*second, "1019|"));
  CHECK_THAT(second->output(), ContainsSubstring("1000|"));  // nobody had to be there
  for (const auto& node : nodes.processes) CHECK_THAT(node->output(), !ContainsSubstring("Batch"));

  const ChildResult stopped =
      run_program("streamctl", {"cluster", "stop", "1", "--cluster", nodes.addresses[1]});
  CHECK(stopped.exit_code == 0);
  CHECK(second->wait(10).exit_code == 0);
  CHECK_THAT(status_of(nodes.addresses[0]), ContainsSubstring("ended"));
  // What is over can still be looked at.
  const auto third = attach(nodes.addresses[1]);
  CHECK_THAT(third->wait(10).output, ContainsSubstring("1019|"));

  const ChildResult unknown =
      run_program("streamctl", {"attach", "7", "--cluster", nodes.addresses[1]});
  CHECK(unknown.exit_code == 1);
  CHECK_THAT(unknown.output, ContainsSubstring("no submission 7"));
}

TEST_CASE("who follows a program goes on by way of another node when its own is killed") {
  TemporaryDirectory directory;
  Nodes nodes(3);
  submit_screen(nodes, directory);
  const auto coordinator = nodes.coordinator_of(1, 0);
  REQUIRE(coordinator);
  const std::size_t mine = *coordinator == 2 ? 1 : 2;
  const auto follower = attach(nodes.addresses[mine]);
  CHECK(wait_for(*follower, "1009|"));
  nodes.kill(mine);
  drop_file(directory / "in/second.csv", readings(1010, 1020));
  CHECK(wait_for(*follower, "1019|"));
  follower->signal(SIGINT);
  const ChildResult result = follower->wait(10);
  INFO(result.output);
  CHECK(result.exit_code == 0);
}
