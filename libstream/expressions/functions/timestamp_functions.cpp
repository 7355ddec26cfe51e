// Functions over timestamps: truncation, units added and counted, seconds and millis since 1970.
#include <libstream/base/ascii.hpp>
#include <libstream/data/decimal.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/calendar_arithmetic.hpp>
#include <libstream/expressions/column_loop.hpp>
#include <libstream/expressions/functions/datetime_kernel.hpp>
#include <libstream/expressions/functions/signature.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace stream {
namespace {

using Kind = TypeKind;

Error long_overflow() {
  return runtime_error("ARITHMETIC_OVERFLOW",
                       "long overflow. If necessary set \"spark.sql.ansi.enabled\" to \"false\" to "
                       "bypass this error.");
}

Kernel date_trunc_kernel() {
  return [](const KernelInput& input) -> Result<Column> {
    STREAM_TRY(const TimeZone* zone, session_zone(input.context));
    const Operand& name = input.arguments[0];
    const Operand& times = input.arguments[1];
    if (!name.is_constant || name.is_null(0) || times.is_constant) {
      return row_kernel(
          [zone](std::string_view unit_name, std::int64_t micros) -> std::optional<std::int64_t> {
            const auto unit = find_truncation(unit_name);
            if (!unit) return std::nullopt;
            return truncate_timestamp(micros, *unit, *zone);
          })(input);
    }
    const auto unit = find_truncation(name.column.string_at(0));
    if (!unit) return repeat_value({}, input.type, input.num_rows, input.context.pool);
    Column result = unset_column(input.type, input.num_rows, input.context.pool);
    const std::int64_t* in = times.column.data<std::int64_t>();
    std::int64_t* out = values_of<std::int64_t>(result);
    for (std::size_t i = 0; i < input.num_rows; ++i)
      out[i] = truncate_timestamp(in[i], *unit, *zone);
    return result;
  };
}

/// Units of timestampadd and timestampdiff.
struct CountedUnit {
  std::int64_t micros = 0;  ///< of units of fixed length
  std::int64_t months = 0;  ///< of the others
};

std::optional<CountedUnit> find_unit(std::string_view name) {
  constexpr std::pair<std::string_view, CountedUnit> kUnits[] = {
      {"MICROSECOND", {1, 0}},
      {"MILLISECOND", {1000, 0}},
      {"SECOND", {kMicrosPerSecond, 0}},
      {"MINUTE", {60 * kMicrosPerSecond, 0}},
      {"HOUR", {3600 * kMicrosPerSecond, 0}},
      {"DAY", {kMicrosPerDay, 0}},
      {"DAYOFYEAR", {kMicrosPerDay, 0}},
      {"WEEK", {7 * kMicrosPerDay, 0}},
      {"MONTH", {0, 1}},
      {"QUARTER", {0, 3}},
      {"YEAR", {0, 12}},
  };
  const std::string upper = ascii_upper(name);
  for (const auto& [known, unit] : kUnits) {
    if (known == upper) return unit;
  }
  return std::nullopt;
}

Result<CountedUnit> constant_unit(std::string_view function, const Argument& argument) {
  std::string name = argument.text;
  if (argument.constant && argument.type.kind == Kind::string && !argument.constant->is_null())
    name = argument.constant->as<std::string>();
  if (const auto unit = find_unit(name)) return *unit;
  return analysis_error(
      "INVALID_PARAMETER_VALUE.DATETIME_UNIT",
      fmt::format("The value of parameter(s) `unit` in `{}` is invalid: expects one of the units "
                  "without quotes YEAR, QUARTER, MONTH, WEEK, DAY, DAYOFYEAR, HOUR, MINUTE, "
                  "SECOND, MILLISECOND, MICROSECOND, but got {}.",
                  function, name));
}

std::optional<std::int64_t> add_units(std::int64_t micros, std::int64_t count,
                                      const CountedUnit& unit, const TimeZone& zone) {
  std::int64_t amount = 0;
  const std::int64_t size = unit.micros != 0 ? unit.micros : unit.months;
  if (__builtin_mul_overflow(count, size, &amount)) return std::nullopt;
  if (unit.micros != 0) return add_day_time(micros, amount, zone);
  if (amount != static_cast<std::int32_t>(amount)) return std::nullopt;
  return add_interval(micros, {static_cast<std::int32_t>(amount), 0, 0}, zone);
}

Result<ResolvedFunction> resolve_add(Arguments arguments, const SqlSettings& settings) {
  STREAM_TRY(const CountedUnit unit, constant_unit("timestampadd", arguments[0]));
  STREAM_TRY(DataType count,
             implicit_type("timestampadd", arguments, 1, primitive(Kind::int64), settings));
  STREAM_TRY(DataType type, implicit_type_of("timestampadd", arguments, 2,
                                             {Kind::timestamp, Kind::timestamp_ntz}, settings));
  ResolvedFunction resolved;
  resolved.type = type;
  resolved.is_nullable = is_any_nullable(arguments);
  resolved.kernel = zoned_kernel(type.kind, [unit](const TimeZone& zone) {
    return [&zone, unit](std::string_view, std::int64_t amount,
                         std::int64_t micros) -> Result<std::int64_t> {
      if (const auto sum = add_units(micros, amount, unit, zone)) return *sum;
      return datetime_overflow(fmt::format("add {} units to a timestamp.", amount));
    };
  });
  resolved.parameter_types = {primitive(Kind::string), std::move(count), std::move(type)};
  return resolved;
}

Result<ResolvedFunction> resolve_difference(Arguments arguments, const SqlSettings& settings) {
  STREAM_TRY(const CountedUnit unit, constant_unit("timestampdiff", arguments[0]));
  ResolvedFunction resolved;
  resolved.parameter_types = {primitive(Kind::string)};
  for (const std::size_t i : {1, 2}) {
    STREAM_TRY(DataType type,
               implicit_type("timestampdiff", arguments, i, primitive(Kind::timestamp), settings));
    resolved.parameter_types.push_back(std::move(type));
  }
  resolved.type = primitive(Kind::int64);
  resolved.is_nullable = is_any_nullable(arguments);
  resolved.can_fail = false;
  resolved.kernel = zoned_kernel(Kind::timestamp, [unit](const TimeZone& zone) {
    return [&zone, unit](std::string_view, std::int64_t start, std::int64_t end) -> std::int64_t {
      const std::int64_t from = to_local_micros(zone, start);
      const std::int64_t to = to_local_micros(zone, end);
      if (unit.months != 0) return months_between_clocks(from, to) / unit.months;
      return static_cast<std::int64_t>((static_cast<Int128>(to) - from) / unit.micros);
    };
  });
  return resolved;
}

/// timestamp_seconds: a number of any kind.
Result<ResolvedFunction> resolve_seconds(Arguments arguments, const SqlSettings& settings) {
  const DataType& from = arguments[0].type;
  ResolvedFunction resolved;
  resolved.type = primitive(Kind::timestamp);
  resolved.is_nullable = true;
  if (from.kind == Kind::decimal) {
    resolved.parameter_types = {from};
    resolved.kernel = row_kernel([scale = from.scale](Int128 number) -> Result<std::int64_t> {
      const auto micros = rescale(number, scale, 6);
      if (!micros || *micros != static_cast<std::int64_t>(*micros)) return long_overflow();
      if (scale > 6 && rescale(*micros, 6, scale) != number)
        return runtime_error("ARITHMETIC_OVERFLOW", "Rounding necessary");
      return static_cast<std::int64_t>(*micros);
    });
  } else if (is_floating(from.kind)) {
    resolved.parameter_types = {primitive(Kind::float64)};
    resolved.can_fail = false;
    resolved.kernel = row_kernel([](double seconds) -> std::optional<std::int64_t> {
      if (!std::isfinite(seconds)) return std::nullopt;
      const double micros = seconds * 1e6;
      if (micros >= 9223372036854775808.0) return std::numeric_limits<std::int64_t>::max();
      if (micros < -9223372036854775808.0) return std::numeric_limits<std::int64_t>::min();
      return static_cast<std::int64_t>(micros);
    });
  } else {
    if (!is_integral(from.kind) && from.kind != Kind::null && from.kind != Kind::string)
      return wrong_argument("timestamp_seconds", arguments, 0, "the \"NUMERIC\" type");
    if (from.kind == Kind::string)
      STREAM_TRY(
          implicit_type("timestamp_seconds", arguments, 0, primitive(Kind::float64), settings));
    resolved.parameter_types = {primitive(Kind::int64)};
    resolved.is_nullable = is_any_nullable(arguments);
    resolved.kernel = row_kernel([](std::int64_t seconds) -> Result<std::int64_t> {
      std::int64_t micros = 0;
      if (__builtin_mul_overflow(seconds, kMicrosPerSecond, &micros)) return long_overflow();
      return micros;
    });
  }
  return resolved;
}

/// unix_seconds and its like: micros divided, rounded down.
void add_count(FunctionRegistry& registry, std::string name, std::string usage,
               std::int64_t unit_micros) {
  registry.add(make_fixed({.name = std::move(name),
                           .family = "datetime",
                           .usage = std::move(usage),
                           .parameters = {Kind::timestamp},
                           .result = Kind::int64,
                           .kernel = [unit_micros](const KernelInput& input) -> Result<Column> {
                             return map_values<std::int64_t, std::int64_t>(
                                 input, [unit_micros](std::int64_t micros) {
                                   return floor_divide(micros, unit_micros);
                                 });
                           },
                           .casts_arguments = false}));
}
void add_from_count(FunctionRegistry& registry, std::string name, std::string usage,
                    std::int64_t unit_micros) {
  registry.add(make_fixed({.name = std::move(name),
                           .family = "datetime",
                           .usage = std::move(usage),
                           .parameters = {Kind::int64},
                           .result = Kind::timestamp,
                           .kernel = [unit_micros](const KernelInput& input) -> Result<Column> {
                             return map_checked<std::int64_t, std::int64_t>(
                                 input, OnFailure::error,
                                 [unit_micros](std::int64_t count, std::int64_t& out) -> int {
                                   return __builtin_mul_overflow(count, unit_micros, &out) ? -1 : 0;
                                 },
                                 [](std::int64_t) { return long_overflow(); });
                           },
                           .can_fail = true}));
}

/// The last moment of a window struct.
Result<ResolvedFunction> resolve_window_time(Arguments arguments, const SqlSettings&) {
  const DataType& window = arguments[0].type;
  const bool is_window = window.kind == Kind::structure && window.children.size() == 2 &&
                         window.children[0].name == "start" && window.children[1].name == "end" &&
                         (window.children[1].type.kind == Kind::timestamp ||
                          window.children[1].type.kind == Kind::timestamp_ntz);
  if (!is_window)
    return wrong_argument("window_time", arguments, 0,
                          "the \"STRUCT<start: TIMESTAMP, end: TIMESTAMP>\" type");
  ResolvedFunction resolved;
  resolved.parameter_types = {window};
  resolved.type = window.children[1].type;
  resolved.is_nullable = arguments[0].is_nullable;
  resolved.can_fail = false;
  resolved.kernel = [](const KernelInput& input) -> Result<Column> {
    const Operand& windows = input.arguments[0];
    const std::int64_t* ends = windows.column.children[1].data<std::int64_t>();
    Column result = unset_column(input.type, input.num_rows, input.context.pool);
    std::int64_t* out = values_of<std::int64_t>(result);
    for (std::size_t i = 0; i < input.num_rows; ++i) out[i] = ends[windows.index(i)] - 1;
    return result;
  };
  return resolved;
}

void add_resolved(FunctionRegistry& registry, std::string name, std::string usage,
                  std::size_t num_arguments,
                  Result<ResolvedFunction> (*resolve)(Arguments, const SqlSettings&)) {
  ScalarFunction function;
  function.name = std::move(name);
  function.family = "datetime";
  function.usage = std::move(usage);
  function.min_arguments = function.max_arguments = num_arguments;
  function.resolve = resolve;
  registry.add(std::move(function));
}

}  // namespace

