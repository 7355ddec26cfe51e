#include <libstream/sql/sql_parser.hpp>
#include <tests/kit/catch.hpp>
#include <tests/unit/sql/tree_text.hpp>

namespace stream::sql {

TEST_CASE("integers take the smallest of INT, BIGINT and DECIMAL that holds them") {
  CHECK(expression_tree("2147483647") == "2147483647:INT");
  CHECK(expression_tree("-2147483648") == "-2147483648:INT");
  CHECK(expression_tree("2147483648") == "2147483648:BIGINT");
  CHECK(expression_tree("-9223372036854775808") == "-9223372036854775808:BIGINT");
  CHECK(expression_tree("9223372036854775808") == "9223372036854775808:DECIMAL(19,0)");
}

TEST_CASE("numbers with a point are decimals of their digits") {
  CHECK(expression_tree("1.5") == "1.5:DECIMAL(2,1)");
  CHECK(expression_tree(".5") == "0.5:DECIMAL(1,1)");
  CHECK(expression_tree("1.") == "1:DECIMAL(1,0)");
  CHECK(expression_tree("0.00") == "0.00:DECIMAL(2,2)");
  CHECK(expression_tree("1E3BD") == "1000:DECIMAL(4,0)");
}

TEST_CASE("a suffix or an exponent gives a number's type") {
  CHECK(expression_tree("1L") == "1:BIGINT");
  CHECK(expression_tree("1s") == "1:SMALLINT");
  CHECK(expression_tree("-128Y") == "-128:TINYINT");
  CHECK(expression_tree("1F") == "1.000000:FLOAT");
  CHECK(expression_tree("3.5D") == "3.500000:DOUBLE");
  CHECK(expression_tree("1e3") == "1000.000000:DOUBLE");
}

TEST_CASE("numbers out of their type's range are refused") {
  CHECK_THAT(expression_tree("128Y"), Catch::StartsWith("[INVALID_NUMERIC_LITERAL_RANGE]"));
  CHECK_THAT(expression_tree("1e400"), Catch::StartsWith("[INVALID_NUMERIC_LITERAL_RANGE]"));
  CHECK_THAT(expression_tree(std::string(39, '9')), Catch::StartsWith("[DECIMAL_PRECISION"));
}

TEST_CASE("escapes in quotes are Spark's") {
  CHECK(expression_tree(R"('a\'b''c')") == "'a'b'c'");
  CHECK(expression_tree(R"('\n\t\\')") == "'\n\t\\'");
  CHECK(expression_tree(R"('\u00e4\U0001F600\101')") == "'ä😀A'");
  CHECK(expression_tree(R"('\%\_\q')") == R"('\%\_q')");
  CHECK(expression_tree(R"("a""b")") == R"('a"b')");
  CHECK(expression_tree(R"(r'a\n' R"\t")") == R"('a\n\t')");
}

TEST_CASE("texts beside one another are one") {
  CHECK(expression_tree("'a' \"b\" -- c\n 'd'") == "'abd'");
}

TEST_CASE("a type's name before a text makes a typed literal") {
  CHECK(expression_tree("DATE '2024-02-29'") == "19782:DATE");
  CHECK(expression_tree("TIMESTAMP'2024-01-01 00:00:00+01:00'") == "1704063600000000:TIMESTAMP");
  CHECK(expression_tree("TIMESTAMP_NTZ'1970-01-02'") == "86400000000:TIMESTAMP_NTZ");
  CHECK(expression_tree("X'4a4'") == "'\x04\xa4':BINARY");
  CHECK_THAT(expression_tree("DATE'2024-02-30'"), Catch::StartsWith("[INVALID_TYPED_LITERAL]"));
  CHECK_THAT(expression_tree("foo'x'"), Catch::StartsWith("[UNSUPPORTED_TYPED_LITERAL]"));
}

TEST_CASE("timestamps without a zone are of the session's zone") {
  const Result<Expr> parsed = parse_expression("TIMESTAMP'1970-01-01'", {.time_zone = "-01:00"});
  REQUIRE(parsed);
  CHECK(tree_text(*parsed) == "3600000000:TIMESTAMP");
}

TEST_CASE("the units of an interval give its fields") {
  CHECK(expression_tree("INTERVAL 1 DAY") == "86400000000:INTERVAL DAY");
  CHECK(expression_tree("INTERVAL '1' YEAR -'2' MONTHS") == "10:INTERVAL YEAR TO MONTH");
  CHECK(expression_tree("INTERVAL 1 week 2 milliseconds") == "604800002000:INTERVAL DAY TO SECOND");
  CHECK(expression_tree("INTERVAL '1 day 2 hours'") == "93600000000:INTERVAL DAY TO HOUR");
  CHECK_THAT(expression_tree("INTERVAL 1 MONTH 1 DAY"),
             Catch::StartsWith("[_LEGACY_ERROR_TEMP_0029]"));
}

TEST_CASE("intervals are written from field to field too") {
  CHECK(expression_tree("INTERVAL -'1-2' YEAR TO MONTH") == "-14:INTERVAL YEAR TO MONTH");
  CHECK(expression_tree("INTERVAL '1 02:03:04.5' DAY TO SECOND") ==
        "93784500000:INTERVAL DAY TO SECOND");
  CHECK_THAT(expression_tree("INTERVAL '2' SECOND TO DAY"), Catch::StartsWith("["));
  CHECK_THAT(expression_tree("INTERVAL '1-13' YEAR TO MONTH"), Catch::StartsWith("["));
}

TEST_CASE("words of literals are names where no literal follows") {
  CHECK(expression_tree("interval + date") == "+(interval, date)");
  CHECK(expression_tree("timestamp(date)") == "timestamp(date)");
  CHECK(expression_tree("null") == "null");
  CHECK(expression_tree("TRUE") == "true");
}

}  // namespace stream::sql
