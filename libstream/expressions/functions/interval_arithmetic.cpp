#include <libstream/data/date_time.hpp>
#include <libstream/data/decimal.hpp>
#include <libstream/expressions/column_loop.hpp>
#include <libstream/expressions/functions/interval_arithmetic.hpp>
#include <libstream/expressions/row_kernel.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace stream {
namespace {

using Kind = TypeKind;

Error interval_overflow(std::string_view suggested) {
  if (suggested.empty())
    return runtime_error("INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION",
                         "Integer overflow while operating with intervals.");
  return runtime_error("INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION",
                       "Integer overflow while operating with intervals. Use `" +
                           std::string(suggested) +
                           "` to tolerate overflow and return NULL instead.");
}
Error interval_by_zero() {
  return runtime_error("INTERVAL_DIVIDED_BY_ZERO",
                       "Division by zero. Use `try_divide` to tolerate divisor being 0 and return "
                       "NULL instead.");
}

template <class T>
Kernel sum_kernel(bool is_minus) {
  return [is_minus](const KernelInput& input) -> Result<Column> {
    return combine_checked<T, T, T>(
        input, OnFailure::error,
        [is_minus](T a, T b, T& out) -> int {
          const bool fails =
              is_minus ? __builtin_sub_overflow(a, b, &out) : __builtin_add_overflow(a, b, &out);
          return fails ? -1 : 0;
        },
        [is_minus](T, T) { return interval_overflow(is_minus ? "try_subtract" : "try_add"); });
  };
}

Kernel calendar_sum_kernel(bool is_minus) {
  return row_kernel([is_minus](CalendarInterval a, CalendarInterval b) -> Result<CalendarInterval> {
    CalendarInterval sum;
    const auto combine = [is_minus](auto x, auto y, auto& out) {
      return is_minus ? __builtin_sub_overflow(x, y, &out) : __builtin_add_overflow(x, y, &out);
    };
    if (combine(a.months, b.months, sum.months) || combine(a.days, b.days, sum.days) ||
        combine(a.micros, b.micros, sum.micros))
      return interval_overflow(is_minus ? "try_subtract" : "try_add");
    return sum;
  });
}

enum class Product { multiply, divide };

/// Nearest integer, halves away from zero. nullopt: out of range or not a number.
template <class T>
std::optional<T> round_to(double value) {
  const double rounded = std::round(value);
  constexpr double kLimit = sizeof(T) == 4 ? 2147483648.0 : 9223372036854775808.0;
  if (!(rounded >= -kLimit && rounded < kLimit)) return std::nullopt;
  return static_cast<T>(rounded);
}

/// numerator / denominator, halves away from zero. Requires denominator != 0.
std::optional<Int128> divide_half_up(Int128 numerator, Int128 denominator) {
  Int128 quotient = numerator / denominator;
  const Int128 rest = numerator % denominator;
  const Int128 twice = (rest < 0 ? -rest : rest) * 2;
  if (twice >= (denominator < 0 ? -denominator : denominator))
    quotient += (numerator < 0) == (denominator < 0) ? 1 : -1;
  return quotient;
}

template <class T>
std::optional<T> narrow(std::optional<Int128> value) {
  if (!value || *value < std::numeric_limits<T>::min() || *value > std::numeric_limits<T>::max())
    return std::nullopt;
  return static_cast<T>(*value);
}

template <class T>
Result<T> checked(std::optional<T> value, Product product) {
  if (value) return *value;
  return interval_overflow(product == Product::multiply ? "try_multiply" : "try_divide");
}

template <class T>
Kernel integral_product_kernel(Product product) {
  return row_kernel([product](T interval, std::int64_t number) -> Result<T> {
    const auto exact = static_cast<Int128>(interval);
    if (product == Product::multiply) return checked(narrow<T>(exact * number), product);
    if (number == 0) return interval_by_zero();
    return checked(narrow<T>(divide_half_up(exact, number)), product);
  });
}

template <class T>
Kernel double_product_kernel(Product product) {
  return row_kernel([product](T interval, double number) -> Result<T> {
    const auto exact = static_cast<double>(interval);
    if (product == Product::multiply) return checked(round_to<T>(exact * number), product);
    if (number == 0) return interval_by_zero();
    return checked(round_to<T>(exact / number), product);
  });
}

template <class T>
Kernel decimal_product_kernel(Product product, int scale) {
  return row_kernel([product, scale](T interval, Int128 number) -> Result<T> {
    const auto exact = static_cast<Int128>(interval);
    Int128 scaled = 0;
    if (product == Product::multiply) {
      if (__builtin_mul_overflow(exact, number, &scaled)) return interval_overflow("try_multiply");
      return checked(narrow<T>(divide_half_up(scaled, power_of_ten(scale))), product);
    }
    if (number == 0) return interval_by_zero();
    if (__builtin_mul_overflow(exact, power_of_ten(scale), &scaled))
      return interval_overflow("try_divide");
    return checked(narrow<T>(divide_half_up(scaled, number)), product);
  });
}

/// Fractions of months are dropped, fractions of days become micros.
std::optional<CalendarInterval> from_fractions(double months, double days, double micros) {
  const auto within = [](double value) { return value > -2147483649.0 && value < 2147483648.0; };
  if (!within(months) || !within(days)) return std::nullopt;
  CalendarInterval made;
  made.months = static_cast<std::int32_t>(months);
  made.days = static_cast<std::int32_t>(days);
  const double all_micros = micros + static_cast<double>(kMicrosPerDay) * (days - made.days);
  constexpr double kLimit = 9223372036854775808.0;
  const double rounded = std::floor(all_micros + 0.5);
  made.micros = rounded >= kLimit   ? std::numeric_limits<std::int64_t>::max()
                : rounded < -kLimit ? std::numeric_limits<std::int64_t>::min()
                                    : static_cast<std::int64_t>(rounded);
  return made;
}

Kernel calendar_product_kernel(Product product, bool is_ansi) {
  return row_kernel([product, is_ansi](CalendarInterval interval,
                                       double number) -> Result<std::optional<CalendarInterval>> {
    if (product == Product::divide && number == 0) {
      if (is_ansi) return interval_by_zero();
      return std::optional<CalendarInterval>();
    }
    const auto part = [&](auto count) {
      const auto exact = static_cast<double>(count);
      return product == Product::multiply ? exact * number : exact / number;
    };
    auto made = from_fractions(part(interval.months), part(interval.days), part(interval.micros));
    if (!made && is_ansi)
      return runtime_error("ARITHMETIC_OVERFLOW",
                           "integer overflow: the interval has too many months or days.");
    return made;
  });
}

template <class T>
void set_product(ResolvedFunction& resolved, const DataType& number, Product product) {
  if (is_integral(number.kind)) {
    resolved.parameter_types.push_back(primitive(Kind::int64));
    resolved.kernel = integral_product_kernel<T>(product);
  } else if (number.kind == Kind::decimal) {
    resolved.parameter_types.push_back(number);
    resolved.kernel = decimal_product_kernel<T>(product, number.scale);
  } else {
    resolved.parameter_types.push_back(primitive(Kind::float64));
    resolved.kernel = double_product_kernel<T>(product);
  }
}

Result<ResolvedFunction> interval_by_number(Product product, const DataType& interval,
                                            const DataType& number, const SqlSettings& settings) {
  ResolvedFunction resolved;
  resolved.parameter_types = {interval};
  if (interval.kind == Kind::calendar_interval) {
    resolved.parameter_types.push_back(primitive(Kind::float64));
    resolved.type = interval;
    resolved.kernel = calendar_product_kernel(product, settings.is_ansi);
  } else if (interval.kind == Kind::day_time_interval) {
    resolved.type = day_time_interval();
    set_product<std::int64_t>(resolved, number, product);
  } else {
    resolved.type = year_month_interval();
    set_product<std::int32_t>(resolved, number, product);
  }
  return resolved;
}

template <class T>
Kernel sign_kernel(bool is_absolute) {
  return [is_absolute](const KernelInput& input) -> Result<Column> {
    return map_checked<T, T>(
        input, OnFailure::error,
        [is_absolute](T in, T& out) -> int {
          out = in;
          if (is_absolute && in >= 0) return 0;
          return __builtin_sub_overflow(T{0}, in, &out) ? -1 : 0;
        },
        [](T) { return interval_overflow(""); });
  };
}

Kernel calendar_negation() {
  return row_kernel([](CalendarInterval in) -> Result<CalendarInterval> {
    CalendarInterval out;
    if (__builtin_sub_overflow(0, in.months, &out.months) ||
        __builtin_sub_overflow(0, in.days, &out.days) ||
        __builtin_sub_overflow(std::int64_t{0}, in.micros, &out.micros))
      return interval_overflow("");
    return out;
  });
}

}  // namespace

