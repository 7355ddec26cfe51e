#include <libstream/data/date_time.hpp>
#include <libstream/data/decimal.hpp>
#include <libstream/data/value_text.hpp>
#include <libstream/expressions/cast_kernels.hpp>
#include <libstream/expressions/column_loop.hpp>
#include <libstream/expressions/function.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

namespace stream {
namespace {

constexpr double kTwoTo63 = 9223372036854775808.0;
constexpr double kTwoTo31 = 2147483648.0;

OnFailure failure_of(CastMode mode) {
  return mode == CastMode::ansi ? OnFailure::error : OnFailure::null;
}

template <class T>
std::string literal_of(T value) {
  std::string text;
  if constexpr (std::is_same_v<T, float>) {
    append_float(value, text);
  } else if constexpr (std::is_same_v<T, double>) {
    append_double(value, text);
    text += 'D';
  } else {
    text = fmt::format("{}", value);
    if (sizeof(T) == 8) text += 'L';
    if (sizeof(T) == 2) text += 'S';
    if (sizeof(T) == 1) text += 'Y';
  }
  return text;
}

/// Java's (long) of a double: saturating, NaN is 0.
std::int64_t saturated_long(double value) {
  if (std::isnan(value)) return 0;
  if (value >= kTwoTo63) return std::numeric_limits<std::int64_t>::max();
  if (value <= -kTwoTo63) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(value);
}
std::int32_t saturated_int(double value) {
  if (std::isnan(value)) return 0;
  if (value >= kTwoTo31) return std::numeric_limits<std::int32_t>::max();
  if (value <= -kTwoTo31) return std::numeric_limits<std::int32_t>::min();
  return static_cast<std::int32_t>(value);
}

/// Java's narrowing, which never fails.
template <class From, class To>
To wrapped(From value) {
  if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    if constexpr (sizeof(To) == 8) return saturated_long(static_cast<double>(value));
    return static_cast<To>(saturated_int(static_cast<double>(value)));
  } else {
    return static_cast<To>(value);
  }
}

/// Spark's exact conversion: a negative number where the value does not fit.
template <class From, class To>
std::int32_t exact(From value, To& out) {
  if constexpr (std::is_floating_point_v<From>) {
    // A float's bounds are rounded up to 2^31, as in Spark; those of a double are exact.
    const auto wide = static_cast<double>(value);
    bool fits = false;
    if constexpr (sizeof(To) == 8) {
      fits = wide <= kTwoTo63 && wide >= -kTwoTo63;
    } else if constexpr (sizeof(From) == 4) {
      fits = wide <= kTwoTo31 && wide >= -kTwoTo31;
    } else {
      fits = wide < kTwoTo31 && wide > -kTwoTo31 - 1;
    }
    if constexpr (sizeof(To) < 4) {
      const std::int32_t whole = saturated_int(wide);
      out = static_cast<To>(whole);
      fits = fits && whole == out;
    } else {
      out = wrapped<From, To>(value);
    }
    return fits ? 0 : -1;
  } else {
    out = static_cast<To>(value);
    return static_cast<From>(out) == value ? 0 : -1;
  }
}

template <class From, class To>
constexpr bool kNeverFails = std::is_floating_point_v<To> ||
                             (std::is_integral_v<From> && sizeof(From) <= sizeof(To));

template <class From, class To>
Kernel plain_cast(const DataType& from, const DataType& to, CastMode mode) {
  if constexpr (kNeverFails<From, To>) {
    return [](const KernelInput& input) -> Result<Column> {
      return map_values<From, To>(input, [](From value) { return static_cast<To>(value); });
    };
  } else {
    if (mode == CastMode::legacy) {
      return [](const KernelInput& input) -> Result<Column> {
        return map_values<From, To>(input, [](From value) { return wrapped<From, To>(value); });
      };
    }
    return [from, to, on_failure = failure_of(mode)](const KernelInput& input) {
      return map_checked<From, To>(
          input, on_failure, [](From value, To& out) { return exact<From, To>(value, out); },
          [&](From value) { return cast_overflow(literal_of(value), from, to); });
    };
  }
}

std::string decimal_literal(Int128 value, int scale) {
  std::string text;
  append_decimal(value, scale, text);
  return text + "BD";
}

/// A checked conversion into decimals; `convert(in)` gives the value at the scale of `to`, or
/// nullopt when 128 bits do not hold it.
template <class From, class Convert, class Text>
Kernel to_decimal(const DataType& to, CastMode mode, Convert convert, Text text) {
  return [to, on_failure = failure_of(mode), convert, text](const KernelInput& input) {
    return map_checked<From, Int128>(
        input, on_failure,
        [&](From value, Int128& out) -> std::int32_t {
          const std::optional<Int128> unscaled = convert(value);
          if (!unscaled || !fits_precision(*unscaled, to.precision)) return -1;
          out = *unscaled;
          return 0;
        },
        [&](From value) { return decimal_overflow(text(value), to); });
  };
}

/// Doubles: NaN and the infinities become null in every mode.
template <class From>
Kernel floating_to_decimal(const DataType& to, CastMode mode, double divisor) {
  return [=](const KernelInput& input) -> Result<Column> {
    Column result = unset_column(to, input.num_rows, input.context.pool);
    NullMarks nulls(result, input.context.pool);
    const From* in = input.arguments[0].column.data<From>();
    for (std::size_t i = 0; i < input.num_rows; ++i) {
      if (!input.is_active(i)) continue;
      const double value = static_cast<double>(in[i]) / divisor;
      if (!std::isfinite(value)) {
        nulls.set(i);
        continue;
      }
      const std::optional<Int128> unscaled = decimal_from_double(value, to.scale);
      if (unscaled && fits_precision(*unscaled, to.precision)) {
        values_of<Int128>(result)[i] = *unscaled;
      } else if (mode == CastMode::ansi) {
        return decimal_overflow(literal_of(value), to);
      } else {
        nulls.set(i);
      }
    }
    return result;
  };
}

Kernel number_to_decimal(const DataType& from, const DataType& to, CastMode mode) {
  switch (from.kind) {
    case TypeKind::boolean:
      return to_decimal<std::uint8_t>(
          to, mode,
          [scale = to.scale](std::uint8_t value) { return rescale(value != 0, 0, scale); },
          [](std::uint8_t value) { return std::string(value ? "1" : "0"); });
    case TypeKind::float32:
      return floating_to_decimal<float>(to, mode, 1);
    case TypeKind::float64:
      return floating_to_decimal<double>(to, mode, 1);
    case TypeKind::timestamp:
      return floating_to_decimal<std::int64_t>(to, mode, static_cast<double>(kMicrosPerSecond));
    case TypeKind::decimal:
      return to_decimal<Int128>(
          to, mode,
          [from_scale = from.scale, scale = to.scale](Int128 value) {
            return rescale(value, from_scale, scale);
          },
          [scale = from.scale](Int128 value) { return decimal_literal(value, scale); });
    default:
      return visit_integer(from.kind, [&]<class From>(std::type_identity<From>) {
        return to_decimal<From>(
            to, mode, [scale = to.scale](From value) { return rescale(value, 0, scale); },
            [](From value) { return fmt::format("{}", value); });
      });
  }
}

template <class Float>
Float floating_value(Int128 value, int scale) {
  // Both exact, so that one division rounds correctly.
  constexpr Int128 kExact = Int128{1} << 53;
  if (sizeof(Float) == 8 && value < kExact && value > -kExact && scale <= 22)
    return static_cast<Float>(static_cast<double>(value) /
                              static_cast<double>(power_of_ten(scale)));
  std::string text;
  append_decimal(value, scale, text);
  Float result = 0;
  std::from_chars(text.data(), text.data() + text.size(), result);
  return result;
}

template <class To>
Kernel decimal_to_integer(const DataType& from, const DataType& to, CastMode mode) {
  if (mode == CastMode::legacy) {
    return [scale = from.scale](const KernelInput& input) -> Result<Column> {
      const Int128 divisor = power_of_ten(scale);
      return map_values<Int128, To>(input, [=](Int128 value) {
        return static_cast<To>(static_cast<std::int64_t>(value / divisor));
      });
    };
  }
  return [from, to, on_failure = failure_of(mode)](const KernelInput& input) {
    const Int128 divisor = power_of_ten(from.scale);
    return map_checked<Int128, To>(
        input, on_failure,
        [=](Int128 value, To& out) -> std::int32_t {
          const Int128 whole = value / divisor;
          out = static_cast<To>(whole);
          return whole == out ? 0 : -1;
        },
        [&](Int128 value) { return cast_overflow(decimal_literal(value, from.scale), from, to); });
  };
}

Kernel decimal_to_number(const DataType& from, const DataType& to, CastMode mode) {
  const int scale = from.scale;
  if (is_integral(to.kind)) {
    return visit_integer(to.kind, [&]<class To>(std::type_identity<To>) {
      return decimal_to_integer<To>(from, to, mode);
    });
  }
  if (to.kind == TypeKind::float32) {
    return [scale](const KernelInput& input) -> Result<Column> {
      return map_values<Int128, float>(
          input, [scale](Int128 value) { return floating_value<float>(value, scale); });
    };
  }
  return [scale](const KernelInput& input) -> Result<Column> {
    return map_values<Int128, double>(
        input, [scale](Int128 value) { return floating_value<double>(value, scale); });
  };
}

template <class From>
Kernel to_boolean() {
  return [](const KernelInput& input) -> Result<Column> {
    return map_values<From, std::uint8_t>(
        input, [](From value) { return static_cast<std::uint8_t>(value != From{}); });
  };
}

Kernel number_to_boolean(const DataType& from) {
  switch (from.kind) {
    case TypeKind::decimal:
      return to_boolean<Int128>();
    case TypeKind::timestamp:
      return to_boolean<std::int64_t>();
    default:
      return visit_number(from.kind,
                          []<class From>(std::type_identity<From>) { return to_boolean<From>(); });
  }
}

/// Seconds of a floating-point number; NaN and infinities have none.
template <class From>
Kernel floating_to_timestamp(const DataType& from, const DataType& to, CastMode mode) {
  return [from, to, mode](const KernelInput& input) {
    return map_checked<From, std::int64_t>(
        input, failure_of(mode),
        [mode](From value, std::int64_t& out) -> std::int32_t {
          const double micros = static_cast<double>(value) * static_cast<double>(kMicrosPerSecond);
          out = saturated_long(micros);
          if (!std::isfinite(value)) return -1;
          return mode == CastMode::legacy || std::fabs(micros) <= kTwoTo63 ? 0 : -1;
        },
        [&](From value) {
          return std::isfinite(value) ? cast_overflow(literal_of(value), from, to)
                                      : cast_invalid_input(literal_of(value), from, to);
        });
  };
}

std::int64_t seconds_to_micros(std::int64_t seconds) {
  std::int64_t micros = 0;
  if (!__builtin_mul_overflow(seconds, kMicrosPerSecond, &micros)) return micros;
  return seconds < 0 ? std::numeric_limits<std::int64_t>::min()
                     : std::numeric_limits<std::int64_t>::max();
}

Kernel number_to_timestamp(const DataType& from, const DataType& to, CastMode mode) {
  switch (from.kind) {
    case TypeKind::boolean:
      return [](const KernelInput& input) -> Result<Column> {
        return map_values<std::uint8_t, std::int64_t>(
            input, [](std::uint8_t value) -> std::int64_t { return value != 0; });
      };
    case TypeKind::float32:
      return floating_to_timestamp<float>(from, to, mode);
    case TypeKind::float64:
      return floating_to_timestamp<double>(from, to, mode);
    case TypeKind::decimal:
      return [scale = from.scale](const KernelInput& input) -> Result<Column> {
        return map_values<Int128, std::int64_t>(input, [scale](Int128 value) {
          const Int128 divisor = power_of_ten(scale);
          const Int128 micros =
              value / divisor * kMicrosPerSecond + value % divisor * kMicrosPerSecond / divisor;
          return static_cast<std::int64_t>(micros);
        });
      };
    default:
      return visit_integer(from.kind, []<class From>(std::type_identity<From>) -> Kernel {
        return [](const KernelInput& input) -> Result<Column> {
          return map_values<From, std::int64_t>(
              input, [](From value) { return seconds_to_micros(value); });
        };
      });
  }
}

template <class To>
Kernel timestamp_to_integer(const DataType& from, const DataType& to, CastMode mode) {
  const auto convert = [](std::int64_t micros, To& out) -> std::int32_t {
    const std::int64_t seconds = floor_divide(micros, kMicrosPerSecond);
    out = static_cast<To>(seconds);
    return seconds == out ? 0 : -1;
  };
  return [=](const KernelInput& input) {
    return map_checked<std::int64_t, To>(input, failure_of(mode), convert,
                                         [&](std::int64_t micros) {
                                           std::string text = "TIMESTAMP '";
                                           append_date_time(micros, text);
                                           return cast_overflow(text + "'", from, to);
                                         });
  };
}

Kernel timestamp_to_number(const DataType& from, const DataType& to, CastMode mode) {
  if (is_integral(to.kind)) {
    return visit_integer(to.kind, [&]<class To>(std::type_identity<To>) {
      return timestamp_to_integer<To>(from, to, mode);
    });
  }
  return visit_number(to.kind, []<class To>(std::type_identity<To>) -> Kernel {
    return [](const KernelInput& input) -> Result<Column> {
      return map_values<std::int64_t, To>(input, [](std::int64_t micros) {
        return static_cast<To>(static_cast<double>(micros) / static_cast<double>(kMicrosPerSecond));
      });
    };
  });
}

Kernel boolean_to_number(const DataType& to) {
  return visit_number(to.kind, []<class To>(std::type_identity<To>) -> Kernel {
    return [](const KernelInput& input) -> Result<Column> {
      return map_values<std::uint8_t, To>(
          input, [](std::uint8_t value) { return static_cast<To>(value != 0); });
    };
  });
}

}  // namespace

