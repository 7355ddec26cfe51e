#include <tests/kit/catch.hpp>
#include <tests/unit/sql/tree_text.hpp>

namespace stream::sql {

TEST_CASE("operators bind as Spark's do") {
  CHECK(expression_tree("a + b * c - d") == "-(+(a, *(b, c)), d)");
  CHECK(expression_tree("-a * b") == "*(-(a), b)");
  CHECK(expression_tree("a & b | c ^ d") == "|(&(a, b), ^(c, d))");
  CHECK(expression_tree("a << 1L + b") == "<<(a, +(1:BIGINT, b))");
  CHECK(expression_tree("a || b = c") == "=(||(a, b), c)");
  CHECK(expression_tree("a div b % c") == "%(div(a, b), c)");
  CHECK(expression_tree("NOT a = b AND c OR d") == "or(and(not(=(a, b)), c), d)");
  CHECK(expression_tree("a = 1S IS NULL") == "isnull(=(a, 1:SMALLINT))");
}

TEST_CASE("chains of AND and OR are cut in halves") {
  CHECK(expression_tree("a AND b AND c AND d") == "and(and(a, b), and(c, d))");
  CHECK(expression_tree("a OR b OR c") == "or(or(a, b), c)");
}

TEST_CASE("a sign before a number is a part of it, before another operand an operator") {
  CHECK(expression_tree("-1::string") == "cast(-1:INT as STRING)");
  CHECK(expression_tree("- (3)") == "-(3:INT)");
  CHECK(expression_tree("a -1") == "-(a, 1:INT)");
  CHECK(expression_tree("~+a") == "~(+(a))");
}

TEST_CASE("inequalities are negated equalities") {
  CHECK(expression_tree("a <> b") == "not(=(a, b))");
  CHECK(expression_tree("a != b") == "not(=(a, b))");
  CHECK(expression_tree("a IS DISTINCT FROM b") == "not(<=>(a, b))");
  CHECK(expression_tree("a !> b") == "<=(a, b)");
}

TEST_CASE("BETWEEN is two comparisons") {
  CHECK(expression_tree("a BETWEEN b AND c AND d") == "and(and(>=(a, b), <=(a, c)), d)");
  CHECK(expression_tree("a NOT BETWEEN b AND c") == "not(and(>=(a, b), <=(a, c)))");
}

TEST_CASE("IS asks for null and truth") {
  CHECK(expression_tree("a IS NOT NULL") == "isnotnull(a)");
  CHECK(expression_tree("a IS FALSE") == "<=>(a, false)");
  CHECK(expression_tree("a IS NOT TRUE") == "not(<=>(a, true))");
  CHECK(expression_tree("a IS UNKNOWN") == "<=>(a, null:BOOLEAN)");
}

TEST_CASE("IN takes a list or a query") {
  CHECK(expression_tree("a NOT IN (1Y, b)") == "not(in(a, 1:TINYINT, b))");
  CHECK(expression_tree("a IN (SELECT b FROM t)") == "in{a}<project[b](t)>");
  CHECK(expression_tree("(a, b) IN (SELECT c, d FROM t)") == "in{a, b}<project[c, d](t)>");
}

TEST_CASE("LIKE and its kin take patterns, escapes and quantifiers") {
  CHECK(expression_tree("a LIKE 'x' ESCAPE '/'") == "like(a, 'x', '/')");
  CHECK(expression_tree("a NOT ILIKE b") == "not(ilike(a, b))");
  CHECK(expression_tree("a REGEXP b") == "rlike(a, b)");
  CHECK(expression_tree("a LIKE ANY ('x', 'y')") == "or(like(a, 'x'), like(a, 'y'))");
  CHECK(expression_tree("a NOT LIKE ALL ('x', 'y')") ==
        "and(not(like(a, 'x')), not(like(a, 'y')))");
}

TEST_CASE("CASE with a value compares it each time") {
  CHECK(expression_tree("CASE WHEN a THEN b ELSE c END") == "case(a, b, c)");
  CHECK(expression_tree("CASE a WHEN b THEN c WHEN d THEN e END") ==
        "case(=(a, b), c, =(a, d), e)");
}

TEST_CASE("casts have three spellings") {
  CHECK(expression_tree("CAST(a AS DECIMAL(10, 2))") == "cast(a as DECIMAL(10,2))");
  CHECK(expression_tree("TRY_CAST(a AS ARRAY<MAP<STRING, ARRAY<INT>>>)") ==
        "try_cast(a as ARRAY<MAP<STRING, ARRAY<INT>>>)");
  CHECK(expression_tree("a::int::string") == "cast(cast(a as INT) as STRING)");
  CHECK(expression_tree("CAST(a AS INTERVAL DAY TO SECOND)") ==
        "cast(a as INTERVAL DAY TO SECOND)");
}

TEST_CASE("points reach into columns, brackets into arrays and maps") {
  CHECK(expression_tree("t.s.`a b`.order") == "t.s.a b.order");
  CHECK(expression_tree("t.1st") == "t.1st");
  CHECK(expression_tree("a[0].b") == ".([](a, 0:INT), 'b')");
  CHECK(expression_tree("f(x).y['k']") == "[](.(f(x), 'y'), 'k')");
  CHECK(expression_tree("v:a.b[0]") == "variant_get(v, '$.a.b[0]', 'variant')");
}

TEST_CASE("parentheses group, or make rows and queries") {
  CHECK(expression_tree("((a))") == "a");
  CHECK(expression_tree("(a, b AS c)") == "struct(a, b as c)");
  CHECK(expression_tree("(SELECT 1L)") == "<project[1:BIGINT](rows1)>");
  CHECK(expression_tree("((SELECT a) + b)") == "+(<project[a](rows1)>, b)");
  CHECK(expression_tree("(((SELECT a)))") == "<project[a](rows1)>");
}

TEST_CASE("aliases need no AS, whatever the word") {
  CHECK(expression_tree("a AS select") == "a as select");
  CHECK(expression_tree("window.end end") == "window.end as end");
  CHECK(expression_tree("explode(m) AS (k, v)") == "explode(m) as k, v");
}

TEST_CASE("stars have qualifiers and exceptions") {
  CHECK(expression_tree("*") == "*");
  CHECK(expression_tree("t.*") == "t.*");
  CHECK(expression_tree("* EXCEPT (a, s.b)") == "* except {a, s.b}");
}

}  // namespace stream::sql
