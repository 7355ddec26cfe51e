// sequence: integers, dates and timestamps in equal steps.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/calendar_arithmetic.hpp>
#include <libstream/expressions/functions/collections.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

constexpr std::string_view kIllegal = "java.lang.IllegalArgumentException";

/// How many values there are from start to stop; an error when the step leads away.
Result<std::int64_t> sequence_length(std::int64_t start, std::int64_t stop, std::int64_t step) {
  const bool is_legal = step > 0 ? start <= stop : (step < 0 ? start >= stop : start == stop);
  if (!is_legal)
    return runtime_error(
        kIllegal, fmt::format("Illegal sequence boundaries: {} to {} by {}", start, stop, step));
  if (start == stop) return 1;
  const Int128 length = 1 + (static_cast<Int128>(stop) - start) / step;
  if (length > kMaxListSize)
    return runtime_error("COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION",
                         "sequence: an array cannot have so many elements");
  return static_cast<std::int64_t>(length);
}

template <class T>
Result<void> append_steps(ColumnBuilder& builder, T start, T stop, std::int64_t step) {
  STREAM_TRY(const std::int64_t length, sequence_length(start, stop, step));
  for (std::int64_t i = 0; i < length; ++i)
    builder.child(0).append(
        static_cast<T>(static_cast<Int128>(start) + static_cast<Int128>(i) * step));
  builder.append_array();
  return {};
}

template <class T>
T value_of(const Operand& operand, std::size_t row) {
  return operand.column.data<T>()[operand.index(row)];
}

/// Integers; the step is 1 toward the end when it is not given.
template <class T>
Result<void> append_integers(const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
  const T start = value_of<T>(input.arguments[0], row);
  const T stop = value_of<T>(input.arguments[1], row);
  std::int64_t step = start <= stop ? 1 : -1;
  if (input.arguments.size() == 3) step = value_of<T>(input.arguments[2], row);
  return append_steps<T>(builder, start, stop, step);
}

/// The third argument as months, days and microseconds.
CalendarInterval step_of(const KernelInput& input, std::size_t row, bool is_forward) {
  if (input.arguments.size() < 3) return {0, is_forward ? 1 : -1, 0};
  const Operand& step = input.arguments[2];
  switch (step.column.type.kind) {
    case TypeKind::year_month_interval:
      return {value_of<std::int32_t>(step, row), 0, 0};
    case TypeKind::day_time_interval: {
      const auto micros = value_of<std::int64_t>(step, row);
      return {0, static_cast<std::int32_t>(micros / kMicrosPerDay), micros % kMicrosPerDay};
    }
    default:
      return value_of<CalendarInterval>(step, row);
  }
}

Error out_of_range() {
  return runtime_error("DATETIME_OVERFLOW", "sequence: a date or timestamp leaves its range");
}

/// What adding the step `i` times to `start` gives, in the wall clock of `zone`.
std::optional<std::int64_t> stepped(std::int64_t start, const CalendarInterval& step,
                                    std::int64_t i, const TimeZone& zone) {
  const CalendarInterval times{static_cast<std::int32_t>(step.months * i),
                               static_cast<std::int32_t>(step.days * i), step.micros * i};
  return add_interval(start, times, zone);
}

/// Instants from start to stop; append takes each.
template <class Append>
Result<void> walk(std::int64_t start, std::int64_t stop, const CalendarInterval& step,
                  const TimeZone& zone, Append append) {
  constexpr std::int64_t kShortestMonth = 28;
  const std::int64_t about =
      step.micros + (step.months * kShortestMonth + step.days) * kMicrosPerDay;
  STREAM_TRY(sequence_length(start, stop, about));
  std::int64_t at = start;
  for (std::int64_t i = 1; about > 0 ? at <= stop : at >= stop; ++i) {
    append(at);
    if (about == 0) break;
    const auto next = stepped(start, step, i, zone);
    if (!next) return out_of_range();
    at = *next;
  }
  return {};
}

