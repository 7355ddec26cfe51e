// year, month, …, second, extract and date_part: one field of a date, a timestamp or an interval.
#include <libstream/base/ascii.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/column_loop.hpp>
#include <libstream/expressions/datetime_pattern.hpp>
#include <libstream/expressions/functions/datetime_kernel.hpp>
#include <libstream/expressions/functions/signature.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

using Kind = TypeKind;

constexpr std::int64_t kMinute = 60 * kMicrosPerSecond;
constexpr std::int64_t kHour = 60 * kMinute;

/// Monday is 0.
std::int32_t weekday_of(std::int32_t days) {
  return static_cast<std::int32_t>(floor_modulo(std::int64_t{days} + 3, 7));
}
/// The Thursday of a day's week, which says what year the week is of (ISO 8601).
std::int64_t thursday_of(std::int32_t days) { return std::int64_t{days} - weekday_of(days) + 3; }
std::int32_t day_of_year(std::int64_t days) {
  const CivilDate date = civil_from_days(days);
  return static_cast<std::int32_t>(days - days_from_civil({date.year, 1, 1})) + 1;
}

using DayField = std::int32_t (*)(std::int32_t days);

std::int32_t year_of(std::int32_t days) { return civil_from_days(days).year; }
std::int32_t year_of_week(std::int32_t days) { return civil_from_days(thursday_of(days)).year; }
std::int32_t quarter_of(std::int32_t days) { return (civil_from_days(days).month - 1) / 3 + 1; }
std::int32_t month_of(std::int32_t days) { return civil_from_days(days).month; }
std::int32_t week_of_year(std::int32_t days) {
  return (day_of_year(thursday_of(days)) - 1) / 7 + 1;
}
std::int32_t day_of_month(std::int32_t days) { return civil_from_days(days).day; }
std::int32_t day_of_week(std::int32_t days) { return (weekday_of(days) + 1) % 7 + 1; }
std::int32_t day_of_week_iso(std::int32_t days) { return weekday_of(days) + 1; }
std::int32_t day_in_year(std::int32_t days) { return day_of_year(days); }

Kernel day_kernel(DayField field) {
  return [field](const KernelInput& input) -> Result<Column> {
    return map_values<std::int32_t, std::int32_t>(input, field);
  };
}

/// Fields of the wall clock's time: `unit` micros each, counted up to `count`.
template <class Out>
Kernel clock_kernel(Kind kind, std::int64_t unit, std::int64_t count) {
  return [kind, unit, count](const KernelInput& input) -> Result<Column> {
    STREAM_TRY(const TimeZone* zone, zone_for(kind, input.context));
    return map_values<std::int64_t, Out>(input, [&](std::int64_t micros) {
      const std::int64_t local = to_local_micros(*zone, micros);
      return static_cast<Out>(floor_modulo(floor_divide(local, unit), count));
    });
  };
}

/// Parts of intervals keep the sign: -90 minutes are -1 hour and -30 minutes.
template <class In, class Out>
Kernel interval_kernel(std::int64_t unit, std::int64_t count) {
  return [unit, count](const KernelInput& input) -> Result<Column> {
    return map_values<In, Out>(input, [unit, count](In value) {
      const std::int64_t units = value / unit;
      return static_cast<Out>(count == 0 ? units : units % count);
    });
  };
}
template <class Out, class Get>
Kernel calendar_kernel(Get get) {
  return [get](const KernelInput& input) -> Result<Column> {
    return map_values<CalendarInterval, Out>(
        input, [get](const CalendarInterval& interval) { return static_cast<Out>(get(interval)); });
  };
}

enum class ExtractField {
  year,
  year_of_week,
  quarter,
  month,
  week,
  day,
  day_of_week,
  day_of_week_iso,
  day_of_year,
  hour,
  minute,
  second,
};

