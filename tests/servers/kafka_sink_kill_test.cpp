#include <tests/kit/catch.hpp>
#include <tests/servers/server_script.hpp>
#include <tests/servers/window_faults.hpp>

#include <csignal>

using namespace stream::testing;

namespace {

void require_running(ChildProcess& child) {
  if (!child.is_running()) FAIL("the program ended by itself: " << child.wait().output);
}

/// For a shell.
std::string quoted(const std::string& text) {
  std::string made = "'";
  for (const char c : text) made += c == '\'' ? "'\\''" : std::string(1, c);
  return made + "'";
}

WindowProgram topic_program(std::uint64_t seed) {
  const std::string brokers = server_variable("STREAM_TEST_KAFKA");
  return {brokers, topic_output(brokers), seed};
}

}  // namespace

TEST_CASE("windows in a topic are neither lost nor doubled when the program is killed") {
  const std::uint64_t seed = test_seed("servers_kafka_sink");
  WindowProgram program = topic_program(seed);
  kill_often(program, seed, rounds(5, 100));
  CHECK(last_fault(program) == "");
  CHECK(program.num_poisoned() > 0);
}

TEST_CASE("the first new rows come soon after a killed program is started again") {
  const std::uint64_t seed = test_seed("servers_kafka_sink");
  WindowProgram program = topic_program(seed);
  const auto millis = recovery_millis(program, rounds(3, 10));
  CHECK(millis[millis.size() / 2] <= 2000);
  CHECK(last_fault(program) == "");
}

TEST_CASE("a stopped program that was replaced can no longer write when it goes on") {
  const std::uint64_t seed = test_seed("servers_kafka_sink");
  WindowProgram program = topic_program(seed);
  const std::string first = program.checkpoint();
  auto zombie = program.start();
  wait_for_rows(program, *zombie, 0);
  // It holds a transaction when it wakes up.
  stop_within_epoch(program, *zombie);
  // The replacement works on what a shared store would show it; the lock of a local one would keep
  // it away from the directory of a process that lives.
  const std::string second = first + "-seen-by-another-node";
  REQUIRE(std::system(("cp -r " + first + " " + second).c_str()) == 0);
  program.set_checkpoint(second);
  auto replacement = program.start();
  const std::size_t before = program.written().size();
  wait_for_rows(program, *replacement, before);
  zombie->signal(SIGCONT);
  program.add_readings(1000);
  const ChildResult ended = zombie->wait(30);
  INFO(ended.output);
  CHECK(ended.exit_code == 1);
  CHECK(ended.output.find("another instance of this query has taken over") != std::string::npos);
  require_running(*replacement);
  replacement->signal(SIGKILL);
  replacement->wait();
  CHECK(last_fault(program) == "");
}

TEST_CASE("a transaction that the broker gave up costs no row") {
  const std::uint64_t seed = test_seed("servers_kafka_sink");
  const std::string more =
      ", 'kafka.transaction.timeout.ms' '1500', 'kafka.message.timeout.ms' '1500'";
  WindowProgram program = topic_program(seed);
  for (int round = 0; round < rounds(3, 10); ++round) {
    auto child = program.start("20ms", more);
    wait_for_rows(program, *child, program.written().size());
    stop_within_epoch(program, *child);
    sleep_millis(4000);
    child->signal(SIGCONT);
    program.add_readings(500);
    sleep_millis(1000);
    // It goes on where the epoch could run again, or it stops and says why.
    if (!child->is_running()) {
      const ChildResult ended = child->wait();
      INFO(ended.output);
      CHECK(ended.output.find("transaction.timeout.ms") != std::string::npos);
    }
    child->signal(SIGKILL);
    child->wait();
  }
  CHECK(last_fault(program) == "");
}

TEST_CASE("a full disk under the checkpoint ends the program and costs no row") {
  const std::uint64_t seed = test_seed("servers_kafka_sink");
  WindowProgram program = topic_program(seed);
  program.add_readings();
  // The shell's limit is the disk's end for each file: writes beyond it fail with an error.
  std::string command =
      "trap '' XFSZ; ulimit -f 4; exec '" + std::string(STREAM_BIN) + "/streamctl'";
  for (const std::string& argument : program.arguments("20ms", ""))
    command += " " + quoted(argument);
  ChildProcess child("/bin/sh", {"-c", command});
  for (int i = 0; i < 300 && child.is_running(); ++i) {
    program.add_readings();
    sleep_millis(50);
  }
  const ChildResult ended = child.wait(1);
  INFO(ended.output);
  CHECK(ended.exit_code == 1);
  CHECK(ended.output.find(program.checkpoint()) != std::string::npos);
  CHECK(last_fault(program) == "");
}
