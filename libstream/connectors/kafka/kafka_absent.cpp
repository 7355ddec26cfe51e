// Stands in for kafka_connector.cpp where the client library is left out.
#include <libstream/connectors/kafka/kafka_connector.hpp>

namespace stream {

std::string_view kafka_absence() {
  return "kafka is left out of this build, which was configured without librdkafka (Debian: "
         "librdkafka-dev) or with STREAM_KAFKA=OFF; install it and configure again";
}

Result<std::shared_ptr<const Source>> make_kafka_source(OptionMap, bool) {
  return bad_option(std::string(kafka_absence()));
}

Result<std::shared_ptr<const Source>> make_typed_kafka_source(OptionMap, const Schema&) {
  return bad_option(std::string(kafka_absence()));
}

Result<std::shared_ptr<const Sink>> make_kafka_sink(OptionMap, bool) {
  return bad_option(std::string(kafka_absence()));
}

}  // namespace stream
