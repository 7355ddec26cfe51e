// How brokers are reached: by TLS and passwords, and over a bad line.
#include <libstream/api/session.hpp>
#include <libstream/api/writer.hpp>
#include <libstream/execution/local_runner.hpp>
#include <tests/kit/catch.hpp>
#include <tests/servers/server_script.hpp>
#include <tests/servers/slow_proxy.hpp>
#include <tests/servers/window_faults.hpp>

#include <iostream>

using namespace stream;
using namespace stream::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A broker with a door for TLS and passwords, and a topic with one value.
struct SecureBroker {
  ServerScript kafka{"kafka", "secure"};
  std::string open = kafka.variable("STREAM_TEST_KAFKA");
  std::string secure = kafka.variable("STREAM_TEST_KAFKA_SECURE");
  std::string authority = kafka.variable("STREAM_TEST_KAFKA_CA");

  SecureBroker() {
    create_topic(open, "guarded", 1);
    write_topic(open, "guarded", {{"k", "v"}});
  }

  OptionMap options(OptionMap more) const {
    more.emplace("kafka.bootstrap.servers", secure);
    more.emplace("kafka.security.protocol", "SASL_SSL");
    more.emplace("kafka.ssl.ca.location", authority);
    more.emplace("kafka.sasl.mechanism", "PLAIN");
    more.emplace("kafka.sasl.username", "admin");
    more.emplace("kafka.sasl.password", "admin-password");
    return more;
  }
};

/// What reading the topic gives: its values, or the error.
std::string read_guarded(const OptionMap& options) {
  Session session(local_runner());
  try {
    auto reader = session.read().format("kafka").option("subscribe", "guarded");
    for (const auto& [name, value] : options) reader.option(name, value);
    std::string values;
    for (const auto& row : reader.load().select_expr({"CAST(value AS STRING)"}).collect())
      values += row.at(0).as<std::string>();
    return values;
  } catch (const std::exception& error) {
    return error.what();
  }
}

/// What writing a row gives: "written", or the error.
std::string write_guarded(const OptionMap& options) {
  Session session(local_runner());
  try {
    auto writer = session.sql("SELECT 'w' AS value").write().format("kafka");
    writer.option("topic", "guarded");
    for (const auto& [name, value] : options) writer.option(name, value);
    writer.mode("append").save();
    return "written";
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("a broker behind TLS and passwords is read and written") {
  const SecureBroker broker;
  CHECK(read_guarded(broker.options({})) == "v");
  CHECK(write_guarded(broker.options({})) == "written");
  CHECK(read_guarded(broker.options({})) == "vw");
}

TEST_CASE("who may not come in is told why and what to change, in time, without a secret") {
  const SecureBroker broker;
  const auto refused = [&](OptionMap more, const std::string& reason, const std::string& option) {
    const std::int64_t began = steady_millis();
    more.emplace("kafka.default.api.timeout.ms", "5000");
    const OptionMap options = broker.options(std::move(more));
    const std::string text = read_guarded(options);
    INFO(text);
    CHECK_THAT(text, ContainsSubstring(reason) && ContainsSubstring(option));
    CHECK_THAT(text, !ContainsSubstring("hush") && !ContainsSubstring("-password"));
    CHECK(steady_millis() - began < 8000);
  };
  refused({{"kafka.sasl.password", "hush"}}, "Invalid username or password", "kafka.sasl.");
  refused({{"kafka.sasl.username", "reader"}, {"kafka.sasl.password", "reader-password"}},
          "uthoriz", "guarded");
  refused({{"kafka.ssl.ca.location", "/etc/ssl/certs/ca-certificates.crt"}}, "certificate",
          "kafka.ssl.ca.location");
  refused({{"kafka.ssl.ca.location", "/nowhere/ca.pem"}}, "/nowhere/ca.pem", "ssl.ca.location");
  refused({{"kafka.security.protocol", "PLAINTEXT"}}, broker.secure, "kafka.security.protocol");
  refused({{"kafka.bootstrap.servers", broker.open}}, broker.open, "kafka.security.protocol");
  const std::string denied = write_guarded(broker.options(
      {{"kafka.sasl.username", "reader"}, {"kafka.sasl.password", "reader-password"}}));
  INFO(denied);
  CHECK_THAT(denied, ContainsSubstring("uthoriz") && ContainsSubstring("kafka.sasl.username") &&
                         !ContainsSubstring("failures"));
}

TEST_CASE("a line that takes 200 kB a second loses and doubles no window") {
  SlowProxy line(200'000);
  ServerScript kafka("kafka", "behind " + std::to_string(line.port()));
  const std::string brokers = kafka.variable("STREAM_TEST_KAFKA");
  line.set_target(std::stoi(brokers.substr(brokers.find(':') + 1)));
  const std::string by_line = "127.0.0.1:" + std::to_string(line.port());
  const std::uint64_t seed = test_seed("servers_kafka_access");
  WindowProgram program(by_line, topic_output(by_line), seed);
  run_harmed(program, seed, rounds(3, 20), [&](int) { program.add_readings(1000); });
  CHECK(last_fault(program) == "");
  std::cout << "  " << line.num_bytes() << " bytes by the slow line\n";
  CHECK(line.num_bytes() > 300'000);
}
