#include <tests/kit/catch.hpp>
#include <tests/unit/sql/tree_text.hpp>

namespace stream::sql {

TEST_CASE("relations have aliases, columns renamed too") {
  CHECK(query_tree("FROM a.b.c x") == "as[x](a.b.c)");
  CHECK(query_tree("FROM (TABLE t) AS x (p, q)") == "as[x: p, q](t)");
  CHECK(query_tree("FROM VALUES (1L, 'a'), (2L, 'b') t(x, y)") ==
        "as[t: x, y](values[{1:BIGINT, 'a'}, {2:BIGINT, 'b'}])");
  CHECK(query_tree("FROM VALUES NULL, f(a) t") == "as[t](values[{null}, {f(a)}])");
  CHECK(query_tree("FROM values v") == "as[v](values)");
  CHECK(query_tree("FROM range(9L) r") == "as[r](table range(9:BIGINT))");
  CHECK_THAT(query_tree("VALUES (1), (2, 3)"), Catch::StartsWith("[INVALID_INLINE_TABLE"));
}

TEST_CASE("joins are taken from left to right") {
  CHECK(query_tree("FROM a JOIN b ON c LEFT OUTER JOIN d USING (e, f) CROSS JOIN g") ==
        "cross_join[](left_join[using e, f](join[c](a, b), d), g)");
  CHECK(query_tree("FROM a NATURAL RIGHT JOIN b FULL JOIN c ON d") ==
        "full_join[d](right_join[natural](a, b), c)");
  CHECK(query_tree("FROM a SEMI JOIN b ON c LEFT ANTI JOIN d ON e") ==
        "anti_join[e](semi_join[c](a, b), d)");
  CHECK(query_tree("FROM a, b, LATERAL (SELECT a.x) l") ==
        "join[ lateral](join[](a, b), as[l](project[a.x](rows1)))");
  CHECK(query_tree("FROM a, b JOIN c ON a.x = c.x, d") ==
        "join[](join[=(a.x, c.x)](join[](a, b), c), d)");
  CHECK(query_tree("FROM a JOIN LATERAL explode(a.x) AS e(c)") ==
        "join[ lateral](a, as[e: c](table explode(a.x)))");
}

TEST_CASE("parentheses in FROM hold queries or joins") {
  CHECK(query_tree("FROM (a JOIN b ON c) LEFT JOIN d ON e") == "left_join[e](join[c](a, b), d)");
  CHECK(query_tree("FROM ((TABLE a) x JOIN b ON c)") == "join[c](as[x](a), b)");
  CHECK(query_tree("FROM ((TABLE a UNION TABLE b))") == "union(a, b)");
}

TEST_CASE("streams are named by STREAM") {
  CHECK(query_tree("FROM STREAM events e") == "as[e](stream events)");
  CHECK(query_tree("FROM STREAM(events)") == "stream events");
  CHECK(query_tree("FROM stream WHERE a").find("stream stream") == std::string::npos);
}

TEST_CASE("a watermark stands before the alias") {
  CHECK(query_tree("FROM events WATERMARK ts DELAY OF INTERVAL 5 SECONDS AS e") ==
        "as[e](watermark[ts; 5 seconds](events))");
  CHECK(query_tree("FROM (TABLE t) WATERMARK f(s) AS ts DELAY OF INTERVAL '1' MINUTE") ==
        "watermark[f(s) as ts; 1 minutes](t)");
  CHECK(query_tree("FROM t WATERMARK ts DELAY OF INTERVAL '1 day 2 hours'") ==
        "watermark[ts; 26 hours](t)");
  CHECK_THAT(query_tree("FROM t WATERMARK ts DELAY OF INTERVAL -1 DAY"), Catch::StartsWith("["));
}

TEST_CASE("lateral views generate rows") {
  CHECK(
      query_tree("SELECT * FROM t LATERAL VIEW OUTER explode(m) a AS k, v LATERAL VIEW "
                 "posexplode(x) b WHERE c") ==
      "project[*](filter[c](generate[posexplode(x) b: ](generate_outer[explode(m) a: k, v](t))))");
}

TEST_CASE("PIVOT and UNPIVOT turn columns and rows") {
  CHECK(query_tree("FROM t PIVOT (sum(v) AS s, avg(v) FOR k IN ('a' AS x, 'b')) p") ==
        "as[p](pivot[sum(v) as s, avg(v); k; 'a' as x, 'b'](t))");
  CHECK(query_tree("FROM t PIVOT (sum(v) FOR (k, l) IN (('a', b) AS x))") ==
        "pivot[sum(v); k, l; struct('a', b) as x](t)");
  CHECK(query_tree("FROM t UNPIVOT INCLUDE NULLS (v FOR c IN (a, b AS x)) u") ==
        "as[u](unpivot_nulls[v; c; {a}, {b} as x](t))");
  CHECK(query_tree("FROM t UNPIVOT ((v, w) FOR c IN ((a, b) AS one, (d, e)))") ==
        "unpivot[v, w; c; {a, b} as one, {d, e}](t)");
}

TEST_CASE("samples are fractions or counts") {
  CHECK(query_tree("FROM t TABLESAMPLE (10 PERCENT) x") == "as[x](sample[0.100000](t))");
  CHECK(query_tree("FROM t TABLESAMPLE (5L ROWS)") == "limit[5:BIGINT](t)");
  CHECK(query_tree("FROM t TABLESAMPLE (BUCKET 1 OUT OF 4) REPEATABLE (7)") ==
        "sample[0.250000](t)");
  CHECK_THAT(query_tree("FROM t TABLESAMPLE (110 PERCENT)"), Catch::StartsWith("["));
}

}  // namespace stream::sql
