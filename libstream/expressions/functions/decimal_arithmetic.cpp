#include <libstream/data/decimal.hpp>
#include <libstream/expressions/cast_kernels.hpp>
#include <libstream/expressions/functions/arithmetic.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <boost/multiprecision/cpp_int.hpp>

namespace stream {
namespace {

/// Holds every product and quotient of two decimals before rounding.
using Wide = boost::multiprecision::int512_t;

struct Operands {
  int left_precision;
  int left_scale;
  int right_precision;
  int right_scale;
  DataType result;
};

Wide wide_power_of_ten(int exponent) {
  Wide power = 1;
  for (; exponent > kMaxDecimalPrecision; exponent -= kMaxDecimalPrecision)
    power *= Wide(power_of_ten(kMaxDecimalPrecision));
  return power * Wide(power_of_ten(exponent));
}

/// a / b, rounded half away from zero.
Wide rounded_quotient(const Wide& a, const Wide& b) {
  Wide quotient;
  Wide rest;
  divide_qr(a, b, quotient, rest);
  if (abs(rest) * 2 >= abs(b)) quotient += (a < 0) == (b < 0) ? 1 : -1;
  return quotient;
}

Wide at_scale(const Wide& value, int from, int to) {
  if (to >= from) return value * wide_power_of_ten(to - from);
  return rounded_quotient(value, wide_power_of_ten(from - to));
}

bool narrow(const Wide& value, int precision, Int128& out) {
  if (abs(value) >= Wide(power_of_ten(precision))) return false;
  out = static_cast<Int128>(value);
  return true;
}

bool wide_add(Int128 a, Int128 b, bool is_subtraction, const Operands& of, Int128& out) {
  const int scale = std::max(of.left_scale, of.right_scale);
  const Wide left = at_scale(Wide(a), of.left_scale, scale);
  const Wide right = at_scale(Wide(b), of.right_scale, scale);
  const Wide sum = is_subtraction ? Wide(left - right) : Wide(left + right);
  return narrow(at_scale(sum, scale, of.result.scale), of.result.precision, out);
}

bool wide_multiply(Int128 a, Int128 b, const Operands& of, Int128& out) {
  const Wide product = Wide(a) * Wide(b);
  return narrow(at_scale(product, of.left_scale + of.right_scale, of.result.scale),
                of.result.precision, out);
}

bool wide_divide(Int128 a, Int128 b, const Operands& of, Int128& out) {
  const int shift = of.result.scale - of.left_scale + of.right_scale;
  Wide numerator(a);
  Wide denominator(b);
  (shift >= 0 ? numerator : denominator) *= wide_power_of_ten(std::abs(shift));
  return narrow(rounded_quotient(numerator, denominator), of.result.precision, out);
}

bool wide_remainder(Int128 a, Int128 b, const Operands& of, Int128& out) {
  const int scale = std::max(of.left_scale, of.right_scale);
  const Wide rest =
      at_scale(Wide(a), of.left_scale, scale) % at_scale(Wide(b), of.right_scale, scale);
  return narrow(at_scale(rest, scale, of.result.scale), of.result.precision, out);
}

bool whole_quotient(Int128 a, Int128 b, const Operands& of, std::int64_t& out) {
  const int scale = std::max(of.left_scale, of.right_scale);
  const Wide quotient =
      at_scale(Wide(a), of.left_scale, scale) / at_scale(Wide(b), of.right_scale, scale);
  out = static_cast<std::int64_t>(quotient);
  return quotient == out;
}

/// `op(a, b, out)` is false where the result does not fit.
template <class Out, class Op>
Kernel checked_kernel(Arithmetic operation, const Operands& of, ArithmeticMode mode, Op op) {
  const bool divides = operation == Arithmetic::divide || operation == Arithmetic::remainder ||
                       operation == Arithmetic::integral_divide;
  return [=](const KernelInput& input) {
    return combine_checked<Int128, Int128, Out>(
        input, failure_of(mode),
        [=](Int128 a, Int128 b, Out& out) -> std::int32_t {
          if (divides && b == 0) return -1;
          return op(a, b, out) ? 0 : -1;
        },
        [=](Int128 a, Int128 b) {
          if (divides && b == 0) return zero_divisor(operation);
          if (operation == Arithmetic::integral_divide) return arithmetic_overflow("long", "");
          std::string text;
          append_decimal(a, of.left_scale, text);
          text += ' ';
          text += symbol_of(operation);
          text += ' ';
          append_decimal(b, of.right_scale, text);
          return decimal_overflow(text, of.result);
        });
  };
}

/// Sums whose digits all fit.
Kernel narrow_add(bool is_subtraction, const Operands& of) {
  const Int128 left_factor = power_of_ten(of.result.scale - of.left_scale);
  const Int128 right_factor =
      power_of_ten(of.result.scale - of.right_scale) * (is_subtraction ? -1 : 1);
  return [=](const KernelInput& input) -> Result<Column> {
    if (left_factor == 1 && right_factor == 1)
      return combine_values<Int128, Int128, Int128>(input,
                                                    [](Int128 a, Int128 b) { return a + b; });
    return combine_values<Int128, Int128, Int128>(
        input, [=](Int128 a, Int128 b) { return a * left_factor + b * right_factor; });
  };
}

Kernel add_kernel(Arithmetic operation, const Operands& of, ArithmeticMode mode) {
  const bool is_subtraction = operation == Arithmetic::subtract;
  const int scale = std::max(of.left_scale, of.right_scale);
  const int whole =
      std::max(of.left_precision - of.left_scale, of.right_precision - of.right_scale);
  if (scale + whole + 1 <= kMaxDecimalPrecision) return narrow_add(is_subtraction, of);
  return checked_kernel<Int128>(operation, of, mode, [=](Int128 a, Int128 b, Int128& out) {
    return wide_add(a, b, is_subtraction, of, out);
  });
}

Kernel multiply_kernel(const Operands& of, ArithmeticMode mode) {
  if (of.left_precision + of.right_precision + 1 <= kMaxDecimalPrecision) {
    return [](const KernelInput& input) -> Result<Column> {
      return combine_values<Int128, Int128, Int128>(input,
                                                    [](Int128 a, Int128 b) { return a * b; });
    };
  }
  return checked_kernel<Int128>(
      Arithmetic::multiply, of, mode,
      [of](Int128 a, Int128 b, Int128& out) { return wide_multiply(a, b, of, out); });
}

Kernel divide_kernel(const Operands& of, ArithmeticMode mode) {
  const int shift = of.result.scale - of.left_scale + of.right_scale;
  if (shift < 0 || of.left_precision + shift > kMaxDecimalPrecision)
    return checked_kernel<Int128>(
        Arithmetic::divide, of, mode,
        [of](Int128 a, Int128 b, Int128& out) { return wide_divide(a, b, of, out); });
  return checked_kernel<Int128>(Arithmetic::divide, of, mode,
                                [factor = power_of_ten(shift), precision = of.result.precision](
                                    Int128 a, Int128 b, Int128& out) {
                                  const Int128 numerator = a * factor;
                                  const Int128 rest = numerator % b;
                                  out = numerator / b;
                                  const Int128 distance = rest < 0 ? -rest : rest;
                                  const Int128 divisor = b < 0 ? -b : b;
                                  if (distance >= divisor - distance)
                                    out += (numerator < 0) == (b < 0) ? 1 : -1;
                                  return fits_precision(out, precision);
                                });
}

}  // namespace

DataType decimal_result(Arithmetic operation, const DataType& left, const DataType& right) {
  const int whole_left = left.precision - left.scale;
  const int whole_right = right.precision - right.scale;
  const int scale = std::max(left.scale, right.scale);
  switch (operation) {
    case Arithmetic::add:
    case Arithmetic::subtract:
      return adjusted_decimal(scale + std::max(whole_left, whole_right) + 1, scale);
    case Arithmetic::multiply:
      return adjusted_decimal(left.precision + right.precision + 1, left.scale + right.scale);
    case Arithmetic::divide: {
      const int quotient_scale = std::max(6, left.scale + right.precision + 1);
      return adjusted_decimal(whole_left + right.scale + quotient_scale, quotient_scale);
    }
    case Arithmetic::remainder:
      return adjusted_decimal(std::min(whole_left, whole_right) + scale, scale);
    case Arithmetic::integral_divide:
      return primitive(TypeKind::int64);
  }
  STREAM_UNREACHABLE("arithmetic operation");
}

Kernel make_decimal_arithmetic(Arithmetic operation, const DataType& left, const DataType& right,
                               ArithmeticMode mode) {
  const Operands of{left.precision, left.scale, right.precision, right.scale,
                    decimal_result(operation, left, right)};
  switch (operation) {
    case Arithmetic::add:
    case Arithmetic::subtract:
      return add_kernel(operation, of, mode);
    case Arithmetic::multiply:
      return multiply_kernel(of, mode);
    case Arithmetic::divide:
      return divide_kernel(of, mode);
    case Arithmetic::remainder:
      return checked_kernel<Int128>(operation, of, mode, [of](Int128 a, Int128 b, Int128& out) {
        return wide_remainder(a, b, of, out);
      });
    case Arithmetic::integral_divide:
      return checked_kernel<std::int64_t>(
          operation, of, mode,
          [of](Int128 a, Int128 b, std::int64_t& out) { return whole_quotient(a, b, of, out); });
  }
  STREAM_UNREACHABLE("arithmetic operation");
}

}  // namespace stream
