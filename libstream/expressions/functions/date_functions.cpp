// Functions over dates: adding days and months, differences, ends of months, truncation.
#include <libstream/base/ascii.hpp>
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

std::int32_t wrapping_add(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}
std::int32_t wrapping_subtract(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) - static_cast<std::uint32_t>(b));
}

Kernel days_kernel(std::int32_t (*combine)(std::int32_t, std::int32_t)) {
  return [combine](const KernelInput& input) -> Result<Column> {
    return combine_values<std::int32_t, std::int32_t, std::int32_t>(input, combine);
  };
}

/// date and a number of days that is INT, SMALLINT, TINYINT or a text of one.
ScalarFunction shifting(std::string name, std::string usage, Kernel kernel) {
  ScalarFunction function;
  function.name = name;
  function.family = "datetime";
  function.usage = std::move(usage);
  function.min_arguments = function.max_arguments = 2;
  function.resolve = [=](Arguments arguments,
                         const SqlSettings& settings) -> Result<ResolvedFunction> {
    STREAM_TRY(DataType day, implicit_type(name, arguments, 0, primitive(Kind::date), settings));
    // Wider numbers are not cut to days.
    const Kind count = arguments[1].type.kind;
    if (count != Kind::int32 && count != Kind::int16 && count != Kind::int8 &&
        count != Kind::string && count != Kind::null)
      return wrong_argument(name, arguments, 1,
                            "the (\"INT\" or \"SMALLINT\" or \"TINYINT\") type");
    ResolvedFunction resolved;
    resolved.is_nullable = is_any_nullable(arguments) || !(day == arguments[0].type);
    resolved.parameter_types = {day, primitive(Kind::int32)};
    resolved.type = std::move(day);
    resolved.kernel = kernel;
    resolved.can_fail = false;
    return resolved;
  };
  return function;
}

Kernel add_months_kernel() {
  return row_kernel([](std::int32_t days, std::int32_t months) -> Result<std::int32_t> {
    if (const auto sum = add_months(days, months)) return *sum;
    return datetime_overflow("add months to a date.");
  });
}

Kernel last_day_kernel() {
  return [](const KernelInput& input) -> Result<Column> {
    return map_values<std::int32_t, std::int32_t>(input, [](std::int32_t days) {
      const CivilDate date = civil_from_days(days);
      return days + days_in_month(date.year, date.month) - date.day;
    });
  };
}

/// Days since a Thursday, as 1970-01-01 was one.
std::optional<std::int32_t> day_of_name(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"TH", "THURSDAY"}, {"FR", "FRIDAY"},  {"SA", "SATURDAY"},  {"SU", "SUNDAY"},
      {"MO", "MONDAY"},   {"TU", "TUESDAY"}, {"WE", "WEDNESDAY"},
  };
  const std::string upper = ascii_upper(name);
  for (std::int32_t day = 0; day < 7; ++day) {
    const auto& [two, full] = kNames[day];
    if (upper == two || upper == full || upper == full.substr(0, 3)) return day;
  }
  return std::nullopt;
}

Kernel next_day_kernel() {
  return row_kernel([](EvaluationContext& context, std::int32_t days,
                       std::string_view name) -> Result<std::optional<std::int32_t>> {
    const auto day = day_of_name(name);
    if (!day) {
      if (!context.settings.is_ansi) return std::optional<std::int32_t>();
      return runtime_error("ILLEGAL_DAY_OF_WEEK",
                           fmt::format("Illegal input for day of week: {}.", name));
    }
    const std::int64_t ahead = floor_modulo(std::int64_t{*day} - 1 - days, 7);
    return std::optional<std::int32_t>(wrapping_add(days, static_cast<std::int32_t>(ahead) + 1));
  });
}

Kernel trunc_kernel() {
  return row_kernel([](std::int32_t days, std::string_view name) -> std::optional<std::int32_t> {
    const auto unit = find_truncation(name);
    if (!unit || *unit < DateUnit::week) return std::nullopt;
    return truncate_date(days, *unit);
  });
}

