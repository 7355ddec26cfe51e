#include <libstream/base/log.hpp>
#include <libstream/connectors/kafka/kafka_client.hpp>
#include <libstream/connectors/kafka/kafka_source_options.hpp>
#include <libstream/connectors/kafka/topic_offsets.hpp>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <functional>
#include <regex>

namespace stream {
namespace {

// Partitions are looked for again after so long; offsets each time.
constexpr std::int64_t kFindAgainNanos = 500'000'000;

using Metadata = KafkaPtr<const struct rd_kafka_metadata>;

bool is_unknown(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
         code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

bool is_internal(std::string_view topic) {
  return topic == "__consumer_offsets" || topic == "__transaction_state" ||
         topic == "__share_group_state";
}

KafkaPtr<rd_kafka_topic_partition_list_s> list_of(const PartitionOffsets& offsets) {
  KafkaPtr<rd_kafka_topic_partition_list_s> list(
      rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const auto& [partition, offset] : offsets)
    rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition)
        ->offset = offset;
  return list;
}

class BrokerOffsets final : public TopicOffsets {
 public:
  explicit BrokerOffsets(const KafkaSourceOptions& options) : options_(options) {}
  ~BrokerOffsets() override { topics_.clear(); }

  Result<void> connect() override;
  Result<FoundPartitions> find(bool is_fresh) override;
  Result<PartitionOffsets> earliest(const PartitionSet& partitions) override {
    return list_offsets(partitions, kEarliestOffset);
  }
  Result<PartitionOffsets> latest(const PartitionSet& partitions) override {
    return list_offsets(partitions, kLatestOffset);
  }
  Result<PartitionOffsets> first_at(const PartitionOffsets& times) override;
  void pause(Duration time) override;
  void publish(const PartitionOffsets& offsets) override;

 private:
  static std::int64_t now() { return system_clock().steady_nanos(); }
  int millis_left(std::int64_t deadline) const {
    return static_cast<int>(std::max<std::int64_t>((deadline - now()) / 1'000'000, 1));
  }
  Result<void> retry(std::string_view doing,
                     const std::function<rd_kafka_resp_err_t(int timeout)>& ask);
  Result<Metadata> metadata(const std::string& topic);
  Result<void> find_topic(const std::string& topic, FoundPartitions& found);
  Result<void> find_all(const std::function<bool(const std::string&)>& is_wanted,
                        FoundPartitions& found);
  Result<FoundPartitions> find_now();
  Result<PartitionOffsets> list_offsets(const PartitionSet& partitions, std::int64_t place);

