// The Kafka sink's options beside `kafka.*`, and Spark's checks of the rows' columns. Pure; on the
// thread that builds the plan.
#pragma once

#include <libstream/connectors/kafka/kafka_properties.hpp>
#include <libstream/data/schema.hpp>

#include <optional>
#include <string>
#include <vector>

namespace stream {

enum class KafkaDelivery { exactly_once, at_least_once };

struct KafkaSinkOptions {
  std::string topic;  ///< wins over the column; "" where each row names its own
  bool writes_headers = true;
  std::optional<KafkaDelivery> delivery;
  KafkaProperties properties;
};

/// Takes all options; refuses unknown names and contradictions, all at once.
Result<KafkaSinkOptions> parse_kafka_sink_options(OptionMap options);
std::vector<OptionText> kafka_sink_option_texts();

/// Where the columns that matter lie in a row; others are not written.
struct KafkaSinkColumns {
  std::size_t value = 0;
  std::optional<std::size_t> key, topic, partition, headers;
};

/// Spark's errors where a column is missing or of a type that cannot be written.
Result<KafkaSinkColumns> find_kafka_columns(const Schema& schema, const KafkaSinkOptions& options);

}  // namespace stream
