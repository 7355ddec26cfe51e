#include <libstream/operators/hash_join.hpp>
#include <libstream/operators/set_operation.hpp>
#include <tests/kit/catch.hpp>
#include <tests/unit/operators/aggregate_cases.hpp>
#include <tests/unit/operators/waiting_cases.hpp>

#include <cstdlib>

namespace stream::testing {
namespace {

std::shared_ptr<const Schema> side_schema() { return schema_of({{"k", text()}, {"c", boolean()}}); }

HashJoinSpec join_of(JoinKind kind, bool builds_right) {
  HashJoinSpec spec;
  spec.kind = kind;
  spec.builds_right = builds_right;
  spec.left_keys = spec.right_keys = {0};
  spec.left_columns = spec.right_columns = side_schema()->fields;
  spec.output = {0, 1, 2};
  spec.schema = schema_of({{"lk", text()}, {"lc", boolean()}, {"rk", text()}});
  if (is_left_only(kind)) {
    spec.output = {0};
    spec.schema = schema_of({{"lk", text()}});
  }
  if (kind == JoinKind::existence) {
    spec.output = {0, 4};
    spec.schema = schema_of({{"lk", text()}, {"e", boolean()}});
  }
  return spec;
}

void verify_join(HashJoinSpec spec, std::vector<std::string> expected) {
  OperatorCase script;
  script.inputs = {side_schema(), side_schema()};
  if (!spec.left_keys.empty()) script.partition_by = {{0}, {0}};
  script.make = every_other_in_files(make_hash_join, std::move(spec));
  script.epochs = {
      {{{0, {row("a", true), row("b", false), row(nullptr, true), row("c", true)}},
        {1,
         {row("a", true), row("a", false), row("b", true), row(nullptr, true), row("d", true)}}}},
      {}};
  verify_operator(script, {std::move(expected), {}});
}

}  // namespace

TEST_CASE("bounded joins of every kind, whichever side is the table") {
  for (const bool builds_right : {true, false}) {
    INFO("builds right: " << builds_right);
    const std::vector<std::string> pairs{"a|true|a", "a|true|a", "b|false|b"};
    const std::vector<std::string> left{"null|true|null", "c|true|null"};
    const std::vector<std::string> right{"null|null|null", "null|null|d"};
    const auto with = [&](std::vector<std::vector<std::string>> parts) {
      std::vector<std::string> all = pairs;
      for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
      return all;
    };
    verify_join(join_of(JoinKind::inner, builds_right), pairs);
    verify_join(join_of(JoinKind::left_outer, builds_right), with({left}));
    verify_join(join_of(JoinKind::right_outer, builds_right), with({right}));
    verify_join(join_of(JoinKind::full_outer, builds_right), with({left, right}));
    verify_join(join_of(JoinKind::left_semi, builds_right), {"a", "b"});
    verify_join(join_of(JoinKind::left_anti, builds_right), {"null", "c"});
    verify_join(join_of(JoinKind::existence, builds_right),
                {"a|true", "b|true", "c|false", "null|false"});
  }
}

TEST_CASE("a condition decides what a match is") {
  for (const bool builds_right : {true, false}) {
    INFO("builds right: " << builds_right);
    HashJoinSpec spec = join_of(JoinKind::left_outer, builds_right);
    spec.condition = input(1, boolean());
    verify_join(spec, {"a|true|a", "a|true|a", "b|false|null", "c|true|null", "null|true|null"});
    spec = join_of(JoinKind::left_anti, builds_right);
    spec.condition = input(1, boolean());
    verify_join(spec, {"b", "c", "null"});
  }
}

TEST_CASE("null-safe keys match null; no keys match all") {
  HashJoinSpec spec = join_of(JoinKind::left_semi, true);
  spec.is_null_safe = {true};
  verify_join(spec, {"a", "b", "null"});
  spec = join_of(JoinKind::inner, true);
  spec.left_keys = spec.right_keys = {};
  spec.output = {0};
  spec.schema = schema_of({{"lk", text()}});
  std::vector<std::string> all;
  for (int i = 0; i < 5; ++i) {
    for (const char* key : {"a", "b", "c", "null"}) all.push_back(key);
  }
  verify_join(spec, all);
}

TEST_CASE("rows of the probe side beyond the memory for them wait in files") {
  for (const bool builds_right : {true, false})
    require_rows_wait_in_files(make_hash_join, join_of(JoinKind::inner, builds_right),
                               builds_right ? 0 : 1, side_schema(), row("a", true));
}

TEST_CASE("a join of far more rows than memory stays within it") {
  const std::size_t total =
      std::getenv("STREAM_TEST_LONG") != nullptr ? std::size_t{2} << 30 : std::size_t{128} << 20;
  constexpr std::size_t kBudget = 16u << 20;
  // Beside what waits: chunks of the file, the batch at hand and the one made of it.
  constexpr std::size_t kAtHand = 16u << 20;
  constexpr std::size_t kRows = 4096;
  HashJoinSpec spec = join_of(JoinKind::inner, true);
  spec.evaluation = with_setting(spec.evaluation, kEpochBufferSetting, std::to_string(kBudget));
  BlockPool pool;
  const std::unique_ptr<Operator> join = make_hash_join(std::move(spec))();
  REQUIRE(join->open(only_task(pool)));
  REQUIRE(join->begin({}));
  struct Count final : Output {
    Result<void> push(Batch batch) override {
      rows += batch.num_rows();
      return {};
    }
    std::size_t rows = 0;
  } output;
  REQUIRE(
      join->push({1, 0}, batch_of(side_schema(), {row("a", true), row("b", true)}, pool), output));
  const std::string padding(200, 'x');
  BlockPool source;
  std::size_t pushed_bytes = 0, pushed_rows = 0, largest = 0;
  for (; pushed_bytes < total; pushed_rows += kRows) {
    ColumnBuilder keys(text(), source), flags(boolean(), source);
    for (std::size_t i = 0; i < kRows; ++i) {
      // One row of four finds a match.
      keys.append_string(i % 4 == 0 ? (i % 8 == 0 ? "a" : "b") : padding);
      flags.append(std::uint8_t{1});
    }
    std::vector<Column> columns;
    columns.push_back(keys.finish());
    columns.push_back(flags.finish());
    const Batch batch(side_schema(), std::move(columns), kRows);
    pushed_bytes += batch.live_bytes();
    REQUIRE(join->push({0, 0}, batch, output));
    largest = std::max(largest, source.reserved_bytes() + pool.reserved_bytes());
  }
  for (bool is_done = false; !is_done;) {
    const Result<bool> ended = join->end({}, output);
    REQUIRE(ended);
    is_done = *ended;
    largest = std::max(largest, source.reserved_bytes() + pool.reserved_bytes());
  }
  CHECK(output.rows == pushed_rows / 4);
  CHECK(largest < kBudget + kAtHand);
  CHECK(largest > kBudget / 2);
}

TEST_CASE("a wrong amount of memory is refused when the query starts") {
  HashJoinSpec spec = join_of(JoinKind::inner, true);
  spec.evaluation = with_setting(spec.evaluation, kEpochBufferSetting, "some");
  BlockPool pool;
  const auto opened = make_hash_join(std::move(spec))()->open(only_task(pool));
  REQUIRE_FALSE(opened);
  CHECK_THAT(opened.error().message(), Catch::Matchers::ContainsSubstring("'some'") &&
                                           Catch::Matchers::ContainsSubstring(kEpochBufferSetting));
}

TEST_CASE("intersect and except, with and without all") {
  const auto verify = [](SetOperationSpec::Kind kind, std::vector<std::string> expected) {
    OperatorCase script;
    script.inputs = {schema_of({{"x", bigint()}}), schema_of({{"y", bigint()}})};
    script.partition_by = {{0}, {0}};
    script.make = make_set_operation({kind, {0}, {0}, schema_of({{"x", bigint()}})});
    script.epochs = {{{{0, {row(1), row(1), row(1), row(2), row(nullptr), row(nullptr)}},
                       {1, {row(1), row(1), row(3), row(nullptr)}}}},
                     {{{0, {row(3)}}}}};
    const bool is_except =
        kind == SetOperationSpec::Kind::except || kind == SetOperationSpec::Kind::except_all;
    verify_operator(script, {std::move(expected), is_except ? std::vector<std::string>{"3"}
                                                            : std::vector<std::string>{}});
  };
  verify(SetOperationSpec::Kind::intersect, {"1", "null"});
  verify(SetOperationSpec::Kind::intersect_all, {"1", "1", "null"});
  verify(SetOperationSpec::Kind::except, {"2"});
  verify(SetOperationSpec::Kind::except_all, {"1", "2", "null"});
}

}  // namespace stream::testing
