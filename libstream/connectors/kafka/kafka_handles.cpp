#include <libstream/connectors/kafka/kafka_handles.hpp>

#include <librdkafka/rdkafka.h>

namespace stream {

void KafkaDelete::operator()(rd_kafka_s* client) const { rd_kafka_destroy(client); }
void KafkaDelete::operator()(rd_kafka_conf_s* configuration) const {
  rd_kafka_conf_destroy(configuration);
}
void KafkaDelete::operator()(rd_kafka_topic_s* topic) const { rd_kafka_topic_destroy(topic); }
void KafkaDelete::operator()(rd_kafka_queue_s* queue) const { rd_kafka_queue_destroy(queue); }
void KafkaDelete::operator()(rd_kafka_error_s* error) const { rd_kafka_error_destroy(error); }
void KafkaDelete::operator()(rd_kafka_headers_s* headers) const {
  rd_kafka_headers_destroy(headers);
}
void KafkaDelete::operator()(const struct rd_kafka_metadata* metadata) const {
  rd_kafka_metadata_destroy(metadata);
}
void KafkaDelete::operator()(rd_kafka_topic_partition_list_s* partitions) const {
  rd_kafka_topic_partition_list_destroy(partitions);
}
void KafkaDelete::operator()(rd_kafka_consumer_group_metadata_s* group) const {
  rd_kafka_consumer_group_metadata_destroy(group);
}

}  // namespace stream
