#include <tests/cluster/child_process.hpp>
#include <tests/servers/kafka_broker.hpp>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <functional>
#include <stdexcept>

namespace stream::testing {
namespace {

constexpr int kWaitMillis = 30'000;

KafkaPtr<rd_kafka_s> make_client(rd_kafka_type_t type,
                                 const std::map<std::string, std::string>& settings) {
  std::array<char, 512> reason{};
  KafkaPtr<rd_kafka_conf_s> conf(rd_kafka_conf_new());
  rd_kafka_conf_set_log_cb(conf.get(), [](const rd_kafka_t*, int, const char*, const char*) {});
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), reason.data(), reason.size()) !=
        RD_KAFKA_CONF_OK)
      throw std::runtime_error(reason.data());
  }
  KafkaPtr<rd_kafka_s> client(rd_kafka_new(type, conf.get(), reason.data(), reason.size()));
  if (!client) throw std::runtime_error(reason.data());
  conf.release();
  return client;
}

void check(rd_kafka_error_t* found, const char* doing) {
  const KafkaPtr<rd_kafka_error_s> error(found);
  if (error) throw std::runtime_error(fmt::format("{}: {}", doing, rd_kafka_error_string(found)));
}

void check(rd_kafka_resp_err_t code, const char* doing) {
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::runtime_error(fmt::format("{}: {}", doing, rd_kafka_err2str(code)));
}

/// Calls `ask` with a queue and waits for the answer's event.
void administrate(rd_kafka_t* client, const char* doing,
                  const std::function<void(rd_kafka_queue_t*)>& ask) {
  const KafkaPtr<rd_kafka_queue_s> queue(rd_kafka_queue_new(client));
  ask(queue.get());
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue.get(), kWaitMillis);
  if (!event) throw std::runtime_error(fmt::format("{}: no answer", doing));
  rd_kafka_resp_err_t code = rd_kafka_event_error(event);
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results = nullptr;
  if (const auto* made = rd_kafka_event_CreateTopics_result(event))
    results = rd_kafka_CreateTopics_result_topics(made, &count);
  if (const auto* removed = rd_kafka_event_DeleteTopics_result(event))
    results = rd_kafka_DeleteTopics_result_topics(removed, &count);
  if (const auto* grown = rd_kafka_event_CreatePartitions_result(event))
    results = rd_kafka_CreatePartitions_result_topics(grown, &count);
  if (count > 0 && code == RD_KAFKA_RESP_ERR_NO_ERROR)
    code = rd_kafka_topic_result_error(results[0]);
  rd_kafka_event_destroy(event);
  check(code, doing);
}

bool has_leaders(rd_kafka_t* client, const std::string& topic, std::size_t num_partitions) {
  const KafkaPtr<rd_kafka_topic_s> handle(rd_kafka_topic_new(client, topic.c_str(), nullptr));
  const struct rd_kafka_metadata* found = nullptr;
  if (rd_kafka_metadata(client, 0, handle.get(), &found, kWaitMillis) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return false;
  const KafkaPtr<const struct rd_kafka_metadata> metadata(found);
  if (found->topic_cnt != 1) return false;
  const rd_kafka_metadata_topic_t& entry = found->topics[0];
  if (static_cast<std::size_t>(entry.partition_cnt) != num_partitions) return false;
  for (int i = 0; i < entry.partition_cnt; ++i) {
    if (entry.partitions[i].leader < 0) return false;
  }
  return true;
}

/// A broker answers before all of it knows.
void wait_for_partitions(rd_kafka_t* client, const std::string& topic, std::size_t num_partitions) {
  for (int i = 0; i < 200 && !has_leaders(client, topic, num_partitions); ++i) sleep_millis(50);
}

}  // namespace

KafkaBroker::KafkaBroker(std::string servers)
    : servers_(std::move(servers)),
      producer_(make_client(RD_KAFKA_PRODUCER, {{"bootstrap.servers", servers_},
                                                {"message.max.bytes", "4000000"},
                                                {"linger.ms", "1"},
                                                // Looking for a removed topic must not make it.
                                                {"allow.auto.create.topics", "false"}})) {}

