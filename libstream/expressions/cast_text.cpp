#include <libstream/data/decimal.hpp>
#include <libstream/expressions/cast_kernels.hpp>
#include <libstream/expressions/column_loop.hpp>
#include <libstream/expressions/datetime_text.hpp>
#include <libstream/expressions/function.hpp>
#include <libstream/expressions/interval_text.hpp>
#include <libstream/expressions/number_text.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

std::int64_t now_micros(const EvaluationContext& context) { return context.batch_time * 1000; }

/// A cast by a parser `parse(context, text)` of optional values; what does not parse is an error
/// or null.
template <class Out, class Parse>
Kernel parsing_cast(const DataType& to, CastMode mode, Parse parse) {
  return [to, mode, parse](const KernelInput& input) -> Result<Column> {
    Column result = unset_column(to, input.num_rows, input.context.pool);
    NullMarks nulls(result, input.context.pool);
    const Column& texts = input.arguments[0].column;
    Out* out = values_of<Out>(result);
    for (std::size_t i = 0; i < input.num_rows; ++i) {
      if (!input.is_active(i)) continue;
      const std::string_view text = texts.string_at(i);
      if (const auto value = parse(input.context, text)) {
        out[i] = static_cast<Out>(*value);
      } else if (mode == CastMode::ansi) {
        return cast_invalid_input(text, texts.type, to);
      } else {
        nulls.set(i);
      }
    }
    return result;
  };
}

template <class Integer>
Kernel integer_cast(const DataType& to, CastMode mode) {
  return parsing_cast<Integer>(
      to, mode,
      [allows_fraction = mode == CastMode::legacy](
          EvaluationContext&, std::string_view text) -> std::optional<Integer> {
        const std::optional<std::int64_t> value = parse_integer(text, allows_fraction);
        if (!value || static_cast<Integer>(*value) != *value) return std::nullopt;
        return static_cast<Integer>(*value);
      });
}

/// A number that has too many digits is an error of its own.
Kernel decimal_cast(const DataType& to, CastMode mode) {
  return [to, mode](const KernelInput& input) -> Result<Column> {
    Column result = unset_column(to, input.num_rows, input.context.pool);
    NullMarks nulls(result, input.context.pool);
    const Column& texts = input.arguments[0].column;
    for (std::size_t i = 0; i < input.num_rows; ++i) {
      if (!input.is_active(i)) continue;
      const std::string_view text = trim_all(texts.string_at(i));
      const std::optional<Int128> value = parse_decimal(text, to.scale);
      if (value && fits_precision(*value, to.precision)) {
        values_of<Int128>(result)[i] = *value;
        continue;
      }
      if (mode == CastMode::ansi && !is_decimal_text(text))
        return cast_invalid_input(texts.string_at(i), texts.type, to);
      if (mode == CastMode::ansi && !value)
        return runtime_error("NUMERIC_OUT_OF_SUPPORTED_RANGE",
                             fmt::format("The value {} cannot be interpreted as a numeric since it "
                                         "has more than 38 digits.",
                                         text));
      if (mode == CastMode::ansi) return decimal_overflow(text, to);
      nulls.set(i);
    }
    return result;
  };
}

/// Texts to dates and timestamps; constants may be words such as "now".
template <class Out, class Parse, class Special>
Kernel time_cast(const DataType& to, CastMode mode, Parse parse, Special special) {
  return [to, mode, parse, special](const KernelInput& input) -> Result<Column> {
    STREAM_TRY(const TimeZone* zone, find_time_zone(input.context.settings.time_zone));
    const Kernel kernel = parsing_cast<Out>(to, mode,
                                            [&, is_constant = input.arguments[0].is_constant](
                                                EvaluationContext& context, std::string_view text) {
                                              std::optional<Out> value =
                                                  parse(text, *zone, now_micros(context));
                                              if (!value && is_constant)
                                                value = special(text, *zone, now_micros(context));
                                              return value;
                                            });
    return kernel(input);
  };
}

Kernel datetime_cast(const DataType& to, CastMode mode) {
  switch (to.kind) {
    case TypeKind::date:
      return time_cast<std::int32_t>(
          to, mode,
          [](std::string_view text, const TimeZone&, std::int64_t) { return parse_date(text); },
          special_date);
    case TypeKind::timestamp:
      return time_cast<std::int64_t>(
          to, mode,
          [](std::string_view text, const TimeZone& zone, std::int64_t now) {
            return parse_timestamp(text, zone, now);
          },
          special_timestamp);
    default:
      return time_cast<std::int64_t>(
          to, mode,
          [](std::string_view text, const TimeZone&, std::int64_t) {
            return parse_timestamp_ntz(text);
          },
          special_timestamp_ntz);
  }
}

/// Intervals: their parser's own error, but for calendar intervals, which become null.
template <class Out, class Parse>
Kernel interval_cast(const DataType& to, bool gives_null, Parse parse) {
  return [to, gives_null, parse](const KernelInput& input) -> Result<Column> {
    Column result = unset_column(to, input.num_rows, input.context.pool);
    NullMarks nulls(result, input.context.pool);
    for (std::size_t i = 0; i < input.num_rows; ++i) {
      if (!input.is_active(i)) continue;
      Result<Out> value = parse(input.arguments[0].column.string_at(i));
      if (value) {
        values_of<Out>(result)[i] = *value;
      } else if (gives_null) {
        nulls.set(i);
      } else {
        return std::move(value).error();
      }
    }
    return result;
  };
}

}  // namespace

Error cast_invalid_input(std::string_view value, const DataType& from, const DataType& to) {
  return runtime_error(
      "CAST_INVALID_INPUT",
      fmt::format("The value '{}' of the type \"{}\" cannot be cast to \"{}\" because it is "
                  "malformed. Correct the value as per the syntax, or change its target type. Use "
                  "`try_cast` to tolerate malformed input and return NULL instead.",
                  value, from.to_string(), to.to_string()));
}

Kernel make_text_cast(const DataType& to, CastMode mode) {
  switch (to.kind) {
    case TypeKind::boolean:
      return parsing_cast<std::uint8_t>(
          to, mode, [](EvaluationContext&, std::string_view text) { return parse_boolean(text); });
    case TypeKind::int8:
      return integer_cast<std::int8_t>(to, mode);
    case TypeKind::int16:
      return integer_cast<std::int16_t>(to, mode);
    case TypeKind::int32:
      return integer_cast<std::int32_t>(to, mode);
    case TypeKind::int64:
      return integer_cast<std::int64_t>(to, mode);
    case TypeKind::float32:
      return parsing_cast<float>(
          to, mode, [](EvaluationContext&, std::string_view text) { return parse_float(text); });
    case TypeKind::float64:
      return parsing_cast<double>(
          to, mode, [](EvaluationContext&, std::string_view text) { return parse_double(text); });
    case TypeKind::decimal:
      return decimal_cast(to, mode);
    case TypeKind::calendar_interval:
      return interval_cast<CalendarInterval>(to, true, parse_calendar_interval);
    case TypeKind::day_time_interval:
      return interval_cast<std::int64_t>(
          to, mode == CastMode::attempt,
          [to](std::string_view text) { return parse_day_time_interval(text, to); });
    case TypeKind::year_month_interval:
      return interval_cast<std::int32_t>(
          to, mode == CastMode::attempt,
          [to](std::string_view text) { return parse_year_month_interval(text, to); });
    default:
      return datetime_cast(to, mode);
  }
}

}  // namespace stream
