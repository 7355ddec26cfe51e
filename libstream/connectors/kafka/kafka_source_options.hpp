// Options of the Kafka source, Spark's names and defaults, and their checks. Pure; used by the
// thread that builds the plan.
#pragma once

#include <libstream/connectors/kafka/kafka_properties.hpp>
#include <libstream/connectors/kafka/partition_offsets.hpp>

#include <optional>
#include <string>
#include <vector>

namespace stream {

/// What is read: exactly one of the three.
struct KafkaSubscription {
  enum class Kind { none, assign, topics, pattern };
  Kind kind = Kind::none;
  PartitionSet partitions;          ///< assign
  std::vector<std::string> topics;  ///< topics
  std::string pattern;              ///< a regular expression that a whole name matches
  /// "Subscribe[t]", as Spark prints it.
  std::string to_string() const;
};

/// Where to begin or end.
struct OffsetLimit {
  enum class Kind { earliest, latest, offsets, timestamps, timestamp };
  Kind kind = Kind::latest;
  PartitionOffsets partitions;  ///< offsets, or milliseconds of timestamps
  EpochMillis timestamp = 0;    ///< of all partitions
};

/// How much an epoch reads.
struct KafkaTriggers {
  std::optional<std::int64_t> max_offsets;
  std::optional<std::int64_t> min_offsets;
  Duration max_delay = std::chrono::minutes(15);
  std::optional<std::int64_t> min_partitions;
  std::optional<std::int64_t> max_records_per_partition;
};

/// How the client is used.
struct KafkaReading {
  std::int64_t num_retries = 3;
  Duration retry_interval = std::chrono::seconds(1);
  Duration poll_timeout = std::chrono::seconds(120);
  std::string group_id_prefix;
  /// The prefix and an id of the source's own; empty without a prefix. The client's group.id wins.
  std::string group_id;
  std::string monitoring_group;
};

struct KafkaSourceOptions {
  KafkaSubscription subscription;
  OffsetLimit start;
  OffsetLimit end;  ///< bounded reads only
  /// startingOffsetsByTimestampStrategy: whether no record that late means the end, not an error.
  bool latest_if_no_match = false;
  bool fails_on_data_loss = true;
  bool has_headers = false;
  KafkaTriggers triggers;
  KafkaReading reading;
  KafkaProperties client;
};

/// Takes and checks all of `options`; unknown ones are refused with the nearest name. All problems
/// are reported at once, with Spark's texts.
Result<KafkaSourceOptions> parse_kafka_source_options(OptionMap options, bool is_streaming);

/// For lists of options.
std::vector<OptionText> kafka_source_option_texts();

}  // namespace stream
