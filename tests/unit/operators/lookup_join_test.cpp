#include <libstream/operators/lookup_join.hpp>
#include <tests/kit/catch.hpp>
#include <tests/unit/operators/aggregate_cases.hpp>

#include <map>

namespace stream::testing {
namespace {

/// An outside table of k, v that notes what it was asked.
struct OutsideTable {
  std::multimap<std::string, std::int64_t> rows{{"a", 1}, {"b", 2}, {"b", 3}};
  std::vector<std::string> questions;

  Result<Batch> find(const Batch& keys, BlockPool& pool) {
    static const auto schema = schema_of({{"k", text()}, {"v", bigint()}});
    std::string question;
    std::vector<Row> found;
    for (std::size_t row = 0; row < keys.num_rows(); ++row) {
      const std::string key(keys.column(0).string_at(row));
      question += key;
      const auto [first, last] = rows.equal_range(key);
      for (auto at = first; at != last; ++at)
        found.push_back(stream::testing::row(key, at->second));
    }
    questions.push_back(question);
    return batch_of(schema, found, pool);
  }
};

LookupJoinSpec join_with(std::shared_ptr<OutsideTable> table, bool keeps_left) {
  LookupJoinSpec spec;
  spec.keeps_left = keeps_left;
  spec.left_keys = {0};
  spec.right_keys = {0};
  spec.left_columns = schema_of({{"k", text()}})->fields;
  spec.right_columns = schema_of({{"k", text()}, {"v", bigint()}})->fields;
  spec.output = {0, 2};
  spec.schema = schema_of({{"k", text()}, {"v", bigint()}});
  spec.max_keys = 2;
  spec.ttl_millis = 1000;
  spec.make_lookup = [table](BlockPool& pool) -> Result<KeyLookup> {
    return KeyLookup([table, &pool](const Batch& keys) { return table->find(keys, pool); });
  };
  return spec;
}

OperatorCase asked(std::shared_ptr<OutsideTable> table, bool keeps_left,
                   std::vector<std::pair<EpochMillis, std::vector<Row>>> epochs) {
  OperatorCase script;
  script.inputs = {schema_of({{"k", text()}})};
  script.make = make_lookup_join(join_with(std::move(table), keeps_left));
  for (auto& [time, rows] : epochs) script.epochs.push_back({{{0, std::move(rows)}}, 0, time});
  return script;
}

}  // namespace

TEST_CASE("a lookup join gives every match, and rows without one when it keeps them") {
  const std::vector<std::pair<EpochMillis, std::vector<Row>>> epochs{
      {0, {row("a"), row("b"), row("x"), row(nullptr), row("a")}}};
  verify_operator(asked(std::make_shared<OutsideTable>(), false, epochs),
                  {{"a|1", "a|1", "b|2", "b|3"}});
  verify_operator(asked(std::make_shared<OutsideTable>(), true, epochs),
                  {{"a|1", "a|1", "b|2", "b|3", "null|null", "x|null"}});
}

TEST_CASE("a batch asks once for keys without an answer, absent ones too, until answers are old") {
  const auto table = std::make_shared<OutsideTable>();
  run_operator(asked(table, true,
                     {{0, {row("a"), row("x"), row("a")}},
                      {999, {row("a"), row("x")}},
                      {1000, {row("x")}},
                      {1001, {row(nullptr)}}}));
  CHECK(table->questions == std::vector<std::string>{"ax", "x"});
}

TEST_CASE("no more answers are kept than allowed, the oldest go first") {
  const auto table = std::make_shared<OutsideTable>();
  run_operator(asked(table, true,
                     {{0, {row("a"), row("b"), row("c")}},
                      {1, {row("b"), row("c")}},
                      {2, {row("a")}},
                      {3, {row("b")}}}));
  CHECK(table->questions == std::vector<std::string>{"abc", "a", "b"});
}

}  // namespace stream::testing
