// Kernels of + - * / % div over two columns of one type (decimals: of two), by Spark's rules for
// overflow and zero divisors. Used by the operators, try_add and its like, sums of intervals.
#pragma once

#include <libstream/expressions/column_loop.hpp>
#include <libstream/expressions/function.hpp>

#include <string_view>

namespace stream {

enum class Arithmetic { add, subtract, multiply, divide, remainder, integral_divide };

enum class ArithmeticMode {
  ansi,     ///< errors
  legacy,   ///< integers wrap around, a zero divisor gives null
  attempt,  ///< null in place of errors
};

inline OnFailure failure_of(ArithmeticMode mode) {
  return mode == ArithmeticMode::ansi ? OnFailure::error : OnFailure::null;
}

std::string_view symbol_of(Arithmetic operation);

/// Integers, floats and doubles. divide: doubles only; integral_divide: longs only.
Kernel make_number_arithmetic(Arithmetic operation, TypeKind kind, ArithmeticMode mode);

/// What Spark makes of two decimals, cut to 38 digits. integral_divide: BIGINT.
DataType decimal_result(Arithmetic operation, const DataType& left, const DataType& right);
Kernel make_decimal_arithmetic(Arithmetic operation, const DataType& left, const DataType& right,
                               ArithmeticMode mode);

/// [ARITHMETIC_OVERFLOW] "`what` overflow", for example of an "integer".
Error arithmetic_overflow(std::string_view what, std::string_view suggested_function);
/// [DIVIDE_BY_ZERO] or [REMAINDER_BY_ZERO].
Error zero_divisor(Arithmetic operation);

}  // namespace stream
