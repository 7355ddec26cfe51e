#include <tests/kit/catch.hpp>
#include <tests/unit/expressions/one_row.hpp>

#include <limits>
#include <random>

using namespace stream;
using namespace stream::testing;

namespace {

const DataType kByte = primitive(TypeKind::int8);

TypedColumn ints(std::initializer_list<std::int32_t> values) { return {kInt, values_of(values)}; }
TypedColumn doubles(std::initializer_list<double> values) { return {kDouble, values_of(values)}; }

bool fails_with(const Result<TypedColumn>& result, const std::string& condition) {
  return !result && result.error().message().find("[" + condition + "]") != std::string::npos;
}

SqlSettings without_ansi() {
  SqlSettings settings;
  settings.is_ansi = false;
  return settings;
}

}  // namespace

TEST_CASE("integers overflow in ANSI mode, wrap without it, and give null in try_add") {
  const std::vector<TypedColumn> operands{ints({1, std::numeric_limits<std::int32_t>::max()}),
                                          ints({2, 1})};
  CHECK(fails_with(call_function("+", operands), "ARITHMETIC_OVERFLOW"));
  const auto wrapped = call_function("+", operands, without_ansi());
  REQUIRE(wrapped);
  CHECK(wrapped->values == values_of<std::int32_t>({3, std::numeric_limits<std::int32_t>::min()}));
  const auto tried = call_function("try_add", operands);
  REQUIRE(tried);
  CHECK(tried->values[0] == Value{std::int32_t{3}});
  CHECK(tried->values[1].is_null());
  const TypedColumn bytes{kByte, values_of<std::int8_t>({127})};
  const TypedColumn one{kByte, values_of<std::int8_t>({1})};
  CHECK(fails_with(call_function("+", {bytes, one}), "BINARY_ARITHMETIC_OVERFLOW"));
}

TEST_CASE("an overflow in a null row is none") {
  const TypedColumn left = ints({std::numeric_limits<std::int32_t>::max()});
  const TypedColumn right{kInt, {Value{}}};
  const auto sum = call_function("+", {left, right});
  REQUIRE(sum);
  CHECK(sum->values[0].is_null());
}

TEST_CASE("the fast checks of overflow agree with 128-bit arithmetic") {
  const auto seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const auto edge = [&random]() -> std::int64_t {
    constexpr std::int64_t kEdges[] = {0, 1, -1, std::numeric_limits<std::int64_t>::max(),
                                       std::numeric_limits<std::int64_t>::min()};
    if (random() % 2 == 0) return kEdges[random() % std::size(kEdges)];
    return static_cast<std::int64_t>(random()) >> (random() % 40);
  };
  for (int round = 0; round < 500; ++round) {
    const std::int64_t a = edge();
    const std::int64_t b = edge();
    const TypedColumn left{kLong, values_of({a})};
    const TypedColumn right{kLong, values_of({b})};
    CAPTURE(a, b);
    const auto check = [&](const char* name, Int128 exact) {
      const auto result = call_function(name, {left, right});
      const bool fits = exact == static_cast<std::int64_t>(exact);
      REQUIRE(result.has_value() == fits);
      if (fits) CHECK(result->values[0] == Value{static_cast<std::int64_t>(exact)});
    };
    check("+", Int128{a} + b);
    check("-", Int128{a} - b);
    check("*", Int128{a} * b);
  }
}

TEST_CASE("division is of doubles, and by zero an error or null") {
  const auto quotient = call_function("/", {ints({3}), ints({2})});
  REQUIRE(quotient);
  CHECK(quotient->type == kDouble);
  CHECK(quotient->values == values_of<double>({1.5}));
  CHECK(fails_with(call_function("/", {ints({3}), ints({0})}), "DIVIDE_BY_ZERO"));
  CHECK(fails_with(call_function("%", {ints({3}), ints({0})}), "REMAINDER_BY_ZERO"));
  CHECK(call_function("/", {ints({3}), ints({0})}, without_ansi())->values[0].is_null());
  CHECK(call_function("%", {ints({-7}), ints({2})})->values == values_of<std::int32_t>({-1}));
}

