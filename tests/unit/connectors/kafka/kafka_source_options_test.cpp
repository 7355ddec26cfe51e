#include <libstream/connectors/kafka/kafka_source_options.hpp>
#include <tests/kit/catch.hpp>

namespace stream {
namespace {

OptionMap with(OptionMap more, bool has_topic = true) {
  more.emplace("kafka.bootstrap.servers", "b:9092");
  if (has_topic) more.emplace("subscribe", "t");
  return more;
}

std::string source_refusal(OptionMap options, bool is_streaming = true) {
  const auto parsed = parse_kafka_source_options(std::move(options), is_streaming);
  if (parsed) return "";
  CHECK(parsed.error().error_class() == ErrorClass::bad_option);
  return parsed.error().message();
}

void check_refused(OptionMap options, bool is_streaming, const std::string& reason) {
  const std::string text = source_refusal(std::move(options), is_streaming);
  INFO(text);
  CHECK(text.find(reason) != std::string::npos);
}

TEST_CASE("a stream starts at the latest offsets, a bounded read at the earliest") {
  CHECK(parse_kafka_source_options(with({}), true).value().start.kind == OffsetLimit::Kind::latest);
  CHECK(parse_kafka_source_options(with({}), false).value().start.kind ==
        OffsetLimit::Kind::earliest);
  CHECK(parse_kafka_source_options(with({}), false).value().end.kind == OffsetLimit::Kind::latest);
}

TEST_CASE("all options are taken, whatever the case of their names") {
  const auto parsed =
      parse_kafka_source_options(with({{"STARTINGOFFSETS", R"({"t":{"0":23,"1":-2}})"},
                                       {"failOnDataLoss", "false"},
                                       {"minPartitions", "3"},
                                       {"maxRecordsPerPartition", "100"},
                                       {"maxOffsetsPerTrigger", "1000"},
                                       {"minOffsetsPerTrigger", "10"},
                                       {"maxTriggerDelay", "5m"},
                                       {"includeHeaders", "true"},
                                       {"groupIdPrefix", "mine"},
                                       {"fetchOffset.numRetries", "7"},
                                       {"fetchOffset.retryIntervalMs", "20"},
                                       {"kafkaConsumer.pollTimeoutMs", "512"},
                                       {"startingOffsetsByTimestampStrategy", "latest"},
                                       {"kafka.fetch.min.bytes", "1"}}),
                                 true);
  REQUIRE(parsed);
  CHECK(parsed->start.kind == OffsetLimit::Kind::offsets);
  CHECK(parsed->start.partitions == PartitionOffsets{{{"t", 0}, 23}, {{"t", 1}, -2}});
  CHECK_FALSE(parsed->fails_on_data_loss);
  CHECK(parsed->triggers.min_partitions == 3);
  CHECK(parsed->triggers.max_records_per_partition == 100);
  CHECK(parsed->triggers.max_offsets == 1000);
  CHECK(parsed->triggers.min_offsets == 10);
  CHECK(parsed->triggers.max_delay == std::chrono::minutes(5));
  CHECK(parsed->has_headers);
  CHECK(parsed->latest_if_no_match);
  CHECK(parsed->reading.num_retries == 7);
  CHECK(parsed->reading.poll_timeout == Duration(512));
  CHECK(parsed->client.value("fetch.min.bytes") == "1");
}

TEST_CASE("the longest trigger delay is a duration, or a bare number of milliseconds") {
  const auto delay_of = [](const char* text) {
    return parse_kafka_source_options(with({{"maxTriggerDelay", text}}), true);
  };
  CHECK(delay_of("1500")->triggers.max_delay == Duration(1500));
  CHECK(delay_of("2s")->triggers.max_delay == Duration(2000));
  CHECK(parse_kafka_source_options(with({}), true)->triggers.max_delay == std::chrono::minutes(15));
  CHECK_FALSE(delay_of("-1"));
  CHECK_FALSE(delay_of("soon"));
}

TEST_CASE("a time goes before times by partition, those before offsets") {
  const auto start = [](OptionMap options) {
    return parse_kafka_source_options(with(std::move(options)), true).value().start;
  };
  const OptionMap all = {{"startingTimestamp", "5"},
                         {"startingOffsetsByTimestamp", R"({"t":{"0":6}})"},
                         {"startingOffsets", "earliest"}};
  CHECK(start(all).kind == OffsetLimit::Kind::timestamp);
  CHECK(start(all).timestamp == 5);
  OptionMap two = all;
  two.erase("startingTimestamp");
  CHECK(start(two).kind == OffsetLimit::Kind::timestamps);
}

TEST_CASE("exactly one of subscribe, subscribePattern and assign is given") {
  check_refused(with({}, false), true, "One of the following options must be specified");
  check_refused(with({{"assign", R"({"t":[0]})"}}), true, "Only one of the following options");
  check_refused(with({{"subscribe", " , "}}, false), true, "No topics to subscribe to");
  check_refused(with({{"subscribePattern", " "}}, false), true, "Pattern to subscribe is empty");
  check_refused(with({{"subscribePattern", "("}}, false), true, "no regular expression");
  check_refused(with({{"assign", "t"}}, false), true, "No topicpartitions to assign");
}

TEST_CASE("streams have no end and bounded reads do not start at the end") {
  check_refused(with({{"endingOffsets", "latest"}}), true,
                "ending offset not valid in streaming queries");
  check_refused(with({{"endingTimestamp", "5"}}), true,
                "ending timestamp not valid in streaming queries");
  check_refused(with({{"startingOffsets", "latest"}}), false,
                "starting offset can't be latest for batch queries on Kafka");
  check_refused(with({{"startingOffsets", R"({"t":{"0":-1}})"}}), false,
                "startingOffsets for t-0 can't be latest for batch queries on Kafka");
  check_refused(with({{"endingOffsets", "earliest"}}), false,
                "ending offset can't be earliest for batch queries on Kafka");
  check_refused(with({{"endingOffsets", R"({"t":{"0":-2}})"}}), false,
                "ending offset for t-0 can't be earliest");
  check_refused(
      with({{"startingOffsets", R"({"t":{"0":9}})"}, {"endingOffsets", R"({"t":{"0":5}})"}}), false,
      "the start 9 of t-0 lies behind its end 5");
}

TEST_CASE("wrong numbers, contradictions and unknown names are all told at once") {
  const std::string text = source_refusal(with({{"minPartitions", "0"},
                                                {"maxRecordsPerPartition", "-1"},
                                                {"startingTimestamp", "noon"},
                                                {"startingOfsets", "earliest"},
                                                {"failOnDataLoss", "perhaps"}}));
  INFO(text);
  CHECK(text.find("minPartitions must be positive") != std::string::npos);
  CHECK(text.find("maxRecordsPerPartition must be positive") != std::string::npos);
  CHECK(text.find("Expected a single long value, got noon") != std::string::npos);
  CHECK(text.find("did you mean 'startingOffsets'?") != std::string::npos);
  CHECK(text.find("failOnDataLoss") != std::string::npos);
  check_refused(with({{"minOffsetsPerTrigger", "9"}, {"maxOffsetsPerTrigger", "5"}}), true,
                "The value of minOffsetPerTrigger(9) is higher than the maxOffsetsPerTrigger(5).");
}

}  // namespace
}  // namespace stream
