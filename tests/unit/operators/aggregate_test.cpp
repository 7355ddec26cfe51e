#include <libstream/operators/streaming_aggregate.hpp>
#include <tests/kit/catch.hpp>
#include <tests/unit/operators/aggregate_cases.hpp>

#include <fmt/format.h>

#include <map>

namespace stream::testing {
namespace {

TypedExpr one() { return make_constant(Value{std::int64_t{1}}, bigint()); }

/// k STRING, v BIGINT -> k, count(*), sum(v).
AggregateSpec counts_and_sums() {
  AggregateSpec spec;
  spec.keys = {input(0, text())};
  spec.calls = {aggregate_call("count", {one()}), aggregate_call("sum", {input(1, bigint())})};
  spec.schema = schema_of({{"k", text()}, {"n", bigint()}, {"s", bigint()}});
  return spec;
}

const auto kInput = [] { return schema_of({{"k", text()}, {"v", bigint()}}); };

OperatorCase case_of(OperatorFactory make, std::shared_ptr<const Schema> schema,
                     std::vector<EpochScript> epochs) {
  OperatorCase script;
  script.make = std::move(make);
  script.inputs = {std::move(schema)};
  script.partition_by = {{0}};
  script.epochs = std::move(epochs);
  return script;
}

}  // namespace

TEST_CASE("an aggregation groups by text, null being a key") {
  verify_operator(case_of(make_aggregate(counts_and_sums()), kInput(),
                          {{{{0,
                              {row("a", 1), row("b", 2), row("a", 3), row(nullptr, 4),
                               row(nullptr, nullptr), row("a longer key than sixteen bytes", 5),
                               row("a longer key than sixteen bytes", 6), row("", 7)}}}},
                           {{{0, {row("a", 9)}}}},
                           {}}),
                  {{"a|2|4", "b|1|2", "null|2|4", "a longer key than sixteen bytes|2|11", "|1|7"},
                   {"a|1|9"},
                   {}});
}

TEST_CASE("an aggregation without keys gives a row for no input") {
  AggregateSpec spec = counts_and_sums();
  spec.keys.clear();
  spec.schema = schema_of({{"n", bigint()}, {"s", bigint()}});
  OperatorCase script = case_of(make_aggregate(spec), kInput(), {{{{0, {row("a", 1)}}}}, {}});
  script.partition_by.clear();
  verify_operator(script, {{"1|1"}, {"0|null"}});
}

TEST_CASE("distinct and filtered aggregates see each value once and chosen rows only") {
  AggregateSpec spec;
  spec.keys = {input(0, bigint())};
  AggregateCall distinct = aggregate_call("sum", {input(1, bigint())});
  distinct.is_distinct = true;
  AggregateCall filtered = aggregate_call("sum", {input(1, bigint())});
  filtered.filter = input(2, boolean());
  spec.calls = {distinct, filtered};
  spec.schema = schema_of({{"k", bigint()}, {"d", bigint()}, {"f", bigint()}});
  verify_operator(
      case_of(make_aggregate(spec), schema_of({{"k", bigint()}, {"v", bigint()}, {"c", boolean()}}),
              {{{{0,
                  {row(1, 5, true), row(1, 5, false), row(2, 5, nullptr), row(1, 7, true),
                   row(1, 5, true), row(nullptr, 1, true)}}}}}),
      {{"1|12|17", "2|5|null", "null|1|1"}});
}

TEST_CASE("two numbers, wide or null keys and windows are told apart") {
  AggregateSpec spec;
  spec.keys = {input(0, window_type()), input(1, bigint())};
  spec.calls = {aggregate_call("count", {one()})};
  spec.schema = schema_of({{"w", window_type()}, {"k", bigint()}, {"n", bigint()}});
  OperatorCase script = case_of(
      make_aggregate(spec), schema_of({{"w", window_type()}, {"k", bigint()}}),
      {{{{0,
          {row(window_value(0, 10), 1), row(window_value(0, 10), 1), row(window_value(10, 20), 1),
           row(window_value(0, 20), 1), row(nullptr, 1), row(nullptr, nullptr),
           row(window_value(0, 10), nullptr), row(window_value(0, 10), 0)}}}}});
  script.partition_by = {{0, 1}};
  verify_operator(script, {{"[0,10000000]|1|2", "[10000000,20000000]|1|1", "[0,20000000]|1|1",
                            "null|1|1", "null|null|1", "[0,10000000]|null|1", "[0,10000000]|0|1"}});
}

TEST_CASE("partial states merge to the same results") {
  OperatorCase partial =
      case_of(make_partial_aggregate(counts_and_sums()), kInput(),
              {{{{0, {row("a", 1), row("b", 2), row("a", 3), row(nullptr, 4)}}}}});
  partial.partition_by.clear();
  BlockPool pool;
  const auto outputs = run_operator(partial);
  REQUIRE(outputs[0].rows.size() == 3);
  // The same states, once as if from two sources.
  const auto schema = partial_schema(counts_and_sums());
  OperatorCase merge =
      case_of(make_merge_aggregate(counts_and_sums()), schema,
              {{{{0, {row(0, "a", 2, 4), row(0, "b", 1, 2)}}, {0, {row(0, "a", 1, 6)}}}}});
  REQUIRE(schema->num_fields() == 4);
  merge.partition_by = {{1}};
  verify_operator(merge, {{"a|3|10", "b|1|2"}});
}

namespace {

/// Sums by window and text; rows are (time, text, number).
AggregateSpec sliding_sums(const SlidingKey& sliding) {
  AggregateSpec spec;
  spec.keys = {input(0, timestamp()), input(1, text())};
  spec.calls = {aggregate_call("sum", {input(2, bigint())})};
  spec.schema = schema_of({{"w", window_type()}, {"k", text()}, {"s", bigint()}});
  spec.sliding = sliding;
  return spec;
}

/// What comes out, without the hash and sorted.
std::vector<std::string> windows_of(const AggregateSpec& spec, std::vector<Row> rows) {
  OperatorCase script = case_of(make_partial_aggregate(spec),
                                schema_of({{"t", timestamp()}, {"k", text()}, {"v", bigint()}}),
                                {{{{0, std::move(rows)}}}});
  script.partition_by.clear();
  std::vector<std::string> windows;
  const auto outputs = run_operator(script);
  for (const std::string& line : outputs[0].rows)
    windows.push_back(line.substr(line.find('|') + 1));
  std::sort(windows.begin(), windows.end());
  return windows;
}

}  // namespace

TEST_CASE("sliding windows get every slice they hold, a row a key") {
  const AggregateSpec spec = sliding_sums({0, 12'000'000, 5'000'000, 0});
  // 5 lies in [-5, 7), [0, 12) and [5, 17); 7 only in the last two.
  CHECK(windows_of(spec, {row(seconds(5), "a", 1), row(seconds(7), "a", 2), row(nullptr, "a", 4),
                          row(seconds(7), "b", 8)}) ==
        std::vector<std::string>{"[-5000000,7000000]|a|1", "[0,12000000]|a|3", "[0,12000000]|b|8",
                                 "[5000000,17000000]|a|3", "[5000000,17000000]|b|8"});
}

TEST_CASE("sliding windows far from one another come without those between them") {
  const AggregateSpec spec = sliding_sums({0, 4'000'000, 2'000'000, 1'000'000});
  const std::int64_t year = 365 * 86'400;
  CHECK(windows_of(spec, {row(seconds(year), "a", 1), row(seconds(-3), "a", 2),
                          row(seconds(year), nullptr, 4)}) ==
        std::vector<std::string>{
            "[-3000000,1000000]|a|2", "[-5000000,-1000000]|a|2",
            "[31535997000000,31536001000000]|a|1", "[31535997000000,31536001000000]|null|4",
            "[31535999000000,31536003000000]|a|1", "[31535999000000,31536003000000]|null|4"});
}

TEST_CASE("sliding windows keep the order of slices") {
  AggregateSpec spec = sliding_sums({0, 6'000'000, 2'000'000, 0});
  spec.calls = {aggregate_call("last", {input(2, bigint())})};
  std::vector<Row> rows;
  for (std::int64_t second = 0; second < 12; ++second)
    rows.push_back(row(seconds(second), "a", second));
  // Windows that end within the rows, and those that end behind them.
  std::vector<std::string> expected;
  for (std::int64_t start = -4; start < 12; start += 2)
    expected.push_back(fmt::format("[{},{}]|a|{}", start * 1'000'000, (start + 6) * 1'000'000,
                                   std::min<std::int64_t>(start + 5, 11)));
  std::sort(expected.begin(), expected.end());
  const auto windows = windows_of(spec, rows);
  REQUIRE(windows.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    CHECK(windows[i].starts_with(expected[i]));  // behind it: that there is a value
}

TEST_CASE("sliding windows are those of each row, and fill batches") {
  std::vector<Row> rows;
  std::map<std::string, std::int64_t> expected;
  for (std::int64_t i = 0; i < 20'000; ++i) {
    const std::int64_t time = (i * 7919) % 300;
    const std::string key = fmt::format("k{}", i % 97);
    rows.push_back(row(seconds(time), Value{key}, i));
    for (std::int64_t start = time / 2 * 2; start > time - 9; start -= 2)
      expected[fmt::format("[{},{}]|{}", start * 1'000'000, (start + 9) * 1'000'000, key)] += i;
  }
  REQUIRE(expected.size() > 10'000);
  std::vector<std::string> lines;
  for (const auto& [window, sum] : expected) lines.push_back(fmt::format("{}|{}", window, sum));
  std::sort(lines.begin(), lines.end());
  CHECK(windows_of(sliding_sums({0, 9'000'000, 2'000'000, 0}), rows) == lines);
}

namespace {

StreamingAggregateSpec windowed(OutputMode mode) {
  StreamingAggregateSpec spec;
  spec.aggregate.keys = {input(0, window_type()), input(1, text())};
  spec.aggregate.calls = {aggregate_call("count", {one()}),
                          aggregate_call("max", {input(2, bigint())})};
  spec.aggregate.schema =
      schema_of({{"w", window_type()}, {"k", text()}, {"n", bigint()}, {"m", bigint()}});
  spec.mode = mode;
  spec.merges_partials = false;
  spec.event_time_key = 0;
  return spec;
}

OperatorCase windowed_case(OutputMode mode) {
  OperatorCase script =
      case_of(make_streaming_aggregate(windowed(mode)),
              schema_of({{"w", window_type()}, {"k", text()}, {"v", bigint()}}),
              {{{{0,
                  {row(window_value(0, 10), "a", 1), row(window_value(0, 10), "b", 2),
                   row(window_value(10, 20), "a", 3), row(nullptr, "a", 4)}}},
                0},
               {{{0, {row(window_value(0, 10), "a", 5)}}}, 10'000},
               {{{0,
                  {row(window_value(0, 10), "a", 6), row(window_value(0, 10), "a", 7),
                   row(window_value(0, 10), "c", 8), row(window_value(10, 20), "a", 9)}}},
                15'000},
               {{}, 20'000}});
  script.partition_by = {{0, 1}};
  return script;
}

}  // namespace

TEST_CASE("append gives a window once, when the watermark reaches its end") {
  const auto outputs = verify_operator(
      windowed_case(OutputMode::append),
      {{}, {"[0,10000000]|a|2|5", "[0,10000000]|b|1|2"}, {}, {"[10000000,20000000]|a|2|9"}});
  CHECK(outputs[0].counts.rows == 4);
  CHECK(outputs[1].counts.rows == 2);
  CHECK(outputs[1].counts.removed == 2);
  // Late rows of one group count once; the null window stays.
  CHECK(outputs[2].counts.dropped_by_watermark == 2);
  CHECK(outputs[3].counts.rows == 1);
}

TEST_CASE("update gives what changed, and what is removed is not given again") {
  verify_operator(windowed_case(OutputMode::update), {{"[0,10000000]|a|1|1", "[0,10000000]|b|1|2",
                                                       "[10000000,20000000]|a|1|3", "null|a|1|4"},
                                                      {"[0,10000000]|a|2|5"},
                                                      {"[10000000,20000000]|a|2|9"},
                                                      {}});
}

TEST_CASE("complete keeps late rows and all groups") {
  const auto outputs = verify_operator(
      windowed_case(OutputMode::complete),
      {{"[0,10000000]|a|1|1", "[0,10000000]|b|1|2", "[10000000,20000000]|a|1|3", "null|a|1|4"},
       {"[0,10000000]|a|2|5", "[0,10000000]|b|1|2", "[10000000,20000000]|a|1|3", "null|a|1|4"},
       {"[0,10000000]|a|4|7", "[0,10000000]|b|1|2", "[0,10000000]|c|1|8",
        "[10000000,20000000]|a|2|9", "null|a|1|4"},
       {"[0,10000000]|a|4|7", "[0,10000000]|b|1|2", "[0,10000000]|c|1|8",
        "[10000000,20000000]|a|2|9", "null|a|1|4"}});
  CHECK(outputs[2].counts.dropped_by_watermark == 0);
}

TEST_CASE("a streaming aggregation without keys gives a row in every epoch") {
  StreamingAggregateSpec spec;
  spec.aggregate = counts_and_sums();
  spec.aggregate.keys.clear();
  spec.aggregate.schema = schema_of({{"n", bigint()}, {"s", bigint()}});
  spec.mode = OutputMode::update;
  spec.merges_partials = false;
  OperatorCase script = case_of(make_streaming_aggregate(spec), kInput(),
                                {{{{0, {row("a", 1)}}}}, {}, {{{0, {row("b", 2)}}}}});
  script.partition_by.clear();
  const auto outputs = verify_operator(script, {{"1|1"}, {"1|1"}, {"2|3"}});
  CHECK(outputs[1].counts.rows == 1);
}

TEST_CASE("streaming partials merge over epochs") {
  StreamingAggregateSpec spec;
  spec.aggregate = counts_and_sums();
  spec.mode = OutputMode::update;
  OperatorCase script = case_of(make_streaming_aggregate(spec), partial_schema(spec.aggregate),
                                {{{{0, {row(0, "a", 2, 4), row(0, "b", 1, 2)}}}},
                                 {{{0, {row(0, "a", 1, 6), row(0, "c", 1, nullptr)}}}}});
  script.partition_by = {{1}};
  verify_operator(script, {{"a|2|4", "b|1|2"}, {"a|3|10", "c|1|null"}});
}

}  // namespace stream::testing
