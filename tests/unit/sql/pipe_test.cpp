#include <tests/kit/catch.hpp>
#include <tests/unit/sql/tree_text.hpp>

namespace stream::sql {

TEST_CASE("pipes apply one operator after another") {
  CHECK(query_tree("FROM t |> WHERE a |> SELECT DISTINCT b |> ORDER BY b |> LIMIT 3L") ==
        "limit[3:BIGINT](sort[b](distinct[](project[b](filter[a](t)))))");
  CHECK(query_tree("TABLE t |> AS u |> JOIN v ON a |> TABLESAMPLE (50 PERCENT)") ==
        "sample[0.500000](join[a](as[u](t), v))");
}

TEST_CASE("EXTEND, SET and DROP change columns") {
  CHECK(query_tree("FROM t |> EXTEND a AS b, c") == "project[*, a as b, c](t)");
  CHECK(query_tree("FROM t |> SET a = b, c = d, A = e") ==
        "change[A = e](change[a = b, c = d](t))");
  CHECK(query_tree("FROM t |> DROP a, b") == "change[drop a, b](t)");
  CHECK_THAT(query_tree("FROM t |> SET t.a = b"), Catch::StartsWith("[UNSUPPORTED_FEATURE"));
}

TEST_CASE("AGGREGATE puts its keys first") {
  CHECK(query_tree("FROM t |> AGGREGATE sum(v) AS s GROUP BY k, f(x) AS y") ==
        "aggregate[k, f(x); k, f(x) as y, sum(v) as s](t)");
  CHECK(query_tree("FROM t |> AGGREGATE count(*)") == "aggregate[; count(*)](t)");
}

TEST_CASE("set operators and pivots can be piped to") {
  CHECK(query_tree("TABLE a |> UNION ALL TABLE b |> EXCEPT (TABLE c)") ==
        "except(union_all(a, b), c)");
  CHECK(query_tree("TABLE t |> PIVOT (sum(v) FOR k IN ('a'))") == "pivot[sum(v); k; 'a'](t)");
}

TEST_CASE("a pipe into nothing is refused") {
  CHECK_THAT(query_tree("FROM t |> FOO"), Catch::Contains("expected SELECT, EXTEND"));
}

}  // namespace stream::sql
