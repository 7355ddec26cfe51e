// Timestamps and intervals made of numbers: make_timestamp, make_interval, make_dt_interval, ….
#include <libstream/data/decimal.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/datetime_kernel.hpp>
#include <libstream/expressions/functions/signature.hpp>

#include <fmt/format.h>

#include <limits>

namespace stream {
namespace {

using Kind = TypeKind;

constexpr std::int64_t kMinute = 60 * kMicrosPerSecond;
constexpr std::int64_t kHour = 60 * kMinute;

/// The wall clock's micros. `second` counts in micros; 60 seconds are the next minute's begin.
Result<std::int64_t> clock_micros(std::int32_t year, std::int32_t month, std::int32_t day,
                                  std::int32_t hour, std::int32_t minute, Int128 second) {
  if (second / kMicrosPerSecond == 60 && second % kMicrosPerSecond != 0)
    return runtime_error("INVALID_FRACTION_OF_SECOND",
                         "Valid range for seconds is [0, 60] (inclusive), but the provided value "
                         "has a fraction beyond 60.");
  const bool is_valid = year >= -300'000 && year <= 300'000 && month >= 1 && month <= 12 &&
                        day >= 1 && day <= days_in_month(year, month) && hour >= 0 && hour <= 23 &&
                        minute >= 0 && minute <= 59 && second >= 0 &&
                        second <= 60 * kMicrosPerSecond;
  if (is_valid) {
    const Int128 micros = static_cast<Int128>(days_from_civil({year, month, day})) * kMicrosPerDay +
                          hour * kHour + minute * kMinute + second;
    if (micros == static_cast<std::int64_t>(micros)) return static_cast<std::int64_t>(micros);
  }
  return runtime_error(
      "DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION",
      fmt::format("Invalid timestamp: year {}, month {}, day {}, hour {}, minute "
                  "{}, second {}.",
                  year, month, day, hour, minute, static_cast<double>(second) / 1e6));
}

struct TimestampMaker {
  std::string name;
  Kind result = Kind::timestamp;
  bool is_try = false;
};

Kernel make_timestamp_kernel(const TimestampMaker& maker, bool fails, bool has_zone) {
  const Kind result = maker.result;
  const auto make = [fails, result](const TimeZone& zone,
                                    auto... fields) -> Result<std::optional<std::int64_t>> {
    auto local = clock_micros(fields...);
    if (!local) {
      if (fails) return std::move(local).error();
      return std::optional<std::int64_t>();
    }
    return std::optional<std::int64_t>(result == Kind::timestamp ? to_utc_micros(zone, *local)
                                                                 : *local);
  };
  using Number = std::int32_t;
  if (has_zone)
    return row_kernel([make](Number year, Number month, Number day, Number hour, Number minute,
                             Int128 second,
                             std::string_view zone_id) -> Result<std::optional<std::int64_t>> {
      STREAM_TRY(const TimeZone* zone, find_time_zone(zone_id));
      return make(*zone, year, month, day, hour, minute, second);
    });
  return zoned_kernel(result, [make](const TimeZone& zone) {
    return
        [make, &zone](Number year, Number month, Number day, Number hour, Number minute,
                      Int128 second) { return make(zone, year, month, day, hour, minute, second); };
  });
}

/// Midnight of a date.
Kernel timestamp_of_date_kernel(Kind result) {
  return zoned_kernel(result, [](const TimeZone& zone) {
    return [&zone](std::int32_t days) -> Result<std::int64_t> {
      std::int64_t local = 0;
      if (__builtin_mul_overflow(std::int64_t{days}, kMicrosPerDay, &local))
        return datetime_overflow("make a timestamp of a date.");
      return to_utc_micros(zone, local);
    };
  });
}

Result<ResolvedFunction> resolve_make_timestamp(const TimestampMaker& maker, Arguments arguments,
                                                const SqlSettings& settings) {
  ResolvedFunction resolved;
  resolved.type = primitive(maker.result);
  if (arguments.size() == 1) {
    STREAM_TRY(DataType day,
               implicit_type(maker.name, arguments, 0, primitive(Kind::date), settings));
    resolved.parameter_types = {std::move(day)};
    resolved.is_nullable = arguments[0].is_nullable;
    resolved.kernel = timestamp_of_date_kernel(maker.result);
    return resolved;
  }
  if (arguments.size() < 6)
    return analysis_error("UNSUPPORTED_TIME_TYPE", "The data type TIME is not supported.");
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const DataType wanted = i < 5    ? primitive(Kind::int32)
                            : i == 5 ? decimal_of(16, 6)
                                     : primitive(Kind::string);
    STREAM_TRY(DataType type, implicit_type(maker.name, arguments, i, wanted, settings));
    resolved.parameter_types.push_back(std::move(type));
  }
  const bool fails = settings.is_ansi && !maker.is_try;
  resolved.is_nullable = !fails || is_any_nullable(arguments);
  resolved.kernel = make_timestamp_kernel(maker, fails, arguments.size() == 7);
  return resolved;
}

void add_make_timestamp(FunctionRegistry& registry, TimestampMaker maker) {
  ScalarFunction function;
  function.name = maker.name;
  function.family = "datetime";
  function.usage = maker.name +
                   "(year, month, day, hour, minute, second[, zone]) - the time; null or an error "
                   "when a number is out of range";
  function.min_arguments = 1;
  function.max_arguments = maker.result == Kind::timestamp_ntz ? 6 : 7;
  function.resolve = [maker = std::move(maker)](Arguments arguments, const SqlSettings& settings) {
    return resolve_make_timestamp(maker, arguments, settings);
  };
  registry.add(std::move(function));
}

Error interval_overflow() {
  return runtime_error("ARITHMETIC_OVERFLOW",
                       "integer overflow. Use `try_make_interval` to return "
                       "NULL instead.");
}

std::optional<CalendarInterval> interval_of(std::int64_t years, std::int64_t months,
                                            std::int64_t weeks, std::int64_t days,
                                            std::int64_t hours, std::int64_t minutes,
                                            Int128 seconds) {
  const std::int64_t all_months = years * 12 + months;
  const std::int64_t all_days = weeks * 7 + days;
  const Int128 micros =
      static_cast<Int128>(hours) * kHour + static_cast<Int128>(minutes) * kMinute + seconds;
  if (all_months != static_cast<std::int32_t>(all_months) ||
      all_days != static_cast<std::int32_t>(all_days) ||
      micros != static_cast<std::int64_t>(micros))
    return std::nullopt;
  return CalendarInterval{static_cast<std::int32_t>(all_months),
                          static_cast<std::int32_t>(all_days), static_cast<std::int64_t>(micros)};
}

/// Up to `parameters.size()` numbers; those left out are 0.
struct NumberMaker {
  std::string name;
  std::string usage;
  std::vector<DataType> parameters;
  DataType result;
  bool is_try = false;
  std::function<Kernel(bool fails)> make_kernel;
};

Value zero_of(const DataType& type) {
  if (type.kind == Kind::decimal) return {Int128{0}};
  return {std::int32_t{0}};
}

void add_number_maker(FunctionRegistry& registry, NumberMaker maker) {
  ScalarFunction function;
  function.name = maker.name;
  function.family = "datetime";
  function.usage = maker.usage;
  function.min_arguments = 0;
  function.max_arguments = maker.parameters.size();
  function.resolve = [maker = std::move(maker)](
                         Arguments arguments,
                         const SqlSettings& settings) -> Result<ResolvedFunction> {
    ResolvedFunction resolved;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      STREAM_TRY(DataType type,
                 implicit_type(maker.name, arguments, i, maker.parameters[i], settings));
      resolved.parameter_types.push_back(std::move(type));
    }
    const std::vector<DataType> missing(
        maker.parameters.begin() + static_cast<std::ptrdiff_t>(arguments.size()),
        maker.parameters.end());
    std::vector<Value> zeros;
    for (const DataType& type : missing) zeros.push_back(zero_of(type));
    const bool fails = settings.is_ansi && !maker.is_try;
    resolved.type = maker.result;
    resolved.is_nullable = !fails || is_any_nullable(arguments);
    resolved.kernel = with_defaults(maker.make_kernel(fails), std::move(zeros), missing);
    return resolved;
  };
  registry.add(std::move(function));
}