std::optional<ExtractField> find_field(std::string_view name) {
  using enum ExtractField;
  constexpr std::pair<std::string_view, ExtractField> kNames[] = {
      {"YEAR", year},
      {"Y", year},
      {"YEARS", year},
      {"YR", year},
      {"YRS", year},
      {"YEAROFWEEK", year_of_week},
      {"QUARTER", quarter},
      {"QTR", quarter},
      {"MONTH", month},
      {"MON", month},
      {"MONS", month},
      {"MONTHS", month},
      {"WEEK", week},
      {"W", week},
      {"WEEKS", week},
      {"DAY", day},
      {"D", day},
      {"DAYS", day},
      {"DAYOFWEEK", day_of_week},
      {"DOW", day_of_week},
      {"DAYOFWEEK_ISO", day_of_week_iso},
      {"DOW_ISO", day_of_week_iso},
      {"DOY", day_of_year},
      {"HOUR", hour},
      {"H", hour},
      {"HOURS", hour},
      {"HR", hour},
      {"HRS", hour},
      {"MINUTE", minute},
      {"M", minute},
      {"MIN", minute},
      {"MINS", minute},
      {"MINUTES", minute},
      {"SECOND", second},
      {"S", second},
      {"SEC", second},
      {"SECONDS", second},
      {"SECS", second},
  };
  const std::string upper = ascii_upper(name);
  for (const auto& [known, field] : kNames) {
    if (known == upper) return field;
  }
  return std::nullopt;
}

struct Extraction {
  DataType parameter;
  DataType type;
  Kernel kernel;
};

DayField day_field(ExtractField field) {
  switch (field) {
    case ExtractField::year:
      return year_of;
    case ExtractField::year_of_week:
      return year_of_week;
    case ExtractField::quarter:
      return quarter_of;
    case ExtractField::month:
      return month_of;
    case ExtractField::week:
      return week_of_year;
    case ExtractField::day:
      return day_of_month;
    case ExtractField::day_of_week:
      return day_of_week;
    case ExtractField::day_of_week_iso:
      return day_of_week_iso;
    default:
      return day_in_year;
  }
}

Extraction extract_from_time(ExtractField field, const DataType& source) {
  if (field < ExtractField::hour)
    return {primitive(Kind::date), primitive(Kind::int32), day_kernel(day_field(field))};
  const Kind kind = source.kind == Kind::timestamp_ntz ? Kind::timestamp_ntz : Kind::timestamp;
  if (field == ExtractField::hour)
    return {primitive(kind), primitive(Kind::int32), clock_kernel<std::int32_t>(kind, kHour, 24)};
  if (field == ExtractField::minute)
    return {primitive(kind), primitive(Kind::int32), clock_kernel<std::int32_t>(kind, kMinute, 60)};
  return {primitive(kind), decimal_of(8, 6), clock_kernel<Int128>(kind, 1, kMinute)};
}

std::optional<Extraction> extract_from_months(ExtractField field, const DataType& source) {
  if (field == ExtractField::year)
    return Extraction{source, primitive(Kind::int32),
                      interval_kernel<std::int32_t, std::int32_t>(12, 0)};
  const bool has_months = static_cast<IntervalField>(source.scale) == IntervalField::month;
  if (field == ExtractField::month && has_months)
    return Extraction{source, primitive(Kind::int8),
                      interval_kernel<std::int32_t, std::int8_t>(1, 12)};
  return std::nullopt;
}

std::optional<Extraction> extract_from_day_time(ExtractField field, const DataType& source) {
  const auto has = [&](IntervalField part) {
    return static_cast<IntervalField>(source.precision) <= part &&
           part <= static_cast<IntervalField>(source.scale);
  };
  if (field == ExtractField::day && has(IntervalField::day))
    return Extraction{source, primitive(Kind::int32),
                      interval_kernel<std::int64_t, std::int32_t>(kMicrosPerDay, 0)};
  if (field == ExtractField::hour && has(IntervalField::hour))
    return Extraction{source, primitive(Kind::int8),
                      interval_kernel<std::int64_t, std::int8_t>(kHour, 24)};
  if (field == ExtractField::minute && has(IntervalField::minute))
    return Extraction{source, primitive(Kind::int8),
                      interval_kernel<std::int64_t, std::int8_t>(kMinute, 60)};
  if (field == ExtractField::second && has(IntervalField::second))
    return Extraction{source, decimal_of(8, 6), interval_kernel<std::int64_t, Int128>(1, kMinute)};
  return std::nullopt;
}

