#include <libstream/data/date_time.hpp>
#include <libstream/expressions/cast.hpp>
#include <libstream/expressions/datetime_text.hpp>
#include <libstream/expressions/functions/datetime_arithmetic.hpp>
#include <tests/kit/catch.hpp>

#include <string>
#include <vector>

namespace stream {
namespace {

using Kind = TypeKind;

struct Operands {
  std::vector<DataType> types;
  std::vector<std::vector<Value>> rows;  ///< a value an argument
  std::vector<std::size_t> constants;    ///< places of arguments that do not change
};

Value time_value(std::string_view text) { return {*parse_timestamp_ntz(text)}; }
Value date_value(std::string_view text) { return {*parse_date(text)}; }

/// The results of a call as texts, null as "null"; or the error's condition.
std::vector<std::string> results(const Result<ResolvedFunction>& resolved, const Operands& operands,
                                 const SqlSettings& settings) {
  if (!resolved)
    return {resolved.error().message().substr(0, resolved.error().message().find(']') + 1)};
  BlockPool pool;
  EvaluationContext context{pool, settings, 1'700'000'000'000};
  std::vector<TypedExpr> arguments;
  std::vector<Column> columns;
  Schema schema;
  for (std::size_t i = 0; i < operands.types.size(); ++i) {
    TypedExpr argument = make_typed(operands.types[i], true, InputColumn{i});
    for (const std::size_t place : operands.constants) {
      if (place == i) argument = make_constant(operands.rows[0][i], operands.types[i]);
    }
    const DataType& wanted = resolved->parameter_types[i];
    arguments.push_back(wanted == operands.types[i]
                            ? argument
                            : *cast_expression(argument, wanted, CastMode::ansi));
    schema.fields.push_back({"c" + std::to_string(i), operands.types[i], true});
  }
  FunctionCall call;
  call.name = "tested";
  call.arguments = std::move(arguments);
  call.kernel = resolved->kernel;
  call.nulls = resolved->nulls;
  const TypedExpr expression = make_typed(resolved->type, true, std::move(call));
  const Batch batch = batch_of(std::make_shared<const Schema>(schema), operands.rows, pool);
  const Result<Column> column = evaluate(*expression, batch, context);
  if (!column) return {column.error().message().substr(0, column.error().message().find(']') + 1)};
  std::vector<std::string> texts;
  for (std::size_t row = 0; row < operands.rows.size(); ++row) {
    std::string text;
    if (column->is_null(row)) {
      text = "null";
    } else {
      append_cast_text(*column, row, settings, text);
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

std::vector<Argument> described(const Operands& operands) {
  std::vector<Argument> arguments;
  for (const DataType& type : operands.types) arguments.push_back({type, true, {}, false, "x"});
  for (const std::size_t place : operands.constants)
    arguments[place].constant = operands.rows[0][place];
  return arguments;
}

std::vector<std::string> call(const std::string& name, const Operands& operands,
                              const SqlSettings& settings = {}) {
  const ScalarFunction* function = builtin_functions().scalar(name);
  REQUIRE(function != nullptr);
  return results(function->resolve(described(operands), settings), operands, settings);
}

std::vector<std::string> operate(std::string_view op, const Operands& operands,
                                 const SqlSettings& settings = {}) {
  auto resolved = resolve_datetime_arithmetic(op, described(operands), settings);
  REQUIRE(resolved.has_value());
  return results(*resolved, operands, settings);
}

SqlSettings in_berlin() {
  SqlSettings settings;
  settings.time_zone = "Europe/Berlin";
  return settings;
}

const DataType kTime = primitive(Kind::timestamp);
const DataType kDate = primitive(Kind::date);
const DataType kText = primitive(Kind::string);
using Texts = std::vector<std::string>;

TEST_CASE("fields are those of the session's wall clock") {
  const Operands times{
      {kTime},
      {{time_value("2024-03-31 00:59:59")}, {Value{}}, {time_value("2024-03-31 01:00:00")}},
      {}};
  CHECK(call("hour", times, in_berlin()) == Texts{"1", "null", "3"});
  CHECK(call("hour", times) == Texts{"0", "null", "1"});
  CHECK(call("date_format",
             {{kTime, kText},
              {{time_value("2023-12-31 23:30:00"), Value{std::string("yyyy z")}}},
              {1}},
             in_berlin()) == Texts{"2024 CET"});
}

TEST_CASE("truncation keeps to wall clocks, with a constant unit and without") {
  const Value day{std::string("DAY")};
  const Value year{std::string("year")};
  const Value hour{std::string("Hour")};
  const std::vector<std::vector<Value>> rows{{day, time_value("2024-03-31 12:00:00")},
                                             {day, Value{}},
                                             {day, time_value("2024-10-27 00:30:00")}};
  const Texts expected{"2024-03-31 00:00:00", "null", "2024-10-27 00:00:00"};
  CHECK(call("date_trunc", {{kText, kTime}, rows, {0}}, in_berlin()) == expected);
  CHECK(call("date_trunc", {{kText, kTime}, rows, {}}, in_berlin()) == expected);
  // 02:30 happens twice; its hour is that of the same offset.
  CHECK(call("date_trunc", {{kText, kTime},
                            {{hour, time_value("2024-10-27 00:30:00")},
                             {hour, time_value("2024-10-27 01:30:00")}},
                            {0}}) == Texts{"2024-10-27 00:00:00", "2024-10-27 01:00:00"});
  CHECK(call("date_trunc", {{kText, kTime},
                            {{year, time_value("2024-10-27 00:30:00")},
                             {Value{std::string("x")}, time_value("2024-10-27 00:30:00")}},
                            {}}) == Texts{"2024-01-01 00:00:00", "null"});
}

TEST_CASE("days are days of the wall clock, hours are hours") {
  const DataType interval = day_time_interval();
  const Value day{kMicrosPerDay};
  const Value hours{kMicrosPerDay - 3600 * kMicrosPerSecond};
  const Value noon = time_value("2024-03-30 11:00:00");
  const std::vector<std::vector<Value>> rows{{noon, day}, {noon, hours}, {Value{}, hours}};
  CHECK(operate("+", {{kTime, interval}, rows, {}}, in_berlin()) ==
        Texts{"2024-03-31 12:00:00", "2024-03-31 12:00:00", "null"});
  CHECK(operate("+", {{kTime, interval}, rows, {}}) ==
        Texts{"2024-03-31 11:00:00", "2024-03-31 10:00:00", "null"});
  CHECK(operate("-", {{kTime, interval}, {{noon, day}, {noon, day}}, {1}}) ==
        Texts{"2024-03-29 11:00:00", "2024-03-29 11:00:00"});
  // The interval may stand first.
  CHECK(operate("+", {{interval, kTime}, {{day, noon}, {day, noon}}, {0}}) ==
        Texts{"2024-03-31 11:00:00", "2024-03-31 11:00:00"});
  CHECK(operate("-", {{kTime, kTime}, {{time_value("2024-03-31 10:00:00"), noon}}, {}},
                in_berlin()) == Texts{"INTERVAL '1 00:00:00' DAY TO SECOND"});
}

TEST_CASE("months end on the last day there is") {
  const DataType months = year_month_interval(IntervalField::month, IntervalField::month);
  CHECK(operate("+", {{kDate, months},
                      {{date_value("2024-01-31"), Value{std::int32_t{1}}},
                       {date_value("2023-01-31"), Value{std::int32_t{1}}},
                       {date_value("2024-02-29"), Value{std::int32_t{-12}}}},
                      {}}) == Texts{"2024-02-29", "2023-02-28", "2023-02-28"});
  CHECK(operate("-", {{kDate, months}, {{date_value("2024-03-31"), Value{std::int32_t{1}}}}, {}}) ==
        Texts{"2024-02-29"});
  const Value largest{std::numeric_limits<std::int32_t>::max()};
  CHECK(operate("+", {{kDate, months}, {{largest, largest}}, {}}) == Texts{"[DATETIME_OVERFLOW]"});
}

TEST_CASE("intervals are rounded half away from zero and never wrap around") {
  const DataType months = year_month_interval();
  const DataType number = primitive(Kind::int32);
  CHECK(operate("/", {{months, number},
                      {{Value{std::int32_t{7}}, Value{std::int32_t{2}}},
                       {Value{std::int32_t{-7}}, Value{std::int32_t{2}}}},
                      {}}) ==
        Texts{"INTERVAL '0-4' YEAR TO MONTH", "INTERVAL '-0-4' YEAR TO MONTH"});
  CHECK(operate("/", {{months, number}, {{Value{std::int32_t{7}}, Value{std::int32_t{0}}}}, {}}) ==
        Texts{"[INTERVAL_DIVIDED_BY_ZERO]"});
  CHECK(operate("*", {{number, months}, {{Value{std::int32_t{2}}, Value{std::int32_t{7}}}}, {}}) ==
        Texts{"INTERVAL '1-2' YEAR TO MONTH"});
  const Value largest{std::numeric_limits<std::int64_t>::max()};
  CHECK(operate("+", {{day_time_interval(), day_time_interval()}, {{largest, largest}}, {}}) ==
        Texts{"[INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION]"});
  CHECK(operate("-",
                {{day_time_interval()}, {{Value{std::numeric_limits<std::int64_t>::min()}}}, {}}) ==
        Texts{"[INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION]"});
}

TEST_CASE("texts that do not fit a pattern are errors in ANSI mode and null otherwise") {
  SqlSettings legacy;
  legacy.is_ansi = false;
  const Operands texts{{kText, kText},
                       {{Value{std::string("2024-03-05")}, Value{std::string("yyyy-MM-dd")}},
                        {Value{std::string("2024-3-5")}, Value{std::string("yyyy-MM-dd")}}},
                       {1}};
  CHECK(call("to_date", texts) == Texts{"[CANNOT_PARSE_TIMESTAMP]"});
  CHECK(call("to_date", texts, legacy) == Texts{"2024-03-05", "null"});
  CHECK(call("try_to_timestamp", texts) == Texts{"2024-03-05 00:00:00", "null"});
  // Patterns of a column.
  CHECK(call("unix_timestamp",
             {{kText, kText},
              {{Value{std::string("1970")}, Value{std::string("yyyy")}},
               {Value{std::string("02.01.1970")}, Value{std::string("dd.MM.yyyy")}}},
              {}}) == Texts{"0", "86400"});
  // A wrong pattern hurts only when a row asks for it.
  const Value wrong{std::string("YYYY")};
  CHECK(call("to_date", {{kText, kText}, {{Value{}, wrong}}, {1}}) == Texts{"null"});
  CHECK(call("to_date", {{kText, kText}, {{Value{std::string("1")}, wrong}}, {1}}) ==
        Texts{"[INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION]"});
}

TEST_CASE("the clock stands still for an epoch and is the epoch's") {
  CHECK(call("now", {{}, {{}, {}}, {}}) == Texts{"2023-11-14 22:13:20", "2023-11-14 22:13:20"});
  CHECK(call("current_date", {{}, {{}}, {}}, in_berlin()) == Texts{"2023-11-14"});
  CHECK(call("localtimestamp", {{}, {{}}, {}}, in_berlin()) == Texts{"2023-11-14 23:13:20"});
}

TEST_CASE("units are counted between wall clocks and added to them") {
  const Value month{std::string("MONTH")};
  const Value day{std::string("DAY")};
  const DataType number = primitive(Kind::int64);
  CHECK(call("timestampdiff",
             {{kText, kTime, kTime},
              {{month, time_value("2024-01-31 00:00:00"), time_value("2024-02-29 00:00:00")},
               {month, time_value("2024-02-29 10:00:00"), time_value("2024-01-29 10:00:01")}},
              {0}}) == Texts{"0", "0"});
  CHECK(call("timestampadd",
             {{kText, number, kTime},
              {{day, Value{std::int64_t{1}}, time_value("2024-03-30 11:00:00")}},
              {0}},
             in_berlin()) == Texts{"2024-03-31 12:00:00"});
}

}  // namespace
}  // namespace stream
