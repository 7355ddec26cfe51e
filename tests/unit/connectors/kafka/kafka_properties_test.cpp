#include <libstream/connectors/kafka/kafka_properties.hpp>
#include <tests/kit/catch.hpp>

namespace stream {
namespace {

std::string refusal(OptionMap options, KafkaRole role = KafkaRole::consumer) {
  auto taken = take_kafka_properties(options, role);
  REQUIRE_FALSE(taken);
  CHECK(taken.error().error_class() == ErrorClass::bad_option);
  return taken.error().message();
}

TEST_CASE("kafka options lose their prefix and the others stay") {
  OptionMap options = {{"kafka.bootstrap.servers", "localhost:9092"},
                       {"Kafka.Fetch.Max.Wait.Ms", "7"},
                       {"subscribe", "t"}};
  const auto taken = take_kafka_properties(options, KafkaRole::consumer);
  REQUIRE(taken);
  CHECK(taken->servers() == "localhost:9092");
  CHECK(taken->value("fetch.wait.max.ms") == "7");
  CHECK(options == OptionMap{{"subscribe", "t"}});
}

TEST_CASE("the request time-out is taken by the name that Java's client has for it") {
  OptionMap options = {{"kafka.bootstrap.servers", "b"}, {"kafka.default.api.timeout.ms", "1500"}};
  const auto taken = take_kafka_properties(options, KafkaRole::consumer);
  REQUIRE(taken);
  CHECK(taken->request_timeout == Duration(1500));
  CHECK(refusal({{"kafka.bootstrap.servers", "b"}, {"kafka.default.api.timeout.ms", "soon"}})
            .find("kafka.default.api.timeout.ms: 'soon'") != std::string::npos);
}

TEST_CASE("what the engine decides about a consumer is refused with the reason") {
  const OptionMap servers = {{"kafka.bootstrap.servers", "b"}};
  const auto with = [&](const std::string& name) {
    OptionMap options = servers;
    options.emplace(name, "none");
    return refusal(options);
  };
  CHECK(with("kafka.auto.offset.reset").find("Instead set the source option 'startingoffsets'") !=
        std::string::npos);
  CHECK(with("kafka.enable.auto.commit") == "Kafka option 'enable.auto.commit' is not supported");
  CHECK(with("kafka.KEY.deserializer").find("keys are deserialized") != std::string::npos);
  CHECK(with("kafka.value.deserializer").find("values are deserialized") != std::string::npos);
  CHECK(with("kafka.sasl.jaas.config").find("kafka.sasl.username") != std::string::npos);
}

TEST_CASE("all wrong kafka options are told at once, and a missing broker") {
  const std::string text =
      refusal({{"kafka.auto.offset.reset", "latest"}, {"kafka.interceptor.classes", "x"}});
  CHECK(text.find("auto.offset.reset") != std::string::npos);
  CHECK(text.find("interceptor.classes") != std::string::npos);
  CHECK(text.find("Option 'kafka.bootstrap.servers' must be specified for configuring Kafka "
                  "consumer") != std::string::npos);
  CHECK(refusal({}, KafkaRole::producer).find("Kafka producer") != std::string::npos);
}

TEST_CASE("passwords and keys are secrets, names and places are not") {
  for (const char* name : {"sasl.password", "ssl.key.password", "ssl.key.pem", "sasl.jaas.config",
                           "sasl.oauthbearer.client.secret", "ssl.keystore.password"})
    CHECK(is_kafka_secret(name));
  for (const char* name : {"sasl.username", "ssl.ca.location", "bootstrap.servers"})
    CHECK_FALSE(is_kafka_secret(name));
}

}  // namespace
}  // namespace stream
