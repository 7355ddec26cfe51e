// The Kafka source against a real broker.
#include <actors/runner.hpp>
#include <libstream/api/session.hpp>
#include <libstream/api/streaming_context.hpp>
#include <libstream/api/writer.hpp>
#include <libstream/execution/local_runner.hpp>
#include <tests/kit/catch.hpp>
#include <tests/servers/kafka_broker.hpp>
#include <tests/servers/server_script.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>

using namespace stream;
using namespace stream::testing;

namespace {

using Values = std::vector<std::string>;

KafkaBroker& broker() {
  static KafkaBroker one(server_variable("STREAM_TEST_KAFKA"));
  return one;
}

/// A new topic for each use.
std::string new_topic(int num_partitions = 1,
                      const std::map<std::string, std::string>& settings = {}) {
  static std::atomic<int> number = 0;
  const std::string name = fmt::format("source-test-{}-{}", getpid(), ++number);
  broker().create(name, num_partitions, settings);
  return name;
}

OptionMap options_of(const std::string& topic, OptionMap more = {}) {
  more.emplace("kafka.bootstrap.servers", broker().servers());
  if (!more.contains("assign") && !more.contains("subscribePattern"))
    more.emplace("subscribe", topic);
  return more;
}

DataFrame frame_of(DataFrameReader reader, const OptionMap& options) {
  reader.format("kafka");
  for (const auto& [name, value] : options) reader.option(name, value);
  return reader.load();
}

Values texts_of(const std::vector<std::vector<Value>>& rows) {
  Values texts;
  for (const auto& row : rows)
    texts.push_back(row[0].is_null() ? "null" : row[0].as<std::string>());
  std::sort(texts.begin(), texts.end());
  return texts;
}

/// The values of a bounded read, sorted.
Values read(const std::string& topic, OptionMap more = {}) {
  const Session session(local_runner());
  return texts_of(frame_of(session.read(), options_of(topic, std::move(more)))
                      .select_expr({"value"})
                      .collect());
}

std::string failure(const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing failed";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A stream that is read to what is there now, each time from its checkpoint.
struct Stream {
  std::string topic;
  OptionMap more = {{"startingOffsets", "earliest"}};
  std::string checkpoint = {};
  Values epochs = {};  // "epoch: rows" of the last run

  Values read_on() {
    std::vector<std::vector<Value>> rows;
    epochs.clear();
    const Session session(local_runner());
    auto writer = frame_of(session.read_stream(), options_of(topic, more))
                      .select_expr({"value"})
                      .write_stream();
    if (!checkpoint.empty()) writer.option("checkpointLocation", checkpoint);
    auto query = writer.trigger(Trigger::available_now())
                     .for_each_batch([&](const DataFrame& frame, std::int64_t epoch) {
                       const auto more_rows = frame.collect();
                       epochs.push_back(fmt::format("{}: {}", epoch, more_rows.size()));
                       rows.insert(rows.end(), more_rows.begin(), more_rows.end());
                     })
                     .start();
    query->await_termination();
    return texts_of(rows);
  }
};

Values numbers(int from, int until) {
  Values values;
  for (int i = from; i < until; ++i) values.push_back(fmt::format("{:04}", i));
  return values;
}

}  // namespace

TEST_CASE("a bounded read gives Spark's columns") {
  const std::string topic = new_topic();
  broker().send(topic, {SentRecord{.value = "v",
                                   .key = "k",
                                   .millis = 1'700'000'000'123,
                                   .headers = {{"h", "1"}, {"h", "2"}}},
                        SentRecord{.value = std::nullopt, .millis = 5}});
  const Session session(local_runner());
  const DataFrame frame = frame_of(session.read(), options_of(topic, {{"includeHeaders", "true"}}));
  CHECK(
      frame.schema().to_string() ==
      "key BINARY, value BINARY, topic STRING, partition INT, offset BIGINT, timestamp TIMESTAMP, "
      "timestampType INT, headers ARRAY<STRUCT<key: STRING, value: BINARY>>");
  const auto rows = frame.collect();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0][0].as<std::string>() == "k");
  CHECK(rows[0][1].as<std::string>() == "v");
  CHECK(rows[0][2].as<std::string>() == topic);
  CHECK(rows[0][3].as<std::int32_t>() == 0);
  CHECK(rows[0][4].as<std::int64_t>() == 0);
  CHECK(rows[0][5].as<std::int64_t>() == 1'700'000'000'123'000);
  CHECK(rows[0][6].as<std::int32_t>() == 0);
  const ValueList& headers = rows[0][7].as<ValueList>();
  REQUIRE(headers.size() == 2);
  CHECK(headers[1].as<ValueList>()[0].as<std::string>() == "h");
  CHECK(headers[1].as<ValueList>()[1].as<std::string>() == "2");
  CHECK(rows[1][0].is_null());
  CHECK(rows[1][1].is_null());
  CHECK(rows[1][7].is_null());
  CHECK(frame.count() == 2);
}

