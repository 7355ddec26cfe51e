#include <libstream/operators/stream_join.hpp>
#include <tests/kit/catch.hpp>
#include <tests/unit/operators/aggregate_cases.hpp>
#include <tests/unit/operators/waiting_cases.hpp>

namespace stream::testing {
namespace {

std::shared_ptr<const Schema> side_schema(const std::string& prefix) {
  return schema_of({{prefix + "k", text()}, {prefix + "t", timestamp()}, {prefix + "v", bigint()}});
}

/// a < b over columns of one type.
TypedExpr less(TypedExpr a, TypedExpr b) {
  FunctionCall call;
  call.name = "<";
  call.arguments = {std::move(a), std::move(b)};
  call.can_fail = false;
  call.kernel = [](const KernelInput& in) -> Result<Column> {
    ColumnBuilder builder(primitive(TypeKind::boolean), in.context.pool);
    for (std::size_t row = 0; row < in.num_rows; ++row) {
      if (!in.is_active(row)) {
        builder.append_null();
        continue;
      }
      const auto value = [&](std::size_t i) {
        const Operand& operand = in.arguments[i];
        return operand.column.data<std::int64_t>()[operand.index(row)];
      };
      builder.append(static_cast<std::uint8_t>(value(0) < value(1)));
    }
    return builder.finish();
  };
  return make_typed(boolean(), true, std::move(call));
}

StreamJoinSpec join_of(JoinKind kind) {
  StreamJoinSpec spec;
  spec.kind = kind;
  spec.left.keys = spec.right.keys = {0};
  spec.left.columns = side_schema("l")->fields;
  spec.right.columns = side_schema("r")->fields;
  spec.left.event_time = spec.right.event_time = 1;
  spec.output = {0, 2, 5};
  spec.schema = schema_of({{"lk", text()}, {"lv", bigint()}, {"rv", bigint()}});
  if (is_left_only(kind)) {
    spec.output = {0, 2};
    spec.schema = schema_of({{"lk", text()}, {"lv", bigint()}});
  }
  return spec;
}

OperatorCase case_of(StreamJoinSpec spec, std::vector<EpochScript> epochs) {
  OperatorCase script;
  script.inputs = {side_schema("l"), side_schema("r")};
  script.partition_by = {spec.left.keys, spec.right.keys};
  script.make = every_other_in_files(make_stream_join, std::move(spec));
  script.epochs = std::move(epochs);
  return script;
}

/// Two epochs of rows, then the watermark passes all.
std::vector<EpochScript> meetings() {
  return {{{{0, {row("a", seconds(20), 1), row("b", seconds(20), 2), row(nullptr, seconds(20), 3)}},
            {1, {row("a", seconds(20), 10), row(nullptr, seconds(20), 30)}}},
           0},
          {{{0, {row("c", seconds(21), 4)}},
            {1, {row("b", seconds(21), 20), row("b", seconds(21), 21), row("d", seconds(21), 40)}}},
           0},
          {{}, 30'000}};
}

StreamJoinSpec bounded_join(JoinKind kind) {
  StreamJoinSpec spec = join_of(kind);
  spec.left.bound = spec.right.bound = StateBound{1, 0};
  return spec;
}

}  // namespace

TEST_CASE("an inner join finds pairs within and across epochs; null keys match nothing") {
  const auto outputs = verify_operator(case_of(bounded_join(JoinKind::inner), meetings()),
                                       {{"a|1|10"}, {"b|2|20", "b|2|21"}, {}});
  CHECK(outputs[0].counts.rows == 3);
  CHECK(outputs[1].counts.rows == 7);
  CHECK(outputs[2].counts.rows == 0);
  CHECK(outputs[2].counts.removed == 7);
}

TEST_CASE("outer joins give unmatched rows when they are evicted; in full ones null keys meet") {
  const auto outputs =
      verify_operator(case_of(bounded_join(JoinKind::left_outer), meetings()),
                      {{"a|1|10"}, {"b|2|20", "b|2|21"}, {"c|4|null", "null|3|null"}});
  CHECK(outputs[0].counts.rows == 4);
  verify_operator(case_of(bounded_join(JoinKind::right_outer), meetings()),
                  {{"a|1|10"}, {"b|2|20", "b|2|21"}, {"null|null|30", "null|null|40"}});
  verify_operator(case_of(bounded_join(JoinKind::full_outer), meetings()),
                  {{"a|1|10", "null|3|30"}, {"b|2|20", "b|2|21"}, {"c|4|null", "null|null|40"}});
}

TEST_CASE("a semi join gives a left row once") {
  const auto outputs = verify_operator(case_of(bounded_join(JoinKind::left_semi), meetings()),
                                       {{"a|1"}, {"b|2"}, {}});
  // a was matched by a right row of its own epoch, so it is kept until evicted.
  CHECK(outputs[0].counts.rows == 3);
}

TEST_CASE("rows that fail their own side's condition come out at once, or not at all") {
  StreamJoinSpec spec = bounded_join(JoinKind::left_outer);
  spec.left.own_condition =
      less(make_constant(Value{std::int64_t{1}}, bigint()), input(2, bigint()));
  spec.condition = less(input(5, bigint()), make_constant(Value{std::int64_t{21}}, bigint()));
  const auto outputs = verify_operator(case_of(spec, meetings()),
                                       {{"a|1|null"}, {"b|2|20"}, {"c|4|null", "null|3|null"}});
  CHECK(outputs[0].counts.rows == 3);
}

TEST_CASE("late rows are dropped and each side has its own bound") {
  StreamJoinSpec spec = join_of(JoinKind::left_outer);
  spec.left.bound = StateBound{1, -5'000};
  spec.right.bound = StateBound{1, 0};
  const auto outputs = verify_operator(
      case_of(spec, {{{{0, {row("a", seconds(8), 1)}}, {1, {row("z", seconds(8), 2)}}}, 0},
                     {{}, 10'000},
                     {{{0, {row("b", seconds(10), 3)}}, {1, {row("a", seconds(11), 4)}}}, 13'000},
                     {{{0, {row("c", seconds(14), 5)}}}, 20'000}}),
      // a goes with watermark 13 s, after it met its match in the same epoch.
      {{}, {}, {"a|1|4"}, {"c|5|null"}});
  CHECK(outputs[1].counts.rows == 1);
  CHECK(outputs[2].counts.dropped_by_watermark == 1);
}

TEST_CASE("a row between the two watermarks is joined, evicted and given in one epoch") {
  verify_operator(case_of(bounded_join(JoinKind::full_outer),
                          {{{}, 10'000},
                           {{{0, {row("a", seconds(12), 1), row("b", seconds(12), 2)}},
                             {1, {row("a", seconds(12), 3), row("c", seconds(12), 4)}}},
                            20'000}}),
                  {{}, {"a|1|3", "b|2|null", "null|null|4"}});
}

TEST_CASE("right rows beyond the memory for them wait in files") {
  require_rows_wait_in_files(make_stream_join, bounded_join(JoinKind::inner), 1, side_schema("r"),
                             row("a", seconds(20), 1));
}

TEST_CASE("a join passes on the least of its watermarks") {
  StreamJoinSpec spec = join_of(JoinKind::inner);
  CHECK(output_watermark(spec, 10'000) == 10'000);
  spec.left.bound = StateBound{1, -5'000};
  spec.right.bound = StateBound{1, 3'000};
  CHECK(output_watermark(spec, 10'000) == 5'000);
}

}  // namespace stream::testing
