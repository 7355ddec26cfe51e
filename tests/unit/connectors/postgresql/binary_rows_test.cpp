#include <libstream/connectors/postgresql/row_decoder.hpp>
#include <libstream/connectors/postgresql/row_encoder.hpp>
#include <libstream/data/decimal.hpp>
#include <libstream/data/value.hpp>
#include <tests/kit/catch.hpp>

#include <random>

using namespace stream;
using namespace stream::postgresql;

namespace {

std::string bytes_of(Int128 unscaled, int scale) {
  std::string bytes;
  append_numeric(unscaled, scale, bytes);
  return bytes;
}

/// A numeric's bytes read as a decimal; "…" of the error when it is none.
std::string read_numeric(const std::string& bytes, int precision, int scale) {
  BlockPool pool;
  ColumnBuilder builder(decimal_of(precision, scale), pool);
  const auto read = append_decoded(bytes, {oid::kNumeric, -1, "numeric", 0, false}, builder);
  if (!read) return read.error().message();
  std::string text;
  append_decimal(builder.finish().data<Int128>()[0], scale, text);
  return text;
}

Schema all_kinds() {
  return {{{"b", primitive(TypeKind::boolean), true},
           {"i", primitive(TypeKind::int32), true},
           {"l", primitive(TypeKind::int64), true},
           {"d", primitive(TypeKind::float64), true},
           {"s", primitive(TypeKind::string), true},
           {"x", primitive(TypeKind::binary), true},
           {"n", decimal_of(20, 4), true},
           {"day", primitive(TypeKind::date), true},
           {"t", primitive(TypeKind::timestamp), true},
           {"a", array_of(primitive(TypeKind::int32), true), true},
           {"ci", primitive(TypeKind::calendar_interval), true}}};
}

std::vector<ColumnType> types_for_all_kinds() {
  const auto type = [](std::uint32_t number) {
    return ColumnType{number, -1, "", element_of_oid(number), false};
  };
  return {type(oid::kBool),
          type(oid::kInt4),
          type(oid::kInt8),
          type(oid::kFloat8),
          type(oid::kText),
          type(oid::kBytea),
          {oid::kNumeric, (20 << 16 | 4) + 4, "", 0, false},
          type(oid::kDate),
          type(oid::kTimestamptz),
          type(array_of_oid(oid::kInt4)),
          type(oid::kInterval)};
}

std::vector<std::vector<Value>> some_rows() {
  const auto v = [](auto content) { return Value{content}; };
  std::vector<std::vector<Value>> rows;
  rows.push_back({v(true), v(std::int32_t{-7}), v(std::int64_t{1} << 62), v(-0.5),
                  v(std::string("a longer text than twelve")), v(std::string("\0\1", 2)),
                  v(Int128{-12345678901}), v(std::int32_t{-1}), v(std::int64_t{-1}),
                  v(ValueList{v(std::int32_t{1}), Value{}, v(std::int32_t{3})}),
                  v(CalendarInterval{-1, 2, -3})});
  rows.emplace_back(rows[0].size(), Value{});
  rows.push_back({v(false), v(std::int32_t{0}), v(std::int64_t{0}), v(0.0), v(std::string()),
                  v(std::string()), v(Int128{0}), v(std::int32_t{0}), v(std::int64_t{0}),
                  v(ValueList{}), v(CalendarInterval{})});
  return rows;
}

std::string copy_of(const Batch& batch) {
  auto encoder = RowEncoder::make(batch.schema(), types_for_all_kinds(), false);
  REQUIRE(encoder);
  std::string bytes;
  RowEncoder::append_header(bytes);
  REQUIRE(encoder->append(batch, 0, batch.num_rows(), bytes));
  RowEncoder::append_trailer(bytes);
  return bytes;
}

}  // namespace