TEST_CASE("bounded reads begin and end where the options say") {
  const std::string topic = new_topic(2);
  for (int i = 0; i < 10; ++i)
    broker().send(
        topic,
        {SentRecord{.value = fmt::format("{:04}", i), .partition = i % 2, .millis = 1000 + i}});
  const auto by_topic = [&](const std::string& partitions) {
    return fmt::format("{{\"{}\":{{{}}}}}", topic, partitions);
  };
  CHECK(read(topic) == numbers(0, 10));
  CHECK(read(topic, {{"startingOffsets", "earliest"}, {"endingOffsets", "latest"}}) ==
        numbers(0, 10));
  CHECK(read(topic, {{"startingOffsets", by_topic(R"("0":3,"1":-2)")},
                     {"endingOffsets", by_topic(R"("0":-1,"1":1)")}}) ==
        Values{"0001", "0006", "0008"});
  CHECK(read(topic, {{"startingTimestamp", "1004"}}) == numbers(4, 10));
  CHECK(read(topic, {{"startingTimestamp", "1004"}, {"endingTimestamp", "1007"}}) == numbers(4, 7));
  CHECK(read(topic, {{"startingOffsetsByTimestamp", by_topic(R"("0":1008,"1":1005)")}}) ==
        Values{"0005", "0007", "0008", "0009"});
  CHECK(read(topic, {{"endingOffsetsByTimestamp", by_topic(R"("0":1002,"1":9999)")}}) ==
        Values{"0000", "0001", "0003", "0005", "0007", "0009"});
  CHECK(read(topic, {{"assign", fmt::format("{{\"{}\":[1]}}", topic)}}) ==
        Values{"0001", "0003", "0005", "0007", "0009"});
  CHECK(read(topic, {{"subscribePattern", topic.substr(0, topic.size() - 1) + "[" + topic.back() +
                                              "]"}}) == numbers(0, 10));
  CHECK(read(topic, {{"minPartitions", "7"}}) == numbers(0, 10));
  CHECK(read(topic, {{"maxRecordsPerPartition", "2"}}) == numbers(0, 10));
  const auto late = [&] { read(topic, {{"startingTimestamp", "2000"}}); };
  CHECK(has(failure(late), "No offset matched from request of topic-partition " + topic + "-0"));
  CHECK(
      read(topic, {{"startingTimestamp", "2000"}, {"startingOffsetsByTimestampStrategy", "latest"}})
          .empty());
  CHECK(has(failure([&] {
              read(topic, {{"startingOffsets", by_topic(R"("0":3)")}});
            }),
            "you must specify all TopicPartitions"));
}

TEST_CASE("aborted records are not read, wherever they are, and end no range (R-186)") {
  const std::string topic = new_topic();
  broker().transact(topic, {"0000", "0001"}, true);
  broker().transact(topic, {"lost", "lost"}, false);
  broker().transact(topic, {"0002"}, true);
  broker().transact(topic, {"lost", "lost", "lost"}, false);
  Stream stream{topic};
  CHECK(stream.read_on() == numbers(0, 3));
  CHECK(read(topic) == numbers(0, 3));
  CHECK(read(topic, {{"kafka.isolation.level", "read_uncommitted"}}).size() == 8);
  // Ranges that begin and end within gaps.
  for (int end = 1; end <= 12; ++end)
    CHECK(read(topic, {{"endingOffsets", fmt::format("{{\"{}\":{{\"0\":{}}}}}", topic, end)}}) ==
          numbers(0, end == 1  ? 1
                     : end < 7 ? 2
                               : 3));
}

TEST_CASE("a stream goes on from its checkpoint without loss or doubling") {
  const TemporaryDirectory directory;
  const std::string topic = new_topic(3);
  Stream stream{topic,
                {{"startingOffsets", "earliest"}, {"maxOffsetsPerTrigger", "30"}},
                directory / "checkpoint"};
  const auto send = [&](int from, int until) {
    std::vector<SentRecord> records;
    for (int i = from; i < until; ++i)
      records.push_back({.value = fmt::format("{:04}", i), .partition = i % 3});
    broker().send(topic, records);
  };
  send(0, 100);
  CHECK(stream.read_on() == numbers(0, 100));
  CHECK(stream.epochs.size() >= 4);  // 30 records an epoch
  send(100, 150);
  CHECK(stream.read_on() == numbers(100, 150));
  CHECK(stream.read_on().empty());
}

