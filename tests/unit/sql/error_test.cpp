#include <tests/kit/catch.hpp>
#include <tests/unit/sql/tree_text.hpp>

#include <fmt/format.h>

namespace stream::sql {

TEST_CASE("a syntax error shows its place") {
  CHECK(query_tree("SELECT a,\n  b,, c FROM t") ==
        "[PARSE_SYNTAX_ERROR] Syntax error at or near ',': expected an expression (line 2, pos 4)"
        "\n\n== SQL ==\n  b,, c FROM t\n----^");
  CHECK(
      query_tree("SELECT a FROM") ==
      "[PARSE_SYNTAX_ERROR] Syntax error at or near end of input: expected a table, view or query "
      "(line 1, pos 13)\n\n== SQL ==\nSELECT a FROM\n-------------^");
}

TEST_CASE("a misspelt keyword is named, also when it was taken for an alias") {
  CHECK_THAT(query_tree("SELEC a FROM t"), Catch::Contains("did you mean SELECT?"));
  CHECK_THAT(query_tree("SELECT a FORM t"), Catch::Contains("did you mean FROM for 'FORM'?"));
  CHECK_THAT(query_tree("SELECT a FROM t WHER b"), Catch::Contains("did you mean WHERE"));
  CHECK_THAT(query_tree("SELECT a FROM t GROP BY a"), Catch::Contains("did you mean GROUP"));
  CHECK_THAT(query_tree("SELECT a FROM t ORDER a"), Catch::Contains("expected BY"));
}

TEST_CASE("of several readings the one that came furthest gives the error") {
  CHECK_THAT(query_tree("SELECT ((SELECT a FROM t WHERE) + 1)"),
             Catch::Contains("(line 1, pos 30)"));
  CHECK_THAT(query_tree("FROM ((SELECT a FROM b c d) JOIN e)"), Catch::Contains("near 'd'"));
}

TEST_CASE("unclosed quotes and comments are refused where they begin") {
  CHECK_THAT(expression_tree("a = 'b"),
             Catch::Contains("the closing ' is missing (line 1, pos 4)"));
  CHECK_THAT(expression_tree("1 /* a /* b */"), Catch::StartsWith("[UNCLOSED_BRACKETED_COMMENT]"));
}

TEST_CASE("errors name Spark's conditions") {
  CHECK_THAT(expression_tree("CAST(a AS foo)"), Catch::StartsWith("[UNSUPPORTED_DATATYPE]"));
  CHECK_THAT(expression_tree(":x"), Catch::StartsWith("[UNBOUND_SQL_PARAMETER]"));
  CHECK_THAT(query_tree("FROM f(TABLE t)"), Catch::StartsWith("[INVALID_SQL_SYNTAX."));
  CHECK_THAT(expression_tree("ts AT TIME ZONE 'x'"), Catch::StartsWith("[PARSE_SYNTAX_ERROR]"));
}

TEST_CASE("the shown part of a long line is bounded") {
  const std::string message = expression_tree(fmt::format("{0:5000}a b c{0:5000}", ""));
  CHECK(message.size() < 600);
  CHECK_THAT(message, Catch::Contains("(line 1, pos 5004)"));
}

}  // namespace stream::sql
