#include <tests/kit/catch.hpp>
#include <tests/servers/server_script.hpp>
#include <tests/servers/window_program.hpp>

#include <algorithm>
#include <csignal>
#include <iostream>

using namespace stream::testing;

namespace {

/// Ends the run: closes all windows, lets the program read to the end and compares the topic with
/// what must be in it, each row as often as it must be.
void check_result(WindowProgram& program, const std::string& more = "") {
  program.close_windows();
  const ChildResult last = program.run_to_end(more);
  INFO(last.output);
  REQUIRE(last.exit_code == 0);
  const auto expected = program.expected();
  REQUIRE(expected.size() > 5);
  CHECK(program.written() == expected);
  const ChildResult verified =
      run_program("streamctl", {"checkpoint", "verify", program.checkpoint() + "/totals"});
  INFO(verified.output);
  CHECK(verified.exit_code == 0);
}

void require_running(ChildProcess& child) {
  if (!child.is_running()) FAIL("the program ended by itself: " << child.wait().output);
}

/// Feeds the program until the topic has rows that it did not have; milliseconds it took.
std::int64_t wait_for_rows(WindowProgram& program, ChildProcess& child, std::size_t before) {
  const std::int64_t began = steady_millis();
  while (program.written().size() <= before) {
    require_running(child);
    program.add_readings(100);
    sleep_millis(20);
    if (steady_millis() - began > 60'000) FAIL("no new row within a minute");
  }
  return steady_millis() - began;
}

}  // namespace

TEST_CASE("windows in a topic are neither lost nor doubled when the program is killed") {
  const std::string brokers = server_variable("STREAM_TEST_KAFKA");
  const std::uint64_t seed = test_seed("servers_kafka_sink");
  std::mt19937_64 random(seed);
  WindowProgram program(brokers, seed);
  std::map<std::string, int> phases;
  const int wanted = rounds(5, 100);
  int kills = 0;
  for (; kills < wanted || (phases.size() < 3 && kills < 20 * wanted); ++kills) {
    program.add_readings();
    const auto child = program.start();
    // Starting takes about 300 ms; then epochs run as long as there is input.
    const int slices = static_cast<int>(random() % 12);
    for (int i = 0; i < 6 + slices; ++i) {
      sleep_millis(static_cast<int>(30 + random() % 60));
      program.add_readings();
    }
    require_running(*child);
    child->signal(SIGKILL);
    REQUIRE(child->wait().exit_code == 128 + SIGKILL);
    ++phases[program.phase_left()];
  }
  for (const auto& [phase, count] : phases)
    std::cout << "  killed " << phase << ": " << count << "\n";
  CHECK(phases["offsets written, running"] > 0);
  check_result(program);
  std::cout << "  " << kills << " kills with parallelism " << program.parallelism() << ": "
            << program.expected().size() << " windows of " << program.num_poisoned()
            << " poisoned records and more, 0 lost, 0 doubled\n";
  CHECK(program.num_poisoned() > 0);
}

TEST_CASE("the first new rows come soon after a killed program is started again") {
  const std::string brokers = server_variable("STREAM_TEST_KAFKA");
  const std::uint64_t seed = test_seed("servers_kafka_sink");
  WindowProgram program(brokers, seed);
  auto child = program.start();
  wait_for_rows(program, *child, 0);
  std::vector<std::int64_t> times;
  for (int round = 0; round < rounds(3, 10); ++round) {
    child->signal(SIGKILL);
    child->wait();
    const std::size_t before = program.written().size();
    child = program.start();
    times.push_back(wait_for_rows(program, *child, before));
  }
  child->signal(SIGKILL);
  child->wait();
  std::sort(times.begin(), times.end());
  std::cout << "  first new rows after " << times.front() << " to " << times.back() << " ms\n";
  CHECK(times[times.size() / 2] <= 2000);
  check_result(program);
}

TEST_CASE("a stopped program that was replaced can no longer write when it goes on") {
  const std::string brokers = server_variable("STREAM_TEST_KAFKA");
  const std::uint64_t seed = test_seed("servers_kafka_sink");
  WindowProgram program(brokers, seed);
  const std::string first = program.checkpoint();
  auto zombie = program.start();
  wait_for_rows(program, *zombie, 0);
  program.add_readings(5000);
  // Stopped within an epoch, so that it holds a transaction when it wakes up, in most runs.
  for (int i = 0; i < 400 && program.phase_left() == "between epochs"; ++i) sleep_millis(2);
  zombie->signal(SIGSTOP);
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
  check_result(program);
}

TEST_CASE("a transaction that the broker gave up costs no row") {
  const std::string brokers = server_variable("STREAM_TEST_KAFKA");
  const std::uint64_t seed = test_seed("servers_kafka_sink");
  const std::string more =
      ", 'kafka.transaction.timeout.ms' '1500', 'kafka.message.timeout.ms' '1500'";
  WindowProgram program(brokers, seed);
  int in_an_epoch = 0;
  for (int round = 0; round < rounds(3, 10); ++round) {
    auto child = program.start("20ms", more);
    wait_for_rows(program, *child, program.written().size());
    program.add_readings(5000);
    for (int i = 0; i < 400 && program.phase_left() == "between epochs"; ++i) sleep_millis(2);
    child->signal(SIGSTOP);
    if (program.phase_left() == "offsets written, running") ++in_an_epoch;
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
  CHECK(in_an_epoch > 0);
  std::cout << "  " << in_an_epoch << " transactions timed out\n";
  check_result(program);
}

TEST_CASE("a full disk under the checkpoint ends the program and costs no row") {
  const std::string brokers = server_variable("STREAM_TEST_KAFKA");
  const std::uint64_t seed = test_seed("servers_kafka_sink");
  WindowProgram program(brokers, seed);
  program.add_readings();
  // The shell's limit is the disk's end for each file: writes beyond it fail with an error.
  std::string command =
      "trap '' XFSZ; ulimit -f 4; exec '" + std::string(STREAM_BIN) + "/streamctl'";
  for (const std::string& argument : program.arguments("20ms", ""))
    command += " '" + argument + "'";
  ChildProcess child("/bin/sh", {"-c", command});
  for (int i = 0; i < 300 && child.is_running(); ++i) {
    program.add_readings();
    sleep_millis(50);
  }
  const ChildResult ended = child.wait(1);
  INFO(ended.output);
  CHECK(ended.exit_code == 1);
  CHECK(ended.output.find(program.checkpoint()) != std::string::npos);
  check_result(program);
}
