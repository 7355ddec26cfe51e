#include <tests/servers/topics.hpp>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>

namespace stream::testing {

namespace {

constexpr int kMillis = 30'000;

struct Destroy {
  void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
  void operator()(const struct rd_kafka_metadata* metadata) const {
    rd_kafka_metadata_destroy(metadata);
  }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
  void operator()(rd_kafka_NewTopic_t* topic) const { rd_kafka_NewTopic_destroy(topic); }
};
template <class T>
using Owned = std::unique_ptr<T, Destroy>;

void check(rd_kafka_resp_err_t code, const std::string& doing) {
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::runtime_error(fmt::format("{}: {}", doing, rd_kafka_err2str(code)));
}

Owned<rd_kafka_t> make_client(rd_kafka_type_t type, const std::string& brokers,
                              const std::map<std::string, std::string>& more) {
  std::array<char, 512> reason{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  std::map<std::string, std::string> values = more;
  values["bootstrap.servers"] = brokers;
  values.emplace("log_level", "0");
  for (const auto& [name, value] : values) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason.data(), reason.size()) !=
        RD_KAFKA_CONF_OK)
      throw std::runtime_error(reason.data());
  }
  Owned<rd_kafka_t> client(rd_kafka_new(type, conf, reason.data(), reason.size()));
  if (!client) throw std::runtime_error(reason.data());
  return client;
}

int num_partitions(rd_kafka_t* client, const std::string& topic) {
  rd_kafka_topic_t* handle = rd_kafka_topic_new(client, topic.c_str(), nullptr);
  const struct rd_kafka_metadata* found = nullptr;
  const auto code = rd_kafka_metadata(client, 0, handle, &found, kMillis);
  rd_kafka_topic_destroy(handle);
  check(code, fmt::format("metadata of {}", topic));
  const Owned<const struct rd_kafka_metadata> metadata(found);
  check(metadata->topics[0].err, fmt::format("metadata of {}", topic));
  return metadata->topics[0].partition_cnt;
}

std::optional<std::string> bytes(const void* data, std::size_t size) {
  if (data == nullptr) return {};
  return std::string(static_cast<const char*>(data), size);
}

}  // namespace

void create_topic(const std::string& brokers, const std::string& name, int partitions, int copies) {
  const auto client = make_client(RD_KAFKA_PRODUCER, brokers, {});
  std::array<char, 512> reason{};
  const Owned<rd_kafka_NewTopic_t> topic(
      rd_kafka_NewTopic_new(name.c_str(), partitions, copies, reason.data(), reason.size()));
  const Owned<rd_kafka_queue_t> queue(rd_kafka_queue_new(client.get()));
  rd_kafka_NewTopic_t* topics[] = {topic.get()};
  rd_kafka_CreateTopics(client.get(), topics, 1, nullptr, queue.get());
  const Owned<rd_kafka_event_t> answer(rd_kafka_queue_poll(queue.get(), kMillis));
  if (!answer) throw std::runtime_error(fmt::format("no answer to creating topic {}", name));
  check(rd_kafka_event_error(answer.get()), fmt::format("creating topic {}", name));
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer.get()), &count);
  for (std::size_t i = 0; i < count; ++i)
    check(rd_kafka_topic_result_error(results[i]), fmt::format("creating topic {}", name));
}

