#include <libstream/operators/sort.hpp>
#include <tests/kit/catch.hpp>
#include <tests/unit/operators/aggregate_cases.hpp>
#include <tests/unit/operators/waiting_cases.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace stream::testing {
namespace {

/// A key that repeats, another one, and the number of the row; keys are null at times.
struct Numbered {
  std::optional<std::int64_t> major;
  std::optional<std::string> minor;
  std::int64_t number = 0;

  Row row() const {
    return {major ? Value{*major} : Value{}, minor ? Value{*minor} : Value{}, Value{number}};
  }
};

std::vector<Numbered> random_rows(std::size_t count, std::minstd_rand& random) {
  std::vector<Numbered> rows(count);
  for (std::size_t i = 0; i < count; ++i) {
    rows[i].number = static_cast<std::int64_t>(i);
    if (random() % 10 > 0) rows[i].major = static_cast<std::int64_t>(random() % 20);
    if (random() % 10 > 0) rows[i].minor = fmt::format("a text that is long, {}", random() % 7);
  }
  return rows;
}

/// Major keys ascending with nulls first, minor ones descending with nulls last.
bool is_before(const Numbered& a, const Numbered& b) {
  if (a.major != b.major) return a.major < b.major;
  return a.minor > b.minor;
}

std::vector<std::string> texts_of(const std::vector<Numbered>& rows) {
  std::vector<std::string> texts;
  for (const Numbered& each : rows) texts.push_back(row_text(each.row()));
  return texts;
}

}  // namespace

TEST_CASE(
    "a sort whose rows do not fit into memory merges runs from files, equal rows as they came") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::minstd_rand random(seed);
  const auto schema = schema_of({{"major", bigint()}, {"minor", text()}, {"number", bigint()}});
  SortSpec spec;
  spec.keys = {{input(0, bigint()), false, true}, {input(1, text()), true, false}};
  // So many runs that merged ones are merged again.
  for (const std::size_t count : {std::size_t{40}, std::size_t{900}}) {
    OperatorCase script;
    script.inputs = {schema};
    script.is_ordered = true;
    std::vector<std::vector<std::string>> expected;
    std::vector<std::vector<std::string>> first_ones;
    for (int epoch = 0; epoch < 2; ++epoch) {
      std::vector<Numbered> rows = random_rows(count, random);
      EpochScript input;
      for (const Numbered& each : rows) input.inputs.push_back({0, {each.row()}});
      script.epochs.push_back(std::move(input));
      std::stable_sort(rows.begin(), rows.end(), is_before);
      expected.push_back(texts_of(rows));
      rows.resize(30);
      first_ones.push_back(texts_of(rows));
    }
    spec.limit.reset();
    script.make = every_other_in_files(make_sort, spec);
    verify_operator(script, expected);
    spec.limit = 30;
    script.make = every_other_in_files(make_sort, spec);
    verify_operator(script, first_ones);
  }
}

TEST_CASE("what a sort holds beyond its memory goes into files") {
  SortSpec spec;
  spec.keys = {{input(0, bigint())}};
  require_rows_wait_in_files(make_sort, spec, 0, schema_of({{"v", bigint()}}), row(1));
}

}  // namespace stream::testing
