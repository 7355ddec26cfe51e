#include <libstream/operators/limit.hpp>
#include <libstream/operators/over.hpp>
#include <libstream/operators/sort.hpp>
#include <tests/kit/catch.hpp>
#include <tests/unit/operators/aggregate_cases.hpp>
#include <tests/unit/operators/waiting_cases.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace stream::testing {
namespace {

using Kind = OverBound::Kind;

std::shared_ptr<const Schema> rows_schema() {
  return schema_of({{"p", text()}, {"o", bigint()}, {"v", bigint()}});
}

/// o + distance.
TypedExpr order_plus(std::int64_t distance) {
  FunctionCall call;
  call.name = "+";
  call.arguments = {input(1, bigint())};
  call.kernel = [distance](const KernelInput& in) -> Result<Column> {
    ColumnBuilder builder(bigint(), in.context.pool);
    for (std::size_t row = 0; row < in.num_rows; ++row) {
      if (in.is_active(row))
        builder.append(in.arguments[0].column.data<std::int64_t>()[row] + distance);
      else
        builder.append_null();
    }
    return builder.finish();
  };
  return make_typed(bigint(), true, std::move(call));
}

/// p, o, sum(v) OVER (PARTITION BY p ORDER BY o frame).
void verify_sum(OverFrame frame, std::vector<std::string> expected) {
  OverSpec spec;
  spec.partition_by = {input(0, text())};
  spec.order_by = {{input(1, bigint())}};
  OverCall call;
  AggregateCall sum = aggregate_call("sum", {input(2, bigint())});
  call.function = sum.function;
  call.arguments = sum.arguments;
  call.frame = std::move(frame);
  spec.calls = {call};
  spec.kept = {0, 1};
  spec.schema = schema_of({{"p", text()}, {"o", bigint()}, {"s", bigint()}});
  OperatorCase script;
  script.inputs = {rows_schema()};
  script.partition_by = {{0}};
  script.make = every_other_in_files(make_over, spec);
  script.epochs = {{{{0,
                      {row("a", 1, 1), row("b", 1, 100), row("a", 2, 2), row("a", 2, 4),
                       row("a", 4, 8), row("a", nullptr, 16)}}}},
                   {}};
  verify_operator(script, {std::move(expected), {}});
}

}  // namespace

TEST_CASE("a range frame to the current row takes its peers in") {
  verify_sum({}, {"a|null|16", "a|1|17", "a|2|23", "a|2|23", "a|4|31", "b|1|100"});
}

TEST_CASE("frames of rows are cut at the partition") {
  verify_sum({true, {Kind::preceding, 1, nullptr}, {Kind::current_row, 0, nullptr}},
             {"a|null|16", "a|1|17", "a|2|3", "a|2|6", "a|4|12", "b|1|100"});
  verify_sum({true, {Kind::following, 1, nullptr}, {Kind::unbounded_following, 0, nullptr}},
             {"a|null|15", "a|1|14", "a|2|12", "a|2|8", "a|4|null", "b|1|null"});
}

TEST_CASE("frames of ranges reach by value; null has its peers") {
  verify_sum({false, {Kind::preceding, 0, order_plus(-1)}, {Kind::following, 0, order_plus(1)}},
             {"a|null|16", "a|1|7", "a|2|7", "a|2|7", "a|4|8", "b|1|100"});
}

TEST_CASE("window functions see a partition and its peers") {
  OverSpec spec;
  spec.partition_by = {input(0, text())};
  spec.order_by = {{input(1, bigint()), true, false}};
  ResolvedWindowFunction rank;
  rank.type = bigint();
  rank.compute = [](const WindowPartition& partition, ColumnBuilder& builder,
                    EvaluationContext&) -> Result<void> {
    for (std::size_t i = 0; i < partition.num_rows; ++i)
      builder.append(static_cast<std::int64_t>(partition.peer_group[i]) + 1);
    return {};
  };
  OverCall call;
  call.function = rank;
  spec.calls = {call};
  spec.kept = {0, 1};
  spec.schema = schema_of({{"p", text()}, {"o", bigint()}, {"r", bigint()}});
  OperatorCase script;
  script.inputs = {rows_schema()};
  script.partition_by = {{0}};
  script.make = every_other_in_files(make_over, spec);
  script.epochs = {
      {{{0,
         {row("a", 1, 1), row("b", 1, 1), row("a", 2, 1), row("a", 2, 1), row("a", nullptr, 1)}}}}};
  verify_operator(script, {{"a|2|1", "a|2|1", "a|1|2", "a|null|3", "b|1|1"}});
}

