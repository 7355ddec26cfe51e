// Failures of the client library as our errors: which class, and what to do about it. Pure; any
// thread.
#pragma once

#include <libstream/base/error.hpp>
#include <libstream/connectors/kafka/kafka_properties.hpp>

#include <string_view>

namespace stream {

/// What a code of the library means to a query.
ErrorClass kafka_error_class(int code);

/// True where the broker denies the right to do it: trying again changes nothing.
bool is_kafka_refusal(int code);

/// True for failures of a connection that trying again cannot mend: a wrong password, TLS against
/// plain text.
bool is_hopeless_connection(int code, std::string_view text);

/// The sentence that names the options behind the failure, or "". Knows that librdkafka
/// before 2.6.1 cannot log in by SCRAM to brokers of version 4.
std::string kafka_advice(int code, std::string_view text, const KafkaProperties& properties,
                         std::string_view client_version);

}  // namespace stream
