#include <libstream/expressions/type_text.hpp>
#include <tests/fuzz/fuzz.hpp>
#include <tests/kit/catch.hpp>

namespace stream::fuzz {

namespace {

std::string parse_as_schema(std::string_view text) {
  const auto schema = parse_schema(text);
  if (!schema && schema.error().message().size() < 5) return "the error says nothing";
  const auto type = parse_data_type(text);
  if (!type) return type.error().message().size() < 5 ? "the error says nothing" : "";
  const auto again = parse_data_type(type->to_string());
  if (!again) return "its own text is not understood: " + type->to_string();
  return again->to_string() == type->to_string() ? "" : "its own text means " + again->to_string();
}

}  // namespace

TEST_CASE("no text brings the parser of schemas down") {
  FuzzTarget target;
  target.name = "schema";
  target.corpus = {
      "a INT, b STRING, c DECIMAL(10, 2)",
      "ts TIMESTAMP NOT NULL COMMENT 'when', `a b` ARRAY<MAP<STRING, STRUCT<x: INT, y: DATE>>>",
      "STRUCT<a: STRUCT<b: ARRAY<BIGINT>>, c: DECIMAL(38,18)>",
      "MAP<DATE, ARRAY<DOUBLE>>",
      "DECIMAL(38, 38)",
      "i INTERVAL DAY TO SECOND, y INTERVAL YEAR TO MONTH, n TIMESTAMP_NTZ, b BINARY, v VARIANT",
      "c CHAR(3), d VARCHAR(20), e TINYINT, f SMALLINT, g FLOAT, h BOOLEAN, i VOID",
  };
  target.words = {"<",   ">",       ">>",        ",",    ":",  "(",        ")",
                  "INT", "ARRAY<",  "STRUCT<a:", "MAP<", "`",  "DECIMAL(", "99999999999999",
                  "NOT", "COMMENT", "'",         "\xff", "-1", "INTERVAL", "DEFAULT 1",
                  "--",  "/*",      "STRING",    "``",   "\n", "0",        "COLLATE UTF8_LCASE"};
  target.run = parse_as_schema;
  const FuzzOutcome outcome = fuzz(target);
  INFO(outcome.failure);
  CHECK(outcome.failure.empty());
  CHECK(outcome.num_runs > 0);
}

TEST_CASE("deep types are refused or parsed, not a crash") {
  for (const std::size_t depth : {100u, 100'000u}) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += "ARRAY<";
    CHECK(parse_as_schema(text).empty());
    text += "INT" + std::string(depth, '>');
    CHECK(parse_as_schema(text).empty());
  }
}

}  // namespace stream::fuzz