Kernel make_interval_kernel(bool fails) {
  using Number = std::int32_t;
  return row_kernel([fails](Number years, Number months, Number weeks, Number days, Number hours,
                            Number minutes,
                            Int128 seconds) -> Result<std::optional<CalendarInterval>> {
    auto made = interval_of(years, months, weeks, days, hours, minutes, seconds);
    if (!made && fails) return interval_overflow();
    return made;
  });
}

Kernel make_day_time_kernel(bool) {
  using Number = std::int32_t;
  return row_kernel(
      [](Number days, Number hours, Number minutes, Int128 seconds) -> Result<std::int64_t> {
        const Int128 micros = static_cast<Int128>(days) * kMicrosPerDay +
                              static_cast<Int128>(hours) * kHour +
                              static_cast<Int128>(minutes) * kMinute + seconds;
        if (micros == static_cast<std::int64_t>(micros)) return static_cast<std::int64_t>(micros);
        return runtime_error("INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION",
                             "Integer overflow while operating with intervals.");
      });
}

Kernel make_year_month_kernel(bool) {
  return row_kernel([](std::int32_t years, std::int32_t months) -> Result<std::int32_t> {
    const std::int64_t total = std::int64_t{years} * 12 + months;
    if (total == static_cast<std::int32_t>(total)) return static_cast<std::int32_t>(total);
    return runtime_error("INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION",
                         "Integer overflow while operating with intervals.");
  });
}