bool is_any_interval(TypeKind kind) {
  return kind == Kind::day_time_interval || kind == Kind::year_month_interval ||
         kind == Kind::calendar_interval;
}

std::optional<Result<ResolvedFunction>> resolve_interval_sum(std::string_view op,
                                                             Arguments arguments) {
  DataType left = arguments[0].type;
  DataType right = arguments[1].type;
  if (left.kind == Kind::null && is_any_interval(right.kind)) left = right;
  if (right.kind == Kind::null && is_any_interval(left.kind)) right = left;
  if (left.kind != right.kind || !is_any_interval(left.kind)) return std::nullopt;
  DataType type = left;
  type.precision = std::min(left.precision, right.precision);
  type.scale = std::max(left.scale, right.scale);
  const bool is_minus = op == "-";
  ResolvedFunction resolved;
  resolved.parameter_types = {type, type};
  resolved.type = type;
  if (type.kind == Kind::calendar_interval) {
    resolved.kernel = calendar_sum_kernel(is_minus);
  } else if (type.kind == Kind::day_time_interval) {
    resolved.kernel = sum_kernel<std::int64_t>(is_minus);
  } else {
    resolved.kernel = sum_kernel<std::int32_t>(is_minus);
  }
  return resolved;
}

std::optional<Result<ResolvedFunction>> resolve_interval_product(std::string_view op,
                                                                 Arguments arguments,
                                                                 const SqlSettings& settings) {
  const Product product = op == "*" ? Product::multiply : Product::divide;
  std::size_t at = 0;
  if (!is_any_interval(arguments[0].type.kind)) {
    if (product == Product::divide) return std::nullopt;
    at = 1;
  }
  if (!is_any_interval(arguments[at].type.kind)) return std::nullopt;
  const DataType& number = arguments[1 - at].type;
  if (!is_numeric(number.kind) && number.kind != Kind::string && number.kind != Kind::null)
    return wrong_argument(op, arguments, 1 - at, "the \"NUMERIC\" type");
  Result<ResolvedFunction> resolved =
      interval_by_number(product, arguments[at].type, number, settings);
  if (at == 1 && resolved) {
    std::swap(resolved->parameter_types[0], resolved->parameter_types[1]);
    resolved->kernel = [kernel = std::move(resolved->kernel)](const KernelInput& input) {
      const Operand exchanged[] = {input.arguments[1], input.arguments[0]};
      return kernel(
          {exchanged, input.lambdas, input.num_rows, input.type, input.context, input.active});
    };
  }
  return resolved;
}

std::optional<Result<ResolvedFunction>> resolve_interval_sign(std::string_view op,
                                                              const Argument& argument) {
  if (!is_any_interval(argument.type.kind)) return std::nullopt;
  const bool is_absolute = op == "abs";
  ResolvedFunction resolved;
  resolved.parameter_types = {argument.type};
  resolved.type = argument.type;
  if (op == "+") {
    resolved.kernel = [](const KernelInput& input) -> Result<Column> {
      return expand(input.arguments[0], input.num_rows, input.context.pool);
    };
  } else if (argument.type.kind == Kind::calendar_interval) {
    if (is_absolute) return std::nullopt;
    resolved.kernel = calendar_negation();
  } else if (argument.type.kind == Kind::day_time_interval) {
    resolved.kernel = sign_kernel<std::int64_t>(is_absolute);
  } else {
    resolved.kernel = sign_kernel<std::int32_t>(is_absolute);
  }
  return resolved;
}

}  // namespace stream