Result<void> append_dates(const KernelInput& input, ColumnBuilder& builder, std::size_t row,
                          const TimeZone& zone) {
  const auto start = value_of<std::int32_t>(input.arguments[0], row);
  const auto stop = value_of<std::int32_t>(input.arguments[1], row);
  const CalendarInterval step = step_of(input, row, start <= stop);
  if (step.months == 0 && step.days == 0)
    return runtime_error(kIllegal,
                         "sequence: between dates a step must be of whole days or months");
  if (step.months == 0 && step.micros == 0)
    return append_steps<std::int32_t>(builder, start, stop, step.days);
  const auto instant = [&zone](std::int32_t days) {
    return to_utc_micros(zone, days * kMicrosPerDay);
  };
  STREAM_TRY(walk(instant(start), instant(stop), step, zone, [&](std::int64_t micros) {
    builder.child(0).append(
        static_cast<std::int32_t>(floor_divide(to_local_micros(zone, micros), kMicrosPerDay)));
  }));
  builder.append_array();
  return {};
}

Result<void> append_timestamps(const KernelInput& input, ColumnBuilder& builder, std::size_t row,
                               const TimeZone& zone) {
  const auto start = value_of<std::int64_t>(input.arguments[0], row);
  const auto stop = value_of<std::int64_t>(input.arguments[1], row);
  const CalendarInterval step = step_of(input, row, start <= stop);
  if (step.months == 0 && step.days == 0)
    return append_steps<std::int64_t>(builder, start, stop, step.micros);
  STREAM_TRY(
      walk(start, stop, step, zone, [&](std::int64_t micros) { builder.child(0).append(micros); }));
  builder.append_array();
  return {};
}

bool is_step(TypeKind kind) {
  return kind == TypeKind::calendar_interval || kind == TypeKind::year_month_interval ||
         kind == TypeKind::day_time_interval;
}

Result<Kernel> kernel_for(TypeKind kind, const SqlSettings& settings) {
  switch (kind) {
    case TypeKind::int8:
      return builder_kernel(append_integers<std::int8_t>);
    case TypeKind::int16:
      return builder_kernel(append_integers<std::int16_t>);
    case TypeKind::int32:
      return builder_kernel(append_integers<std::int32_t>);
    case TypeKind::int64:
      return builder_kernel(append_integers<std::int64_t>);
    default:
      break;
  }
  const TimeZone* zone = &utc_zone();
  if (kind != TypeKind::timestamp_ntz) {
    STREAM_TRY(zone, find_time_zone(settings.time_zone));
  }
  const bool is_date = kind == TypeKind::date;
  return builder_kernel(
      [zone, is_date](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        return is_date ? append_dates(input, builder, row, *zone)
                       : append_timestamps(input, builder, row, *zone);
      });
}

Error wrong_types(Arguments arguments) {
  return analysis_error(
      "DATATYPE_MISMATCH.SEQUENCE_WRONG_INPUT_TYPES",
      fmt::format("`sequence` goes from one \"TIMESTAMP\" or \"DATE\" to another in intervals, or "
                  "from one \"INTEGRAL\" to another, not from \"{}\" to \"{}\".",
                  arguments[0].type.to_string(), arguments[1].type.to_string()));
}

Result<ResolvedFunction> resolve_sequence(Arguments arguments, const SqlSettings& settings) {
  const bool has_interval = arguments.size() == 3 && is_step(arguments[2].type.kind);
  std::vector<Argument> coerced(arguments.begin(), arguments.end());
  if (has_interval) coerced.pop_back();
  const auto type = common_type(coerced, 0, settings.is_ansi);
  if (!type) return wrong_types(arguments);
  const bool is_time = type->kind == TypeKind::date || type->kind == TypeKind::timestamp ||
                       type->kind == TypeKind::timestamp_ntz;
  const bool is_fit =
      is_integral(type->kind) ? !has_interval : is_time && (arguments.size() == 2 || has_interval);
  if (!is_fit) return wrong_types(arguments);
  ResolvedFunction function;
  function.parameter_types.assign(arguments.size(), *type);
  if (has_interval) function.parameter_types[2] = arguments[2].type;
  function.type = array_of(*type, false);
  STREAM_TRY(function.kernel, kernel_for(type->kind, settings));
  return function;
}

}  // namespace

void add_sequence_functions(FunctionRegistry& registry) {
  ScalarFunction function;
  function.name = "sequence";
  function.family = "array";
  function.usage = "sequence(start, stop[, step]) - the values from start to stop, both included";
  function.min_arguments = 2;
  function.max_arguments = 3;
  function.resolve = resolve_sequence;
  registry.add(std::move(function));
}

}  // namespace stream
