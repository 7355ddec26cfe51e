#include <tests/cluster/node_processes.hpp>
#include <tests/kit/catch.hpp>
#include <tests/servers/server_script.hpp>
#include <tests/servers/window_program.hpp>

#include <csignal>
#include <iostream>
#include <memory>

using namespace stream::testing;

namespace {

/// Tasks on more than one node: at least two of each stage.
std::unique_ptr<WindowProgram> spread_program(const std::string& brokers, std::uint64_t seed) {
  auto program = std::make_unique<WindowProgram>(brokers, topic_output(brokers), seed);
  while (program->parallelism() < 2)
    program = std::make_unique<WindowProgram>(brokers, topic_output(brokers), ++seed);
  return program;
}

constexpr const char* kFaultNames[] = {"killed", "stopped", "cut off"};

/// Feeds the program until the topic has rows that it did not have; milliseconds it took.
std::int64_t wait_for_new_rows(WindowProgram& program) {
  const std::size_t before = program.written().size();
  const std::int64_t began = steady_millis();
  while (program.written().size() <= before) {
    program.add_readings(100);
    sleep_millis(50);
    if (steady_millis() - began > 60'000) FAIL("no new row within a minute");
  }
  return steady_millis() - began;
}

}  // namespace

TEST_CASE(
    "windows in a topic are neither lost nor doubled when nodes are killed, stopped or cut off") {
  const std::string brokers = server_variable("STREAM_TEST_KAFKA");
  const std::uint64_t seed = test_seed("servers_kafka_nodes");
  std::mt19937_64 random(seed);
  const auto spread = spread_program(brokers, seed);
  WindowProgram& program = *spread;
  Nodes nodes(3, 500, true);
  std::vector<std::string> arguments = program.arguments("100ms", "");
  arguments.front() = "submit";
  arguments.insert(arguments.end(), {"--cluster", nodes.addresses[0], "--detach"});
  program.add_readings();
  const ChildResult submitted = run_program("streamctl", arguments);
  INFO(submitted.output);
  REQUIRE(submitted.exit_code == 0);
  wait_for_new_rows(program);

  const int wanted = rounds(3, 60);
  int coordinators = 0;
  for (int round = 0; round < wanted; ++round) {
    const std::size_t victim = random() % nodes.size();
    const std::size_t other = (victim + 1) % nodes.size();
    const std::size_t fault = static_cast<std::size_t>(round) % 3;
    const std::size_t held = nodes.proxy->num_held();
    coordinators += nodes.coordinator_of(1, other) == victim ? 1 : 0;
    program.add_readings(1000);
    sleep_millis(static_cast<int>(random() % 300));
    if (fault == 0) nodes.kill(victim);
    if (fault == 1) nodes.signal(victim, SIGSTOP);
    if (fault == 2) nodes.cut_off(victim);
    REQUIRE(wait_until([&] { return !nodes.sees(other, victim); }));
    const std::int64_t millis = wait_for_new_rows(program);
    std::cout << "  node " << victim << " " << kFaultNames[fault]
              << ", new rows after it was noticed: " << millis << " ms\n";
    if (fault == 2) CHECK(nodes.proxy->num_held() > held);
    if (fault == 0) nodes.start_anew(victim);
    if (fault == 1) nodes.signal(victim, SIGCONT);
    if (fault == 2) nodes.heal();
    REQUIRE(wait_until([&] { return nodes.members_seen_by(other) == nodes.size(); }));
    wait_for_new_rows(program);
  }
  std::cout << "  " << wanted << " nodes lost, " << coordinators << " of them coordinated\n";

  const ChildResult stopped =
      run_program("streamctl", {"cluster", "stop", "1", "--cluster", nodes.addresses[0]});
  CHECK(stopped.exit_code == 0);
  for (std::size_t node = 0; node < nodes.size(); ++node) nodes.kill(node);
  program.close_windows();
  const ChildResult last = program.run_to_end();
  INFO(last.output);
  REQUIRE(last.exit_code == 0);
  CHECK(program.expected().size() > 5);
  CHECK(program.written() == program.expected());
  const ChildResult verified =
      run_program("streamctl", {"checkpoint", "verify", program.checkpoint() + "/totals"});
  INFO(verified.output);
  CHECK(verified.exit_code == 0);
}