Error cast_overflow(std::string_view value, const DataType& from, const DataType& to) {
  return runtime_error("CAST_OVERFLOW",
                       fmt::format("The value {} of the type \"{}\" cannot be cast to \"{}\" due "
                                   "to an overflow. Use `try_cast` to tolerate overflow and "
                                   "return NULL instead.",
                                   value, from.to_string(), to.to_string()));
}

Error decimal_overflow(std::string_view value, const DataType& to) {
  return runtime_error(
      "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION",
      fmt::format("The {} cannot be represented as Decimal({}, {}). If necessary set "
                  "\"spark.sql.ansi.enabled\" to \"false\" to bypass this error, and return NULL "
                  "instead.",
                  value, to.precision, to.scale));
}

Kernel make_number_cast(const DataType& from, const DataType& to, CastMode mode) {
  if (to.kind == TypeKind::decimal) return number_to_decimal(from, to, mode);
  if (to.kind == TypeKind::boolean) return number_to_boolean(from);
  if (to.kind == TypeKind::timestamp) return number_to_timestamp(from, to, mode);
  if (from.kind == TypeKind::decimal) return decimal_to_number(from, to, mode);
  if (from.kind == TypeKind::boolean) return boolean_to_number(to);
  if (from.kind == TypeKind::timestamp) return timestamp_to_number(from, to, mode);
  return visit_number(from.kind, [&]<class From>(std::type_identity<From>) {
    return visit_number(to.kind, [&]<class To>(std::type_identity<To>) {
      return plain_cast<From, To>(from, to, mode);
    });
  });
}

}  // namespace stream