TEST_CASE("decimals get Spark's types and round half up") {
  const TypedColumn a{decimal_of(38, 18), values_of<Int128>({Int128{1'000'000'000'000'000'000}})};
  const TypedColumn b{decimal_of(38, 18), values_of<Int128>({Int128{3'000'000'000'000'000'000}})};
  const auto quotient = call_function("/", {a, b});
  REQUIRE(quotient);
  CHECK(quotient->type == decimal_of(38, 6));
  CHECK(quotient->values == values_of<Int128>({333'333}));
  const TypedColumn c{decimal_of(3, 2), values_of<Int128>({750})};
  const TypedColumn d{decimal_of(3, 2), values_of<Int128>({225})};
  CHECK(call_function("+", {c, d})->type == decimal_of(4, 2));
  CHECK(call_function("*", {c, d})->type == decimal_of(7, 4));
  CHECK(call_function("%", {c, d})->values == values_of<Int128>({75}));
}

TEST_CASE("NaN equals itself and is the greatest number") {
  const double nan = std::nan("");
  const std::vector<TypedColumn> operands{doubles({nan, 1, nan, -0.0}),
                                          doubles({nan, nan, 1, 0.0})};
  CHECK(call_function("=", operands)->values == values_of<bool>({true, false, false, true}));
  CHECK(call_function("<", operands)->values == values_of<bool>({false, true, false, false}));
  CHECK(call_function(">=", operands)->values == values_of<bool>({true, false, true, true}));
}

TEST_CASE("<=> is never null and in may be unknown") {
  const TypedColumn left{kInt, {{std::int32_t{1}}, Value{}, Value{}}};
  const TypedColumn right{kInt, {{std::int32_t{1}}, {std::int32_t{1}}, Value{}}};
  CHECK(call_function("<=>", {left, right})->values == values_of<bool>({true, false, true}));
  const auto in = call_function("in", {ints({1, 2}), ints({1, 1}), {kInt, {Value{}, Value{}}}});
  REQUIRE(in);
  CHECK(in->values[0] == Value{true});
  CHECK(in->values[1].is_null());
}

TEST_CASE("texts compare by bytes, also beyond twelve of them") {
  const auto texts = [](std::initializer_list<const char*> values) {
    TypedColumn column{kString, {}};
    for (const char* value : values) column.values.push_back({std::string(value)});
    return column;
  };
  const TypedColumn left = texts({"a", "abcdefghijklmnop", "abcdefghijklmnop", "abc"});
  const TypedColumn right =
      texts({"b", "abcdefghijklmnop", "abcdefghijklmnoq", "abcdefghijklmnop"});
  CHECK(call_function("=", {left, right})->values == values_of<bool>({false, true, false, false}));
  CHECK(call_function("<", {left, right})->values == values_of<bool>({true, false, true, true}));
}

TEST_CASE("operands that do not go together say why") {
  CHECK(fails_with(call_function("div", {doubles({7.5}), ints({2})}),
                   "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES"));
  const TypedColumn truth{primitive(TypeKind::boolean), {{true}}};
  CHECK(fails_with(call_function("+", {truth, truth}), "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE"));
}

TEST_CASE("elements of arrays are counted from 0, and out of bounds is an error") {
  const TypedColumn array{array_of(kInt, true),
                          {{ValueList{{std::int32_t{4}}, {std::int32_t{5}}}}}};
  CHECK(call_function("[]", {array, ints({1})})->values == values_of<std::int32_t>({5}));
  CHECK(fails_with(call_function("[]", {array, ints({2})}), "INVALID_ARRAY_INDEX"));
  CHECK(call_function("[]", {array, ints({2})}, without_ansi())->values[0].is_null());
}

TEST_CASE("in over constants gives what it gives over columns") {
  BlockPool pool;
  const SqlSettings settings;
  EvaluationContext context{pool, settings};
  const TypedColumn value{kLong, {{std::int64_t{1}}, Value{}, {std::int64_t{3}}}};
  std::vector<Argument> arguments(3, Argument{kLong, true, {}, false, "a"});
  const auto resolved = builtin_functions().scalar("in")->resolve(arguments, settings);
  REQUIRE(resolved);
  FunctionCall call;
  call.name = "in";
  call.kernel = resolved->kernel;
  call.nulls = resolved->nulls;
  call.arguments = {input_column(0, kLong), make_constant({std::int64_t{1}}, kLong),
                    make_constant(Value{}, kLong)};
  const TypedExpr in = make_typed(resolved->type, true, std::move(call));
  const auto result = evaluate(*in, batch_of_columns({value}, pool), context);
  REQUIRE(result);
  CHECK(value_at(*result, 0) == Value{true});
  CHECK(value_at(*result, 1).is_null());
  CHECK(value_at(*result, 2).is_null());
}
