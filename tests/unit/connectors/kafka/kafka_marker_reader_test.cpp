#include <libstream/connectors/kafka/kafka_handles.hpp>
#include <libstream/connectors/kafka/kafka_marker_reader.hpp>
#include <tests/kit/catch.hpp>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

namespace stream {
namespace {

constexpr std::int16_t kOffsetFetch = 9;

/// The library's own mock cluster of one broker, with a topic.
struct MockBroker {
  MockBroker() {
    rd_kafka_conf_t* configuration = rd_kafka_conf_new();
    rd_kafka_conf_set(configuration, "test.mock.num.brokers", "1", nullptr, 0);
    host.reset(rd_kafka_new(RD_KAFKA_PRODUCER, configuration, nullptr, 0));
    cluster = rd_kafka_handle_mock_cluster(host.get());
    rd_kafka_mock_topic_create(cluster, "totals", 1, 1);
  }

  KafkaPtr<rd_kafka_s> host;
  rd_kafka_mock_cluster_t* cluster = nullptr;

  KafkaProperties properties() const {
    KafkaProperties made;
    made.values = {{"bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster)}};
    made.request_timeout = Duration(5000);
    return made;
  }
};

}  // namespace

TEST_CASE("a marker is read though the coordinator is just moving or loading") {
  const MockBroker broker;
  rd_kafka_mock_push_request_errors(
      broker.cluster, kOffsetFetch, 3, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
      RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
  const auto marker = read_kafka_marker(broker.properties(), "query/0/0", "totals");
  if (!marker) FAIL(marker.error().message());
  CHECK_FALSE(marker->has_value());
}

TEST_CASE("a group that may not be read is an error that names it") {
  const MockBroker broker;
  rd_kafka_mock_push_request_errors(broker.cluster, kOffsetFetch, 1,
                                    RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
  const auto marker = read_kafka_marker(broker.properties(), "query/0/0", "totals");
  REQUIRE_FALSE(marker);
  CHECK_THAT(marker.error().message(), Catch::Matchers::ContainsSubstring("query/0/0"));
}

}  // namespace stream