std::optional<Extraction> extract_from_calendar(ExtractField field, const DataType& source) {
  using Interval = CalendarInterval;
  switch (field) {
    case ExtractField::year:
      return Extraction{
          source, primitive(Kind::int32),
          calendar_kernel<std::int32_t>([](const Interval& i) { return i.months / 12; })};
    case ExtractField::quarter:
      return Extraction{
          source, primitive(Kind::int8),
          calendar_kernel<std::int8_t>([](const Interval& i) { return i.months % 12 / 3 + 1; })};
    case ExtractField::month:
      return Extraction{
          source, primitive(Kind::int8),
          calendar_kernel<std::int8_t>([](const Interval& i) { return i.months % 12; })};
    case ExtractField::day:
      return Extraction{source, primitive(Kind::int32),
                        calendar_kernel<std::int32_t>([](const Interval& i) { return i.days; })};
    case ExtractField::hour:
      return Extraction{
          source, primitive(Kind::int64),
          calendar_kernel<std::int64_t>([](const Interval& i) { return i.micros / kHour; })};
    case ExtractField::minute:
      return Extraction{source, primitive(Kind::int8),
                        calendar_kernel<std::int8_t>(
                            [](const Interval& i) { return i.micros % kHour / kMinute; })};
    case ExtractField::second:
      return Extraction{source, decimal_of(8, 6), calendar_kernel<Int128>([](const Interval& i) {
                          return i.micros % kMinute;
                        })};
    default:
      return std::nullopt;
  }
}

/// The first argument only names the field: the kernel gets the source alone.
Kernel of_source(Kernel kernel) {
  return [kernel = std::move(kernel)](const KernelInput& input) {
    return kernel({input.arguments.subspan(1), input.lambdas, input.num_rows, input.type,
                   input.context, input.active});
  };
}

Result<ResolvedFunction> resolve_extract(std::string_view name, Arguments arguments,
                                         const SqlSettings& settings) {
  if (!arguments[0].constant)
    return analysis_error("NON_FOLDABLE_ARGUMENT",
                          fmt::format("The function `{}` requires the parameter `field` to be a "
                                      "foldable expression of the type \"STRING\", but the actual "
                                      "argument is a non-foldable.",
                                      name));
  ResolvedFunction resolved;
  if (arguments[0].constant->is_null() || arguments[0].type.kind != Kind::string) {
    resolved.parameter_types = {arguments[0].type, arguments[1].type};
    resolved.type = primitive(Kind::float64);
    resolved.kernel = [](const KernelInput& input) -> Result<Column> {
      return repeat_value({}, input.type, input.num_rows, input.context.pool);
    };
    return resolved;
  }
  const auto& text = arguments[0].constant->as<std::string>();
  DataType source = arguments[1].type;
  const std::optional<ExtractField> field = find_field(text);
  std::optional<Extraction> extraction;
  if (field && source.kind == Kind::year_month_interval) {
    extraction = extract_from_months(*field, source);
  } else if (field && source.kind == Kind::day_time_interval) {
    extraction = extract_from_day_time(*field, source);
  } else if (field && source.kind == Kind::calendar_interval) {
    extraction = extract_from_calendar(*field, source);
  } else if (field) {
    extraction = extract_from_time(*field, source);
    STREAM_TRY(extraction->parameter,
               implicit_type(name, arguments, 1, extraction->parameter, settings));
  }
  if (!extraction)
    return analysis_error("INVALID_EXTRACT_FIELD",
                          fmt::format("Cannot extract `{}` from {}.", text, arguments[1].text));
  resolved.parameter_types = {arguments[0].type, extraction->parameter};
  resolved.type = extraction->type;
  resolved.is_nullable = arguments[1].is_nullable || !(source == extraction->parameter);
  resolved.kernel = of_source(std::move(extraction->kernel));
  resolved.can_fail = false;
  return resolved;
}

