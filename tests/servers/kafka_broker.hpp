// What tests do to a Kafka broker: make, grow and remove topics, cut their logs, write records and
// transactions. Every call waits until it is done and throws with the broker's words when it fails.
#pragma once

#include <libstream/connectors/kafka/kafka_handles.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stream::testing {

struct SentRecord {
  std::optional<std::string> value;
  std::optional<std::string> key = std::nullopt;
  std::int32_t partition = 0;
  std::int64_t millis = 0;  ///< 0: now
  std::vector<std::pair<std::string, std::string>> headers = {};
};

class KafkaBroker {
 public:
  explicit KafkaBroker(std::string servers);

  const std::string& servers() const { return servers_; }
  void create(const std::string& topic, int num_partitions,
              const std::map<std::string, std::string>& settings = {});
  void remove(const std::string& topic);
  /// To so many partitions in all.
  void grow(const std::string& topic, std::size_t num_partitions);
  /// Removes all records before `offset`.
  void cut(const std::string& topic, std::int32_t partition, std::int64_t offset);

  void send(const std::string& topic, const std::vector<SentRecord>& records);
  void send(const std::string& topic, const std::vector<std::string>& values);
  /// In one transaction, committed or aborted.
  void transact(const std::string& topic, const std::vector<std::string>& values, bool commits);
  /// Offset committed by a group, -1001 where there is none.
  std::int64_t committed(const std::string& group, const std::string& topic);

 private:
  void send_through(rd_kafka_s& producer, const std::string& topic,
                    const std::vector<SentRecord>& records);

  std::string servers_;
  KafkaPtr<rd_kafka_s> producer_;
};

}  // namespace stream::testing
