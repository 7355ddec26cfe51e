#include <libstream/connectors/kafka/kafka_handles.hpp>
#include <libstream/connectors/kafka/kafka_marker_reader.hpp>
#include <tests/kit/catch.hpp>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <vector>

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

  Result<std::optional<std::int64_t>> read_marker() {
    return read_kafka_marker(properties(), "query/0/0", "totals", [this]() -> Result<void> {
      ++num_cleared;
      rd_kafka_mock_clear_request_errors(cluster, kOffsetFetch);
      return {};
    });
  }

  KafkaPtr<rd_kafka_s> host;
  rd_kafka_mock_cluster_t* cluster = nullptr;
  int num_cleared = 0;

  KafkaProperties properties() const {
    KafkaProperties made;
    made.values = {{"bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster)}};
    made.request_timeout = Duration(5000);
    return made;
  }
};

}  // namespace

TEST_CASE("a marker is read though the coordinator is just moving or loading") {
  MockBroker broker;
  rd_kafka_mock_push_request_errors(
      broker.cluster, kOffsetFetch, 3, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
      RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
  const auto marker = broker.read_marker();
  if (!marker) FAIL(marker.error().message());
  CHECK_FALSE(marker->has_value());
  CHECK(broker.num_cleared == 0);
}

TEST_CASE("an offset that stays unstable is cleared, once") {
  MockBroker broker;
  constexpr std::size_t kMany = 1000;
  const std::vector<rd_kafka_resp_err_t> errors(kMany, RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT);
  rd_kafka_mock_push_request_errors_array(broker.cluster, kOffsetFetch, errors.size(),
                                          errors.data());
  const auto marker = broker.read_marker();
  if (!marker) FAIL(marker.error().message());
  CHECK_FALSE(marker->has_value());
  CHECK(broker.num_cleared == 1);
}

TEST_CASE("a group that may not be read is an error that names it") {
  MockBroker broker;
  rd_kafka_mock_push_request_errors(broker.cluster, kOffsetFetch, 1,
                                    RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
  const auto marker = broker.read_marker();
  REQUIRE_FALSE(marker);
  CHECK_THAT(marker.error().message(), Catch::Matchers::ContainsSubstring("query/0/0"));
}

}  // namespace stream