std::vector<TopicRecord> read_topic(const std::string& brokers, const std::string& name,
                                    Isolation isolation) {
  const auto client = make_client(
      RD_KAFKA_CONSUMER, brokers,
      {{"group.id", "judge"},
       {"enable.auto.commit", "false"},
       {"auto.offset.reset", "error"},
       {"enable.partition.eof", "true"},
       {"isolation.level",
        isolation == Isolation::read_committed ? "read_committed" : "read_uncommitted"}});
  rd_kafka_poll_set_consumer(client.get());
  const Owned<rd_kafka_topic_partition_list_t> partitions(rd_kafka_topic_partition_list_new(1));
  const int count = num_partitions(client.get(), name);
  for (int i = 0; i < count; ++i)
    rd_kafka_topic_partition_list_add(partitions.get(), name.c_str(), i)->offset =
        RD_KAFKA_OFFSET_BEGINNING;
  check(rd_kafka_assign(client.get(), partitions.get()), fmt::format("assigning {}", name));
  std::vector<TopicRecord> records;
  std::set<int> at_end;  // of its partitions: after a change of leaders one says so again
  while (std::ssize(at_end) < count) {
    const Owned<rd_kafka_message_t> message(rd_kafka_consumer_poll(client.get(), kMillis));
    if (!message)
      throw std::runtime_error(fmt::format("reading {}", name) +
                               " gives neither records nor its end");
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      at_end.insert(message->partition);
    } else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      records.push_back({bytes(message->key, message->key_len),
                         bytes(message->payload, message->len),
                         rd_kafka_message_timestamp(message.get(), nullptr)});
    } else if (message->err != RD_KAFKA_RESP_ERR__TRANSPORT &&
               message->err != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
      check(message->err, fmt::format("reading {}", name));
    }
  }
  return records;
}

namespace {

void produce(rd_kafka_t* client, const std::string& name, const std::vector<TopicRecord>& records) {
  for (const TopicRecord& record : records) {
    const std::string key = record.key.value_or(""), value = record.value.value_or("");
    const void* const key_bytes = record.key ? key.data() : nullptr;
    void* const value_bytes = record.value ? const_cast<char*>(value.data()) : nullptr;
    check(rd_kafka_producev(client, RD_KAFKA_V_TOPIC(name.c_str()), RD_KAFKA_V_PARTITION(0),
                            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK),
                            RD_KAFKA_V_TIMESTAMP(record.millis),
                            RD_KAFKA_V_KEY(key_bytes, key.size()),
                            RD_KAFKA_V_VALUE(value_bytes, value.size()), RD_KAFKA_V_END),
          fmt::format("writing to {}", name));
  }
  check(rd_kafka_flush(client, kMillis), fmt::format("writing to {}", name));
}

void check(rd_kafka_error_t* error, const std::string& doing) {
  if (error == nullptr) return;
  const std::string text = rd_kafka_error_string(error);
  rd_kafka_error_destroy(error);
  throw std::runtime_error(fmt::format("{}: {}", doing, text));
}

}  // namespace

void write_topic(const std::string& brokers, const std::string& name,
                 const std::vector<TopicRecord>& records) {
  const auto client =
      make_client(RD_KAFKA_PRODUCER, brokers,
                  {{"enable.idempotence", "true"}, {"message.max.bytes", "4000000"}});
  produce(client.get(), name, records);
}

void abort_in_topic(const std::string& brokers, const std::string& name,
                    const std::vector<TopicRecord>& records) {
  const auto client =
      make_client(RD_KAFKA_PRODUCER, brokers, {{"transactional.id", "aborting-" + name}});
  check(rd_kafka_init_transactions(client.get(), kMillis), "starting transactions");
  check(rd_kafka_begin_transaction(client.get()), "beginning a transaction");
  produce(client.get(), name, records);
  check(rd_kafka_abort_transaction(client.get(), kMillis), "aborting a transaction");
}

std::int64_t committed_offset(const std::string& brokers, const std::string& group,
                              const std::string& topic) {
  // With read_committed the broker would not answer before an open transaction has ended.
  const auto client = make_client(RD_KAFKA_CONSUMER, brokers,
                                  {{"group.id", group}, {"isolation.level", "read_uncommitted"}});
  const Owned<rd_kafka_topic_partition_list_t> partitions(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(partitions.get(), topic.c_str(), 0);
  check(rd_kafka_committed(client.get(), partitions.get(), kMillis),
        fmt::format("offsets of {}", group));
  return std::max<std::int64_t>(partitions->elems[0].offset, -1);
}

}  // namespace stream::testing
