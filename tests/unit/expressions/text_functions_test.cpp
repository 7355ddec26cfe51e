#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/java_regex.hpp>
#include <libstream/expressions/type_text.hpp>
#include <libstream/expressions/utf8.hpp>
#include <libstream/expressions/xor_shift_random.hpp>
#include <tests/kit/catch.hpp>

#include <random>

using namespace stream;

namespace {

struct Given {
  Value value;
  DataType type;
};
Given text(std::string value) { return {{std::move(value)}, primitive(TypeKind::string)}; }
Given integer(std::int32_t value) { return {{value}, primitive(TypeKind::int32)}; }
Given real(double value) { return {{value}, primitive(TypeKind::float64)}; }
Given options(std::string key, std::string value) {
  return {{ValueList{{std::move(key)}, {std::move(value)}}},
          map_of(primitive(TypeKind::string), primitive(TypeKind::string), true)};
}

/// The function over one row of constants, which have the types it wants.
Result<Value> call(std::string_view name, const std::vector<Given>& given) {
  const ScalarFunction* function = builtin_functions().scalar(name);
  REQUIRE(function != nullptr);
  REQUIRE(function->resolve);
  std::vector<Argument> arguments;
  for (const Given& one : given)
    arguments.push_back({one.type, one.value.is_null(), one.value, false, "x"});
  const SqlSettings settings;
  STREAM_TRY(const ResolvedFunction resolved, function->resolve(arguments, settings));
  BlockPool pool;
  EvaluationContext context{pool, settings};
  std::vector<Operand> operands;
  for (std::size_t i = 0; i < given.size(); ++i) {
    REQUIRE(is_same_type(resolved.parameter_types[i], given[i].type));
    operands.push_back({repeat_value(given[i].value, given[i].type, 1, pool), true});
  }
  STREAM_TRY(const Column column, resolved.kernel({operands, {}, 1, resolved.type, context, {}}));
  return value_at(column, 0);
}

std::string text_of(std::string_view name, const std::vector<Given>& given) {
  const Result<Value> result = call(name, given);
  if (!result) return result.error().message();
  return result->is_null() ? "null" : result->as<std::string>();
}

}  // namespace

TEST_CASE("texts are cut and counted in characters") {
  CHECK(text_of("substring", {text("日本語"), integer(2), integer(1)}) == "本");
  CHECK(text_of("substring", {text("hello"), integer(-10), integer(7)}) == "he");
  CHECK(text_of("overlay", {text("abc"), text("x"), integer(-2)}) == "xc");
  CHECK(text_of("lpad", {text("é"), integer(3), text("ab")}) == "abé");
  CHECK(text_of("split_part", {text("a.b.c"), text("."), integer(-1)}) == "c");
  CHECK(call("length", {text("😀a")})->as<std::int32_t>() == 2);
}

TEST_CASE("a pattern is Java's, and what RE2 has not is refused by name") {
  CHECK(text_of("regexp_replace", {text("a1b2"), text("[0-9]"), text("<$0>")}) == "a<1>b<2>");
  CHECK(text_of("regexp_extract", {text("x=1"), text("(?<key>\\w)=(\\d)"), integer(2)}) == "1");
  const Result<JavaRegex> look_ahead = JavaRegex::compile("a(?=b)", "rlike");
  REQUIRE_FALSE(look_ahead);
  CHECK(look_ahead.error().message().find("look-ahead") != std::string::npos);
  CHECK(JavaRegex::compile("[a-z[0-9]]+", "rlike")->is_found_in("7"));
  CHECK_FALSE(JavaRegex::compile("a.b", "rlike")->is_found_in("a\rb"));
}

TEST_CASE("formatted numbers round as Java rounds them") {
  CHECK(text_of("format_string", {text("%.2f|%05d|%,d"), real(1.005), integer(-42),
                                  integer(1234567)}) == "1.01|-0042|1,234,567");
  CHECK(text_of("format_number", {real(0.5), integer(0)}) == "0");
  CHECK(text_of("format_number", {real(-12345.678), text("#,##0.0")}) == "-12,345.7");
  CHECK(text_of("format_string", {text("%d"), text("a")}).starts_with("[INVALID_FORMAT_STRING]"));
}

