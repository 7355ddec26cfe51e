// What a broker knows of partitions and their offsets, as the planner asks it. The one
// implementation beside tests is broker_offsets.cpp. One thread at a time; every call may wait.
#pragma once

#include <libstream/connectors/kafka/partition_offsets.hpp>

#include <memory>

namespace stream {

struct KafkaSourceOptions;

/// What a subscription means at the moment.
struct FoundPartitions {
  PartitionSet partitions;
  std::vector<std::string> missing;  ///< topics, or partitions, named by the user that do not exist
};

class TopicOffsets {
 public:
  virtual ~TopicOffsets() = default;
  virtual Result<void> connect() = 0;
  /// `is_fresh`: asks the broker now; else what was found a moment ago is good enough.
  virtual Result<FoundPartitions> find(bool is_fresh) = 0;
  /// Offset of the first record that is still there. Partitions that no longer exist are left out,
  /// here and in `latest`.
  virtual Result<PartitionOffsets> earliest(const PartitionSet& partitions) = 0;
  /// Offset behind the last record that may be read (under read_committed: before the first open
  /// transaction).
  virtual Result<PartitionOffsets> latest(const PartitionSet& partitions) = 0;
  /// Offset of the first record at or after each partition's milliseconds, kLatestOffset where
  /// there is none.
  virtual Result<PartitionOffsets> first_at(const PartitionOffsets& times) = 0;
  /// Waits before something is asked again.
  virtual void pause(Duration time) = 0;
  /// Commits offsets to the monitoring group, if there is one. Failing is logged only.
  virtual void publish(const PartitionOffsets& offsets) = 0;
};

/// Asks the brokers of the options.
std::unique_ptr<TopicOffsets> broker_offsets(const KafkaSourceOptions& options);

}  // namespace stream
