#include <libstream/connectors/postgresql/sql_text.hpp>
#include <tests/kit/catch.hpp>

using namespace stream;
using namespace stream::postgresql;

TEST_CASE("names and texts cannot leave their quotes") {
  CHECK(quote_name("a\"; DROP TABLE t; --") == "\"a\"\"; DROP TABLE t; --\"");
  CHECK(quote_text("a'; DROP TABLE t; --") == "'a''; DROP TABLE t; --'");
  CHECK(quote_text("a\\' OR 1=1") == "E'a\\\\'' OR 1=1'");
  CHECK(quote_names({"a", "b\"c"}, "t.") == "t.\"a\", t.\"b\"\"c\"");
}

TEST_CASE("a table's name is read with and without schema and quotes") {
  const auto shown = [](std::string_view text) {
    const auto name = parse_table_name(text);
    return name ? name->quoted() : name.error().message();
  };
  CHECK(shown("t") == "\"t\"");
  CHECK(shown("Orders") == "\"Orders\"");
  CHECK(shown(" s . t ") == "\"s\".\"t\"");
  CHECK(shown("\"a.b\".\"c\"\"d\"") == "\"a.b\".\"c\"\"d\"");
  CHECK(shown("t; DROP TABLE x") == "\"t; DROP TABLE x\"");
  for (const char* wrong : {"", "a.", ".a", "a.b.c", "\"a", "\"a\"b", "a\"b\""}) {
    INFO(wrong);
    CHECK_FALSE(parse_table_name(wrong));
  }
  CHECK_FALSE(parse_table_name(std::string(64, 'x')));
  CHECK_FALSE(parse_table_name(std::string("a\0b", 3)));
}

TEST_CASE("a list of names may hold quoted commas") {
  const auto names = parse_name_list("a, \"b, c\" ,d e");
  REQUIRE(names);
  CHECK(*names == std::vector<std::string>{"a", "b, c", "d e"});
  CHECK_FALSE(parse_name_list("a,,b"));
}
