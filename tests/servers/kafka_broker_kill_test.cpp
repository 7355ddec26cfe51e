#include <tests/kit/catch.hpp>
#include <tests/servers/server_script.hpp>
#include <tests/servers/window_program.hpp>

#include <csignal>
#include <iostream>

using namespace stream::testing;

namespace {

/// Runs the program while `harm` is done to its brokers again and again.
template <class Harm>
void run_harmed(const std::string& brokers, int copies, int times, std::uint64_t seed, Harm harm) {
  WindowProgram program(brokers, seed, copies);
  std::mt19937_64 random(seed + 1);
  std::unique_ptr<ChildProcess> child;
  int restarts = 0;
  for (int round = 0; round < times; ++round) {
    if (!child || !child->is_running()) {
      restarts += child ? 1 : 0;
      child = program.start();
    }
    for (int i = 0; i < 8; ++i) {
      program.add_readings();
      sleep_millis(static_cast<int>(50 + random() % 100));
    }
    harm(round, program);
    for (int i = 0; i < 5; ++i) {
      program.add_readings();
      sleep_millis(100);
    }
  }
  const std::size_t before = program.written().size();
  for (int i = 0; i < 600 && program.written().size() <= before; ++i) {
    if (!child->is_running()) child = program.start();
    program.add_readings();
    sleep_millis(100);
  }
  CHECK(program.written().size() > before);
  child->signal(SIGKILL);
  child->wait();
  program.close_windows();
  const ChildResult last = program.run_to_end();
  INFO(last.output);
  REQUIRE(last.exit_code == 0);
  CHECK(program.written() == program.expected());
  std::cout << "  " << times << " faults, " << restarts << " restarts of the program, "
            << program.expected().size() << " windows\n";
}

}  // namespace

TEST_CASE("a broker that is killed and started again loses and doubles no window") {
  ServerScript kafka("kafka");
  const std::uint64_t seed = test_seed("servers_kafka_brokers");
  run_harmed(kafka.variable("STREAM_TEST_KAFKA"), 1, rounds(5, 20), seed,
             [&](int, WindowProgram& program) {
               kafka.run("kill-node 1");
               sleep_millis(300);
               kafka.run("start-node 1");
               program.add_readings();
             });
}

TEST_CASE("a broker that answers slowly loses and doubles no window") {
  ServerScript kafka("kafka");
  const std::uint64_t seed = test_seed("servers_kafka_brokers");
  run_harmed(kafka.variable("STREAM_TEST_KAFKA"), 1, rounds(2, 10), seed,
             [&](int, WindowProgram& program) {
               for (int i = 0; i < 5; ++i) {
                 kafka.run("pause-node 1");
                 sleep_millis(700);
                 kafka.run("resume-node 1");
                 program.add_readings();
               }
             });
}

TEST_CASE("leaders that change among three brokers lose and double no window") {
  ServerScript kafka("kafka", "3");
  const std::uint64_t seed = test_seed("servers_kafka_brokers");
  run_harmed(kafka.variable("STREAM_TEST_KAFKA"), 3, rounds(2, 10), seed,
             [&](int round, WindowProgram& program) {
               const std::string node = std::to_string(1 + round % 3);
               kafka.run("kill-node " + node);
               for (int i = 0; i < 50; ++i) {
                 program.add_readings(50);
                 sleep_millis(100);
               }
               kafka.run("start-node " + node);
             });
}
