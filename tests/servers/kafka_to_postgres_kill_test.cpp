// Readings from a topic, windows in a table, exactly once, while each of the three is killed.
#include <tests/kit/catch.hpp>
#include <tests/servers/server_script.hpp>
#include <tests/servers/window_faults.hpp>

using namespace stream::testing;

TEST_CASE("windows in a table are neither lost nor doubled when the program is killed") {
  const std::uint64_t seed = test_seed("servers_kafka_postgres");
  WindowProgram program(server_variable("STREAM_TEST_KAFKA"),
                        table_output(server_variable("STREAM_TEST_POSTGRES")), seed);
  kill_often(program, seed, rounds(5, 100));
  CHECK(last_fault(program) == "");
  CHECK(program.num_poisoned() > 0);
}

TEST_CASE("the first new rows of a table come soon after a killed program is started again") {
  const std::uint64_t seed = test_seed("servers_kafka_postgres");
  WindowProgram program(server_variable("STREAM_TEST_KAFKA"),
                        table_output(server_variable("STREAM_TEST_POSTGRES")), seed);
  const auto millis = recovery_millis(program, rounds(3, 10));
  CHECK(millis[millis.size() / 2] <= 2000);
  CHECK(last_fault(program) == "");
}

TEST_CASE("a broker that is killed under a program that fills a table costs no window") {
  ServerScript kafka("kafka");
  const std::uint64_t seed = test_seed("servers_kafka_postgres");
  WindowProgram program(kafka.variable("STREAM_TEST_KAFKA"),
                        table_output(server_variable("STREAM_TEST_POSTGRES")), seed);
  run_harmed(program, seed, rounds(5, 20), [&](int) {
    kafka.run("kill-node 1");
    sleep_millis(300);
    kafka.run("start-node 1");
  });
  CHECK(last_fault(program) == "");
}

TEST_CASE("a database that loses its power under a program that fills a table costs no window") {
  ServerScript postgres("postgres", "durable");
  const std::uint64_t seed = test_seed("servers_kafka_postgres");
  WindowProgram program(server_variable("STREAM_TEST_KAFKA"),
                        table_output(postgres.variable("STREAM_TEST_POSTGRES")), seed);
  run_harmed(program, seed, rounds(5, 20), [&](int) { postgres.run("restart"); });
  CHECK(last_fault(program) == "");
}

TEST_CASE("leaders that change under a program that fills a table cost no window") {
  ServerScript kafka("kafka", "3");
  const std::uint64_t seed = test_seed("servers_kafka_postgres");
  WindowProgram program(kafka.variable("STREAM_TEST_KAFKA"),
                        table_output(server_variable("STREAM_TEST_POSTGRES")), seed, 3);
  run_harmed(program, seed, rounds(2, 10), [&](int round) {
    const std::string node = std::to_string(1 + round % 3);
    kafka.run("kill-node " + node);
    for (int i = 0; i < 30; ++i) {
      program.add_readings(50);
      sleep_millis(100);
    }
    kafka.run("start-node " + node);
  });
  CHECK(last_fault(program) == "");
}