void add_timestamp_functions(FunctionRegistry& registry) {
  registry.add(make_fixed({.name = "date_trunc",
                           .family = "datetime",
                           .usage = "date_trunc(unit, timestamp) - the begin of the unit of time",
                           .parameters = {Kind::string, Kind::timestamp},
                           .result = Kind::timestamp,
                           .kernel = date_trunc_kernel(),
                           .makes_nulls = true}));
  add_resolved(registry, "timestampadd",
               "timestampadd(unit, count, timestamp) - the time so many units later", 3,
               resolve_add);
  add_resolved(registry, "timestampdiff",
               "timestampdiff(unit, start, end) - whole units from start to end", 3,
               resolve_difference);
  add_resolved(registry, "timestamp_seconds",
               "timestamp_seconds(seconds) - the time so long after 1970-01-01 UTC", 1,
               resolve_seconds);
  add_resolved(registry, "window_time", "window_time(window) - the last moment of a time window", 1,
               resolve_window_time);
  add_count(registry, "unix_seconds", "unix_seconds(timestamp) - seconds since 1970-01-01 UTC",
            kMicrosPerSecond);
  add_count(registry, "unix_millis", "unix_millis(timestamp) - milliseconds since 1970-01-01 UTC",
            1000);
  add_count(registry, "unix_micros", "unix_micros(timestamp) - microseconds since 1970-01-01 UTC",
            1);
  add_from_count(registry, "timestamp_millis",
                 "timestamp_millis(millis) - the time so long after 1970-01-01 UTC", 1000);
  add_from_count(registry, "timestamp_micros",
                 "timestamp_micros(micros) - the time so long after 1970-01-01 UTC", 1);
}

}  // namespace stream
