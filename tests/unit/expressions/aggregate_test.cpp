#include <libstream/data/compare.hpp>
#include <libstream/expressions/aggregate_function.hpp>
#include <tests/kit/catch.hpp>
#include <tests/unit/expressions/one_row.hpp>

#include <cmath>
#include <functional>
#include <random>

using namespace stream;
using namespace stream::testing;

namespace {

using Rows = std::vector<std::vector<Value>>;

struct Call1 {
  std::string name;
  std::vector<DataType> types;
  AggregateModifiers modifiers = {};
  std::vector<std::optional<Value>> constants = {};
};

struct Fixture {
  BlockPool pool;
  SqlSettings settings;
  EvaluationContext context{pool, settings};

  ResolvedAggregate resolve(const Call1& call) {
    const AggregateFunction* function = builtin_functions().aggregate(call.name);
    REQUIRE(function != nullptr);
    std::vector<Argument> arguments;
    for (std::size_t i = 0; i < call.types.size(); ++i) {
      Argument argument;
      argument.type = call.types[i];
      if (i < call.constants.size()) argument.constant = call.constants[i];
      arguments.push_back(argument);
    }
    auto resolved = function->resolve(arguments, call.modifiers, settings);
    if (!resolved) FAIL(resolved.error().message());
    return *resolved;
  }

  std::vector<Operand> operands(const std::vector<DataType>& types, const Rows& rows) {
    std::vector<Operand> operands;
    for (std::size_t i = 0; i < types.size(); ++i) {
      ColumnBuilder builder(types[i], pool);
      for (const auto& row : rows) append_value(builder, row[i]);
      operands.push_back({builder.finish(), false});
    }
    return operands;
  }

  Result<Value> result_of(const Accumulator& states, const DataType& type, std::uint32_t group) {
    ColumnBuilder builder(type, pool);
    STREAM_TRY(states.append_result({&group, 1}, builder, context));
    return value_at(builder.finish(), 0);
  }

  /// All rows in one group.
  Result<Value> run(const Call1& call, const Rows& rows) {
    const ResolvedAggregate aggregate = resolve(call);
    const auto states = aggregate.make();
    states->resize(1);
    const std::vector<std::uint32_t> groups(rows.size(), 0);
    STREAM_TRY(states->update(operands(aggregate.parameter_types, rows), groups, context));
    return result_of(*states, aggregate.type, 0);
  }

  /// The same over two halves, one merged into the other as a state column.
  Result<Value> run_in_parts(const Call1& call, const Rows& rows) {
    const ResolvedAggregate aggregate = resolve(call);
    const auto left = aggregate.make();
    const auto right = aggregate.make();
    left->resize(3);
    right->resize(2);
    const std::size_t half = rows.size() / 2;
    const Rows first(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(half));
    const Rows second(rows.begin() + static_cast<std::ptrdiff_t>(half), rows.end());
    STREAM_TRY(left->update(operands(aggregate.parameter_types, first),
                            std::vector<std::uint32_t>(first.size(), 2), context));
    STREAM_TRY(right->update(operands(aggregate.parameter_types, second),
                             std::vector<std::uint32_t>(second.size(), 1), context));
    std::vector<ColumnBuilder> builders;
    for (const Field& field : aggregate.state) builders.emplace_back(field.type, pool);
    const std::vector<std::uint32_t> both{0, 1};
    right->append_state(both, builders);
    std::vector<Column> state;
    for (ColumnBuilder& builder : builders) state.push_back(builder.finish());
    for (const Column& column : state) CHECK(column.num_rows == 2);
    const std::vector<std::uint32_t> into{2, 2};
    STREAM_TRY(left->merge(state, into));
    // An untouched group is not disturbed, and a cleared one is empty.
    CHECK(same(*result_of(*left, aggregate.type, 0),
               *result_of(*aggregate_empty(aggregate), aggregate.type, 0)));
    auto result = result_of(*left, aggregate.type, 2);
    left->clear(std::vector<std::uint32_t>{2});
    CHECK(same(*result_of(*left, aggregate.type, 2), *result_of(*left, aggregate.type, 0)));
    return result;
  }

