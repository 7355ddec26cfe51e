// The source's planners: offsets of an epoch and its splits. The stream's planner keeps Spark's
// rules; the bounded one reads from start to end whenever it is asked. Each runs
// where blocking is allowed, one thread at a time.
#pragma once

#include <libstream/connectors/kafka/kafka_source_options.hpp>
#include <libstream/connectors/kafka/offset_planning.hpp>
#include <libstream/connectors/kafka/topic_offsets.hpp>
#include <libstream/connectors/source.hpp>
#include <libstream/connectors/source_lag.hpp>

#include <memory>
#include <optional>

namespace stream {

class KafkaStreamPlanner final : public SourcePlanner, public SourceLag {
 public:
  KafkaStreamPlanner(std::shared_ptr<const KafkaSourceOptions> options,
                     std::unique_ptr<TopicOffsets> offsets);

  Result<void> open(const PlannerContext& context) override;
  Result<std::string> initial_offset() override;
  Result<std::optional<std::string>> latest_offset(const std::string& start,
                                                   EpochMillis batch_time) override;
  Result<std::vector<Split>> plan(const std::string& start, const std::string& end) override;
  Result<void> commit(const std::string& end) override;
  std::string newest_offset() const override;
  std::map<std::string, std::string> metrics(const std::string& end) const override;

 private:
  Result<PartitionOffsets> find_latest(const PartitionOffsets& start);
  Result<FoundPartitions> find_partitions(const PartitionOffsets& start);
  Result<void> find_new_begins(const PartitionSet& added);
  Result<void> take_losses(const std::vector<std::string>& losses) const;

  std::shared_ptr<const KafkaSourceOptions> options_;
  std::unique_ptr<TopicOffsets> offsets_;
  TriggerDelay delay_;
  Clock* clock_ = nullptr;
  SourceLog* log_ = nullptr;
  bool is_available_now_ = false;
  std::optional<PartitionOffsets> available_;  // what there was when an available-now query began
  std::optional<PartitionOffsets> initial_;    // entry 0 of the log
  PartitionOffsets newest_;                    // what there was when it was last asked for
  PartitionOffsets new_begins_;                // entries 1, 2, …: where added partitions begin
  std::int64_t next_entry_ = 1;
};

class KafkaBoundedPlanner final : public SourcePlanner {
 public:
  KafkaBoundedPlanner(std::shared_ptr<const KafkaSourceOptions> options,
                      std::unique_ptr<TopicOffsets> offsets)
      : options_(std::move(options)), offsets_(std::move(offsets)) {}

  Result<void> open(const PlannerContext&) override { return offsets_->connect(); }
  Result<std::string> initial_offset() override { return std::string("{}"); }
  Result<std::optional<std::string>> latest_offset(const std::string& start, EpochMillis) override {
    return std::optional<std::string>(start);
  }
  Result<std::vector<Split>> plan(const std::string& start, const std::string& end) override;
  Result<void> commit(const std::string&) override { return {}; }

 private:
  std::shared_ptr<const KafkaSourceOptions> options_;
  std::unique_ptr<TopicOffsets> offsets_;
};

}  // namespace stream
