#include <libstream/data/column_builder.hpp>
#include <libstream/data/value_text.hpp>
#include <tests/kit/catch.hpp>

#include <cstdlib>
#include <limits>
#include <random>

using namespace stream;

namespace {

std::string text_of(double value) {
  std::string text;
  append_double(value, text);
  return text;
}

/// (word STRING, score DOUBLE, tags ARRAY<STRING>, point STRUCT<x: INT, y: BIGINT>), two rows.
Batch sample(BlockPool& pool) {
  const DataType tags = array_of(primitive(TypeKind::string), false);
  const DataType point = struct_of(
      {{"x", primitive(TypeKind::int32), true}, {"y", primitive(TypeKind::int64), false}});
  Schema schema{{{"word", primitive(TypeKind::string), true},
                 {"score", primitive(TypeKind::float64), false},
                 {"tags", tags, false},
                 {"point", point, false}}};
  ColumnBuilder word(schema.fields[0].type, pool);
  ColumnBuilder score(schema.fields[1].type, pool);
  ColumnBuilder tag(schema.fields[2].type, pool);
  ColumnBuilder at(schema.fields[3].type, pool);
  word.append_string("a \"quoted\" word");
  word.append_null();
  score.append(0.5);
  score.append(1e21);
  tag.child(0).append_string("x\"y");
  tag.child(0).append_string("z");
  tag.append_array();
  tag.append_array();
  at.child(0).append(std::int32_t{-7});
  at.child(1).append(std::int64_t{9'000'000'000});
  at.append_struct();
  at.child(0).append_null();
  at.child(1).append(std::int64_t{1});
  at.append_struct();
  std::vector<Column> columns;
  for (ColumnBuilder* builder : {&word, &score, &tag, &at}) columns.push_back(builder->finish());
  return Batch(std::make_shared<const Schema>(std::move(schema)), std::move(columns), 2);
}

}  // namespace

TEST_CASE("doubles are written as Java writes them") {
  CHECK(text_of(0) == "0.0");
  CHECK(text_of(-0.0) == "-0.0");
  CHECK(text_of(1) == "1.0");
  CHECK(text_of(-12.25) == "-12.25");
  CHECK(text_of(0.001) == "0.001");
  CHECK(text_of(0.00099) == "9.9E-4");
  CHECK(text_of(9999999) == "9999999.0");
  CHECK(text_of(1e7) == "1.0E7");
  CHECK(text_of(1.5e300) == "1.5E300");
  CHECK(text_of(0.1 + 0.2) == "0.30000000000000004");
  CHECK(text_of(std::numeric_limits<double>::quiet_NaN()) == "NaN");
  CHECK(text_of(-std::numeric_limits<double>::infinity()) == "-Infinity");
}

TEST_CASE("the text of a double reads back as the same double") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t bits = random();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (!(value - value == 0)) continue;  // infinite or not a number
    const std::string text = text_of(value);
    INFO(text);
    REQUIRE(std::strtod(text.c_str(), nullptr) == value);
  }
}

TEST_CASE("a row in a file has raw strings and nested values like JSON") {
  BlockPool pool;
  const Batch batch = sample(pool);
  std::string text;
  append_row(batch, 0, "\t", text);
  CHECK(text == "a \"quoted\" word\t0.5\t[\"x\\\"y\",\"z\"]\t{\"x\":-7,\"y\":9000000000}");
  text.clear();
  append_row(batch, 1, "|", text);
  CHECK(text == "null|1.0E21|[]|{\"x\":null,\"y\":1}");
}

TEST_CASE("an element is printed as a tuple, a single column as its value") {
  BlockPool pool;
  const Batch batch = sample(pool);
  std::string text;
  append_element(batch, 0, text);
  CHECK(text == "(a \"quoted\" word,0.5,[x\"y, z],(-7,9000000000))");
  const Batch single(std::make_shared<const Schema>(Schema{{batch.schema().fields[0]}}),
                     {batch.column(0)}, 2);
  text.clear();
  append_element(single, 0, text);
  CHECK(text == "a \"quoted\" word");
}
