#include <libstream/data/compare.hpp>
#include <tests/kit/catch.hpp>

#include <algorithm>
#include <limits>
#include <random>

using namespace stream;

namespace {

Column column_of(const DataType& type, const std::vector<Value>& values, BlockPool& pool) {
  ColumnBuilder builder(type, pool);
  for (const Value& value : values) append_value(builder, value);
  return builder.finish();
}

}  // namespace

TEST_CASE("numbers order with NULL first and NaN last, and both zeros are equal") {
  BlockPool pool;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Column column = column_of(primitive(TypeKind::float64),
                                  {Value{}, Value{-kInfinity}, Value{-0.0}, Value{0.0}, Value{1.5},
                                   Value{kInfinity}, Value{std::nan("")}},
                                  pool);
  for (std::size_t i = 0; i < column.num_rows; ++i) {
    for (std::size_t j = 0; j < column.num_rows; ++j) {
      const bool are_zeros = (i == 2 || i == 3) && (j == 2 || j == 3);
      const int expected = are_zeros || i == j ? 0 : (i < j ? -1 : 1);
      CHECK(compare_rows(column, i, column, j) == expected);
      CHECK(compare_values(value_at(column, i), value_at(column, j)) == expected);
      CHECK(compare_to_value(column, i, value_at(column, j)) == expected);
    }
  }
}

TEST_CASE("lists compare entry by entry, structs field by field, text by bytes") {
  BlockPool pool;
  const auto number = [](int value) { return Value{std::int32_t{value}}; };
  const Column lists = column_of(
      array_of(primitive(TypeKind::int32), true),
      {Value{ValueList{}}, Value{ValueList{Value{}, number(9)}}, Value{ValueList{number(1)}},
       Value{ValueList{number(1), number(0)}}, Value{ValueList{number(2)}}},
      pool);
  for (std::size_t i = 0; i + 1 < lists.num_rows; ++i) {
    CHECK(compare_rows(lists, i, lists, i + 1) < 0);
    CHECK(compare_rows(lists, i + 1, lists, i) > 0);
  }
  const Column structs = column_of(struct_of({{"a", primitive(TypeKind::string), true},
                                              {"b", primitive(TypeKind::int32), true}}),
                                   {Value{ValueList{Value{std::string("Z")}, number(5)}},
                                    Value{ValueList{Value{std::string("a")}, number(1)}},
                                    Value{ValueList{Value{std::string("a")}, number(2)}},
                                    Value{ValueList{Value{std::string("\xc3\xa4")}, number(0)}}},
                                   pool);
  for (std::size_t i = 0; i + 1 < structs.num_rows; ++i)
    CHECK(compare_rows(structs, i, structs, i + 1) < 0);
}

TEST_CASE("maps are equal in any order of entries, and equal rows have equal hashes") {
  BlockPool pool;
  const auto number = [](int value) { return Value{std::int32_t{value}}; };
  const Column maps =
      column_of(map_of(primitive(TypeKind::int32), primitive(TypeKind::float64), true),
                {Value{ValueList{number(1), Value{0.0}, number(2), Value{}}},
                 Value{ValueList{number(2), Value{}, number(1), Value{-0.0}}},
                 Value{ValueList{number(1), Value{0.0}, number(2), Value{2.0}}}},
                pool);
  CHECK(equal_rows(maps, 0, maps, 1));
  CHECK_FALSE(equal_rows(maps, 0, maps, 2));
  std::vector<std::uint64_t> hashes(3);
  hash_column(maps, hashes);
  CHECK(hashes[0] == hashes[1]);
  CHECK_FALSE(is_orderable(maps.type));
  CHECK(is_orderable(array_of(primitive(TypeKind::string), true)));
}

TEST_CASE("a row and a boxed value compare as two rows do, in every type") {
  std::mt19937 random(23);
  BlockPool pool;
  const auto number = [&] { return static_cast<int>(random() % 5) - 2; };
  const auto text = [&] {
    return std::string(random() % 3, static_cast<char>('a' + number() + 2));
  };
  using Make = std::function<Value()>;
  const std::vector<std::pair<DataType, Make>> types{
      {primitive(TypeKind::boolean), [&] { return Value{number() > 0}; }},
      {primitive(TypeKind::int8), [&] { return Value{static_cast<std::int8_t>(number())}; }},
      {primitive(TypeKind::int16), [&] { return Value{static_cast<std::int16_t>(number())}; }},
      {primitive(TypeKind::date), [&] { return Value{std::int32_t{number()}}; }},
      {primitive(TypeKind::timestamp), [&] { return Value{std::int64_t{number()}}; }},
      {primitive(TypeKind::float32), [&] { return Value{static_cast<float>(number())}; }},
      {primitive(TypeKind::float64), [&] { return Value{static_cast<double>(number())}; }},
      {decimal_of(38, 2), [&] { return Value{Int128{number()}}; }},
      {primitive(TypeKind::string), [&] { return Value{text()}; }},
      {primitive(TypeKind::calendar_interval),
       [&] {
         return Value{CalendarInterval{number(), number(), number()}};
       }},
      {array_of(primitive(TypeKind::string), true),
       [&] { return Value{ValueList(random() % 3, Value{text()})}; }},
      {struct_of({{"a", primitive(TypeKind::string), true},
                  {"b", struct_of({{"c", primitive(TypeKind::int32), true}}), true}}),
       [&] {
         return Value{ValueList{random() % 4 == 0 ? Value{} : Value{text()},
                                random() % 4 == 0 ? Value{} : Value{ValueList{Value{number()}}}}};
       }}};
  for (const auto& [type, make] : types) {
    CAPTURE(type.to_string());
    std::vector<Value> values;
    for (int i = 0; i < 40; ++i) values.push_back(random() % 6 == 0 ? Value{} : make());
    const Column column = column_of(type, values, pool);
    for (std::size_t i = 0; i < values.size(); ++i) {
      for (std::size_t j = 0; j < values.size(); ++j) {
        const int expected = compare_rows(column, i, column, j);
        const int found = compare_to_value(column, i, values[j]);
        REQUIRE((found < 0) == (expected < 0));
        REQUIRE((found > 0) == (expected > 0));
      }
    }
  }
}

TEST_CASE("the order of rows is a strict weak order") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  BlockPool pool;
  std::vector<Value> values;
  for (int i = 0; i < 300; ++i) {
    ValueList list;
    for (auto n = random() % 3; n > 0; --n)
      list.push_back(random() % 4 == 0 ? Value{} : Value{static_cast<std::int32_t>(random() % 3)});
    values.push_back(random() % 10 == 0 ? Value{} : Value{list});
  }
  const Column column = column_of(array_of(primitive(TypeKind::int32), true), values, pool);
  std::vector<std::size_t> order(column.num_rows);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return compare_rows(column, a, column, b) < 0; });
  for (std::size_t i = 0; i + 1 < order.size(); ++i)
    CHECK(compare_rows(column, order[i], column, order[i + 1]) <= 0);
}
