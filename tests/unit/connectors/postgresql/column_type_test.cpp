#include <libstream/connectors/postgresql/column_type.hpp>
#include <tests/kit/catch.hpp>

using namespace stream;
using namespace stream::postgresql;

namespace {

ColumnType column(std::uint32_t type, std::int32_t modifier = -1) {
  return {type, modifier, "", element_of_oid(type), false};
}
std::int32_t numeric_modifier(int precision, int scale) { return (precision << 16 | scale) + 4; }

}  // namespace

TEST_CASE("every type of ours but NULL has a type in CREATE TABLE") {
  const auto ddl = [](const DataType& type) {
    const auto text = type_in_ddl(type);
    return text ? *text : "refused";
  };
  CHECK(ddl(primitive(TypeKind::int8)) == "smallint");
  CHECK(ddl(decimal_of(38, 10)) == "numeric(38, 10)");
  CHECK(ddl(primitive(TypeKind::timestamp)) == "timestamp with time zone");
  CHECK(ddl(array_of(primitive(TypeKind::date), true)) == "date[]");
  CHECK(ddl(array_of(array_of(primitive(TypeKind::date), true), true)) == "jsonb");
  CHECK(ddl(map_of(primitive(TypeKind::string), primitive(TypeKind::int32), true)) == "jsonb");
  CHECK(ddl(primitive(TypeKind::variant)) == "jsonb");
  CHECK(ddl(primitive(TypeKind::null)) == "refused");
}

TEST_CASE("values go only where nothing is lost") {
  const DataType integer = primitive(TypeKind::int32);
  CHECK(can_write(integer, column(oid::kInt4)));
  CHECK(can_write(integer, column(oid::kInt8)));
  CHECK(can_write(integer, column(oid::kNumeric)));
  CHECK(can_write(integer, column(oid::kNumeric, numeric_modifier(10, 0))));
  CHECK_FALSE(can_write(integer, column(oid::kNumeric, numeric_modifier(10, 1))));
  CHECK_FALSE(can_write(integer, column(oid::kInt2)));
  CHECK_FALSE(can_write(integer, column(oid::kText)));
  CHECK_FALSE(can_write(primitive(TypeKind::float64), column(oid::kFloat4)));
  CHECK(can_write(decimal_of(5, 2), column(oid::kNumeric, numeric_modifier(6, 3))));
  CHECK_FALSE(can_write(decimal_of(5, 2), column(oid::kNumeric, numeric_modifier(5, 3))));
  CHECK_FALSE(can_write(primitive(TypeKind::timestamp), column(oid::kTimestamp)));
  CHECK(can_write(array_of(integer, true), column(array_of_oid(oid::kInt8))));
  CHECK_FALSE(can_write(array_of(integer, true), column(array_of_oid(oid::kInt2))));
  CHECK(can_write(array_of(integer, true), column(oid::kJsonb)));
}

TEST_CASE("a numeric is read with its precision, or as Spark's decimal(38,18)") {
  CHECK(type_read_as(column(oid::kNumeric, numeric_modifier(12, 3))) == decimal_of(12, 3));
  CHECK(type_read_as(column(oid::kNumeric)) == decimal_of(38, 18));
  CHECK_FALSE(type_read_as(column(oid::kNumeric, numeric_modifier(50, 3))));
  // numeric(5, -2), which holds hundreds.
  CHECK_FALSE(type_read_as(column(oid::kNumeric, (5 << 16 | (-2 & 0x7ff)) + 4)));
  CHECK_FALSE(type_read_as(column(600)));  // point
}
