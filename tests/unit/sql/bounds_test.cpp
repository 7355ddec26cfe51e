#include <libstream/sql/lexer.hpp>
#include <libstream/sql/sql_parser.hpp>
#include <tests/kit/catch.hpp>
#include <tests/unit/sql/tree_text.hpp>

namespace stream::sql {

namespace {

std::string repeated(std::string_view text, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

bool parses(const std::string& text) { return parse_expression(text).has_value(); }
bool is_refused_query(const std::string& text) { return !parse_query(text).has_value(); }

}  // namespace

TEST_CASE("two hundred levels are fine, a hundred thousand are refused") {
  for (const auto& [open, close] : {std::pair{"(", ")"},
                                    {"f(", ")"},
                                    {"- ", ""},
                                    {"CASE WHEN a THEN ", " END"},
                                    {"CAST(", " AS INT)"},
                                    {"trim(", ")"},
                                    {"a[", "]"},
                                    {"x -> ", ""},
                                    {"position(", ")"}}) {
    INFO(open);
    CHECK(parses(repeated(open, 200) + "a" + repeated(close, 200)));
    CHECK_FALSE(parses(repeated(open, 100'000) + "a" + repeated(close, 100'000)));
  }
}

TEST_CASE("a hundred subqueries in one another are fine, fifty thousand are refused") {
  for (const auto& [open, close] : {std::pair{"(SELECT ", ")"}, {"exists(x -> ", ")"}}) {
    INFO(open);
    CHECK(parses(repeated(open, 100) + "a" + repeated(close, 100)));
    CHECK_FALSE(parses(repeated(open, 50'000) + "a" + repeated(close, 50'000)));
  }
  CHECK_FALSE(is_refused_query(repeated("SELECT * FROM (", 100) + "TABLE t" + repeated(")", 100)));
  CHECK(is_refused_query(repeated("SELECT * FROM (", 50'000) + "TABLE t" + repeated(")", 50'000)));
  CHECK(is_refused_query(repeated("(", 100'000)));
  CHECK_FALSE(parses(repeated("NOT ", 100'000) + "a"));
}

TEST_CASE("long chains are bounded by the height of their tree") {
  CHECK(parses("a" + repeated(" + a", 500)));
  CHECK_FALSE(parses("a" + repeated(" + a", 50'000)));
  CHECK_FALSE(parses("a" + repeated("[0]", 50'000)));
  CHECK_FALSE(parses("a" + repeated("::int", 50'000)));
  CHECK(is_refused_query("TABLE t" + repeated(" |> WHERE a", 50'000)));
  CHECK(is_refused_query("FROM t" + repeated(" JOIN t", 50'000)));
  CHECK(is_refused_query("TABLE t" + repeated(" EXCEPT TABLE t", 50'000)));
}

TEST_CASE("wide trees are fine") {
  CHECK(parses("a" + repeated(" AND a", 20'000)));
  CHECK(parses("a IN (1" + repeated(", 1", 20'000) + ")"));
  CHECK_FALSE(is_refused_query("SELECT a" + repeated(", a + 1", 5'000)));
  CHECK_FALSE(is_refused_query("TABLE t" + repeated(" UNION ALL TABLE t", 2'000)));
}

TEST_CASE("what BETWEEN repeats counts each time") {
  std::string text = "a";
  for (int i = 0; i < 40; ++i) text = "(" + text + " BETWEEN b AND c)";
  CHECK_FALSE(parses(text));
  text = "a";
  for (int i = 0; i < 40; ++i) text = "CASE " + text + " WHEN b THEN c WHEN d THEN e END";
  CHECK_FALSE(parses(text));
}

TEST_CASE("readings that are tried in vain do not double the work each level") {
  std::string text = "a";
  for (int i = 0; i < 60; ++i) text = "((SELECT " + text + ") + 1)";
  CHECK(parses(text));
  text = "t";
  for (int i = 0; i < 60; ++i) text = "((SELECT * FROM " + text + ") x JOIN y)";
  CHECK_FALSE(is_refused_query("FROM " + text));
}

TEST_CASE("texts and token counts are bounded") {
  CHECK_FALSE(parses(std::string(kMaxTextBytes + 1, ' ')));
  CHECK_FALSE(parses("f(a" + repeated(",a", kMaxTokens / 2) + ")"));
}

}  // namespace stream::sql