void add_make_intervals(FunctionRegistry& registry) {
  const DataType number = primitive(Kind::int32);
  const DataType seconds = decimal_of(18, 6);
  for (const bool is_try : {false, true}) {
    const std::string name = is_try ? "try_make_interval" : "make_interval";
    add_number_maker(registry,
                     {.name = name,
                      .usage = name + "([years[, months[, weeks[, days[, hours[, minutes[, "
                                      "seconds]]]]]]]) - an interval",
                      .parameters = {number, number, number, number, number, number, seconds},
                      .result = primitive(Kind::calendar_interval),
                      .is_try = is_try,
                      .make_kernel = make_interval_kernel});
  }
  add_number_maker(
      registry, {.name = "make_dt_interval",
                 .usage = "make_dt_interval([days[, hours[, minutes[, seconds]]]]) - an interval",
                 .parameters = {number, number, number, seconds},
                 .result = day_time_interval(),
                 .make_kernel = make_day_time_kernel});
  add_number_maker(registry, {.name = "make_ym_interval",
                              .usage = "make_ym_interval([years[, months]]) - an interval",
                              .parameters = {number, number},
                              .result = year_month_interval(),
                              .make_kernel = make_year_month_kernel});
}

/// The functions of the type TIME, which there is none of.
void add_time_refusals(FunctionRegistry& registry) {
  for (const char* name :
       {"make_time", "to_time", "try_to_time", "current_time", "time_diff", "time_trunc",
        "time_from_seconds", "time_from_millis", "time_from_micros", "time_to_seconds",
        "time_to_millis", "time_to_micros"}) {
    ScalarFunction function;
    function.name = name;
    function.family = "datetime";
    function.usage = fmt::format("{}(…) - refused: there is no type TIME", name);
    function.max_arguments = kAnyNumber;
    function.resolve = [](Arguments, const SqlSettings&) -> Result<ResolvedFunction> {
      return analysis_error("UNSUPPORTED_TIME_TYPE", "The data type TIME is not supported.");
    };
    registry.add(std::move(function));
  }
}

}  // namespace

void add_make_datetime_functions(FunctionRegistry& registry) {
  for (const bool is_try : {false, true}) {
    const std::string prefix = is_try ? "try_" : "";
    add_make_timestamp(registry, {prefix + "make_timestamp", Kind::timestamp, is_try});
    add_make_timestamp(registry, {prefix + "make_timestamp_ltz", Kind::timestamp, is_try});
    add_make_timestamp(registry, {prefix + "make_timestamp_ntz", Kind::timestamp_ntz, is_try});
  }
  add_make_intervals(registry);
  add_time_refusals(registry);
}

}  // namespace stream
