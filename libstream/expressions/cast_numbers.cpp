#include <libstream/data/date_time.hpp>
#include <libstream/data/decimal.hpp>
#include <libstream/data/value_text.hpp>
#include <libstream/expressions/cast_kernels.hpp>
#include <libstream/expressions/column_loop.hpp>
#include <libstream/expressions/function.hpp>

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace stream {
namespace {

constexpr double kTwoTo63 = 9223372036854775808.0;
constexpr double kTwoTo31 = 2147483648.0;

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

Kernel make_number_cast(const DataType& from, const DataType& to, CastMode mode) {
  if (to.kind == TypeKind::decimal) return make_to_decimal_cast(from, to, mode);
  if (to.kind == TypeKind::boolean) return number_to_boolean(from);
  if (to.kind == TypeKind::timestamp) return number_to_timestamp(from, to, mode);
  if (from.kind == TypeKind::decimal) return make_from_decimal_cast(from, to, mode);
  if (from.kind == TypeKind::boolean) return boolean_to_number(to);
  if (from.kind == TypeKind::timestamp) return timestamp_to_number(from, to, mode);
  return visit_number(from.kind, [&]<class From>(std::type_identity<From>) {
    return visit_number(to.kind, [&]<class To>(std::type_identity<To>) {
      return plain_cast<From, To>(from, to, mode);
    });
  });
}

}  // namespace stream
