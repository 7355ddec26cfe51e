// A record of a Kafka topic in typed programs: what StreamingContext::kafka_stream gives.
#pragma once

#include <libstream/api/record.hpp>
#include <libstream/api/timestamp.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace stream {

/// Keys and values are bytes; either may be missing.
struct KafkaRecord {
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::optional<Timestamp> timestamp;
};
STREAM_RECORD(KafkaRecord, key, value, topic, partition, offset, timestamp);

}  // namespace stream