TEST_CASE("a new stream starts at the latest offsets, and a restart where that was (R-181)") {
  const TemporaryDirectory directory;
  const std::string topic = new_topic();
  broker().send(topic, numbers(0, 5));
  Stream stream{topic, {}, directory / "checkpoint"};
  CHECK(stream.read_on().empty());
  broker().send(topic, numbers(5, 8));
  CHECK(stream.read_on() == numbers(5, 8));
}

TEST_CASE("partitions added while a query stands still are read from their beginning") {
  const TemporaryDirectory directory;
  const std::string topic = new_topic();
  broker().send(topic, numbers(0, 3));
  Stream stream{topic, {{"startingOffsets", "latest"}}, directory / "checkpoint"};
  CHECK(stream.read_on().empty());
  broker().grow(topic, 3);
  broker().send(topic, {SentRecord{.value = "0007", .partition = 2},
                        SentRecord{.value = "0008", .partition = 0}});
  CHECK(stream.read_on() == Values{"0007", "0008"});
}

TEST_CASE("a running query finds added partitions and is woken by no more than its trigger") {
  const std::string topic = new_topic();
  std::mutex mutex;
  Values seen;
  Session session(actor_runner());
  auto query = frame_of(session.read_stream(), options_of(topic, {{"startingOffsets", "earliest"}}))
                   .select_expr({"value"})
                   .write_stream()
                   .for_each([&](const std::vector<Value>& row) {
                     const std::lock_guard lock(mutex);
                     seen.push_back(row[0].as<std::string>());
                   })
                   .start();
  const auto waits_for = [&](std::size_t count) {
    for (int i = 0; i < 200; ++i) {
      {
        const std::lock_guard lock(mutex);
        if (seen.size() >= count) return seen.size() == count;
      }
      sleep_millis(50);
    }
    return false;
  };
  broker().send(topic, numbers(0, 3));
  CHECK(waits_for(3));
  broker().grow(topic, 2);
  broker().send(topic, {SentRecord{.value = "0003", .partition = 1}});
  CHECK(waits_for(4));
  query->stop();
}

TEST_CASE("aged-out records end the query, or are left out where that is wished") {
  const TemporaryDirectory directory;
  const std::string topic = new_topic();
  broker().send(topic, numbers(0, 10));
  Stream stream{topic,
                {{"startingOffsets", "earliest"}, {"maxOffsetsPerTrigger", "4"}},
                directory / "checkpoint"};
  const std::string whole = stream.checkpoint;
  CHECK(stream.read_on() == numbers(0, 10));
  broker().send(topic, numbers(10, 20));
  broker().cut(topic, 0, 15);
  const std::string text = failure([&] { stream.read_on(); });
  INFO(text);
  CHECK(has(text, topic + "-0"));
  CHECK(has(text, "failOnDataLoss"));
  stream.more["failOnDataLoss"] = "false";
  CHECK(stream.read_on() == numbers(15, 20));
}

TEST_CASE("a topic that is removed and made again gives nothing twice (R-185)") {
  const TemporaryDirectory directory;
  const std::string topic = new_topic();
  broker().send(topic, numbers(0, 10));
  Stream stream{topic,
                {{"startingOffsets", "earliest"}, {"fetchOffset.retryIntervalMs", "50"}},
                directory / "checkpoint"};
  CHECK(stream.read_on() == numbers(0, 10));
  broker().remove(topic);
  CHECK(has(failure([&] { stream.read_on(); }), "are gone"));
  broker().create(topic, 1);
  broker().send(topic, numbers(20, 23));
  CHECK(has(failure([&] { stream.read_on(); }), "from 10 to 3"));
  stream.more["failOnDataLoss"] = "false";
  CHECK(stream.read_on().empty());  // the three are behind the offset that was read to
  broker().send(topic, numbers(23, 25));
  CHECK(stream.read_on() == numbers(23, 25));
}