void add_extract(FunctionRegistry& registry, std::string name, std::string usage) {
  ScalarFunction function;
  function.name = name;
  function.family = "datetime";
  function.usage = std::move(usage);
  function.min_arguments = function.max_arguments = 2;
  function.resolve = [name = std::move(name)](Arguments arguments, const SqlSettings& settings) {
    return resolve_extract(name, arguments, settings);
  };
  registry.add(std::move(function));
}

void add_day_field(FunctionRegistry& registry, std::string name, std::string usage,
                   DayField field) {
  registry.add(make_fixed({.name = std::move(name),
                           .family = "datetime",
                           .usage = std::move(usage),
                           .parameters = {Kind::date},
                           .result = Kind::int32,
                           .kernel = day_kernel(field)}));
}

void add_clock_field(FunctionRegistry& registry, std::string name, std::string usage,
                     std::int64_t unit, std::int64_t count) {
  ScalarFunction function;
  function.name = name;
  function.family = "datetime";
  function.usage = std::move(usage);
  function.min_arguments = function.max_arguments = 1;
  function.resolve = [=](Arguments arguments,
                         const SqlSettings& settings) -> Result<ResolvedFunction> {
    STREAM_TRY(DataType type, implicit_type_of(name, arguments, 0,
                                               {Kind::timestamp, Kind::timestamp_ntz}, settings));
    ResolvedFunction resolved;
    resolved.type = primitive(Kind::int32);
    resolved.is_nullable = arguments[0].is_nullable || !(type == arguments[0].type);
    resolved.kernel = clock_kernel<std::int32_t>(type.kind, unit, count);
    resolved.parameter_types = {std::move(type)};
    resolved.can_fail = false;
    return resolved;
  };
  registry.add(std::move(function));
}

}  // namespace

void add_datetime_field_functions(FunctionRegistry& registry) {
  add_day_field(registry, "year", "year(date) - the year", year_of);
  add_day_field(registry, "quarter", "quarter(date) - the quarter, 1 to 4", quarter_of);
  add_day_field(registry, "month", "month(date) - the month, 1 to 12", month_of);
  add_day_field(registry, "day", "day(date) - the day of the month", day_of_month);
  add_day_field(registry, "dayofmonth", "dayofmonth(date) - the day of the month", day_of_month);
  add_day_field(registry, "dayofyear", "dayofyear(date) - the day of the year", day_in_year);
  add_day_field(registry, "dayofweek", "dayofweek(date) - the day of the week, 1 is Sunday",
                day_of_week);
  add_day_field(registry, "weekday", "weekday(date) - the day of the week, 0 is Monday",
                weekday_of);
  add_day_field(registry, "weekofyear", "weekofyear(date) - the week of the year (ISO 8601)",
                week_of_year);
  add_clock_field(registry, "hour", "hour(timestamp) - the hour, 0 to 23", kHour, 24);
  add_clock_field(registry, "minute", "minute(timestamp) - the minute, 0 to 59", kMinute, 60);
  add_clock_field(registry, "second", "second(timestamp) - the second, 0 to 59", kMicrosPerSecond,
                  60);
  add_extract(registry, "extract", "extract(field FROM source) - a field of a time or an interval");
  add_extract(registry, "date_part", "date_part(field, source) - a field of a time or an interval");
  add_extract(registry, "datepart", "datepart(field, source) - a field of a time or an interval");
  add_fixed(registry, {{.name = "dayname",
                        .family = "datetime",
                        .usage = "dayname(date) - the day of the week in three letters",
                        .parameters = {Kind::date},
                        .result = Kind::string,
                        .kernel = row_kernel([](std::int32_t days) {
                          return day_name(day_of_week_iso(days), false);
                        })},
                       {.name = "monthname",
                        .family = "datetime",
                        .usage = "monthname(date) - the month in three letters",
                        .parameters = {Kind::date},
                        .result = Kind::string,
                        .kernel = row_kernel(
                            [](std::int32_t days) { return month_name(month_of(days), false); })}});
}

}  // namespace stream
