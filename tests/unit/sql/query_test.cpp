#include <tests/kit/catch.hpp>
#include <tests/unit/sql/tree_text.hpp>

namespace stream::sql {

TEST_CASE("the clauses of SELECT nest in the order they are carried out") {
  CHECK(query_tree("SELECT a, b AS c FROM t WHERE d GROUP BY a HAVING e ORDER BY a DESC, b LIMIT "
                   "10L OFFSET 5L") ==
        "limit[10:BIGINT offset 5:BIGINT](sort[a desc, b]("
        "aggregate[a; a, b as c; having e](filter[d](t))))");
  CHECK(query_tree("SELECT DISTINCT a FROM t") == "distinct[](project[a](t))");
  CHECK(query_tree("SELECT a") == "project[a](rows1)");
  CHECK(query_tree("SELECT count(*) FROM t HAVING a") == "aggregate[; count(*); having a](t)");
  CHECK(query_tree("SELECT a FROM t LIMIT ALL;") == "project[a](t)");
}

TEST_CASE("GROUP BY takes ordinals, ALL and several sets") {
  CHECK(query_tree("SELECT a FROM t GROUP BY ALL") == "aggregate[all; a](t)");
  CHECK(query_tree("SELECT a FROM t GROUP BY ROLLUP(b, c)") == "aggregate[rollup b, c; a](t)");
  CHECK(query_tree("SELECT a FROM t GROUP BY b, c WITH CUBE") == "aggregate[cube b, c; a](t)");
  CHECK(query_tree("SELECT a FROM t GROUP BY ROLLUP(b, (c, d))") ==
        "aggregate[b, c, d sets {b, c, d}, {b}, {}; a](t)");
  CHECK(query_tree("SELECT a FROM t GROUP BY GROUPING SETS ((b), (b, c), ())") ==
        "aggregate[b, c sets {b}, {b, c}, {}; a](t)");
  CHECK(query_tree("SELECT a FROM t GROUP BY b, c GROUPING SETS ((b), c)") ==
        "aggregate[b, c sets {b}, {c}; a](t)");
}

TEST_CASE("grouping elements beside one another multiply") {
  CHECK(query_tree("SELECT x FROM t GROUP BY a, ROLLUP(b), CUBE(c)") ==
        "aggregate[a, b, c sets {a, b, c}, {a, b}, {a, c}, {a}; x](t)");
  CHECK(query_tree("SELECT x FROM t GROUP BY GROUPING SETS (ROLLUP(a), b)") ==
        "aggregate[a, b sets {a}, {}, {b}; x](t)");
}

TEST_CASE("INTERSECT binds tighter than the other set operators") {
  CHECK(query_tree("TABLE a UNION TABLE b INTERSECT TABLE c") == "union(a, intersect(b, c))");
  CHECK(query_tree("TABLE a EXCEPT ALL TABLE b MINUS TABLE c") == "except(except_all(a, b), c)");
  CHECK(query_tree("(TABLE a UNION TABLE b) INTERSECT TABLE c") == "intersect(union(a, b), c)");
}

TEST_CASE("a chain of UNION ALL is one relation") {
  CHECK(query_tree("TABLE a UNION ALL TABLE b UNION ALL TABLE c ORDER BY x") ==
        "sort[x](union_all(a, b, c))");
  CHECK(query_tree("TABLE a UNION ALL BY NAME TABLE b") == "union_all by name(a, b)");
}

TEST_CASE("definitions come before a query at any level") {
  CHECK(query_tree("WITH a AS (TABLE t), b(x) AS (TABLE a) SELECT * FROM b") ==
        "with[a = t, b = as[b: x](a)](project[*](b))");
  CHECK(query_tree("SELECT * FROM (WITH a AS (TABLE t) TABLE a)") == "project[*](with[a = t](a))");
  CHECK_THAT(query_tree("WITH a AS (TABLE t), A AS (TABLE t) TABLE a"),
             Catch::StartsWith("[DUPLICATED_CTE_NAMES]"));
}

TEST_CASE("the order of rows is global or local") {
  CHECK(query_tree("TABLE t ORDER BY ALL DESC") == "sort[all ALL desc](t)");
  CHECK(query_tree("TABLE t SORT BY a") == "local_sort[a](t)");
  CHECK(query_tree("TABLE t DISTRIBUTE BY a SORT BY b") == "local_sort[b](repartition[a](t))");
  CHECK(query_tree("TABLE t CLUSTER BY a") == "local_sort[a](repartition[a](t))");
}

TEST_CASE("named windows serve the select list") {
  CHECK(query_tree("SELECT sum(v) OVER w FROM t WINDOW w AS (PARTITION BY k), u AS w") ==
        "windows[u {by k}, w {by k}](project[sum(v) over {w}](t))");
}

TEST_CASE("words of the grammar name columns") {
  CHECK(query_tree("SELECT end, start, date, user, order, all.key FROM w ORDER BY end") ==
        "sort[end](project[end, start, date, user, order, all.key](w))");
}

TEST_CASE("hints and comments are left out") {
  CHECK(query_tree("SELECT /*+ BROADCAST(t) */ a /* b /* c */ */ FROM t -- d") == "project[a](t)");
}

}  // namespace stream::sql