  std::unique_ptr<Accumulator> aggregate_empty(const ResolvedAggregate& aggregate) {
    auto states = aggregate.make();
    states->resize(1);
    return states;
  }

  static bool same(const Value& a, const Value& b) {
    if (a.content.index() != b.content.index()) return false;
    if (const auto* left = std::get_if<double>(&a.content)) {
      const double right = b.as<double>();
      if (std::isnan(*left) || std::isnan(right)) return std::isnan(*left) && std::isnan(right);
      return *left == right ||
             std::abs(*left - right) <= 1e-9 * std::max(std::abs(*left), std::abs(right));
    }
    return compare_values(a, b) == 0;
  }
};

const DataType kText = primitive(TypeKind::string);
const DataType kBool = primitive(TypeKind::boolean);

Value integer(int value) { return {std::int32_t{value}}; }
Value number(double value) { return {value}; }
Value text(std::string value) { return {std::move(value)}; }

}  // namespace

TEST_CASE("sums and averages agree with a plain loop, whole and in parts") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  Fixture fixture;
  for (int round = 0; round < 20; ++round) {
    Rows rows;
    std::int64_t sum = 0;
    std::int64_t count = 0;
    double squares = 0;
    for (int i = 0; i < 50; ++i) {
      if (random() % 4 == 0) {
        rows.push_back({Value{}});
        continue;
      }
      const int value = static_cast<int>(random() % 2001) - 1000;
      rows.push_back({integer(value)});
      sum += value;
      squares += static_cast<double>(value) * value;
      ++count;
    }
    const double mean = static_cast<double>(sum) / static_cast<double>(count);
    const double variance = squares / static_cast<double>(count) - mean * mean;
    for (const bool in_parts : {false, true}) {
      const auto run = [&](const std::string& name, const DataType& type) {
        const Call1 call{name, {type}};
        Rows typed = rows;
        if (name.starts_with("var"))
          for (auto& row : typed)
            if (!row[0].is_null()) row[0] = number(row[0].as<std::int32_t>());
        return *(in_parts ? fixture.run_in_parts(call, typed) : fixture.run(call, typed));
      };
      CHECK(run("sum", kInt) == Value{sum});
      CHECK(run("try_sum", kInt) == Value{sum});
      CHECK(run("count", kInt) == Value{count});
      CHECK(run("avg", kInt).as<double>() == Approx(mean));
      CHECK(run("var_pop", kDouble).as<double>() == Approx(variance));
    }
  }
}

