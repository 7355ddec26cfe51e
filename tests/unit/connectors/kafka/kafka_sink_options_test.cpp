#include <libstream/connectors/kafka/kafka_sink_options.hpp>
#include <tests/kit/catch.hpp>

using namespace stream;
using Catch::Matchers::ContainsSubstring;

namespace {

const Field kValue{"value", primitive(TypeKind::string), true};

KafkaSinkOptions parsed(OptionMap options) {
  options.try_emplace("kafka.bootstrap.servers", "127.0.0.1:1");
  return parse_kafka_sink_options(std::move(options)).value();
}

std::string sink_refusal(OptionMap options) {
  const auto result = parse_kafka_sink_options(std::move(options));
  REQUIRE_FALSE(result);
  return result.error().message();
}

std::string column_refusal(std::vector<Field> fields, OptionMap options = {}) {
  const auto columns = find_kafka_columns(Schema{std::move(fields)}, parsed(std::move(options)));
  REQUIRE_FALSE(columns);
  return columns.error().message();
}

}  // namespace

TEST_CASE("delivery is exactly_once or at_least_once, or left to the kind of query") {
  CHECK_FALSE(parsed({}).delivery);
  CHECK(parsed({{"delivery", "at_least_once"}}).delivery == KafkaDelivery::at_least_once);
  CHECK(parsed({{"delivery", "exactly_once"}}).delivery == KafkaDelivery::exactly_once);
}

TEST_CASE("wrong and contradictory options of the sink are refused all at once") {
  const std::string text =
      sink_refusal({{"delivery", "maybe"}, {"topik", "t"}, {"kafka.transactional.id", "x"}});
  CHECK_THAT(text, ContainsSubstring("'maybe'") && ContainsSubstring("topik") &&
                       ContainsSubstring("kafka.bootstrap.servers") &&
                       ContainsSubstring("transactional.id"));
  CHECK_THAT(sink_refusal({{"kafka.bootstrap.servers", "h:1"}, {"kafka.acks", "1"}}),
             ContainsSubstring("kafka.acks=1"));
  CHECK(parsed({{"kafka.acks", "1"}, {"delivery", "at_least_once"}}).properties.value("acks") ==
        "1");
}

TEST_CASE("columns are found by name and the option topic wins over the column") {
  const std::vector<Field> fields{{"topic", primitive(TypeKind::string), true},
                                  {"other", primitive(TypeKind::float64), true},
                                  {"key", primitive(TypeKind::binary), true},
                                  kValue,
                                  {"partition", primitive(TypeKind::int32), true}};
  const auto own = find_kafka_columns(Schema{fields}, parsed({})).value();
  CHECK(own.topic == 0u);
  CHECK(own.key == 2u);
  CHECK(own.value == 3u);
  CHECK(own.partition == 4u);
  CHECK_FALSE(own.headers);
  CHECK_FALSE(find_kafka_columns(Schema{fields}, parsed({{"topic", "t"}})).value().topic);
}

TEST_CASE("columns that cannot be records are refused in Spark's words") {
  CHECK_THAT(column_refusal({{"key", primitive(TypeKind::string), true}}, {{"topic", "t"}}),
             ContainsSubstring("Required attribute 'value' not found"));
  CHECK_THAT(column_refusal({kValue}),
             ContainsSubstring("topic option required when no 'topic' attribute is present"));
  CHECK_THAT(column_refusal({{"value", primitive(TypeKind::int64), true}}, {{"topic", "t"}}),
             ContainsSubstring("value attribute type must be a STRING or BINARY, not BIGINT"));
  CHECK_THAT(
      column_refusal({kValue, {"partition", primitive(TypeKind::int64), true}}, {{"topic", "t"}}),
      ContainsSubstring("partition attribute type must be a INT"));
  CHECK_THAT(
      column_refusal({kValue, {"headers", primitive(TypeKind::string), true}}, {{"topic", "t"}}),
      ContainsSubstring("headers attribute type"));
}
