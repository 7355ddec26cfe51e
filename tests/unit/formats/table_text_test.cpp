#include <libstream/formats/table_text.hpp>
#include <tests/unit/formats/format_fixture.hpp>

namespace stream {
namespace {

using namespace testing;

TEST_CASE("Rows are printed as a table that says when there are more") {
  BlockPool pool;
  auto schema = std::make_shared<const Schema>(value_or_throw(parse_schema("id INT, s STRING")));
  const Batch batch = batch_of(
      schema, {{int_value(1), text_value("\xE6\x97\xA5")}, {int_value(22222), Value{}}}, pool);
  TableTextOptions options;
  options.max_rows = 1;
  REQUIRE(show_text(*schema, std::span(&batch, 1), options, SqlSettings{}) ==
          "+---+---+\n| id|  s|\n+---+---+\n|  1| \xE6\x97\xA5|\n+---+---+\n"
          "only showing top 1 row\n");
  options.max_rows = 20;
  options.truncate = 4;
  REQUIRE(show_text(*schema, std::span(&batch, 1), options, SqlSettings{}) ==
          "+----+----+\n|  id|   s|\n+----+----+\n|   1|  \xE6\x97\xA5|\n|2...|NULL|\n"
          "+----+----+\n\n");
}

}  // namespace
}  // namespace stream
