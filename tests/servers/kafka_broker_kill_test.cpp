#include <tests/kit/catch.hpp>
#include <tests/servers/server_script.hpp>
#include <tests/servers/window_faults.hpp>

using namespace stream::testing;

TEST_CASE("a broker that is killed and started again loses and doubles no window") {
  ServerScript kafka("kafka");
  const std::uint64_t seed = test_seed("servers_kafka_brokers");
  const std::string brokers = kafka.variable("STREAM_TEST_KAFKA");
  WindowProgram program(brokers, topic_output(brokers), seed);
  run_harmed(program, seed, rounds(5, 20), [&](int) {
    kafka.run("kill-node 1");
    sleep_millis(300);
    kafka.run("start-node 1");
    program.add_readings();
  });
  CHECK(last_fault(program) == "");
}

TEST_CASE("a broker that answers slowly loses and doubles no window") {
  ServerScript kafka("kafka");
  const std::uint64_t seed = test_seed("servers_kafka_brokers");
  const std::string brokers = kafka.variable("STREAM_TEST_KAFKA");
  WindowProgram program(brokers, topic_output(brokers), seed);
  run_harmed(program, seed, rounds(2, 10), [&](int) {
    for (int i = 0; i < 5; ++i) {
      kafka.run("pause-node 1");
      sleep_millis(700);
      kafka.run("resume-node 1");
      program.add_readings();
    }
  });
  CHECK(last_fault(program) == "");
}

TEST_CASE("leaders that change among three brokers lose and double no window") {
  ServerScript kafka("kafka", "3");
  const std::uint64_t seed = test_seed("servers_kafka_brokers");
  const std::string brokers = kafka.variable("STREAM_TEST_KAFKA");
  WindowProgram program(brokers, topic_output(brokers, 3), seed, 3);
  run_harmed(program, seed, rounds(2, 10), [&](int round) {
    const std::string node = std::to_string(1 + round % 3);
    kafka.run("kill-node " + node);
    for (int i = 0; i < 50; ++i) {
      program.add_readings(50);
      sleep_millis(100);
    }
    kafka.run("start-node " + node);
  });
  CHECK(last_fault(program) == "");
}
