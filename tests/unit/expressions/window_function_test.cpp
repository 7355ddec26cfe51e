#include <libstream/expressions/window_function.hpp>
#include <tests/kit/catch.hpp>

using namespace stream;

namespace {

/// What the function gives for a partition whose values and peers these are.
std::vector<Value> run(const std::string& name, const std::vector<Value>& values,
                       const std::vector<std::uint32_t>& peers, std::vector<Argument> arguments,
                       bool ignores_nulls = false) {
  BlockPool pool;
  const SqlSettings settings;
  EvaluationContext context{pool, settings};
  const auto function =
      builtin_functions().window(name)->resolve(arguments, ignores_nulls, settings);
  REQUIRE(function);
  std::vector<Column> columns;
  for (const Argument& argument : arguments) {
    if (argument.constant) {
      columns.push_back(repeat_value(*argument.constant, argument.type, values.size(), pool));
      continue;
    }
    ColumnBuilder builder(argument.type, pool);
    for (const Value& value : values) append_value(builder, value);
    columns.push_back(builder.finish());
  }
  ColumnBuilder builder(function->type, pool);
  REQUIRE(function->compute({columns, values.size(), peers}, builder, context));
  const Column column = builder.finish();
  REQUIRE(column.num_rows == values.size());
  std::vector<Value> results;
  for (std::size_t row = 0; row < column.num_rows; ++row) results.push_back(value_at(column, row));
  return results;
}

Value number(int value) { return {std::int32_t{value}}; }
Argument of_values() {
  Argument argument;
  argument.type = primitive(TypeKind::int32);
  return argument;
}
Argument constant(int value) {
  Argument argument = of_values();
  argument.constant = number(value);
  return argument;
}

const std::vector<Value> kValues{number(5), number(5), Value{}, number(7), number(9)};
const std::vector<std::uint32_t> kPeers{0, 0, 1, 2, 2};

using Values = std::vector<Value>;

}  // namespace

TEST_CASE("ranks count rows before the peers, dense ranks count groups of peers") {
  CHECK(run("row_number", kValues, kPeers, {}) ==
        Values{number(1), number(2), number(3), number(4), number(5)});
  CHECK(run("rank", kValues, kPeers, {}) ==
        Values{number(1), number(1), number(3), number(4), number(4)});
  CHECK(run("dense_rank", kValues, kPeers, {}) ==
        Values{number(1), number(1), number(2), number(3), number(3)});
  CHECK(run("percent_rank", kValues, kPeers, {}) ==
        Values{Value{0.0}, Value{0.0}, Value{0.5}, Value{0.75}, Value{0.75}});
  CHECK(run("cume_dist", kValues, kPeers, {}) ==
        Values{Value{0.4}, Value{0.4}, Value{0.6}, Value{1.0}, Value{1.0}});
  CHECK(run("percent_rank", {number(1)}, {0}, {}) == Values{Value{0.0}});
}

TEST_CASE("ntile gives the first parts one row more") {
  CHECK(run("ntile", kValues, kPeers, {constant(2)}) ==
        Values{number(1), number(1), number(1), number(2), number(2)});
  CHECK(run("ntile", kValues, kPeers, {constant(9)}) ==
        Values{number(1), number(2), number(3), number(4), number(5)});
}

TEST_CASE("lag and lead look along the partition, over NULLs when told to") {
  CHECK(run("lag", kValues, kPeers, {of_values()}) ==
        Values{Value{}, number(5), number(5), Value{}, number(7)});
  CHECK(run("lead", kValues, kPeers, {of_values(), constant(2), constant(0)}) ==
        Values{Value{}, number(7), number(9), number(0), number(0)});
  CHECK(run("lag", kValues, kPeers, {of_values()}, true) ==
        Values{Value{}, number(5), number(5), number(5), number(7)});
  CHECK(run("lead", kValues, kPeers, {of_values()}, true) ==
        Values{number(5), number(7), number(7), number(9), Value{}});
  CHECK(run("lag", kValues, kPeers, {of_values(), constant(-1)}) ==
        run("lead", kValues, kPeers, {of_values()}));
}
