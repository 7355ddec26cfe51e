#include <libstream/connectors/kafka/kafka_errors.hpp>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <array>

namespace stream {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// "2.0.2" before "2.6.1": the library's versions have numbers of one digit or two.
bool is_before(std::string_view version, int major, int minor, int patch) {
  std::array<int, 3> numbers{};
  std::size_t part = 0;
  for (const char c : version) {
    if (c == '.') {
      if (++part == numbers.size()) break;
    } else if (c >= '0' && c <= '9') {
      numbers[part] = numbers[part] * 10 + (c - '0');
    } else {
      break;
    }
  }
  return numbers < std::array<int, 3>{major, minor, patch};
}

}  // namespace

ErrorClass kafka_error_class(int code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      return ErrorClass::bad_option;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED:
      return ErrorClass::fatal;
    default:
      return ErrorClass::transient;
  }
}

bool is_kafka_refusal(int code) {
  return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
         code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
         code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED ||
         code == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
}

bool is_hopeless_connection(int code, std::string_view text) {
  if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR__SSL) return true;
  return code == RD_KAFKA_RESP_ERR__TRANSPORT && contains(text, "connecting to a SSL listener");
}

std::string kafka_advice(int code, std::string_view text, const KafkaProperties& properties,
                         std::string_view client_version) {
  const bool is_scram = properties.value("sasl.mechanism").starts_with("SCRAM") ||
                        properties.value("sasl.mechanisms").starts_with("SCRAM");
  if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION && is_scram && is_before(client_version, 2, 6, 1))
    return fmt::format(
        "check kafka.sasl.username and kafka.sasl.password; if they are right: librdkafka {} "
        "cannot "
        "log in by SCRAM to brokers of version 4 (2.6.1 can): use kafka.sasl.mechanism=PLAIN over "
        "TLS, or a newer librdkafka",
        client_version);
  switch (code) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
      return "check kafka.sasl.mechanism, kafka.sasl.username and kafka.sasl.password";
    case RD_KAFKA_RESP_ERR__SSL:
      if (contains(text, "non-SSL listener") || contains(text, "wrong version number") ||
          contains(text, "unexpected eof"))
        return "this port seems to speak plain text: check the port in kafka.bootstrap.servers and "
               "kafka.security.protocol";
      return "check kafka.security.protocol, kafka.ssl.ca.location and, for clients that must show "
             "one, kafka.ssl.certificate.location";
    case RD_KAFKA_RESP_ERR__RESOLVE:
      return "check the host names in kafka.bootstrap.servers";
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return "ask for the right on the broker (an ACL) for the user of kafka.sasl.username";
    default:
      break;
  }
  if (contains(text, "SSL listener"))
    return "this port speaks TLS: set kafka.security.protocol to SSL or SASL_SSL, or check the "
           "port "
           "in kafka.bootstrap.servers";
  if (code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
      code == RD_KAFKA_RESP_ERR__TIMED_OUT)
    return "check kafka.bootstrap.servers and that the broker runs";
  return {};
}

}  // namespace stream
