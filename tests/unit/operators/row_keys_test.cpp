#include <libstream/data/value.hpp>
#include <libstream/state/row_keys.hpp>
#include <tests/kit/catch.hpp>
#include <tests/unit/operators/aggregate_cases.hpp>

#include <limits>

namespace stream::testing {
namespace {

/// Groups of rows with one column of the type.
std::vector<std::uint32_t> groups_of(const DataType& type, const std::vector<Value>& values) {
  BlockPool pool;
  std::vector<Row> rows;
  for (const Value& value : values) rows.push_back({value});
  const Batch batch = batch_of(schema_of({{"k", type}}), rows, pool);
  RowKeys keys({type});
  GroupTable table;
  std::vector<std::uint32_t> groups(values.size());
  const auto first_rows = table.find_or_insert(keys.encode(batch.columns(), values.size()), groups);
  // Every group's key decodes to a row of the group.
  for (const std::uint32_t row : first_rows) {
    const std::uint32_t group = groups[row];
    std::vector<ColumnBuilder> builders;
    builders.emplace_back(type, pool);
    keys.decode(table.key(group), builders);
    const std::vector<Column> column{builders[0].finish()};
    CHECK(table.find(keys.encode(column, 1)[0]) == group);
  }
  return groups;
}

}  // namespace

TEST_CASE("zeros and NaNs are one key each, map entries have no order") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(groups_of(primitive(TypeKind::float64), {{0.0}, {-0.0}, {nan}, {-nan}, {}, {1.0}}) ==
        std::vector<std::uint32_t>{0, 0, 1, 1, 2, 3});
  const Value one{std::int64_t{1}}, two{std::int64_t{2}};
  CHECK(groups_of(map_of(bigint(), bigint(), true), {{ValueList{one, two, two, one}},
                                                     {ValueList{two, one, one, two}},
                                                     {ValueList{one, two}},
                                                     {}}) ==
        std::vector<std::uint32_t>{0, 0, 1, 2});
}

TEST_CASE("texts of all lengths, empty ones and null are told apart") {
  std::vector<Value> values{{}};
  for (std::size_t size = 0; size < 40; ++size) values.push_back({std::string(size, 'x')});
  const auto groups = groups_of(text(), values);
  for (std::uint32_t i = 0; i < groups.size(); ++i) CHECK(groups[i] == i);
}

}  // namespace stream::testing
