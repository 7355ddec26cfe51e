#include <apps/streamctl/script.hpp>
#include <libstream/sql/sql_parser.hpp>
#include <tests/kit/catch.hpp>
#include <tests/kit/thrown.hpp>

using namespace stream;
using namespace stream::apps;
using Catch::Matchers::ContainsSubstring;
using stream::testing::message_of;

TEST_CASE("parameters take the place of their names, defaults where none is given") {
  CHECK(fill_in("a ${x} b ${y:7} c", {{"x", "1"}}) == "a 1 b 7 c");
  CHECK(fill_in("${y:7}${y:8}", {{"y", "9"}}) == "99");
  CHECK(fill_in("${path:/tmp/a b}", {}) == "/tmp/a b");
  CHECK(fill_in("$x {y} $", {}) == "$x {y} $");
  // What was filled in is not looked through again.
  CHECK(fill_in("${x}", {{"x", "${x}"}}) == "${x}");
  CHECK(parse_parameters({"a=b=c", "d="}) ==
        std::map<std::string, std::string>{{"a", "b=c"}, {"d", ""}});
}

TEST_CASE("parameters that are missing, unused or broken are refused with their place") {
  CHECK_THAT(message_of([] { fill_in("SELECT\n ${x}", {}); }),
             ContainsSubstring("(line 2, pos 1)") && ContainsSubstring("--param x="));
  CHECK_THAT(message_of([] {
               fill_in("a ${x", {{"x", "1"}});
             }),
             ContainsSubstring("[UNBOUND_SQL_PARAMETER]"));
  CHECK_THAT(message_of([] { fill_in("a ${x:1", {}); }),
             ContainsSubstring("[UNBOUND_SQL_PARAMETER]"));
  CHECK_THAT(message_of([] { fill_in("a", {{"x", "1"}}); }), ContainsSubstring("no ${x}"));
  CHECK_THAT(message_of([] { parse_parameters({"x"}); }), ContainsSubstring("key=value"));
  CHECK_THAT(message_of([] { parse_parameters({"=1"}); }), ContainsSubstring("key=value"));
  CHECK_THAT(message_of([] { parse_parameters({"x=1", "x=2"}); }), ContainsSubstring("twice"));
}

TEST_CASE("a statement is complete at a semicolon that is neither quoted nor a comment") {
  CHECK(is_complete("SELECT 1;"));
  CHECK(is_complete("SELECT 1 ;  \n"));
  CHECK(is_complete("SELECT 1; -- done"));
  CHECK(is_complete("SELECT 1; /* done */"));
  CHECK(is_complete("SELECT ';';"));
  CHECK(is_complete("SELECT 1; SELECT 2;"));
  CHECK_FALSE(is_complete(""));
  CHECK_FALSE(is_complete("SELECT 1"));
  CHECK_FALSE(is_complete("SELECT 1; SELECT 2"));
  CHECK_FALSE(is_complete("SELECT ';"));
  CHECK_FALSE(is_complete("SELECT 'it\\';"));
  CHECK_FALSE(is_complete("SELECT \";"));
  CHECK_FALSE(is_complete("SELECT `a;"));
  CHECK_FALSE(is_complete("SELECT 1 -- ;"));
  CHECK_FALSE(is_complete("SELECT 1 /* ;"));
  CHECK_FALSE(is_complete("SELECT 1; 'x'"));
  CHECK_FALSE(is_complete("SELECT 1; + "));
}

TEST_CASE("a statement set is complete after its END") {
  CHECK_FALSE(is_complete("BEGIN STATEMENT SET;"));
  CHECK_FALSE(is_complete("begin statement set; INSERT INTO a SELECT 1;"));
  CHECK(is_complete("BEGIN STATEMENT SET; INSERT INTO a SELECT 1; END;"));
}

TEST_CASE("errors of analysis are placed at the name that they quote") {
  const std::string text = "SELECT 1;\nSELECT a,\n  wrong_name FROM t";
  const std::vector<Statement> statements = value_or_throw(parse_script(text));
  REQUIRE(statements.size() == 2);
  const Error named =
      placed(bad_plan("[UNRESOLVED_COLUMN] no column `wrong_name`, but `a`."), text, statements[1]);
  CHECK_THAT(named.message(), ContainsSubstring("[UNRESOLVED_COLUMN] no column") &&
                                  ContainsSubstring("(line 3, pos 2)") &&
                                  ContainsSubstring("  wrong_name FROM t\n--^^^^^^^^^^"));
  const Error elsewhere = placed(bad_plan("[DATATYPE_MISMATCH] cannot be"), text, statements[1]);
  CHECK_THAT(elsewhere.message(), ContainsSubstring("(line 2, pos 0)"));
  // Without a condition, and of another class.
  const Error option = placed(bad_option("sink x: mode is wrong"), text, statements[1]);
  CHECK(option.error_class() == ErrorClass::bad_option);
  CHECK(option.message() ==
        "sink x: mode is wrong (line 2, pos 0)\n\n== SQL ==\nSELECT a,\n^^^^^^");
  // Part of a word is no name; an error that has a place keeps it.
  const Error part = placed(bad_plan("[X] `wrong`"), text, statements[1]);
  CHECK_THAT(part.message(), ContainsSubstring("(line 2, pos 0)"));
  const Error has_place = placed(bad_plan("[X] `a` (line 9, pos 9)"), text, statements[1]);
  CHECK(has_place.message() == "[X] `a` (line 9, pos 9)");
}

TEST_CASE("errors name the file as compilers do") {
  CHECK(in_file(bad_plan("[X] bad (line 3, pos 2)"), "a.sql").message() ==
        "a.sql:3:3: [X] bad (line 3, pos 2)");
  CHECK(in_file(bad_plan("bad"), "a.sql").message() == "a.sql: bad");
  CHECK(in_file(bad_plan("bad"), "").message() == "bad");
}
