#include <libstream/data/decimal.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace stream {

namespace {

using enum TypeKind;

enum class Rounding { half_up, half_even, ceiling, floor };

/// |rest| of `unit` was cut off a number whose last kept digit is odd or even: one up, away from 0?
bool goes_away_from_zero(Rounding rounding, bool is_negative, bool is_odd, Int128 rest,
                         Int128 unit) {
  if (rest == 0) return false;
  switch (rounding) {
    case Rounding::half_up:
      return rest >= unit - rest;
    case Rounding::half_even:
      return rest > unit - rest || (rest == unit - rest && is_odd);
    case Rounding::ceiling:
      return !is_negative;
    case Rounding::floor:
      return is_negative;
  }
  return false;
}

/// The value without its last `digits` digits.
Int128 without_digits(Int128 value, int digits, Rounding rounding) {
  if (digits <= 0) return value;
  const bool is_negative = value < 0;
  if (digits > kMaxDecimalPrecision) {
    const bool away = value != 0 && ((rounding == Rounding::ceiling && !is_negative) ||
                                     (rounding == Rounding::floor && is_negative));
    return away ? (is_negative ? -1 : 1) : 0;
  }
  const Int128 unit = power_of_ten(digits);
  const Int128 kept = value / unit;
  const Int128 rest = is_negative ? -(value % unit) : value % unit;
  if (!goes_away_from_zero(rounding, is_negative, kept % 2 != 0, rest, unit)) return kept;
  return kept + (is_negative ? -1 : 1);
}

DataType rounded_type(const DataType& type, int scale) {
  const int whole = type.precision - type.scale + 1;
  if (scale < 0)
    return decimal_of(std::min<int>(std::max(whole, -scale + 1), kMaxDecimalPrecision), 0);
  const int new_scale = std::min<int>(type.scale, scale);
  return decimal_of(std::min<int>(whole + new_scale, kMaxDecimalPrecision), new_scale);
}

Kernel decimal_kernel(const DataType& from, const DataType& to, int scale, Rounding rounding,
                      bool is_ansi) {
  return row_kernel(
      [from, to, scale, rounding, is_ansi](Int128 value) -> Result<std::optional<Int128>> {
        const int drop = from.scale - std::min<int>(scale, from.scale);
        const std::optional<Int128> result =
            rescale(without_digits(value, drop, rounding), std::min<int>(scale, 0), 0);
        if (result && fits_precision(*result, to.precision)) return result;
        if (!is_ansi) return std::optional<Int128>();
        return runtime_error("NUMERIC_VALUE_OUT_OF_RANGE.WITHOUT_SUGGESTION",
                             "The rounded value does not fit " + to.to_string() + ".");
      });
}

template <class T>
Kernel integer_kernel(int scale, Rounding rounding, bool is_ansi) {
  return row_kernel([=](T value) -> Result<T> {
    if (scale >= 0) return value;
    if (scale < -20) return T{0};
    const Int128 result = without_digits(value, -scale, rounding) * power_of_ten(-scale);
    const auto cut = static_cast<T>(result);
    if (is_ansi && Int128{cut} != result)
      return runtime_error("ARITHMETIC_OVERFLOW",
                           "Overflow. If necessary set \"spark.sql.ansi.enabled\" to \"false\" to "
                           "bypass this error.");
    return cut;
  });
}

/// Rounds the shortest decimal text of a double, as Java's BigDecimal does.
double round_text(double value, int scale, Rounding rounding) {
  if (!std::isfinite(value) || value == 0) return value;
  char text[40];
  const char* end =
      std::to_chars(text, text + sizeof text, std::fabs(value), std::chars_format::scientific).ptr;
  std::string digits;
  const char* at = text;
  for (; at != end && *at != 'e'; ++at)
    if (*at != '.') digits += *at;
  int exponent = 0;
  const char* exponent_text = at + 1;
  if (exponent_text != end && *exponent_text == '+') ++exponent_text;
  std::from_chars(exponent_text, end, exponent);
  // value = digits * 10^-places
  const int places = static_cast<int>(digits.size()) - 1 - exponent;
  if (places <= scale) return value;
  Int128 unscaled = 0;
  for (const char c : digits) unscaled = unscaled * 10 + (c - '0');
  const bool is_negative = value < 0;
  const Int128 kept = without_digits(is_negative ? -unscaled : unscaled, places - scale, rounding);
  std::string written;
  append_decimal(kept, 0, written);
  written += "e" + std::to_string(-scale);
  double result = 0;
  std::from_chars(written.data(), written.data() + written.size(), result);
  return result;
}

/// The constant scale; nullopt: null.
Result<std::optional<int>> scale_of(std::string_view function, Arguments arguments,
                                    const SqlSettings& settings) {
  if (arguments.size() == 1) return std::optional<int>(0);
  STREAM_TRY(const DataType type,
             implicit_type(function, arguments, 1, primitive(int32), settings));
  STREAM_TRY(const Value value, constant_argument(function, arguments, 1));
  (void)type;
  if (const auto* number = std::get_if<std::int32_t>(&value.content)) return std::optional(*number);
  if (const auto* number = std::get_if<std::int8_t>(&value.content))
    return std::optional<int>(*number);
  if (const auto* number = std::get_if<std::int16_t>(&value.content))
    return std::optional<int>(*number);
  if (value.is_null()) return std::optional<int>();
  return wrong_argument(function, arguments, 1, "the \"INT\" type");
}

Result<Kernel> rounding_kernel(const DataType& type, const DataType& result, int scale,
                               Rounding rounding, bool is_ansi) {
  switch (type.kind) {
    case int8:
      return integer_kernel<std::int8_t>(scale, rounding, is_ansi);
    case int16:
      return integer_kernel<std::int16_t>(scale, rounding, is_ansi);
    case int32:
      return integer_kernel<std::int32_t>(scale, rounding, is_ansi);
    case int64:
      return integer_kernel<std::int64_t>(scale, rounding, is_ansi);
    case float32:
      return row_kernel([=](float value) {
        return static_cast<float>(round_text(static_cast<double>(value), scale, rounding));
      });
    case decimal:
      return decimal_kernel(type, result, scale, rounding, is_ansi);
    default:
      return row_kernel([=](double value) { return round_text(value, scale, rounding); });
  }
}

/// Drops the second argument, which is a constant.
Kernel of_first(Kernel kernel) {
  return [kernel = std::move(kernel)](const KernelInput& input) {
    KernelInput first{input.arguments.subspan(0, 1),
                      input.lambdas,
                      input.num_rows,
                      input.type,
                      input.context,
                      input.active};
    return kernel(first);
  };
}

Result<ResolvedFunction> resolve_scaled(std::string_view name, Arguments arguments,
                                        const SqlSettings& settings, DataType type,
                                        Rounding rounding) {
  ResolvedFunction resolved;
  STREAM_TRY(const std::optional<int> scale, scale_of(name, arguments, settings));
  resolved.type = type.kind == decimal ? rounded_type(type, scale.value_or(0)) : type;
  STREAM_TRY(resolved.kernel,
             rounding_kernel(type, resolved.type, scale.value_or(0), rounding, settings.is_ansi));
  resolved.kernel = of_first(std::move(resolved.kernel));
  resolved.parameter_types = {std::move(type)};
  if (arguments.size() == 2) resolved.parameter_types.push_back(primitive(int32));
  return resolved;
}

ScalarFunction round(std::string name, std::string usage, Rounding rounding) {
  ScalarFunction made{name, "math", std::move(usage), 1, 2, {}, {}, {}, true, {}};
  made.resolve = [=](Arguments arguments, const SqlSettings& settings) -> Result<ResolvedFunction> {
    DataType type = arguments[0].type;
    if (!is_numeric(type.kind)) {
      STREAM_TRY(type, implicit_type(name, arguments, 0, primitive(float64), settings));
    }
    return resolve_scaled(name, arguments, settings, std::move(type), rounding);
  };
  return made;
}

std::int64_t to_long(double value) {
  if (std::isnan(value)) return 0;
  if (value >= 9223372036854775808.0) return std::numeric_limits<std::int64_t>::max();
  if (value < -9223372036854775808.0) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(value);
}

/// ceil and floor of one argument: BIGINT, or a decimal without fraction.
Result<ResolvedFunction> resolve_whole(std::string_view name, Arguments arguments,
                                       const SqlSettings& settings, Rounding rounding) {
  ResolvedFunction resolved;
  resolved.is_nullable = arguments[0].is_nullable;
  DataType type = arguments[0].type;
  if (type.kind == decimal) {
    resolved.type =
        type.scale == 0
            ? type
            : decimal_of(std::min<int>(type.precision - type.scale + 1, kMaxDecimalPrecision), 0);
    resolved.kernel = decimal_kernel(type, resolved.type, 0, rounding, settings.is_ansi);
  } else {
    STREAM_TRY(type, implicit_type_of(name, arguments, 0, {float64, int64}, settings));
    resolved.type = primitive(int64);
    resolved.can_fail = false;
    if (type.kind == int64)
      resolved.kernel = row_kernel([](std::int64_t value) { return value; });
    else
      resolved.kernel = row_kernel([rounding](double value) {
        return to_long(rounding == Rounding::ceiling ? std::ceil(value) : std::floor(value));
      });
  }
  resolved.parameter_types = {std::move(type)};
  return resolved;
}

ScalarFunction whole(std::string name, std::string usage, Rounding rounding) {
  ScalarFunction made{name, "math", std::move(usage), 1, 2, {}, {}, {}, true, {}};
  made.resolve = [=](Arguments arguments, const SqlSettings& settings) -> Result<ResolvedFunction> {
    if (arguments.size() == 1) return resolve_whole(name, arguments, settings, rounding);
    if (arguments[1].type.kind != int32 || !arguments[1].constant)
      return analysis_error("NON_FOLDABLE_ARGUMENT",
                            "The scale of " + name + " must be an integer constant.");
    DataType type = arguments[0].type;
    if (type.kind == float64)
      type = decimal_of(30, 15);
    else if (type.kind == float32)
      type = decimal_of(14, 7);
    else if (is_integral(type.kind))
      type = decimal_for(type);
    else if (type.kind != decimal)
      type = decimal_of(38, 18);
    STREAM_TRY(type, implicit_type(name, arguments, 0, type, settings));
    return resolve_scaled(name, arguments, settings, std::move(type), rounding);
  };
  return made;
}

}  // namespace

void add_rounding_functions(FunctionRegistry& registry) {
  registry.add(
      round("round", "round(x[, scale]) - rounded, halves away from zero", Rounding::half_up));
  registry.add(
      round("bround", "bround(x[, scale]) - rounded, halves to even", Rounding::half_even));
  registry.add(whole("ceil", "ceil(x[, scale]) - not smaller than x", Rounding::ceiling));
  registry.add(whole("floor", "floor(x[, scale]) - not larger than x", Rounding::floor));
  registry.add_alias("ceiling", "ceil");
}

}  // namespace stream