TEST_CASE("JSON is read field by field and written back") {
  const std::string schema = "a INT, b ARRAY<STRING>, _corrupt_record STRING";
  const Result<Value> row = call("from_json", {text(R"({"a":"x","b":['y',2]})"), text(schema)});
  REQUIRE(row);
  const ValueList& fields = row->as<ValueList>();
  CHECK(fields[0].is_null());
  CHECK(fields[1] == Value{ValueList{{std::string("y")}, {std::string("2")}}});
  CHECK(fields[2].as<std::string>() == R"({"a":"x","b":['y',2]})");
  CHECK(text_of("from_json", {text("{"), text("a INT"), options("mode", "FAILFAST")})
            .starts_with("[MALFORMED_RECORD_IN_PARSING"));
  CHECK(text_of("get_json_object", {text(R"({"a":[{"b":1},{"b":"x"}]})"), text("$.a[*].b")}) ==
        R"([1,"x"])");
  CHECK(text_of("schema_of_json", {text(R"([{"b":1},{"a":[0.5]}])")}) ==
        "ARRAY<STRUCT<a: ARRAY<DOUBLE>, b: BIGINT>>");
}

TEST_CASE("random bytes are no JSON, regex or schema that breaks anything") {
  const unsigned seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  constexpr std::string_view kAlphabet = "{}[]\"':,\\\\u0041e+-.19ntfxa<>()*?|&^$%_ \x80\xC3";
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes;
    for (std::size_t n = random() % 24; n > 0; --n) bytes += kAlphabet[random() % kAlphabet.size()];
    (void)parse_schema(bytes);
    (void)translate_java_regex(bytes);
    const Result<Value> parsed = call("parse_json", {text(bytes)});
    if (!parsed) continue;
    // Read again it is the same variant; only a double that is whole ("40e1" is 400.0) becomes the
    // decimal that its text says, 400, and stays it.
    const Result<Value> again = call("parse_json", {text(parsed->as<std::string>())});
    REQUIRE(again);
    INFO("bytes " << bytes);
    if (bytes.find_first_of("eE") == std::string::npos) CHECK(*again == *parsed);
    const Result<Value> third = call("parse_json", {text(again->as<std::string>())});
    REQUIRE(third);
    CHECK(*third == *again);
  }
}

TEST_CASE("random numbers are Spark's, also behind a jump") {
  CHECK(XorShiftRandom(0).next_double() == Approx(0.7604953758285915).epsilon(1e-15));
  CHECK(XorShiftRandom(0).next_gaussian() == Approx(1.6034991609278433).epsilon(1e-15));
  XorShiftRandom walked(7);
  for (int i = 0; i < 1000; ++i) walked.next_int();
  XorShiftRandom jumped(7);
  jumped.skip(1000);
  CHECK(jumped.next_int() == walked.next_int());
}

TEST_CASE("schemas read as Spark's DDL") {
  const Result<Schema> schema = parse_schema(
      "a INT NOT NULL COMMENT 'it''s', `b c`: map<string,array<decimal(10,2)>>, d INTERVAL DAY TO "
      "SECOND, e VARCHAR(5)");
  REQUIRE(schema);
  CHECK(schema->to_string() ==
        "a INT NOT NULL, b c MAP<STRING, ARRAY<DECIMAL(10,2)>>, d INTERVAL DAY TO SECOND, e "
        "VARCHAR(5)");
  CHECK(parse_schema("a FOO").error().message().starts_with("[UNSUPPORTED_DATATYPE]"));
  CHECK(parse_data_type("array").error().message().starts_with("[INCOMPLETE_TYPE_DEFINITION"));
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "array<";
  CHECK_FALSE(parse_data_type(deep));
}
