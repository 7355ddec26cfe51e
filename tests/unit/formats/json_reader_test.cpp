#include <tests/unit/formats/format_fixture.hpp>

namespace stream {
namespace {

using namespace testing;

TEST_CASE("JSON lines become rows, the last of two equal names counts") {
  const auto read =
      read_text(*format_of("json", {}), "a INT, b STRING",
                "{\"a\":1,\"b\":\"x\"}\n\n{\"b\":\"\\u00e9\\n\",\"a\":2,\"c\":[1,{}]}\n"
                "{\"a\":1,\"a\":3}\n{\"b\":5}\n");
  REQUIRE(read.error.empty());
  REQUIRE(read.rows == Rows{{int_value(1), text_value("x")},
                            {int_value(2), text_value("\xC3\xA9\n")},
                            {int_value(3), Value{}},
                            {Value{}, text_value("5")}});
}

TEST_CASE("A JSON line that does not parse has no value but its text") {
  for (const char* broken : {"{\"a\":1", "{\"a\":1,}", "{\"a\":01}", "{\"c\":tru}", "{\"c\":1.}",
                             "{\"c\":\"\\q\"}", "{\"a\":1,\"c\":\"\xFF\"}", "7"}) {
    INFO(broken);
    const auto read = read_text(*format_of("json", {}), "a INT, _corrupt_record STRING",
                                std::string(broken) + "\n");
    REQUIRE(read.rows == Rows{{Value{}, text_value(broken)}});
  }
}

TEST_CASE("A field that is not of its type is null, the others stay") {
  const auto read = read_text(*format_of("json", {}), "a INT, s STRUCT<x: INT, y: STRING>",
                              "{\"a\":\"q\",\"s\":{\"x\":true,\"y\":\"z\"}}\n");
  REQUIRE(read.rows == Rows{{Value{}, Value{ValueList{Value{}, text_value("z")}}}});
}

TEST_CASE("A file that is an array of JSON objects gives a row each") {
  const auto read = read_text(*format_of("json", {{"multiLine", "true"}}), "a INT",
                              "[{\"a\":1},\n{\"a\":2},{\"a\":3},{\"a\":4},{\"a\":5}]");
  REQUIRE(read.rows ==
          Rows{{int_value(1)}, {int_value(2)}, {int_value(3)}, {int_value(4)}, {int_value(5)}});
}

}  // namespace
}  // namespace stream