TEST_CASE("partitions of all lengths are the same in memory and from files") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::minstd_rand random(seed);
  OverSpec spec;
  spec.partition_by = {input(0, text())};
  spec.order_by = {{input(1, bigint())}};
  OverCall call;
  AggregateCall sum = aggregate_call("sum", {input(2, bigint())});
  call.function = sum.function;
  call.arguments = sum.arguments;
  spec.calls = {call};
  spec.kept = {0, 1};
  spec.schema = schema_of({{"p", text()}, {"o", bigint()}, {"s", bigint()}});
  OperatorCase script;
  script.inputs = {rows_schema()};
  script.partition_by = {{0}};
  script.make = every_other_in_files(make_over, spec);
  std::vector<std::vector<std::string>> expected;
  for (int epoch = 0; epoch < 3; ++epoch) {
    // Partition p has p rows, each of a place of its own: the running sum is known.
    std::vector<Row> rows;
    expected.emplace_back();
    for (std::int64_t partition = 0; partition < 20; ++partition) {
      std::int64_t total = 0;
      for (std::int64_t place = 0; place < partition; ++place) {
        const std::string name = partition == 7 ? "null" : std::to_string(partition);
        rows.push_back(
            {partition == 7 ? Value{} : Value{name}, Value{place}, Value{place * place}});
        total += place * place;
        expected.back().push_back(fmt::format("{}|{}|{}", name, place, total));
      }
    }
    std::shuffle(rows.begin(), rows.end(), random);
    EpochScript input_rows;
    for (Row& each : rows) input_rows.inputs.push_back({0, {std::move(each)}});
    script.epochs.push_back(std::move(input_rows));
  }
  verify_operator(script, expected);
}

TEST_CASE("sort orders by several keys, keeps equal rows in order and may cut") {
  SortSpec spec;
  spec.keys = {{input(0, text()), false, true}, {input(1, bigint()), true, false}};
  OperatorCase script;
  script.inputs = {rows_schema()};
  script.is_ordered = true;
  script.make = every_other_in_files(make_sort, spec);
  script.epochs = {{{{0,
                      {row("b", 1, 1), row("a", nullptr, 2), row("a", 3, 3), row(nullptr, 1, 4),
                       row("a", 7, 5), row("a", 3, 6)}}}},
                   {{{0, {row("z", 1, 1)}}}}};
  verify_operator(script,
                  {{"null|1|4", "a|7|5", "a|3|3", "a|3|6", "a|null|2", "b|1|1"}, {"z|1|1"}});
  spec.limit = 2;
  script.make = every_other_in_files(make_sort, spec);
  verify_operator(script, {{"null|1|4", "a|7|5"}, {"z|1|1"}});
}

TEST_CASE("a limit cuts each epoch, or counts over the query's life") {
  OperatorCase script;
  script.inputs = {schema_of({{"v", bigint()}})};
  script.is_ordered = true;
  script.epochs = {{{{0, {row(1), row(2)}}}}, {{{0, {row(3), row(4)}}}}, {{{0, {row(5)}}}}};
  script.make = make_limit({3, 0, true});
  const auto outputs = verify_operator(script, {{"1", "2"}, {"3"}, {}});
  CHECK(outputs[2].counts.rows == 1);
  script.make = make_limit({1, 1, false});
  verify_operator(script, {{"2"}, {"4"}, {}});
}

}  // namespace stream::testing
