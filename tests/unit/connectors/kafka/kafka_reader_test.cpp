// The reader and the broker's offsets over the client library's own mock cluster.
#include <libstream/connectors/kafka/kafka_reader.hpp>
#include <libstream/connectors/kafka/topic_offsets.hpp>
#include <tests/kit/catch.hpp>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <numeric>

namespace stream {
namespace {

constexpr int kWaitMillis = 10'000;

struct MockDelete {
  void operator()(rd_kafka_mock_cluster_t* cluster) const {
    rd_kafka_mock_cluster_destroy(cluster);
  }
};

/// One broker, topics of two partitions.
class MockBroker {
 public:
  MockBroker() {
    std::array<char, 512> reason{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
    host_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason.data(), reason.size()));
    cluster_.reset(rd_kafka_mock_cluster_new(host_.get(), 1));
    rd_kafka_conf_t* producing = rd_kafka_conf_new();
    rd_kafka_conf_set(producing, "bootstrap.servers", servers(), nullptr, 0);
    rd_kafka_conf_set(producing, "batch.num.messages", "50", nullptr, 0);
    producer_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, producing, reason.data(), reason.size()));
    rd_kafka_mock_topic_create(cluster_.get(), "t", 2, 1);
  }
  const char* servers() const { return rd_kafka_mock_cluster_bootstraps(cluster_.get()); }
  void send(int from, int until, std::int32_t partition = 0) {
    for (int i = from; i < until; ++i) {
      const std::string value = fmt::format("value of record {:05}", i);
      REQUIRE(rd_kafka_producev(producer_.get(), RD_KAFKA_V_TOPIC("t"),
                                RD_KAFKA_V_PARTITION(partition),
                                RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                                RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    REQUIRE(rd_kafka_flush(producer_.get(), kWaitMillis) == RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  void set_down() { rd_kafka_mock_broker_set_down(cluster_.get(), 1); }
  void fail_fetches(rd_kafka_resp_err_t code) {
    rd_kafka_mock_push_request_errors(cluster_.get(), 1 /* Fetch */, 1, code);
  }

  std::shared_ptr<const KafkaSourceOptions> options(OptionMap more = {}) const {
    more.emplace("kafka.bootstrap.servers", servers());
    more.emplace("subscribe", "t");
    return std::make_shared<const KafkaSourceOptions>(
        parse_kafka_source_options(std::move(more), true).value());
  }

 private:
  KafkaPtr<rd_kafka_s> host_;
  std::unique_ptr<rd_kafka_mock_cluster_t, MockDelete> cluster_;
  KafkaPtr<rd_kafka_s> producer_;
};

struct Reading {
  BlockPool pool;
  int num_waits = 0;
  std::unique_ptr<KafkaReader> reader;
  std::vector<std::size_t> batch_rows;
  std::vector<std::string> values;

  Reading(const MockBroker& broker, OptionMap more = {},
          std::vector<RecordField> fields = {record_fields(false)[1]})
      : reader(std::make_unique<KafkaReader>(broker.options(std::move(more)), std::move(fields))) {
    REQUIRE(
        reader->start({local_file_system(), system_clock(), pool, [this] { ++num_waits; }, 64}));
  }

  Result<void> read(std::int64_t from, std::int64_t until, std::int32_t partition = 0) {
    values.clear();
    batch_rows.clear();
    STREAM_TRY(reader->open({to_json(OffsetRange{{"t", partition}, from, until}), 0}));
    for (;;) {
      Batch batch;
      STREAM_TRY(const ReadStatus status, reader->read(batch));
      if (status == ReadStatus::end_of_split) return {};
      if (status == ReadStatus::no_rows_yet) continue;
      batch_rows.push_back(batch.num_rows());
      for (std::size_t row = 0; batch.num_columns() > 0 && row < batch.num_rows(); ++row)
        values.emplace_back(batch.column(0).string_at(row));
    }
  }
};

TEST_CASE("ranges follow one another without a new fetch, cut into batches") {
  MockBroker broker;
  broker.send(0, 300);
  Reading reading(broker);
  REQUIRE(reading.read(0, 150));
  REQUIRE(reading.values.size() == 150);
  CHECK(reading.values.front() == "value of record 00000");
  CHECK(reading.values.back() == "value of record 00149");
  for (const std::size_t rows : reading.batch_rows) CHECK(rows <= 64);
  REQUIRE(reading.read(150, 300));
  CHECK(reading.values.front() == "value of record 00150");
  CHECK(reading.values.size() == 150);
  REQUIRE(reading.read(10, 12));  // a re-run
  CHECK(reading.values ==
        std::vector<std::string>{"value of record 00010", "value of record 00011"});
}

TEST_CASE("a full queue that was emptied is filled again at once, not a second later") {
  MockBroker broker;
  broker.send(0, 3000);
  Reading reading(broker, {{"kafka.queued.min.messages", "100"},
                           {"kafka.fetch.message.max.bytes", "20000"},
                           {"kafkaConsumer.pollTimeoutMs", "500"}});
  REQUIRE(reading.read(0, 3000));
  CHECK(reading.values.size() == 3000);
}

TEST_CASE("a reader keeps several partitions apart") {
  MockBroker broker;
  broker.send(0, 10, 0);
  broker.send(100, 110, 1);
  Reading reading(broker);
  REQUIRE(reading.read(0, 5, 0));
  REQUIRE(reading.read(0, 10, 1));
  CHECK(reading.values.front() == "value of record 00100");
  REQUIRE(reading.read(5, 10, 0));
  CHECK(reading.values.front() == "value of record 00005");
}

TEST_CASE("rows without a wanted column are counted alone") {
  MockBroker broker;
  broker.send(0, 100);
  Reading reading(broker, {}, {});
  REQUIRE(reading.read(0, 100));
  CHECK(std::accumulate(reading.batch_rows.begin(), reading.batch_rows.end(), std::size_t{0}) ==
        100);
}

TEST_CASE("a fetch that fails for a moment is tried again by the client") {
  MockBroker broker;
  broker.send(0, 10);
  broker.fail_fetches(RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
  Reading reading(broker);
  REQUIRE(reading.read(0, 10));
  CHECK(reading.values.size() == 10);
}

TEST_CASE("records behind the end of the log are lost: an error, or left out") {
  MockBroker broker;
  broker.send(0, 10);
  Reading strict(broker);
  const auto lost = strict.read(50, 60);
  REQUIRE_FALSE(lost);
  CHECK(lost.error().error_class() == ErrorClass::fatal);
  INFO(lost.error().message());
  CHECK(lost.error().message().find("t-0 at offsets [50, 60)") != std::string::npos);
  Reading lax(broker, {{"failOnDataLoss", "false"}});
  REQUIRE(lax.read(50, 60));
  CHECK(lax.values.empty());
}

TEST_CASE("a broker that is gone ends the wait with the offset and the option") {
  MockBroker broker;
  broker.send(0, 10);
  Reading reading(broker, {{"kafkaConsumer.pollTimeoutMs", "300"}});
  REQUIRE(reading.read(0, 5));
  broker.set_down();
  const auto waited = reading.read(5, 20);
  REQUIRE_FALSE(waited);
  CHECK(waited.error().error_class() == ErrorClass::transient);
  INFO(waited.error().message());
  CHECK(waited.error().message().find("kafkaConsumer.pollTimeoutMs") != std::string::npos);
  CHECK(reading.num_waits > 0);
}

TEST_CASE("the broker is asked for partitions and both ends") {
  MockBroker broker;
  broker.send(0, 10, 1);
  const auto offsets = broker_offsets(*broker.options());
  REQUIRE(offsets->connect());
  const auto found = offsets->find(true);
  REQUIRE(found);
  CHECK(found->partitions == PartitionSet{{"t", 0}, {"t", 1}});
  CHECK(offsets->earliest(found->partitions).value() ==
        PartitionOffsets{{{"t", 0}, 0}, {{"t", 1}, 0}});
  CHECK(offsets->latest(found->partitions).value() ==
        PartitionOffsets{{{"t", 0}, 0}, {{"t", 1}, 10}});
}

}  // namespace
}  // namespace stream