TEST_CASE("every aggregate gives the same in parts as in one go") {
  struct Sample {
    Call1 call;
    Rows rows;
    Value expected;
  };
  const DataType decimal = decimal_of(5, 2);
  const std::vector<Sample> samples = {
      {{"count", {kInt, kInt}},
       {{integer(1), Value{}}, {integer(1), integer(2)}},
       {std::int64_t{1}}},
      {{"count_if", {kBool}}, {{{true}}, {{false}}, {Value{}}, {{true}}}, {std::int64_t{2}}},
      {{"sum", {kDouble}}, {{number(1.5)}, {Value{}}, {number(2)}}, number(3.5)},
      {{"sum", {kDouble}}, {{Value{}}, {Value{}}}, Value{}},
      {{"sum", {decimal}}, {{{Int128{125}}}, {{Int128{250}}}}, {Int128{375}}},
      {{"avg", {decimal}}, {{{Int128{125}}}, {{Int128{250}}}, {{Int128{125}}}}, {Int128{1666667}}},
      {{"min", {kInt}}, {{integer(3)}, {Value{}}, {integer(-4)}}, integer(-4)},
      {{"max", {kText}}, {{text("b")}, {Value{}}, {text("a long text outside")}}, text("b")},
      {{"max", {kDouble}}, {{number(1)}, {number(NAN)}, {number(INFINITY)}}, number(NAN)},
      {{"min", {array_of(kInt, true)}},
       {{{ValueList{integer(2)}}}, {{ValueList{integer(1), Value{}}}}},
       {ValueList{integer(1), Value{}}}},
      {{"first", {kInt}}, {{Value{}}, {integer(5)}}, Value{}},
      {{"first", {kInt, kBool}, {}, {std::nullopt, Value{true}}},
       {{Value{}, {true}}, {integer(5), {true}}, {integer(6), {true}}},
       integer(5)},
      {{"last", {kText}}, {{text("a")}, {text("b")}, {Value{}}}, Value{}},
      {{"last", {kText}, {false, true, {}}}, {{text("a")}, {text("b")}, {Value{}}}, text("b")},
      {{"min_by", {kText, kInt}},
       {{text("a"), integer(2)}, {text("b"), integer(1)}, {text("c"), Value{}}},
       text("b")},
      {{"max_by", {kText, kInt}},
       {{text("a"), integer(2)}, {text("b"), integer(2)}, {text("c"), Value{}}},
       text("b")},
      {{"bool_and", {kBool}}, {{{true}}, {Value{}}, {{false}}}, {false}},
      {{"bool_or", {kBool}}, {{{true}}, {Value{}}, {{false}}}, {true}},
      {{"bit_xor", {kInt}}, {{integer(5)}, {integer(3)}, {Value{}}}, integer(6)},
      {{"collect_list", {kText}},
       {{text("b")}, {Value{}}, {text("a")}, {text("b")}},
       {ValueList{text("b"), text("a"), text("b")}}},
      {{"collect_list", {kInt}}, {{Value{}}, {Value{}}}, {ValueList{}}},
      {{"collect_set", {kInt}},
       {{integer(2)}, {integer(1)}, {integer(2)}, {Value{}}},
       {ValueList{integer(1), integer(2)}}},
      {{"mode", {kInt}}, {{integer(2)}, {integer(1)}, {integer(2)}, {Value{}}}, integer(2)},
      {{"mode", {kInt}, {false, false, {true}}},
       {{integer(2)}, {integer(1)}, {integer(3)}},
       integer(3)},
      {{"percentile", {kDouble, kDouble}, {}, {std::nullopt, number(0.25)}},
       {{number(0), number(0.25)}, {number(10), number(0.25)}},
       number(2.5)},
      {{"median", {kDouble}}, {{number(3)}, {number(1)}, {number(2)}, {Value{}}}, number(2)},
      {{"percentile_disc", {kDouble, kDouble}, {false, false, {true}}, {number(0.25)}},
       {{number(0.25), number(1)}, {number(0.25), number(2)}, {number(0.25), number(3)}},
       number(3)},
      {{"percentile_approx", {kInt, kDouble}, {}, {std::nullopt, number(0.5)}},
       {{integer(0), number(0.5)},
        {integer(6), number(0.5)},
        {integer(7), number(0.5)},
        {integer(9), number(0.5)},
        {integer(10), number(0.5)}},
       integer(7)},
      {{"approx_count_distinct", {kText}},
       {{text("a")}, {text("b")}, {text("a")}, {Value{}}},
       {std::int64_t{2}}},
      {{"skewness", {kDouble}},
       {{number(-10)}, {number(-20)}, {number(100)}, {number(1000)}},
       number(1.1135657469022011)},
      {{"kurtosis", {kDouble}},
       {{number(-10)}, {number(-20)}, {number(100)}, {number(1000)}},
       number(-0.7014368047529609)},
      {{"corr", {kDouble, kDouble}},
       {{number(3), number(2)}, {number(3), number(3)}, {number(6), number(4)}},
       number(0.8660254037844387)},
      {{"regr_slope", {kDouble, kDouble}},
       {{number(1), number(1)}, {number(3), number(2)}, {Value{}, number(9)}},
       number(2)},
      {{"try_avg", {kInt}}, {{integer(1)}, {Value{}}, {integer(2)}}, number(1.5)},
      {{"avg", {year_month_interval()}}, {{integer(1)}, {integer(2)}}, integer(2)},
      {{"listagg", {kText, kInt}, {false, false, {true}}},
       {{text("a"), integer(1)}, {Value{}, integer(9)}, {text("b"), integer(2)}},
       text("ba")},
      {{"histogram_numeric", {kDouble, kInt}, {}, {std::nullopt, integer(2)}},
       {{number(1), integer(2)}, {number(2), integer(2)}, {number(9), integer(2)}},
       {ValueList{{ValueList{number(1.5), number(2)}}, {ValueList{number(9), number(1)}}}}},
  };
  Fixture fixture;
  for (const Sample& sample : samples) {
    INFO(sample.call.name);
    const Result<Value> whole = fixture.run(sample.call, sample.rows);
    const Result<Value> parts = fixture.run_in_parts(sample.call, sample.rows);
    REQUIRE(whole);
    REQUIRE(parts);
    CHECK(Fixture::same(*whole, sample.expected));
    CHECK(Fixture::same(*parts, sample.expected));
  }
}

