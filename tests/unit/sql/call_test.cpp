#include <tests/kit/catch.hpp>
#include <tests/unit/sql/tree_text.hpp>

namespace stream::sql {

TEST_CASE("arguments may be named, distinct or all") {
  CHECK(expression_tree("f()") == "f()");
  CHECK(expression_tree("mask('A', lowerChar => 'q')") == "mask('A', lowerChar => 'q')");
  CHECK(expression_tree("count(DISTINCT a, b)") == "count(distinct a, b)");
  CHECK(expression_tree("sum(ALL a)") == "sum(a)");
  CHECK(expression_tree("count(*)") == "count(*)");
  CHECK(expression_tree("system.builtin.abs(a)") == "abs(a)");
}

TEST_CASE("keywords may name functions") {
  CHECK(expression_tree("left(a, if(b, c, d))") == "left(a, if(b, c, d))");
  CHECK(expression_tree("filter(a, x -> x > b)") == "filter(a, {x -> >(x, b)})");
  CHECK(expression_tree("exists(a, x -> x)") == "exists(a, {x -> x})");
  CHECK(expression_tree("date(a) = array(b)[c]") == "=(date(a), [](array(b), c))");
}

TEST_CASE("lambdas have one parameter or several") {
  CHECK(expression_tree("aggregate(a, 0L, (acc, x) -> acc + x, acc -> acc)") ==
        "aggregate(a, 0:BIGINT, {acc, x -> +(acc, x)}, {acc -> acc})");
}

TEST_CASE("functions with words between arguments become plain calls") {
  CHECK(expression_tree("EXTRACT(YEAR FROM ts)") == "extract('YEAR', ts)");
  CHECK(expression_tree("SUBSTRING(a FROM b FOR c)") == "substring(a, b, c)");
  CHECK(expression_tree("OVERLAY(a PLACING b FROM c FOR d)") == "overlay(a, b, c, d)");
  CHECK(expression_tree("POSITION(a IN b)") == "locate(a, b)");
  CHECK(expression_tree("position(a, b, c)") == "position(a, b, c)");
  CHECK(expression_tree("TIMESTAMPADD(HOUR, a, b)") == "timestampadd('HOUR', a, b)");
  CHECK(expression_tree("DATE_ADD(day, a, b)") == "timestampadd('day', a, b)");
  CHECK(expression_tree("DATEDIFF(MONTH, a, b)") == "timestampdiff('MONTH', a, b)");
  CHECK(expression_tree("datediff(a, b)") == "datediff(a, b)");
  CHECK(expression_tree("date_add('2024-01-01', b)") == "date_add('2024-01-01', b)");
  CHECK_THAT(expression_tree("dateadd('DAY', a, b)"),
             Catch::StartsWith("[INVALID_PARAMETER_VALUE.DATETIME_UNIT]"));
}

TEST_CASE("TRIM has its own grammar") {
  CHECK(expression_tree("trim(a)") == "trim(a)");
  CHECK(expression_tree("trim(a, b)") == "trim(a, b)");
  CHECK(expression_tree("TRIM(a FROM b)") == "trim(a, b)");
  CHECK(expression_tree("TRIM(BOTH FROM b)") == "trim(b)");
  CHECK(expression_tree("TRIM(LEADING a FROM b)") == "ltrim(a, b)");
  CHECK(expression_tree("TRIM(TRAILING 'x' FROM b)") == "rtrim('x', b)");
}

TEST_CASE("functions of the session need no parentheses") {
  CHECK(expression_tree("current_date") == "current_date()");
  CHECK(expression_tree("CURRENT_TIMESTAMP()") == "CURRENT_TIMESTAMP()");
  CHECK(expression_tree("user") == "user");
}

TEST_CASE("aggregates may filter, order and ignore nulls") {
  CHECK(expression_tree("sum(v) FILTER (WHERE a)") == "sum(v) filter a");
  CHECK(expression_tree("first(a IGNORE NULLS)") == "first(a) ignore nulls");
  CHECK(expression_tree("lag(a) RESPECT NULLS OVER w") == "lag(a) respect nulls over {w}");
  CHECK(expression_tree("percentile_cont(a) WITHIN GROUP (ORDER BY v DESC)") ==
        "percentile_cont(a) within v desc");
}

TEST_CASE("windows have partitions, order and frames") {
  CHECK(expression_tree("rank() OVER (PARTITION BY a, b ORDER BY c DESC NULLS LAST, d)") ==
        "rank() over {by a, b order c desc nulls last, d}");
  CHECK(expression_tree(
            "sum(a) OVER (ORDER BY b ROWS BETWEEN UNBOUNDED PRECEDING AND c FOLLOWING)") ==
        "sum(a) over { order b rows -inf..+c}");
  CHECK(expression_tree("sum(a) OVER (ORDER BY b RANGE INTERVAL 1 DAY PRECEDING)") ==
        "sum(a) over { order b range -86400000000:INTERVAL DAY..0}");
  CHECK(expression_tree("sum(a) OVER (w)") == "sum(a) over {w}");
  CHECK(expression_tree("sum(a) OVER ()") == "sum(a) over {}");
}

}  // namespace stream::sql
