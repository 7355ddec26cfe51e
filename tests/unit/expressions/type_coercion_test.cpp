#include <libstream/expressions/type_coercion.hpp>
#include <tests/kit/catch.hpp>
#include <tests/unit/expressions/one_row.hpp>

using namespace stream;
using namespace stream::testing;

namespace {

const DataType kFloat = primitive(TypeKind::float32);
const DataType kDate = primitive(TypeKind::date);

}  // namespace

TEST_CASE("texts become what they meet in ANSI mode, and others become texts without it") {
  CHECK(common_type(kString, kInt, true) == kLong);
  CHECK(common_type(kString, decimal_of(5, 2), true) == kDouble);
  CHECK(common_type(kString, kDate, true) == kDate);
  CHECK(common_type(kString, kInt, false) == kString);
  CHECK(common_type(kString, primitive(TypeKind::boolean), false) == std::nullopt);
  CHECK(common_type(kString, day_time_interval(), true) == std::nullopt);
}

TEST_CASE("an integer and a float meet in a double in ANSI mode") {
  CHECK(common_type(kInt, kFloat, true) == kDouble);
  CHECK(common_type(kInt, kFloat, false) == kFloat);
  CHECK(common_type(kFloat, kFloat, true) == kFloat);
}

TEST_CASE("decimals widen, the digits before the point first") {
  CHECK(common_type(decimal_of(10, 2), decimal_of(8, 4), true) == decimal_of(12, 4));
  CHECK(common_type(decimal_of(38, 0), decimal_of(38, 38), true) == decimal_of(38, 0));
  CHECK(common_type(kInt, decimal_of(4, 1), true) == decimal_of(11, 1));
  CHECK(adjusted_decimal(77, 36) == decimal_of(38, 6));
}

TEST_CASE("arrays and structs meet part by part") {
  CHECK(common_type(array_of(kInt, false), array_of(kLong, true), true) == array_of(kLong, true));
  const DataType a = struct_of({{"x", kInt, false}});
  const DataType b = struct_of({{"X", kDouble, false}});
  const DataType c = struct_of({{"y", kDouble, false}});
  CHECK(common_type(a, b, true) == struct_of({{"x", kDouble, false}}));
  CHECK(common_type(a, c, true) == std::nullopt);
}

TEST_CASE("an integer literal in arithmetic takes only the digits it has") {
  Argument literal{kInt, false, Value{std::int32_t{12}}, false, "12"};
  CHECK(decimal_for(literal) == decimal_of(2, 0));
  literal.text = "(10 + 2)";
  CHECK(decimal_for(literal) == decimal_of(10, 0));
}

TEST_CASE("implicit casts are those of a table write, and texts become anything") {
  CHECK(is_implicitly_castable(kString, kDate, true));
  CHECK(is_implicitly_castable(kInt, kString, true));
  CHECK(is_implicitly_castable(kLong, kInt, true));
  CHECK_FALSE(is_implicitly_castable(kInt, kDate, true));
  CHECK_FALSE(is_implicitly_castable(primitive(TypeKind::boolean), kInt, true));
}