TEST_CASE("rows come back from the bytes of a COPY as they went in") {
  BlockPool pool;
  const auto schema = std::make_shared<const Schema>(all_kinds());
  const Batch batch = batch_of(schema, some_rows(), pool);
  CopyDecoder decoder(types_for_all_kinds());
  std::vector<ColumnBuilder> builders;
  for (const Field& field : schema->fields) builders.emplace_back(field.type, pool);
  REQUIRE(decoder.append(copy_of(batch), builders));
  CHECK(decoder.has_ended());
  REQUIRE(decoder.num_rows() == 3);
  std::vector<Column> columns;
  for (ColumnBuilder& builder : builders) columns.push_back(builder.finish());
  CHECK(rows_of(Batch(schema, std::move(columns), 3)) == some_rows());
}

TEST_CASE("decimals of any size and scale keep every digit") {
  const std::uint32_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const int scale = static_cast<int>(random() % 39);
    const int digits = static_cast<int>(random() % 39);
    Int128 value = 0;
    for (int digit = 0; digit < digits; ++digit) value = value * 10 + random() % 10;
    if (random() % 2 == 0) value = -value;
    std::string text;
    append_decimal(value, scale, text);
    REQUIRE(read_numeric(bytes_of(value, scale), 38, scale) == text);
  }
}

TEST_CASE("a numeric with more digits than the column is rounded half up or refused") {
  CHECK(read_numeric(bytes_of(123455, 4), 10, 3) == "12.346");
  CHECK(read_numeric(bytes_of(-123455, 4), 10, 3) == "-12.346");
  CHECK(read_numeric(bytes_of(123455, 4), 10, 0) == "12");
  CHECK(read_numeric(bytes_of(5, 1), 10, 0) == "1");
  CHECK(read_numeric(bytes_of(49, 9), 10, 0) == "0");
  CHECK(read_numeric(bytes_of(1, 20), 10, 2) == "0.00");
  CHECK(read_numeric(bytes_of(12345, 0), 4, 0).find("too many digits") != std::string::npos);
  const std::string not_a_number("\0\0\0\0\xC0\0\0\0", 8);
  CHECK(read_numeric(not_a_number, 10, 0).find("NaN") != std::string::npos);
}

TEST_CASE("damaged bytes of a COPY are errors, whatever is changed in them") {
  const std::uint32_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  BlockPool pool;
  const auto schema = std::make_shared<const Schema>(all_kinds());
  const std::string whole = copy_of(batch_of(schema, some_rows(), pool));
  int num_refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = whole;
    for (auto changes = 1 + random() % 3; changes > 0; --changes)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    if (random() % 3 == 0) bytes.resize(random() % bytes.size());
    CopyDecoder decoder(types_for_all_kinds());
    std::vector<ColumnBuilder> builders;
    for (const Field& field : schema->fields) builders.emplace_back(field.type, pool);
    if (!decoder.append(bytes, builders)) ++num_refused;
  }
  CHECK(num_refused > 1'000);
}

TEST_CASE("what PostgreSQL has no place for is refused with the column's name") {
  BlockPool pool;
  const auto refused = [&](DataType type, std::uint32_t to, Value value) {
    const auto schema = std::make_shared<const Schema>(Schema{{{"c", std::move(type), true}}});
    auto encoder = RowEncoder::make(*schema, {{to, -1, "", 0, false}}, false);
    std::string bytes;
    const auto done = encoder->append(batch_of(schema, {{std::move(value)}}, pool), 0, 1, bytes);
    return done ? "" : done.error().message();
  };
  CHECK(refused(primitive(TypeKind::string), oid::kText, {std::string("a\0b", 3)}) ==
        "column c: a text holds a zero byte, which PostgreSQL's texts cannot");
  CHECK(refused(primitive(TypeKind::string), oid::kUuid, {std::string("no")}) ==
        "column c: a text is no uuid");
  CHECK(refused(primitive(TypeKind::timestamp), oid::kTimestamptz,
                {std::numeric_limits<std::int64_t>::min()}) ==
        "column c: a timestamp is outside of what PostgreSQL holds");
}
