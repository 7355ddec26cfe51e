// A record of a Kafka topic in typed programs: what StreamingContext::kafka_stream gives.
#pragma once

#include <libstream/api/record.hpp>
#include <libstream/api/timestamp.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stream {

/// A header's value is bytes; it may be missing.
struct KafkaHeader {
  std::string key;
  std::optional<std::string> value;

  bool operator==(const KafkaHeader&) const = default;
};
STREAM_RECORD(KafkaHeader, key, value);

/// Keys and values are bytes; either may be missing. Headers are read where the option
/// includeHeaders is true.
struct KafkaRecord {
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::optional<Timestamp> timestamp;
  std::vector<KafkaHeader> headers;
};
STREAM_RECORD(KafkaRecord, key, value, topic, partition, offset, timestamp, headers);

}  // namespace stream
