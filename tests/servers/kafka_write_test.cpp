// What the Kafka sink writes, as a real broker keeps it.
#include <libstream/api/kafka_record.hpp>
#include <libstream/api/session.hpp>
#include <libstream/api/streaming_context.hpp>
#include <libstream/api/writer.hpp>
#include <libstream/connectors/kafka/kafka_connector.hpp>
#include <libstream/execution/local_runner.hpp>
#include <libstream/testing/memory_stream.hpp>
#include <tests/kit/catch.hpp>
#include <tests/servers/kafka_broker.hpp>
#include <tests/servers/server_script.hpp>
#include <tests/servers/topics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

using namespace stream;
using namespace stream::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

using Values = std::vector<std::string>;

const std::string& brokers() {
  static const std::string servers = server_variable("STREAM_TEST_KAFKA");
  return servers;
}

std::string new_topic(int num_partitions = 1) {
  static std::atomic<int> number = 0;
  const std::string name = fmt::format("write-test-{}-{}", getpid(), ++number);
  create_topic(brokers(), name, num_partitions);
  return name;
}

Values values_in(const std::string& topic) {
  Values values;
  for (const TopicRecord& record : read_topic(brokers(), topic))
    values.push_back(record.key.value_or("-") + "=" + record.value.value_or("-"));
  std::sort(values.begin(), values.end());
  return values;
}

/// Rows of a bounded read with headers, as texts.
Values rows_of(const std::string& topic) {
  Session session(local_runner());
  const auto rows = session.read()
                        .format("kafka")
                        .option("kafka.bootstrap.servers", brokers())
                        .option("subscribe", topic)
                        .option("includeHeaders", "true")
                        .load()
                        .select_expr({"concat_ws(' ', partition, coalesce(CAST(value AS STRING), "
                                      "'-'), to_json(transform(headers, h -> named_struct('k', "
                                      "h.key, 'v', CAST(h.value AS STRING)))))"})
                        .collect();
  Values texts;
  for (const auto& row : rows) texts.push_back(row.at(0).as<std::string>());
  std::sort(texts.begin(), texts.end());
  return texts;
}

}  // namespace

TEST_CASE("a bounded write puts each row where its columns say, with its headers") {
  const std::string first = new_topic(2);
  const std::string second = new_topic(2);
  Session session(local_runner());
  const std::string rows = fmt::format(
      "SELECT * FROM VALUES ('{0}', 1, 'a', 'v1', array(named_struct('key', 'h', 'value', "
      "CAST('x' AS BINARY)), named_struct('key', 'n', 'value', CAST(NULL AS BINARY)))), "
      "('{0}', 0, NULL, 'v2', NULL), ('{1}', 0, 'a', NULL, array()) AS t(topic, partition, key, "
      "value, headers)",
      first, second);
  const auto write = [&](const OptionMap& options) {
    auto writer = session.sql(rows).write().format("kafka").mode("append");
    writer.option("kafka.bootstrap.servers", brokers());
    for (const auto& [name, value] : options) writer.option(name, value);
    writer.save();
  };
  write({});
  CHECK(rows_of(first) == Values{"0 v2", R"(1 v1 [{"k":"h","v":"x"},{"k":"n"}])"});
  CHECK(values_in(first) == Values{"-=v2", "a=v1"});
  CHECK(values_in(second) == Values{"a=-"});
  write({{"topic", second}, {"includeHeaders", "false"}, {"delivery", "exactly_once"}});
  CHECK(rows_of(second) == Values{"0 -", "0 -", "0 v2", "1 v1"});
  CHECK_THROWS_WITH(write({{"topic", second + "-absent"},
                           {"kafka.allow.auto.create.topics", "false"},
                           {"kafka.max.block.ms", "3000"},
                           {"kafka.topic.metadata.propagation.max.ms", "1000"}}),
                    ContainsSubstring(second + "-absent"));
}

TEST_CASE("a row without a topic fails the query and names the option") {
  Session session(local_runner());
  auto writer = session.sql("SELECT 'v' AS value, CAST(NULL AS STRING) AS topic").write();
  writer.format("kafka").mode("append").option("kafka.bootstrap.servers", brokers());
  CHECK_THROWS_WITH(writer.save(), ContainsSubstring("null topic"));
}

TEST_CASE("a DStream reads headers and writes them to another topic") {
  const std::string input = new_topic();
  const std::string output = new_topic();
  KafkaBroker(brokers()).send(
      input, {SentRecord{.value = "1", .key = "a", .headers = {{"trace", "t1"}, {"empty", ""}}},
              SentRecord{.value = "2"}});
  for (const bool has_headers : {true, false}) {
    StreamingContext context{local_runner(), std::chrono::milliseconds(100)};
    context.set_trigger(Trigger::available_now());
    context
        .kafka_stream({{"kafka.bootstrap.servers", brokers()},
                       {"subscribe", input},
                       {"startingOffsets", "earliest"},
                       {"includeHeaders", has_headers ? "true" : "false"}})
        .filter([](const KafkaRecord& record) { return record.value.has_value(); })
        .write(value_or_throw(
            make_kafka_sink({{"kafka.bootstrap.servers", brokers()}, {"topic", output}}, true)));
    context.start();
    context.await_termination();
  }
  CHECK(rows_of(output) ==
        Values{"0 1", R"(0 1 [{"k":"trace","v":"t1"},{"k":"empty","v":""}])", "0 2", "0 2"});
}

TEST_CASE("a topic that is removed and made again takes the next epochs") {
  const std::string topic = new_topic();
  Session session(local_runner());
  MemoryStream rows("value STRING");
  auto query = rows.to_df(session)
                   .write_stream()
                   .format("kafka")
                   .option("kafka.bootstrap.servers", brokers())
                   .option("topic", topic)
                   .start();
  rows.add_data("[\"before\"]");
  query->process_all_available();
  CHECK(values_in(topic) == Values{"-=before"});
  KafkaBroker broker(brokers());
  broker.remove(topic);
  broker.create(topic, 1);
  rows.add_data("[\"after\"]");
  query->process_all_available();
  rows.add_data("[\"later\"]");
  query->process_all_available();
  query->stop();
  CHECK(values_in(topic) == Values{"-=after", "-=later"});
}

TEST_CASE("progress says how far an epoch stays behind the topic") {
  const std::string topic = new_topic();
  KafkaBroker broker(brokers());
  broker.send(topic, Values(10, "v"));
  Session session(local_runner());
  auto query = session.read_stream()
                   .format("kafka")
                   .option("kafka.bootstrap.servers", brokers())
                   .option("subscribe", topic)
                   .option("startingOffsets", "earliest")
                   .option("maxOffsetsPerTrigger", "4")
                   .load()
                   .write_stream()
                   .format("noop")
                   .trigger(Trigger::available_now())
                   .start();
  query->await_termination();
  Values behind;
  for (const QueryProgress& progress : query->recent_progress()) {
    const SourceProgress& source = progress.sources.at(0);
    CHECK(source.latest_offset == fmt::format("{{\"{}\":{{\"0\":10}}}}", topic));
    behind.push_back(source.metrics.at("maxOffsetsBehindLatest"));
  }
  CHECK(behind == Values{"6", "2", "0"});
}