/// Months between two moments, days as 31sts of a month (Hive's rule).
double months_apart(std::int64_t end_local, std::int64_t start_local) {
  const auto days_of = [](std::int64_t local) { return floor_divide(local, kMicrosPerDay); };
  const CivilDate end = civil_from_days(days_of(end_local));
  const CivilDate start = civil_from_days(days_of(start_local));
  const auto months =
      static_cast<double>((std::int64_t{end.year} - start.year) * 12 + end.month - start.month);
  const auto is_last_day = [](const CivilDate& date) {
    return date.day == days_in_month(date.year, date.month);
  };
  if (end.day == start.day || (is_last_day(end) && is_last_day(start))) return months;
  const auto seconds_of_day = [](std::int64_t local) {
    return floor_modulo(local, kMicrosPerDay) / kMicrosPerSecond;
  };
  const std::int64_t seconds = (end.day - start.day) * std::int64_t{86'400} +
                               seconds_of_day(end_local) - seconds_of_day(start_local);
  return months + static_cast<double>(seconds) / (31.0 * 86'400);
}

Kernel months_between_kernel() {
  return zoned_kernel(Kind::timestamp, [](const TimeZone& zone) {
    return [&zone](std::int64_t end, std::int64_t start, bool is_rounded) {
      const double months = months_apart(to_local_micros(zone, end), to_local_micros(zone, start));
      return is_rounded ? std::floor(months * 1e8 + 0.5) / 1e8 : months;
    };
  });
}

Kernel make_date_kernel() {
  return row_kernel([](EvaluationContext& context, std::int32_t year, std::int32_t month,
                       std::int32_t day) -> Result<std::optional<std::int32_t>> {
    const bool is_valid = month >= 1 && month <= 12 && day >= 1 && year >= -999'999'999 &&
                          year <= 999'999'999 && day <= days_in_month(year, month);
    if (is_valid) {
      const std::int64_t days = days_from_civil({year, month, day});
      if (days == static_cast<std::int32_t>(days))
        return std::optional<std::int32_t>(static_cast<std::int32_t>(days));
    }
    if (!context.settings.is_ansi) return std::optional<std::int32_t>();
    return runtime_error("DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION",
                         fmt::format("Invalid date: year {}, month {}, day {}.", year, month, day));
  });
}

Kernel same_days() {
  return [](const KernelInput& input) -> Result<Column> {
    return map_values<std::int32_t, std::int32_t>(input, [](std::int32_t days) { return days; });
  };
}

}  // namespace

void add_date_functions(FunctionRegistry& registry) {
  registry.add(shifting("date_add", "date_add(date, days) - the date so many days later",
                        days_kernel(wrapping_add)));
  registry.add(shifting("dateadd", "dateadd(date, days) - the date so many days later",
                        days_kernel(wrapping_add)));
  registry.add(shifting("date_sub", "date_sub(date, days) - the date so many days before",
                        days_kernel(wrapping_subtract)));
  for (const char* name : {"datediff", "date_diff"}) {
    registry.add(make_fixed({.name = name,
                             .family = "datetime",
                             .usage = fmt::format("{}(end, start) - days from start to end", name),
                             .parameters = {Kind::date, Kind::date},
                             .result = Kind::int32,
                             .kernel = days_kernel(wrapping_subtract)}));
  }
  add_fixed(
      registry,
      {{.name = "add_months",
        .family = "datetime",
        .usage = "add_months(date, months) - the date so many months later",
        .parameters = {Kind::date, Kind::int32},
        .result = Kind::date,
        .kernel = add_months_kernel(),
        .can_fail = true},
       {.name = "last_day",
        .family = "datetime",
        .usage = "last_day(date) - the last day of the date's month",
        .parameters = {Kind::date},
        .result = Kind::date,
        .kernel = last_day_kernel()},
       {.name = "next_day",
        .family = "datetime",
        .usage = "next_day(date, day) - the first such day of the week after the date",
        .parameters = {Kind::date, Kind::string},
        .result = Kind::date,
        .kernel = next_day_kernel(),
        .can_fail = true,
        .makes_nulls = true},
       {.name = "trunc",
        .family = "datetime",
        .usage = "trunc(date, unit) - the first day of the date's week, month, quarter or year",
        .parameters = {Kind::date, Kind::string},
        .result = Kind::date,
        .kernel = trunc_kernel(),
        .makes_nulls = true},
       {.name = "months_between",
        .family = "datetime",
        .usage = "months_between(end, start[, round]) - months from start to end",
        .parameters = {Kind::timestamp, Kind::timestamp, Kind::boolean},
        .result = Kind::float64,
        .kernel = months_between_kernel(),
        .defaults = {Value{true}}},
       {.name = "make_date",
        .family = "datetime",
        .usage = "make_date(year, month, day) - the date",
        .parameters = {Kind::int32, Kind::int32, Kind::int32},
        .result = Kind::date,
        .kernel = make_date_kernel(),
        .can_fail = true,
        .makes_nulls = true},
       {.name = "unix_date",
        .family = "datetime",
        .usage = "unix_date(date) - days since 1970-01-01",
        .parameters = {Kind::date},
        .result = Kind::int32,
        .kernel = same_days()},
       {.name = "date_from_unix_date",
        .family = "datetime",
        .usage = "date_from_unix_date(days) - the date so many days after 1970-01-01",
        .parameters = {Kind::int32},
        .result = Kind::date,
        .kernel = same_days()}});
}

}  // namespace stream