TEST_CASE("poisoned records pass: nulls, empty ones and values of 1 MB") {
  const std::string topic = new_topic(1, {{"max.message.bytes", "4000000"}});
  std::vector<SentRecord> records;
  const std::string large(1'000'000, 'x');
  for (int i = 0; i < 30; ++i) {
    records.push_back({.value = std::nullopt});
    records.push_back({.value = ""});
    records.push_back({.value = large});
  }
  broker().send(topic, records);
  const Values values = Stream{topic}.read_on();
  REQUIRE(values.size() == 90);
  CHECK(std::count(values.begin(), values.end(), "null") == 30);
  CHECK(std::count(values.begin(), values.end(), "") == 30);
  CHECK(std::count(values.begin(), values.end(), large) == 30);
}

TEST_CASE("committed offsets are shown to a monitoring group") {
  const TemporaryDirectory directory;
  const std::string topic = new_topic();
  broker().send(topic, numbers(0, 7));
  const std::string group = topic + "-watchers";
  Stream stream{topic,
                {{"startingOffsets", "earliest"}, {"monitoringGroup", group}},
                directory / "checkpoint"};
  CHECK(stream.read_on() == numbers(0, 7));
  std::int64_t found = -1;
  for (int i = 0; i < 100 && found != 7; ++i) {
    sleep_millis(50);
    found = broker().committed(group, topic);
  }
  CHECK(found == 7);
}

TEST_CASE("the same values come as a DStream, typed") {
  const std::string topic = new_topic(2);
  broker().send(topic, {SentRecord{.value = "1", .key = "a", .millis = 1234},
                        SentRecord{.value = "2", .key = "b", .partition = 1},
                        SentRecord{.value = std::nullopt, .key = "a"}});
  std::mutex mutex;
  Values seen;
  StreamingContext context{local_runner(), std::chrono::milliseconds(100)};
  context.set_trigger(Trigger::available_now());
  context.kafka_stream(options_of(topic, {{"startingOffsets", "earliest"}}))
      .map([](const auto& record) {
        return fmt::format("{}={} {} {}", record.key.value_or("-"), record.value.value_or("-"),
                           record.partition, record.offset);
      })
      .for_each_batch([&](const auto& rows, auto&&...) {
        const std::lock_guard lock(mutex);
        for (const auto& row : rows.collect()) seen.push_back(row);
      });
  context.start();
  context.await_termination();
  std::sort(seen.begin(), seen.end());
  CHECK(seen == Values{"a=- 0 1", "a=1 0 0", "b=2 1 0"});
}

TEST_CASE("SQL queries a bounded read") {
  const std::string topic = new_topic();
  broker().send(topic, numbers(0, 4));
  Session session(local_runner());
  session.read()
      .format("kafka")
      .option("kafka.bootstrap.servers", broker().servers())
      .option("subscribe", topic)
      .load()
      .create_or_replace_temp_view("records");
  const auto rows =
      session.sql("SELECT max(CAST(value AS STRING)), count(*) FROM records WHERE offset > 0")
          .collect();
  CHECK(rows[0][0].as<std::string>() == "0003");
  CHECK(rows[0][1].as<std::int64_t>() == 3);
}

TEST_CASE("a broker that cannot be used is an error that names it and the option, in time") {
  const auto text_of = [](OptionMap options) {
    options.emplace("subscribe", "t");
    options.emplace("kafka.default.api.timeout.ms", "3000");
    return failure([&] {
      const Session session(local_runner());
      frame_of(session.read(), options).collect();
    });
  };
  const std::string nobody = text_of({{"kafka.bootstrap.servers", "127.0.0.1:1"}});
  INFO(nobody);
  CHECK(has(nobody, "127.0.0.1:1"));
  CHECK(has(nobody, "check kafka.bootstrap.servers"));
  const std::string tls = text_of(
      {{"kafka.bootstrap.servers", broker().servers()}, {"kafka.security.protocol", "SSL"}});
  INFO(tls);
  CHECK(has(tls, "this port seems to speak plain text"));
  const std::string sasl = text_of({{"kafka.bootstrap.servers", broker().servers()},
                                    {"kafka.security.protocol", "SASL_PLAINTEXT"},
                                    {"kafka.sasl.mechanism", "PLAIN"},
                                    {"kafka.sasl.username", "tester"},
                                    {"kafka.sasl.password", "hunter2"}});
  INFO(sasl);
  CHECK(has(sasl, broker().servers()));
  CHECK_FALSE(has(sasl, "hunter2"));
}

TEST_CASE("a topic that does not exist is named and not made") {
  const std::string text = failure([] { read("no-such-topic"); });
  INFO(text);
  CHECK(has(text, "topic no-such-topic does not exist"));
  CHECK(has(failure([] { read("no-such-topic"); }), "does not exist"));
}