  KafkaSourceOptions options_;
  std::unique_ptr<KafkaClient> client_;
  std::map<std::string, KafkaPtr<rd_kafka_topic_s>> topics_;
  FoundPartitions found_;
  std::int64_t found_at_ = 0;
};

Result<void> BrokerOffsets::connect() {
  KafkaSettings settings;
  settings.decided = {{"enable.auto.commit", "false"}, {"enable.auto.offset.store", "false"}};
  if (!options_.reading.group_id.empty()) settings.defaults["group.id"] = options_.reading.group_id;
  if (!options_.reading.monitoring_group.empty())
    settings.decided["group.id"] = options_.reading.monitoring_group;
  STREAM_TRY(client_, KafkaClient::make(KafkaRole::consumer, options_.client, std::move(settings)));
  return client_->connect();
}

/// Asks until there is an answer, an error that stays, or no time or tries are left.
Result<void> BrokerOffsets::retry(std::string_view doing,
                                  const std::function<rd_kafka_resp_err_t(int timeout)>& ask) {
  const std::int64_t deadline = now() + client_->request_timeout().count() * 1'000'000;
  for (std::int64_t tried = 0;; ++tried) {
    const rd_kafka_resp_err_t code = ask(millis_left(deadline));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    client_->poll();
    Error error = client_->error(code, doing);
    const bool is_last = tried == options_.reading.num_retries || now() >= deadline;
    if (is_last || error.error_class() != ErrorClass::transient) return error;
    pause(std::min(options_.reading.retry_interval, Duration(millis_left(deadline))));
  }
}

/// Of one topic, or of all where `topic` is "".
Result<Metadata> BrokerOffsets::metadata(const std::string& topic) {
  rd_kafka_topic_t* handle = nullptr;
  if (!topic.empty()) {
    auto& known = topics_[topic];
    if (!known) known.reset(rd_kafka_topic_new(client_->get(), topic.c_str(), nullptr));
    if (!known) return bad_option(fmt::format("kafka: '{}' is no name of a topic", topic));
    handle = known.get();
  }
  const struct rd_kafka_metadata* found = nullptr;
  STREAM_TRY(
      retry(topic.empty() ? "listing the topics" : "looking for topic " + topic, [&](int timeout) {
        return rd_kafka_metadata(client_->get(), topic.empty() ? 1 : 0, handle, &found, timeout);
      }));
  return Metadata(found);
}

void add_partitions(const rd_kafka_metadata_topic_t& topic, FoundPartitions& found) {
  for (int i = 0; i < topic.partition_cnt; ++i)
    found.partitions.insert({topic.topic, topic.partitions[i].id});
}

Result<void> BrokerOffsets::find_topic(const std::string& topic, FoundPartitions& found) {
  STREAM_TRY(const Metadata answer, metadata(topic));
  for (int i = 0; i < answer->topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& entry = answer->topics[i];
    if (topic != entry.topic) continue;
    if (is_unknown(entry.err)) break;
    if (entry.err != RD_KAFKA_RESP_ERR_NO_ERROR && entry.partition_cnt == 0)
      return client_->error(entry.err, "looking for topic " + topic);
    add_partitions(entry, found);
    return {};
  }
  found.missing.push_back("topic " + topic);
  return {};
}

Result<void> BrokerOffsets::find_all(const std::function<bool(const std::string&)>& is_wanted,
                                     FoundPartitions& found) {
  STREAM_TRY(const Metadata answer, metadata(""));
  for (int i = 0; i < answer->topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& entry = answer->topics[i];
    if (!is_internal(entry.topic) && is_wanted(entry.topic)) add_partitions(entry, found);
  }
  return {};
}

Result<FoundPartitions> BrokerOffsets::find_now() {
  const KafkaSubscription& wanted = options_.subscription;
  FoundPartitions found;
  if (wanted.kind == KafkaSubscription::Kind::pattern) {
    const std::regex pattern(wanted.pattern);
    STREAM_TRY(find_all([&](const std::string& topic) { return std::regex_match(topic, pattern); },
                        found));
    return found;
  }
  std::set<std::string> topics(wanted.topics.begin(), wanted.topics.end());
  for (const TopicPartition& partition : wanted.partitions) topics.insert(partition.topic);
  for (const std::string& topic : topics) STREAM_TRY(find_topic(topic, found));
  if (wanted.kind != KafkaSubscription::Kind::assign) return found;
  for (const TopicPartition& partition : without(wanted.partitions, found.partitions))
    found.missing.push_back("partition " + partition.to_string());
  std::erase_if(found.partitions, [&](const TopicPartition& partition) {
    return !wanted.partitions.contains(partition);
  });
  return found;
}

Result<FoundPartitions> BrokerOffsets::find(bool is_fresh) {
  if (is_fresh || found_at_ == 0 || now() - found_at_ > kFindAgainNanos) {
    STREAM_TRY(found_, find_now());
    found_at_ = now();
  }
  return found_;
}

Result<PartitionOffsets> BrokerOffsets::list_offsets(const PartitionSet& partitions,
                                                     std::int64_t place) {
  PartitionOffsets places;
  for (const TopicPartition& partition : partitions) places[partition] = place;
  STREAM_TRY(PartitionOffsets found, first_at(places));
  return found;
}

/// The protocol's one request serves for times and, by two special times, for both ends.
Result<PartitionOffsets> BrokerOffsets::first_at(const PartitionOffsets& times) {
  if (times.empty()) return PartitionOffsets();
  PartitionOffsets found;
  STREAM_TRY(retry("reading the offsets of " + to_string(partitions_of(times)), [&](int timeout) {
    found.clear();
    const auto list = list_of(times);
    rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(client_->get(), list.get(), timeout);
    for (int i = 0; i < list->cnt; ++i) {
      const rd_kafka_topic_partition_t& answer = list->elems[i];
      const TopicPartition partition{answer.topic, answer.partition};
      if (is_unknown(answer.err)) continue;
      if (answer.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        code = answer.err;
      } else {
        found[partition] = answer.offset < 0 ? kLatestOffset : answer.offset;
      }
    }
    if (!is_unknown(code)) return code;
    // What was found a moment ago is no longer true.
    found_at_ = 0;
    return RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
  }));
  return found;
}

void BrokerOffsets::pause(Duration time) {
  const std::int64_t end = now() + time.count() * 1'000'000;
  while (now() < end) client_->poll(Duration(millis_left(end)));
}

void BrokerOffsets::publish(const PartitionOffsets& offsets) {
  const auto list = list_of(offsets);
  const rd_kafka_resp_err_t code = rd_kafka_commit(client_->get(), list.get(), 1);
  client_->poll();
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    STREAM_LOG(warning, "{}",
               client_
                   ->error(code, fmt::format("committing to the monitoring group {}",
                                             options_.reading.monitoring_group))
                   .message());
}

}  // namespace

std::unique_ptr<TopicOffsets> broker_offsets(const KafkaSourceOptions& options) {
  return std::make_unique<BrokerOffsets>(options);
}

}  // namespace stream
