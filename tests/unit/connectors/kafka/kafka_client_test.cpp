#include <libstream/connectors/kafka/kafka_client.hpp>
#include <libstream/connectors/kafka/kafka_errors.hpp>
#include <tests/kit/catch.hpp>

#include <librdkafka/rdkafka.h>

namespace stream {
namespace {

KafkaProperties properties_of(std::map<std::string, std::string> values) {
  KafkaProperties properties;
  properties.values = std::move(values);
  properties.request_timeout = Duration(700);
  return properties;
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

TEST_CASE("a client reaches a broker of the library's own mock cluster") {
  auto client =
      KafkaClient::make(KafkaRole::consumer, properties_of({{"test.mock.num.brokers", "1"}}), {});
  REQUIRE(client);
  CHECK((*client)->connect());
}

TEST_CASE("where nobody listens, connecting ends in time with the broker and the option named") {
  auto client = KafkaClient::make(KafkaRole::consumer,
                                  properties_of({{"bootstrap.servers", "127.0.0.1:1"}}), {});
  REQUIRE(client);
  const auto connected = (*client)->connect();
  REQUIRE_FALSE(connected);
  CHECK(connected.error().error_class() == ErrorClass::transient);
  INFO(connected.error().message());
  CHECK(has(connected.error().message(), "127.0.0.1:1"));
  CHECK(has(connected.error().message(), "within 700 ms"));
  CHECK(has(connected.error().message(), "Connection refused"));
  CHECK(has(connected.error().message(), "check kafka.bootstrap.servers"));
}

TEST_CASE("unknown properties and refused values are all told, secrets without their value") {
  auto client = KafkaClient::make(KafkaRole::consumer,
                                  properties_of({{"bootstrap.servers", "b"},
                                                 {"fetch.min.bites", "1"},
                                                 {"security.protocol", "MAGIC"},
                                                 {"ssl.key.password", "hunter2"},
                                                 {"socket.timeout.ms", "many"}}),
                                  {});
  REQUIRE_FALSE(client);
  const std::string& text = client.error().message();
  INFO(text);
  CHECK(client.error().error_class() == ErrorClass::bad_option);
  CHECK(has(text, "kafka.fetch.min.bites: librdkafka"));
  CHECK(has(text, "kafka.security.protocol: 'MAGIC' is refused"));
  CHECK(has(text, "kafka.socket.timeout.ms"));
  CHECK_FALSE(has(text, "hunter2"));
}

TEST_CASE("a role's defaults give way to the user, what it decides does not") {
  auto client = KafkaClient::make(
      KafkaRole::consumer, properties_of({{"fetch.wait.max.ms", "77"}, {"check.crcs", "false"}}),
      {.defaults = {{"fetch.wait.max.ms", "5"}}, .decided = {{"check.crcs", "true"}}});
  REQUIRE(client);
  const auto setting = [&](const char* name) {
    std::array<char, 64> value{};
    std::size_t size = value.size();
    REQUIRE(rd_kafka_conf_get(rd_kafka_conf((*client)->get()), name, value.data(), &size) ==
            RD_KAFKA_CONF_OK);
    return std::string(value.data());
  };
  CHECK(setting("fetch.wait.max.ms") == "77");
  CHECK(setting("check.crcs") == "true");
}

TEST_CASE("a failed SCRAM login names the case that old clients cannot do") {
  const KafkaProperties scram = properties_of({{"sasl.mechanism", "SCRAM-SHA-256"}});
  const int code = RD_KAFKA_RESP_ERR__AUTHENTICATION;
  CHECK(has(kafka_advice(code, "", scram, "2.0.2"),
            "cannot log in by SCRAM to brokers of version 4"));
  CHECK_FALSE(has(kafka_advice(code, "", scram, "2.6.1"), "version 4"));
  CHECK_FALSE(has(kafka_advice(code, "", scram, "2.10.0"), "version 4"));
  CHECK_FALSE(has(kafka_advice(code, "", properties_of({{"sasl.mechanism", "PLAIN"}}), "2.0.2"),
                  "version 4"));
}

TEST_CASE("a wrong password ends the waiting, a lost connection does not") {
  CHECK(is_hopeless_connection(RD_KAFKA_RESP_ERR__AUTHENTICATION, ""));
  CHECK(is_hopeless_connection(RD_KAFKA_RESP_ERR__SSL, ""));
  CHECK(is_hopeless_connection(RD_KAFKA_RESP_ERR__TRANSPORT,
                               "might be caused by incorrect security.protocol configuration "
                               "(connecting to a SSL listener?)"));
  CHECK_FALSE(is_hopeless_connection(RD_KAFKA_RESP_ERR__TRANSPORT, "Connection refused"));
}

}  // namespace
}  // namespace stream
