#include <libstream/connectors/kafka/partition_offsets.hpp>
#include <tests/kit/catch.hpp>

namespace stream {
namespace {

TEST_CASE("offsets are written as Spark writes them and read back") {
  const PartitionOffsets offsets = {
      {{"a", 0}, 23}, {{"a", 2}, 5}, {{"a", 10}, -1}, {{"b\"", 0}, 7}};
  const std::string json = R"({"a":{"0":23,"2":5,"10":-1},"b\"":{"0":7}})";
  CHECK(to_json(offsets) == json);
  CHECK(parse_partition_offsets(json).value() == offsets);
  CHECK(to_json(PartitionOffsets{}) == "{}");
  CHECK(parse_partition_offsets("{}").value().empty());
}

TEST_CASE("what is no offsets JSON is refused with an example") {
  for (const char* text : {"", "[]", "{", R"({"a":1})", R"({"a":{"x":1}})", R"({"a":{"0":"1"}})",
                           R"({"a":{"0":-3}})", R"({"a":{"-1":1}})", R"({"a":{"0":1.5}})"}) {
    const auto parsed = parse_partition_offsets(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().message().find("Expected e.g. {\"topicA\":{\"0\":23") == 0);
  }
  CHECK_FALSE(parse_partition_times(R"({"a":{"0":-1}})"));
}

TEST_CASE("assigned partitions are read from JSON lists") {
  CHECK(parse_partitions(R"({"a":[0,2],"b":[1]})").value() ==
        PartitionSet{{"a", 0}, {"a", 2}, {"b", 1}});
  for (const char* text : {"a", R"({"a":{"0":1}})", R"({"a":[-1]})", R"({"a":["0"]})"})
    CHECK_FALSE(parse_partitions(text));
}

TEST_CASE("a split's range survives its text, and other text is no split") {
  const OffsetRange range{{"t\n", 3}, 5, 9};
  CHECK(parse_offset_range(to_json(range)).value() == range);
  CHECK(range.size() == 4);
  for (const char* text : {"", "{}", R"({"topic":1,"partition":0,"from":0,"until":1})"})
    CHECK_FALSE(parse_offset_range(text));
}

}  // namespace
}  // namespace stream
