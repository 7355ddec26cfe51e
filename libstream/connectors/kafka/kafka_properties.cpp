#include <libstream/base/ascii.hpp>
#include <libstream/connectors/kafka/kafka_properties.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace stream {
namespace {

constexpr std::string_view kPrefix = "kafka.";

struct Advice {
  std::string_view property;
  std::string_view text;
};

constexpr std::array kDecidedForConsumers{
    Advice{
        "auto.offset.reset",
        "Kafka option 'auto.offset.reset' is not supported.\n"
        "Instead set the source option 'startingoffsets' to 'earliest' or 'latest'\n"
        "to specify where to start. Structured Streaming manages which offsets are consumed\n"
        "internally, rather than relying on the kafkaConsumer to do it. This will ensure that "
        "no\n"
        "data is missed when new topics/partitions are dynamically subscribed. Note that\n"
        "'startingoffsets' only applies when a new Streaming query is started, and\n"
        "that resuming will always pick up from where the query left off. See the docs for more\n"
        "details."},
    Advice{"key.deserializer",
           "Kafka option 'key.deserializer' is not supported as keys are deserialized as byte "
           "arrays with ByteArrayDeserializer. Use DataFrame operations to explicitly deserialize "
           "the keys."},
    Advice{"value.deserializer",
           "Kafka option 'value.deserializer' is not supported as values are deserialized as byte "
           "arrays with ByteArrayDeserializer. Use DataFrame operations to explicitly deserialize "
           "the values."},
    Advice{"enable.auto.commit", "Kafka option 'enable.auto.commit' is not supported"},
    Advice{"interceptor.classes", "Kafka option 'interceptor.classes' is not supported"},
    Advice{"enable.auto.offset.store", "Kafka option 'enable.auto.offset.store' is not supported"},
    Advice{"enable.partition.eof", "Kafka option 'enable.partition.eof' is not supported"},
};

constexpr std::array kDecidedForProducers{
    Advice{"key.serializer",
           "Kafka option 'key.serializer' is not supported as keys are serialized with "
           "ByteArraySerializer."},
    Advice{"value.serializer",
           "Kafka option 'value.serializer' is not supported as values are serialized with "
           "ByteArraySerializer."},
    Advice{"transactional.id",
           "Kafka option 'transactional.id' is not supported: the sink derives it from the query, "
           "so that a restarted query fences its predecessor; set delivery to 'exactly_once'"},
    Advice{"enable.gapless.guarantee", "Kafka option 'enable.gapless.guarantee' is not supported"},
};

// Names of Java's client that mean something else here.
constexpr std::array kJavaOnly{
    Advice{"sasl.jaas.config", "give kafka.sasl.username and kafka.sasl.password"},
    Advice{"sasl.client.callback.handler.class",
           "give kafka.sasl.username and kafka.sasl.password"},
    Advice{"ssl.truststore.location", "give kafka.ssl.ca.location, a file of PEM certificates"},
    Advice{"ssl.truststore.password", "give kafka.ssl.ca.location, a file of PEM certificates"},
    Advice{"ssl.truststore.type", "give kafka.ssl.ca.location, a file of PEM certificates"},
    Advice{"ssl.truststore.certificates", "give kafka.ssl.ca.pem"},
    Advice{"ssl.keystore.type",
           "a key store is PKCS#12; for PEM give kafka.ssl.certificate.location and "
           "kafka.ssl.key.location"},
    Advice{"max.poll.records", "give maxOffsetsPerTrigger to bound an epoch"},
    Advice{"buffer.memory", "give kafka.queue.buffering.max.kbytes"},
    Advice{"metrics.recording.level", "leave it out"},
};

// Java's names of the client's properties.
constexpr std::array kRenamed{
    Advice{"fetch.max.wait.ms", "fetch.wait.max.ms"},
    Advice{"max.in.flight.requests.per.connection", "max.in.flight"},
    Advice{"receive.buffer.bytes", "socket.receive.buffer.bytes"},
    Advice{"send.buffer.bytes", "socket.send.buffer.bytes"},
};

template <class Table>
std::string_view find_text(const Table& table, std::string_view property) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const Advice& a) { return a.property == property; });
  return found == table.end() ? std::string_view() : found->text;
}

Result<void> take_one(const std::string& property, const std::string& value, KafkaRole role,
                      KafkaProperties& taken) {
  const bool is_consumer = role == KafkaRole::consumer;
  const std::string_view decided = is_consumer ? find_text(kDecidedForConsumers, property)
                                               : find_text(kDecidedForProducers, property);
  if (!decided.empty()) return bad_option(std::string(decided));
  if (const std::string_view advice = find_text(kJavaOnly, property); !advice.empty())
    return bad_option(fmt::format("kafka.{} belongs to Java's client: {}", property, advice));
  if (property == (is_consumer ? "default.api.timeout.ms" : "max.block.ms")) {
    const auto millis = option_integer(value);
    if (!millis || *millis <= 0)
      return bad_option(
          fmt::format("kafka.{}: '{}' is no number of milliseconds above 0", property, value));
    taken.request_timeout = Duration(*millis);
    return {};
  }
  const std::string_view renamed = find_text(kRenamed, property);
  taken.values[renamed.empty() ? property : std::string(renamed)] = value;
  return {};
}

}  // namespace

std::string_view KafkaProperties::value(std::string_view name) const {
  const auto found = values.find(std::string(name));
  return found == values.end() ? std::string_view() : std::string_view(found->second);
}

bool is_kafka_secret(std::string_view property) {
  constexpr std::array kWords{"password", "secret", "jaas", "token", ".pem", "oauthbearer.config"};
  return std::any_of(kWords.begin(), kWords.end(), [&](const char* word) {
    return property.find(word) != std::string_view::npos;
  });
}

Result<KafkaProperties> take_kafka_properties(OptionMap& options, KafkaRole role) {
  KafkaProperties taken;
  std::vector<Error> errors;
  for (auto option = options.begin(); option != options.end();) {
    const std::string name = ascii_lower(option->first);
    if (!name.starts_with(kPrefix)) {
      ++option;
      continue;
    }
    if (auto one = take_one(name.substr(kPrefix.size()), option->second, role, taken); !one)
      errors.push_back(std::move(one).error());
    option = options.erase(option);
  }
  if (taken.servers().empty())
    errors.push_back(
        bad_option(fmt::format("Option 'kafka.bootstrap.servers' must be specified for configuring "
                               "Kafka {}",
                               role == KafkaRole::consumer ? "consumer" : "producer")));
  if (errors.empty()) return taken;
  return join_errors(errors);
}

}  // namespace stream
