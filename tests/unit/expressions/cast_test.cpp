#include <tests/kit/catch.hpp>
#include <tests/unit/expressions/one_row.hpp>

#include <limits>

using namespace stream;
using namespace stream::testing;

namespace {

std::vector<Value> texts(std::initializer_list<const char*> values) {
  std::vector<Value> boxed;
  for (const char* value : values) boxed.push_back({std::string(value)});
  return boxed;
}

bool fails_with(const Result<std::vector<Value>>& result, const std::string& condition) {
  return !result && result.error().message().find("[" + condition + "]") != std::string::npos;
}

}  // namespace

TEST_CASE("a number that does not fit is an error, null or wrapped, as the mode says") {
  const TypedColumn longs{kLong, values_of<std::int64_t>({5, 5'000'000'000})};
  CHECK(fails_with(cast_column(longs, kInt, CastMode::ansi), "CAST_OVERFLOW"));
  const auto tried = cast_column(longs, kInt, CastMode::attempt);
  REQUIRE(tried);
  CHECK((*tried)[0] == Value{std::int32_t{5}});
  CHECK((*tried)[1].is_null());
  const auto wrapped = cast_column(longs, kInt, CastMode::legacy);
  REQUIRE(wrapped);
  CHECK((*wrapped)[1] == Value{static_cast<std::int32_t>(5'000'000'000)});
}

TEST_CASE("doubles lose their fraction toward zero and saturate without ANSI") {
  const TypedColumn doubles{kDouble, values_of<double>({-2.9, 1e18})};
  const auto longs = cast_column(doubles, kLong, CastMode::ansi);
  REQUIRE(longs);
  CHECK(*longs == values_of<std::int64_t>({-2, 1'000'000'000'000'000'000}));
  const TypedColumn extreme{kDouble, values_of<double>({1e30, std::nan("")})};
  CHECK(fails_with(cast_column(extreme, kInt, CastMode::ansi), "CAST_OVERFLOW"));
  const auto saturated = cast_column(extreme, kInt, CastMode::legacy);
  REQUIRE(saturated);
  CHECK(*saturated == values_of<std::int32_t>({std::numeric_limits<std::int32_t>::max(), 0}));
}

TEST_CASE("a null row is not looked at by a failing cast") {
  const TypedColumn column{kString, {{std::string("7")}, Value{}}};
  const auto numbers = cast_column(column, kInt, CastMode::ansi);
  REQUIRE(numbers);
  CHECK((*numbers)[0] == Value{std::int32_t{7}});
  CHECK((*numbers)[1].is_null());
}

TEST_CASE("texts become numbers by Java's rules") {
  const TypedColumn numbers{kString, texts({" 12 ", "+7", "-0"})};
  CHECK(*cast_column(numbers, kInt, CastMode::ansi) == values_of<std::int32_t>({12, 7, 0}));
  for (const char* text : {"1.5", "", "abc", "1_000", "0x1F", "+-1"})
    CHECK(fails_with(cast_column({kString, texts({text})}, kInt, CastMode::ansi),
                     "CAST_INVALID_INPUT"));
  CHECK(*cast_column({kString, texts({"1.9"})}, kInt, CastMode::legacy) ==
        values_of<std::int32_t>({1}));
  const TypedColumn doubles{kString, texts({"1e3", "1.5D", "-inf", ".5", "1e999"})};
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  CHECK(*cast_column(doubles, kDouble, CastMode::ansi) ==
        values_of<double>({1000, 1.5, -kInfinity, 0.5, kInfinity}));
}

TEST_CASE("decimals round half up and have their own overflow condition") {
  CHECK(*cast_column({kString, texts({"1.005"})}, decimal_of(4, 2), CastMode::ansi) ==
        values_of<Int128>({101}));
  CHECK(fails_with(cast_column({kString, texts({"1e3"})}, decimal_of(3, 1), CastMode::ansi),
                   "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION"));
  const auto infinite =
      cast_column({kDouble, values_of<double>({std::numeric_limits<double>::infinity()})},
                  decimal_of(10, 2), CastMode::ansi);
  REQUIRE(infinite);
  CHECK((*infinite)[0].is_null());
}

TEST_CASE("casts that Spark does not know name what to do instead") {
  const auto condition = [](const DataType& from, const DataType& to) {
    const Result<Kernel> kernel = make_cast(from, to, CastMode::ansi);
    return kernel ? std::string() : kernel.error().message();
  };
  const DataType date = primitive(TypeKind::date);
  const DataType boolean = primitive(TypeKind::boolean);
  CHECK(condition(kInt, date).starts_with("[DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION]"));
  CHECK(condition(boolean, primitive(TypeKind::timestamp))
            .starts_with("[DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION]"));
  CHECK(condition(boolean, date).starts_with("[DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION]"));
}

TEST_CASE("nested values are cast element by element") {
  const DataType from = array_of(kInt, true);
  const DataType to = array_of(kString, true);
  const TypedColumn arrays{from, {{ValueList{{std::int32_t{1}}, Value{}}}, Value{}}};
  const auto result = cast_column(arrays, to, CastMode::ansi);
  REQUIRE(result);
  CHECK((*result)[0] == Value{ValueList{{std::string("1")}, Value{}}});
  CHECK((*result)[1].is_null());
  const auto shown = cast_column(arrays, kString, CastMode::ansi);
  REQUIRE(shown);
  CHECK((*shown)[0] == Value{std::string("[1, null]")});
}

TEST_CASE("timestamps are shown in the session's zone") {
  SqlSettings settings;
  settings.time_zone = "Europe/Berlin";
  const TypedColumn moments{primitive(TypeKind::timestamp),
                            values_of<std::int64_t>({1'709'210'096'789'000})};
  CHECK(*cast_column(moments, kString, CastMode::ansi, settings) ==
        texts({"2024-02-29 13:34:56.789"}));
}
