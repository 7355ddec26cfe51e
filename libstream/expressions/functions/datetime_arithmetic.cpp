#include <libstream/expressions/calendar_arithmetic.hpp>
#include <libstream/expressions/column_loop.hpp>
#include <libstream/expressions/functions/datetime_arithmetic.hpp>
#include <libstream/expressions/functions/datetime_kernel.hpp>
#include <libstream/expressions/functions/interval_arithmetic.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <algorithm>
#include <limits>

namespace stream {
namespace {

using Kind = TypeKind;

bool is_instant(TypeKind kind) { return kind == Kind::timestamp || kind == Kind::timestamp_ntz; }
bool counts_days(const DataType& type) {
  return type.kind == Kind::day_time_interval &&
         type == day_time_interval(IntervalField::day, IntervalField::day);
}

std::int32_t wrapping_add(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}

ResolvedFunction made(DataType left, DataType right, DataType result, Kernel kernel) {
  ResolvedFunction resolved;
  resolved.parameter_types = {std::move(left), std::move(right)};
  resolved.type = std::move(result);
  resolved.kernel = std::move(kernel);
  return resolved;
}

/// The kernel with its two arguments exchanged.
Kernel exchanged(Kernel kernel) {
  return [kernel = std::move(kernel)](const KernelInput& input) {
    const Operand arguments[] = {input.arguments[1], input.arguments[0]};
    return kernel(
        {arguments, input.lambdas, input.num_rows, input.type, input.context, input.active});
  };
}

/// date ± number of days, or whole days of an interval.
Kernel date_and_number(std::int32_t sign) {
  return [sign](const KernelInput& input) -> Result<Column> {
    return combine_values<std::int32_t, std::int32_t, std::int32_t>(
        input, [sign](std::int32_t days, std::int32_t count) {
          return wrapping_add(days, sign < 0 ? wrapping_add(~count, 1) : count);
        });
  };
}
Kernel date_and_days(std::int64_t sign) {
  return [sign](const KernelInput& input) -> Result<Column> {
    return combine_values<std::int32_t, std::int64_t, std::int32_t>(
        input, [sign](std::int32_t days, std::int64_t micros) {
          return wrapping_add(days, static_cast<std::int32_t>(sign * (micros / kMicrosPerDay)));
        });
  };
}
Kernel date_and_months(std::int64_t sign) {
  return row_kernel([sign](std::int32_t days, std::int32_t months) -> Result<std::int32_t> {
    if (const auto sum = add_months(days, sign * months)) return *sum;
    return datetime_overflow("add months to a date.");
  });
}
Kernel date_and_calendar(std::int32_t sign) {
  return row_kernel([sign](std::int32_t days, CalendarInterval interval) -> Result<std::int32_t> {
    if (interval.micros != 0)
      return runtime_error("INVALID_INTERVAL_WITH_MICROSECONDS_ADDITION",
                           "Cannot add an interval to a date because its microseconds part is not "
                           "0. To resolve this, cast the input date to a timestamp.");
    const auto moved = add_months(days, std::int64_t{sign} * interval.months);
    std::int32_t sum = 0;
    if (!moved || __builtin_add_overflow(*moved, sign * interval.days, &sum))
      return datetime_overflow("add an interval to a date.");
    return sum;
  });
}

Error timestamp_overflow() { return datetime_overflow("add an interval to a timestamp."); }

Kernel instant_and_months(TypeKind kind, std::int64_t sign) {
  return zoned_kernel(kind, [sign](const TimeZone& zone) {
    return [&zone, sign](std::int64_t micros, std::int32_t months) -> Result<std::int64_t> {
      const std::int64_t signed_months = sign * months;
      if (signed_months == std::int64_t{1} << 31) return timestamp_overflow();
      const auto sum = add_interval(micros, {static_cast<std::int32_t>(signed_months), 0, 0}, zone);
      if (!sum) return timestamp_overflow();
      return *sum;
    };
  });
}
Kernel instant_and_day_time(TypeKind kind, bool is_minus) {
  return [kind, is_minus](const KernelInput& input) -> Result<Column> {
    STREAM_TRY(const TimeZone* zone, zone_for(kind, input.context));
    const bool is_fixed = zone->is_fixed();
    return combine_checked<std::int64_t, std::int64_t, std::int64_t>(
        input, OnFailure::error,
        [&](std::int64_t micros, std::int64_t day_time, std::int64_t& out) -> int {
          if (is_fixed) {
            const bool fails = is_minus ? __builtin_sub_overflow(micros, day_time, &out)
                                        : __builtin_add_overflow(micros, day_time, &out);
            return fails ? -1 : 0;
          }
          if (is_minus && __builtin_sub_overflow(std::int64_t{0}, day_time, &day_time)) return -1;
          const auto sum = add_day_time(micros, day_time, *zone);
          out = sum.value_or(0);
          return sum ? 0 : -1;
        },
        [](std::int64_t, std::int64_t) { return timestamp_overflow(); });
  };
}
Kernel instant_and_calendar(TypeKind kind, bool is_minus) {
  return zoned_kernel(kind, [is_minus](const TimeZone& zone) {
    return
        [&zone, is_minus](std::int64_t micros, CalendarInterval interval) -> Result<std::int64_t> {
          if (is_minus) {
            constexpr auto kLowest = std::numeric_limits<std::int32_t>::min();
            if (interval.months == kLowest || interval.days == kLowest ||
                interval.micros == std::numeric_limits<std::int64_t>::min())
              return timestamp_overflow();
            interval = {-interval.months, -interval.days, -interval.micros};
          }
          if (const auto sum = add_interval(micros, interval, zone)) return *sum;
          return timestamp_overflow();
        };
  });
}

/// The kernel's timestamps as texts, for a text plus an interval.
Kernel as_text(Kernel kernel) {
  return [kernel = std::move(kernel)](const KernelInput& input) -> Result<Column> {
    const DataType type = primitive(Kind::timestamp);
    const KernelInput typed{input.arguments, input.lambdas, input.num_rows, type,
                            input.context,   input.active};
    STREAM_TRY(Column sum, kernel(typed));
    STREAM_TRY(const TimeZone* zone, session_zone(input.context));
    const Operand arguments[] = {Operand{std::move(sum), false}};
    return row_kernel([zone](std::int64_t micros) {
      std::string text;
      append_date_time(to_local_micros(*zone, micros), text);
      return text;
    })({arguments, {}, input.num_rows, input.type, input.context, input.active});
  };
}

/// timestamp ± interval; texts become timestamps and stay texts.
std::optional<Result<ResolvedFunction>> instant_and_interval(Arguments arguments,
                                                             std::size_t instant_at, bool is_minus,
                                                             const SqlSettings& settings) {
  const DataType& left = arguments[instant_at].type;
  const DataType& interval = arguments[1 - instant_at].type;
  DataType instant = left;
  if (!is_instant(left.kind)) {
    instant = primitive(Kind::timestamp);
    if (left.kind != Kind::date && !is_implicitly_castable(left, instant, settings.is_ansi))
      return wrong_argument(is_minus ? "-" : "+", arguments, instant_at,
                            "the (\"TIMESTAMP\" or \"TIMESTAMP WITHOUT TIME ZONE\") type");
  }
  Kernel kernel;
  if (interval.kind == Kind::year_month_interval) {
    kernel = instant_and_months(instant.kind, is_minus ? -1 : 1);
  } else if (interval.kind == Kind::day_time_interval) {
    kernel = instant_and_day_time(instant.kind, is_minus);
  } else {
    kernel = instant_and_calendar(instant.kind, is_minus);
  }
  const bool is_text_result = left.kind == Kind::string;
  if (is_text_result) kernel = as_text(std::move(kernel));
  return made(instant, interval, is_text_result ? primitive(Kind::string) : instant,
              std::move(kernel));
}

/// date ± interval. nullopt: not an interval.
std::optional<Result<ResolvedFunction>> date_and_interval(Arguments arguments, std::size_t date_at,
                                                          bool is_minus,
                                                          const SqlSettings& settings) {
  const DataType& interval = arguments[1 - date_at].type;
  const DataType day = primitive(Kind::date);
  const std::int32_t sign = is_minus ? -1 : 1;
  if (counts_days(interval)) return made(day, interval, day, date_and_days(sign));
  if (interval.kind == Kind::year_month_interval)
    return made(day, interval, day, date_and_months(sign));
  if (interval.kind == Kind::calendar_interval)
    return made(day, interval, day, date_and_calendar(sign));
  if (interval.kind == Kind::day_time_interval)
    return instant_and_interval(arguments, date_at, is_minus, settings);
  return std::nullopt;
}

/// date ± a number of days.
std::optional<Result<ResolvedFunction>> date_and_count(std::string_view op, Arguments arguments,
                                                       std::size_t date_at) {
  const DataType& count = arguments[1 - date_at].type;
  if (count.kind == Kind::string || is_any_interval(count.kind)) return std::nullopt;
  const bool is_count = count.kind == Kind::int8 || count.kind == Kind::int16 ||
                        count.kind == Kind::int32 || count.kind == Kind::null;
  if (!is_count)
    return wrong_argument(op, arguments, 1 - date_at,
                          "the (\"INT\" or \"SMALLINT\" or \"TINYINT\") type");
  return made(primitive(Kind::date), primitive(Kind::int32), primitive(Kind::date),
              date_and_number(op == "-" ? -1 : 1));
}

std::optional<Result<ResolvedFunction>> in_order(std::optional<Result<ResolvedFunction>> resolved,
                                                 std::size_t first) {
  if (first == 0 || !resolved || !*resolved) return resolved;
  std::swap((*resolved)->parameter_types[0], (*resolved)->parameter_types[1]);
  (*resolved)->kernel = exchanged(std::move((*resolved)->kernel));
  return resolved;
}

std::optional<Result<ResolvedFunction>> resolve_plus(Arguments arguments,
                                                     const SqlSettings& settings) {
  const TypeKind left = arguments[0].type.kind;
  const TypeKind right = arguments[1].type.kind;
  if (auto sum = resolve_interval_sum("+", arguments)) return sum;
  for (const std::size_t at : {0, 1}) {
    const TypeKind kind = arguments[at].type.kind;
    const TypeKind other = arguments[1 - at].type.kind;
    if (is_instant(kind) && other == Kind::null) {
      Argument typed[] = {arguments[0], arguments[1]};
      typed[1 - at].type = day_time_interval();
      return in_order(instant_and_interval(typed, at, false, settings), at);
    }
    if (kind == Kind::date) {
      if (auto sum = date_and_interval(arguments, at, false, settings)) return in_order(sum, at);
    } else if (is_instant(kind) && is_any_interval(other)) {
      return in_order(instant_and_interval(arguments, at, false, settings), at);
    }
  }
  if (right == Kind::day_time_interval || right == Kind::calendar_interval)
    return instant_and_interval(arguments, 0, false, settings);
  if (left == Kind::day_time_interval || left == Kind::calendar_interval)
    return in_order(instant_and_interval(arguments, 1, false, settings), 1);
  if (left == Kind::date) return date_and_count("+", arguments, 0);
  if (right == Kind::date) return in_order(date_and_count("+", arguments, 1), 1);
  return std::nullopt;
}

/// The time between two timestamps' wall clocks.
ResolvedFunction instants_apart(Arguments arguments) {
  const bool has_zone =
      arguments[0].type.kind == Kind::timestamp || arguments[1].type.kind == Kind::timestamp;
  const TypeKind kind = has_zone ? Kind::timestamp : Kind::timestamp_ntz;
  Kernel kernel = [kind](const KernelInput& input) -> Result<Column> {
    STREAM_TRY(const TimeZone* zone, zone_for(kind, input.context));
    return combine_checked<std::int64_t, std::int64_t, std::int64_t>(
        input, OnFailure::error,
        [&](std::int64_t end, std::int64_t start, std::int64_t& out) -> int {
          if (zone->is_fixed()) return __builtin_sub_overflow(end, start, &out) ? -1 : 0;
          return __builtin_sub_overflow(to_local_micros(*zone, end), to_local_micros(*zone, start),
                                        &out)
                     ? -1
                     : 0;
        },
        [](std::int64_t, std::int64_t) { return datetime_overflow("subtract timestamps."); });
  };
  return made(primitive(kind), primitive(kind), day_time_interval(), std::move(kernel));
}

ResolvedFunction dates_apart() {
  Kernel kernel = [](const KernelInput& input) -> Result<Column> {
    return combine_checked<std::int32_t, std::int32_t, std::int64_t>(
        input, OnFailure::error,
        [](std::int32_t end, std::int32_t start, std::int64_t& out) -> int {
          return __builtin_mul_overflow(std::int64_t{end} - start, kMicrosPerDay, &out) ? -1 : 0;
        },
        [](std::int32_t, std::int32_t) { return datetime_overflow("subtract dates."); });
  };
  return made(primitive(Kind::date), primitive(Kind::date),
              day_time_interval(IntervalField::day, IntervalField::day), std::move(kernel));
}

std::optional<Result<ResolvedFunction>> resolve_minus(Arguments arguments,
                                                      const SqlSettings& settings) {
  const TypeKind left = arguments[0].type.kind;
  const TypeKind right = arguments[1].type.kind;
  if (auto difference = resolve_interval_sum("-", arguments)) return difference;
  if (left == Kind::date) {
    if (auto difference = date_and_interval(arguments, 0, true, settings)) return difference;
  }
  if (is_instant(left) && right == Kind::year_month_interval)
    return instant_and_interval(arguments, 0, true, settings);
  if (right == Kind::day_time_interval || right == Kind::calendar_interval)
    return instant_and_interval(arguments, 0, true, settings);
  const auto subtracts = [&](std::size_t at, const DataType& to) {
    return arguments[at].type.kind == Kind::date || is_instant(arguments[at].type.kind) ||
           is_implicitly_castable(arguments[at].type, to, settings.is_ansi);
  };
  if ((is_instant(left) && !is_any_interval(right)) || is_instant(right)) {
    for (const std::size_t at : {0, 1}) {
      if (!subtracts(at, primitive(Kind::timestamp)))
        return wrong_argument("-", arguments, at, "the \"TIMESTAMP\" type");
    }
    return instants_apart(arguments);
  }
  if (right == Kind::date) {
    if (!subtracts(0, primitive(Kind::date)))
      return wrong_argument("-", arguments, 0, "the \"DATE\" type");
    return dates_apart();
  }
  if (left != Kind::date) return std::nullopt;
  if (right == Kind::string) return dates_apart();
  return date_and_count("-", arguments, 0);
}

}  // namespace

std::optional<Result<ResolvedFunction>> resolve_datetime_arithmetic(std::string_view op,
                                                                    Arguments arguments,
                                                                    const SqlSettings& settings) {
  const bool is_ours =
      std::any_of(arguments.begin(), arguments.end(), [](const Argument& argument) {
        const TypeKind kind = argument.type.kind;
        return kind == Kind::date || is_instant(kind) || is_any_interval(kind);
      });
  if (!is_ours) return std::nullopt;
  std::optional<Result<ResolvedFunction>> resolved;
  if (arguments.size() == 1) {
    resolved = resolve_interval_sign(op, arguments[0]);
  } else if (op == "+") {
    resolved = resolve_plus(arguments, settings);
  } else if (op == "-") {
    resolved = resolve_minus(arguments, settings);
  } else if (op == "*" || op == "/") {
    resolved = resolve_interval_product(op, arguments, settings);
  }
  return resolved;
}

}  // namespace stream
