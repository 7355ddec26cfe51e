#include <libstream/connectors/kafka/kafka_client.hpp>
#include <libstream/connectors/kafka/kafka_errors.hpp>
#include <libstream/connectors/kafka/kafka_marker_reader.hpp>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>

namespace stream {
namespace {

struct AdminDelete {
  void operator()(rd_kafka_AdminOptions_t* options) const {
    rd_kafka_AdminOptions_destroy(options);
  }
  void operator()(rd_kafka_ListConsumerGroupOffsets_t* request) const {
    rd_kafka_ListConsumerGroupOffsets_destroy(request);
  }
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
};
template <class T>
using AdminPtr = std::unique_ptr<T, AdminDelete>;

// An offset that is unstable for longer belongs to no transaction that is being ended.
constexpr std::int64_t kUnstableMillis = 2000;

struct MarkerAnswer {
  int code = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::optional<std::int64_t> epoch;
};

/// Of all partitions that the answer names, the newest: a marker is an epoch and one.
MarkerAnswer take_answer(rd_kafka_event_t* event) {
  MarkerAnswer answer;
  answer.code = event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
  if (answer.code != RD_KAFKA_RESP_ERR_NO_ERROR) return answer;
  std::size_t num_groups = 0;
  const rd_kafka_group_result_t** groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(event), &num_groups);
  if (num_groups == 0) return answer;
  if (const rd_kafka_error_t* refused = rd_kafka_group_result_error(groups[0])) {
    answer.code = rd_kafka_error_code(refused);
    return answer;
  }
  const rd_kafka_topic_partition_list_t* found = rd_kafka_group_result_partitions(groups[0]);
  for (int i = 0; found && i < found->cnt; ++i) {
    const rd_kafka_topic_partition_t& partition = found->elems[i];
    if (partition.err != RD_KAFKA_RESP_ERR_NO_ERROR) answer.code = partition.err;
    if (partition.offset > 0)
      answer.epoch = std::max(answer.epoch.value_or(-1), partition.offset - 1);
  }
  return answer;
}

/// A consumer of the group, which never joins it: librdkafka 2.0 ends the process when a producer
/// asks for offsets of a group and the broker names another coordinator.
Result<std::unique_ptr<KafkaClient>> make_asker(const KafkaProperties& properties,
                                                const std::string& group) {
  KafkaSettings settings;
  settings.decided = {
      {"group.id", group}, {"enable.auto.commit", "false"}, {"enable.auto.offset.store", "false"}};
  return KafkaClient::make(KafkaRole::consumer, properties, std::move(settings));
}

}  // namespace

Result<std::optional<std::int64_t>> read_kafka_marker(const KafkaProperties& properties,
                                                      const std::string& group,
                                                      const std::string& topic,
                                                      const std::function<Result<void>()>& clear) {
  STREAM_TRY(const auto client, make_asker(properties, group));
  const int millis = static_cast<int>(properties.request_timeout.count());
  KafkaPtr<rd_kafka_topic_partition_list_s> asked;
  if (!topic.empty()) {
    asked.reset(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(asked.get(), topic.c_str(), 0);
  }
  const AdminPtr<rd_kafka_AdminOptions_t> options(
      rd_kafka_AdminOptions_new(client->get(), RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), millis, nullptr, 0);
  const KafkaPtr<rd_kafka_error_s> unset(
      rd_kafka_AdminOptions_set_require_stable_offsets(options.get(), 1));
  const auto now = [] { return system_clock().steady_nanos() / 1'000'000; };
  const std::int64_t began = now();
  for (bool is_cleared = false;;) {
    const AdminPtr<rd_kafka_ListConsumerGroupOffsets_t> request(
        rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), asked.get()));
    rd_kafka_ListConsumerGroupOffsets_t* requests[] = {request.get()};
    const KafkaPtr<rd_kafka_queue_s> answers(rd_kafka_queue_new(client->get()));
    rd_kafka_ListConsumerGroupOffsets(client->get(), requests, 1, options.get(), answers.get());
    const AdminPtr<rd_kafka_event_t> event(rd_kafka_queue_poll(answers.get(), millis + 1000));
    const MarkerAnswer answer = take_answer(event.get());
    if (answer.code == RD_KAFKA_RESP_ERR_NO_ERROR) return answer.epoch;
    // A coordinator that is loading, or has a transaction to finish, answers soon.
    if (kafka_error_class(answer.code) != ErrorClass::transient || now() - began >= millis)
      return client->error(answer.code, fmt::format("reading the marker of group {}", group));
    if (!is_cleared && answer.code == RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT &&
        now() - began >= kUnstableMillis) {
      STREAM_TRY(clear());
      is_cleared = true;
    }
    client->poll(Duration(50));
  }
}

}  // namespace stream
