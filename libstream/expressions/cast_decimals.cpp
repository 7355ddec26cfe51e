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

/// Into decimals that hold every value of the type: nothing is to be checked.
template <class From>
Kernel widened(int shift) {
  return [factor = static_cast<UInt128>(power_of_ten(shift))](
             const KernelInput& input) -> Result<Column> {
    return map_values<From, Int128>(input, [factor](From value) {
      // Unsigned, as rows of null may hold anything.
      return static_cast<Int128>(static_cast<UInt128>(Int128{value}) * factor);
    });
  };
}

}  // namespace

Error decimal_overflow(std::string_view value, const DataType& to) {
  return runtime_error(
      "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION",
      fmt::format("The {} cannot be represented as Decimal({}, {}). If necessary set "
                  "\"spark.sql.ansi.enabled\" to \"false\" to bypass this error, and return NULL "
                  "instead.",
                  value, to.precision, to.scale));
}

Kernel make_to_decimal_cast(const DataType& from, const DataType& to, CastMode mode) {
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
      if (from.scale <= to.scale && from.precision - from.scale <= to.precision - to.scale)
        return widened<Int128>(to.scale - from.scale);
      return to_decimal<Int128>(
          to, mode,
          [from_scale = from.scale, scale = to.scale](Int128 value) {
            return rescale(value, from_scale, scale);
          },
          [scale = from.scale](Int128 value) { return decimal_literal(value, scale); });
    default:
      return visit_integer(from.kind, [&]<class From>(std::type_identity<From>) {
        constexpr int kDigits = std::numeric_limits<From>::digits10 + 1;
        if (kDigits <= to.precision - to.scale) return widened<From>(to.scale);
        return to_decimal<From>(
            to, mode, [scale = to.scale](From value) { return rescale(value, 0, scale); },
            [](From value) { return fmt::format("{}", value); });
      });
  }
}

namespace {

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

}  // namespace

Kernel make_from_decimal_cast(const DataType& from, const DataType& to, CastMode mode) {
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

}  // namespace stream