void KafkaBroker::create(const std::string& topic, int num_partitions,
                         const std::map<std::string, std::string>& settings) {
  rd_kafka_NewTopic_t* made = rd_kafka_NewTopic_new(topic.c_str(), num_partitions, 1, nullptr, 0);
  for (const auto& [name, value] : settings)
    rd_kafka_NewTopic_set_config(made, name.c_str(), value.c_str());
  administrate(producer_.get(), "creating a topic", [&](rd_kafka_queue_t* queue) {
    rd_kafka_CreateTopics(producer_.get(), &made, 1, nullptr, queue);
  });
  rd_kafka_NewTopic_destroy(made);
  wait_for_partitions(producer_.get(), topic, static_cast<std::size_t>(num_partitions));
}

void KafkaBroker::remove(const std::string& topic) {
  rd_kafka_DeleteTopic_t* gone = rd_kafka_DeleteTopic_new(topic.c_str());
  administrate(producer_.get(), "removing a topic", [&](rd_kafka_queue_t* queue) {
    rd_kafka_DeleteTopics(producer_.get(), &gone, 1, nullptr, queue);
  });
  rd_kafka_DeleteTopic_destroy(gone);
  wait_for_partitions(producer_.get(), topic, 0);
}

void KafkaBroker::grow(const std::string& topic, std::size_t num_partitions) {
  std::array<char, 512> reason{};
  rd_kafka_NewPartitions_t* more =
      rd_kafka_NewPartitions_new(topic.c_str(), num_partitions, reason.data(), reason.size());
  if (!more) throw std::runtime_error(reason.data());
  administrate(producer_.get(), "adding partitions", [&](rd_kafka_queue_t* queue) {
    rd_kafka_CreatePartitions(producer_.get(), &more, 1, nullptr, queue);
  });
  rd_kafka_NewPartitions_destroy(more);
  wait_for_partitions(producer_.get(), topic, num_partitions);
}

void KafkaBroker::cut(const std::string& topic, std::int32_t partition, std::int64_t offset) {
  const KafkaPtr<rd_kafka_topic_partition_list_s> list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = offset;
  rd_kafka_DeleteRecords_t* cut = rd_kafka_DeleteRecords_new(list.get());
  administrate(producer_.get(), "cutting a log", [&](rd_kafka_queue_t* queue) {
    rd_kafka_DeleteRecords(producer_.get(), &cut, 1, nullptr, queue);
  });
  rd_kafka_DeleteRecords_destroy(cut);
}

void KafkaBroker::send_through(rd_kafka_s& producer, const std::string& topic,
                               const std::vector<SentRecord>& records) {
  for (const SentRecord& record : records) {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(record.headers.size());
    for (const auto& [name, value] : record.headers)
      rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                          static_cast<ssize_t>(value.size()));
    std::string value = record.value.value_or("");
    std::string key = record.key.value_or("");
    void* const value_bytes = record.value ? value.data() : nullptr;
    void* const key_bytes = record.key ? key.data() : nullptr;
    check(rd_kafka_producev(
              &producer, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(record.partition),
              RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(value_bytes, value.size()),
              RD_KAFKA_V_KEY(key_bytes, key.size()), RD_KAFKA_V_TIMESTAMP(record.millis),
              RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END),
          "sending");
  }
  check(rd_kafka_flush(&producer, kWaitMillis), "sending");
}

void KafkaBroker::send(const std::string& topic, const std::vector<SentRecord>& records) {
  send_through(*producer_, topic, records);
}

void KafkaBroker::send(const std::string& topic, const std::vector<std::string>& values) {
  std::vector<SentRecord> records;
  for (const std::string& value : values) records.push_back({value});
  send(topic, records);
}

void KafkaBroker::transact(const std::string& topic, const std::vector<std::string>& values,
                           bool commits) {
  const auto producer = make_client(
      RD_KAFKA_PRODUCER, {{"bootstrap.servers", servers_}, {"transactional.id", "test-" + topic}});
  check(rd_kafka_init_transactions(producer.get(), kWaitMillis), "fencing");
  check(rd_kafka_begin_transaction(producer.get()), "beginning");
  std::vector<SentRecord> records;
  for (const std::string& value : values) records.push_back({value});
  send_through(*producer, topic, records);
  check(commits ? rd_kafka_commit_transaction(producer.get(), kWaitMillis)
                : rd_kafka_abort_transaction(producer.get(), kWaitMillis),
        "ending a transaction");
}

std::int64_t KafkaBroker::committed(const std::string& group, const std::string& topic) {
  const auto consumer =
      make_client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", servers_}, {"group.id", group}});
  const KafkaPtr<rd_kafka_topic_partition_list_s> list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), 0);
  check(rd_kafka_committed(consumer.get(), list.get(), kWaitMillis), "asking for a group");
  return list->elems[0].offset;
}

}  // namespace stream::testing