TEST_CASE("an overflow of a sum is an error, for try_sum NULL") {
  Fixture fixture;
  const Value most{std::numeric_limits<std::int64_t>::max()};
  const Rows rows{{most}, {Value{std::int64_t{1}}}};
  const auto sum = fixture.run({"sum", {kLong}}, rows);
  REQUIRE(!sum);
  CHECK(sum.error().message().find("ARITHMETIC_OVERFLOW") != std::string::npos);
  CHECK(fixture.run({"try_sum", {kLong}}, rows)->is_null());
  CHECK(fixture.run_in_parts({"try_sum", {kLong}}, rows)->is_null());
  fixture.settings.is_ansi = false;
  CHECK(*fixture.run({"sum", {kLong}}, rows) == Value{std::numeric_limits<std::int64_t>::min()});
}

TEST_CASE("the estimate of different values is within its error") {
  Fixture fixture;
  for (const int count : {1000, 2000, 20000}) {
    Rows rows;
    for (int i = 0; i < count; ++i) rows.push_back({integer(i)});
    const auto estimate = fixture.run({"approx_count_distinct", {kInt}}, rows);
    CHECK(static_cast<double>(estimate->as<std::int64_t>()) == Approx(count).epsilon(0.12));
  }
}

TEST_CASE("a sketch made in parts is the one made in one go") {
  Fixture fixture;
  Rows rows;
  for (int i = 0; i < 20000; ++i) rows.push_back({Value{std::int64_t{i % 7000}}});
  for (const std::string name : {"hll_sketch_agg", "theta_sketch_agg"}) {
    const Value whole = *fixture.run({name, {kLong}}, rows);
    CHECK(whole == *fixture.run_in_parts({name, {kLong}}, rows));
    CHECK(whole.as<std::string>().size() > 1000);
  }
  const Value eps = number(0.01);
  const Value confidence = number(0.9);
  const Value seed = integer(7);
  Rows counted;
  for (const auto& row : rows) counted.push_back({row[0], eps, confidence, seed});
  const Call1 count_min{"count_min_sketch",
                        {kLong, kDouble, kDouble, kInt},
                        {},
                        {std::nullopt, eps, confidence, seed}};
  CHECK(*fixture.run(count_min, counted) == *fixture.run_in_parts(count_min, counted));
  Rows bits;
  for (int i = 0; i < 500; ++i) bits.push_back({Value{std::int64_t{i * 37 % 32768}}});
  const Value bitmap = *fixture.run({"bitmap_construct_agg", {kLong}}, bits);
  CHECK(bitmap.as<std::string>().size() == 4096);
  CHECK(bitmap == *fixture.run_in_parts({"bitmap_construct_agg", {kLong}}, bits));
}
