#include <libstream/sql/sql_parser.hpp>
#include <tests/fuzz/fuzz.hpp>
#include <tests/kit/catch.hpp>

namespace stream::fuzz {

namespace {

/// What must hold of any answer: spans lie in the text, errors say where or why.
std::string problem_with(const Error& error) {
  return error.message().size() < 5 ? "the error says nothing" : "";
}

std::string parse_as_everything(std::string_view text) {
  const auto expression = parse_expression(text);
  if (!expression) {
    if (std::string problem = problem_with(expression.error()); !problem.empty()) return problem;
  } else if ((*expression)->span.offset + (*expression)->span.length > text.size()) {
    return "the expression lies beyond the text";
  }
  const auto query = parse_query(text);
  if (!query) {
    if (std::string problem = problem_with(query.error()); !problem.empty()) return problem;
  }
  const auto script = parse_script(text);
  if (query && !script) return "it is a query, but no script: " + script.error().message();
  return {};
}

}  // namespace

TEST_CASE("no text brings the SQL parser down") {
  FuzzTarget target;
  target.name = "sql parser";
  target.corpus = {
      "SELECT a, sum(b) AS s FROM t WHERE c > 1.5 GROUP BY a HAVING s > 2 ORDER BY a DESC LIMIT 3",
      "WITH x AS (SELECT 1), y(a) AS (TABLE x) SELECT * EXCEPT (b) FROM x LEFT JOIN y USING (a)",
      "SELECT CASE WHEN a IS NULL THEN 'x' ELSE concat('y', \"z\") END FROM STREAM(s) WATERMARK ts "
      "DELAY OF INTERVAL '5' SECONDS AS e",
      "FROM t |> WHERE a |> EXTEND b AS c |> AGGREGATE count(*) GROUP BY k |> ORDER BY 1",
      "SELECT ((SELECT max(a) FROM u) + 1), EXISTS (SELECT 1), f(x -> x[0].y, (p, q) -> p || q)",
      "SELECT row_number() OVER (PARTITION BY a ORDER BY b ROWS BETWEEN 1 PRECEDING AND CURRENT "
      "ROW)",
      "(SELECT 1 UNION ALL SELECT 2) INTERSECT VALUES (1, 'a'), (2, 'b') ORDER BY ALL",
      "SELECT * FROM t LATERAL VIEW OUTER explode(m) a AS k, v PIVOT (sum(v) FOR k IN ('a' AS b))",
      "CREATE STREAM s (ts TIMESTAMP, m MAP<STRING, ARRAY<INT>>) USING kafka OPTIONS (a 'b', c 1) "
      "WATERMARK FOR ts AS ts - INTERVAL 5 SECONDS; INSERT INTO k AS q SELECT 1;",
      "BEGIN STATEMENT SET; INSERT INTO a SELECT 1; INSERT INTO b TABLE t; END; SET x = y; RESET;",
      "SELECT CAST(a AS DECIMAL(10, 2))::string, TRY_CAST(b AS STRUCT<x: INT>), X'0f', r'\\d', 1e3",
      "a NOT LIKE ALL ('x%', r'\\y') AND b BETWEEN -1 AND 2L OR NOT c IN (1, 2.5, "
      "DATE'2024-01-01')",
      "extract(DAY FROM ts) + INTERVAL '1-2' YEAR TO MONTH <=> trim(BOTH 'x' FROM `a b`.c)",
      "SELECT a FROM t GROUP BY a, ROLLUP(b, (c, d)), GROUPING SETS ((e), ()) /* x /* y */ */ -- z",
  };
  target.words = {"(",
                  ")",
                  "SELECT",
                  "FROM",
                  "WHERE",
                  ",",
                  "'",
                  "`",
                  "JOIN",
                  "NOT",
                  "CASE",
                  "WHEN",
                  "END",
                  "->",
                  "[",
                  "]",
                  "BETWEEN",
                  "AND",
                  "OVER (",
                  "AS",
                  "IN (",
                  "INTERVAL",
                  "'1' DAY",
                  "::INT",
                  "|>",
                  "/*",
                  "*/",
                  "--",
                  "\n",
                  "1e9999",
                  "UNION",
                  "VALUES",
                  "trim(",
                  "((SELECT",
                  "x ->",
                  "LATERAL",
                  "USING",
                  "ROLLUP(",
                  "CUBE(",
                  "\xff",
                  "CAST(a AS ARRAY<",
                  ">>",
                  "-",
                  "99999999999999999999",
                  "\"",
                  "\\u12"};
  target.run = parse_as_everything;
  const FuzzOutcome outcome = fuzz(target);
  INFO(outcome.failure);
  CHECK(outcome.failure.empty());
  CHECK(outcome.num_runs > 0);
}

}  // namespace stream::fuzz
