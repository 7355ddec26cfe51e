// Owning pointers to the client library's objects, without its header. Used by the kafka folder's
// sources; any thread.
#pragma once

#include <memory>

struct rd_kafka_s;
struct rd_kafka_conf_s;
struct rd_kafka_topic_s;
struct rd_kafka_queue_s;
struct rd_kafka_error_s;
struct rd_kafka_headers_s;
struct rd_kafka_metadata;
struct rd_kafka_topic_partition_list_s;
struct rd_kafka_consumer_group_metadata_s;

namespace stream {

/// Gives each object back in its own way. A client goes last: topics, queues and messages before
/// it.
struct KafkaDelete {
  void operator()(rd_kafka_s* client) const;
  void operator()(rd_kafka_conf_s* configuration) const;
  void operator()(rd_kafka_topic_s* topic) const;
  void operator()(rd_kafka_queue_s* queue) const;
  void operator()(rd_kafka_error_s* error) const;
  void operator()(rd_kafka_headers_s* headers) const;
  // A function of the library hides the name.
  void operator()(const struct rd_kafka_metadata* metadata) const;
  void operator()(rd_kafka_topic_partition_list_s* partitions) const;
  void operator()(rd_kafka_consumer_group_metadata_s* group) const;
};

template <class T>
using KafkaPtr = std::unique_ptr<T, KafkaDelete>;

}  // namespace stream
