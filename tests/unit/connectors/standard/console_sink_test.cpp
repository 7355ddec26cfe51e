#include <libstream/connectors/row_text.hpp>
#include <libstream/connectors/standard/console_sink.hpp>
#include <tests/unit/connectors/sink_harness.hpp>

namespace stream::testing {
namespace {

std::shared_ptr<Sink> sink_into(std::string& printed, std::size_t num_rows = 10) {
  ConsoleOptions options;
  options.num_rows = num_rows;
  options.write = [&printed](std::string_view text) { printed += text; };
  return console_sink(options);
}

TEST_CASE("An epoch of pairs is printed as Spark prints it") {
  std::string printed;
  const auto writer = open_writer(*sink_into(printed));
  REQUIRE(write_epoch(*writer, 0, 1'700'000'000'000, {pair_batch({{"a", 1}, {"b c", 2}})}));
  CHECK(printed ==
        "-------------------------------------------\n"
        "Time: 1700000000000 ms\n"
        "-------------------------------------------\n"
        "(a,1)\n"
        "(b c,2)\n"
        "\n");
}

TEST_CASE("An empty epoch is a header and a blank line") {
  std::string printed;
  REQUIRE(write_epoch(*open_writer(*sink_into(printed)), 0, 5000, {}));
  CHECK(printed ==
        "-------------------------------------------\n"
        "Time: 5000 ms\n"
        "-------------------------------------------\n"
        "\n");
}

TEST_CASE("Dots follow only when there are more rows than are shown") {
  std::string printed;
  const auto writer = open_writer(*sink_into(printed, 2));
  const auto rows_of = [&](const std::vector<Batch>& batches) {
    printed.clear();
    REQUIRE(write_epoch(*writer, 0, 1, batches));
    return printed.substr(printed.rfind("---\n") + 4);
  };
  CHECK(rows_of({string_batch({"a", "b"})}) == "a\nb\n\n");
  CHECK(rows_of({string_batch({"a", "b", "c"})}) == "a\nb\n...\n\n");
  CHECK(rows_of({string_batch({"a"}), string_batch({"b"}), string_batch({"c", "d"})}) ==
        "a\nb\n...\n\n");
}

TEST_CASE("The rows of several tasks are one epoch, in the order of tasks") {
  std::string printed;
  const auto sink = sink_into(printed, 3);
  const auto first = open_writer(*sink, 0, 2);
  const auto second = open_writer(*sink, 1, 2);
  REQUIRE(write_epoch(*second, 0, 1, {string_batch({"c", "d"})}));
  CHECK(printed.empty());
  REQUIRE(write_epoch(*first, 0, 1, {string_batch({"a", "b"})}));
  CHECK(printed.substr(printed.rfind("---\n") + 4) == "a\nb\nc\n...\n\n");
}

TEST_CASE("Rows are shown in Scala's form") {
  BlockPool pool;
  const DataType type = struct_of({{"x", primitive(TypeKind::float64), true},
                                   {"y", array_of(primitive(TypeKind::int32), true), true}});
  ColumnBuilder builder(type, pool);
  builder.child(0).append(1e10);
  builder.child(1).child(0).append(std::int32_t{1});
  builder.child(1).child(0).append(std::int32_t{2});
  builder.child(1).append_array();
  builder.append_struct();
  builder.child(0).append(1.0);
  builder.child(1).append_null();
  builder.append_struct();
  builder.append_null();
  std::vector<Column> columns;
  columns.push_back(builder.finish());
  const auto schema = std::make_shared<const Schema>(Schema{{{"value", type, true}}});
  const Batch batch(schema, std::move(columns), 3);
  CHECK(row_text(batch, 0) == "(1.0E10,[1, 2])");
  CHECK(row_text(batch, 1) == "(1.0,null)");
  CHECK(row_text(batch, 2) == "null");
}

}  // namespace
}  // namespace stream::testing
