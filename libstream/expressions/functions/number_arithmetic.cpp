#include <libstream/expressions/functions/arithmetic.hpp>

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace stream {
namespace {

template <class T>
using Unsigned = std::make_unsigned_t<T>;

/// The operations on integers: out gets the wrapped result; negative where it overflows.
struct CheckedAdd {
  template <class T>
  T operator()(T a, T b, T& out) const {
    const T sum = static_cast<T>(static_cast<Unsigned<T>>(a) + static_cast<Unsigned<T>>(b));
    out = sum;
    return static_cast<T>((a ^ sum) & (b ^ sum));
  }
};
struct CheckedSubtract {
  template <class T>
  T operator()(T a, T b, T& out) const {
    const T difference = static_cast<T>(static_cast<Unsigned<T>>(a) - static_cast<Unsigned<T>>(b));
    out = difference;
    return static_cast<T>((a ^ b) & (a ^ difference));
  }
};
struct CheckedMultiply {
  template <class T>
  T operator()(T a, T b, T& out) const {
    if constexpr (sizeof(T) == 8) {
      return __builtin_mul_overflow(a, b, &out) ? T{-1} : T{0};
    } else {
      const std::int64_t product = std::int64_t{a} * b;
      out = static_cast<T>(product);
      return static_cast<T>(-static_cast<T>(product != out));
    }
  }
};

/// Division of integers; the divisor is not zero.
template <class T>
T truncated_remainder(T a, T b) {
  // Spares the trap of MIN % -1.
  return b == -1 ? T{0} : static_cast<T>(a % b);
}

template <class T>
std::string_view type_word() {
  return sizeof(T) == 8 ? "long" : "integer";
}

std::string_view try_function(Arithmetic operation) {
  switch (operation) {
    case Arithmetic::add:
      return "try_add";
    case Arithmetic::subtract:
      return "try_subtract";
    case Arithmetic::multiply:
      return "try_multiply";
    default:
      return "try_divide";
  }
}

template <class T>
Error overflow_of(Arithmetic operation, T a, T b) {
  if (sizeof(T) >= 4) return arithmetic_overflow(type_word<T>(), try_function(operation));
  const char suffix = sizeof(T) == 2 ? 'S' : 'Y';
  return runtime_error(
      "BINARY_ARITHMETIC_OVERFLOW",
      fmt::format("{}{} {} {}{} caused overflow. Use `{}` to ignore overflow problem and return "
                  "NULL.",
                  a, suffix, symbol_of(operation), b, suffix, try_function(operation)));
}

template <class T, class Checked>
Kernel integer_kernel(Arithmetic operation, ArithmeticMode mode, Checked checked) {
  if (mode == ArithmeticMode::legacy) {
    return [checked](const KernelInput& input) -> Result<Column> {
      return combine_values<T, T, T>(input, [checked](T a, T b) {
        T out;
        checked(a, b, out);
        return out;
      });
    };
  }
  return [operation, checked, on_failure = failure_of(mode)](const KernelInput& input) {
    return combine_checked<T, T, T>(input, on_failure, checked,
                                    [operation](T a, T b) { return overflow_of(operation, a, b); });
  };
}

template <class T, class Op>
Kernel float_kernel(Op op) {
  return [op](const KernelInput& input) -> Result<Column> {
    return combine_values<T, T, T>(input, op);
  };
}

/// `op` is called with a divisor of zero too, its result is then not used.
template <class T, class Op>
Kernel dividing_kernel(Arithmetic operation, ArithmeticMode mode, Op op) {
  return [=](const KernelInput& input) {
    return combine_checked<T, T, T>(
        input, failure_of(mode),
        [op](T a, T b, T& out) -> std::int32_t {
          out = op(a, b == T{0} ? T{1} : b);
          return b == T{0} ? -1 : 0;
        },
        [operation](T, T) { return zero_divisor(operation); });
  };
}

/// div: MIN div -1 overflows, but wraps around without ANSI.
Kernel integral_divide_kernel(ArithmeticMode mode) {
  using T = std::int64_t;
  const auto overflows = [](T a, T b) { return b == -1 && a == std::numeric_limits<T>::min(); };
  return [=](const KernelInput& input) {
    return combine_checked<T, T, T>(
        input, failure_of(mode),
        [=](T a, T b, T& out) -> std::int32_t {
          const bool is_extreme = overflows(a, b);
          out = b == 0 || is_extreme ? a : a / b;
          return b == 0 || (is_extreme && mode != ArithmeticMode::legacy) ? -1 : 0;
        },
        [=](T a, T b) {
          return overflows(a, b) ? arithmetic_overflow("long", "try_divide")
                                 : zero_divisor(Arithmetic::integral_divide);
        });
  };
}

template <class T>
Kernel floating_arithmetic(Arithmetic operation, ArithmeticMode mode) {
  switch (operation) {
    case Arithmetic::add:
      return float_kernel<T>([](T a, T b) { return a + b; });
    case Arithmetic::subtract:
      return float_kernel<T>([](T a, T b) { return a - b; });
    case Arithmetic::multiply:
      return float_kernel<T>([](T a, T b) { return a * b; });
    case Arithmetic::divide:
      return dividing_kernel<T>(operation, mode, [](T a, T b) { return a / b; });
    default:
      return dividing_kernel<T>(operation, mode, [](T a, T b) { return std::fmod(a, b); });
  }
}

template <class T>
Kernel integer_arithmetic(Arithmetic operation, ArithmeticMode mode) {
  switch (operation) {
    case Arithmetic::add:
      return integer_kernel<T>(operation, mode, CheckedAdd{});
    case Arithmetic::subtract:
      return integer_kernel<T>(operation, mode, CheckedSubtract{});
    case Arithmetic::multiply:
      return integer_kernel<T>(operation, mode, CheckedMultiply{});
    case Arithmetic::integral_divide:
      return integral_divide_kernel(mode);
    default:
      return dividing_kernel<T>(operation, mode, truncated_remainder<T>);
  }
}

}  // namespace

std::string_view symbol_of(Arithmetic operation) {
  switch (operation) {
    case Arithmetic::add:
      return "+";
    case Arithmetic::subtract:
      return "-";
    case Arithmetic::multiply:
      return "*";
    case Arithmetic::divide:
      return "/";
    case Arithmetic::remainder:
      return "%";
    case Arithmetic::integral_divide:
      return "div";
  }
  STREAM_UNREACHABLE("arithmetic operation");
}

Error arithmetic_overflow(std::string_view what, std::string_view suggested_function) {
  std::string message = fmt::format("{} overflow.", what);
  if (!suggested_function.empty())
    message +=
        fmt::format(" Use '{}' to tolerate overflow and return NULL instead.", suggested_function);
  return runtime_error("ARITHMETIC_OVERFLOW",
                       message +
                           " If necessary set \"spark.sql.ansi.enabled\" to \"false\" to "
                           "bypass this error.");
}

Error zero_divisor(Arithmetic operation) {
  constexpr std::string_view kRest =
      " to tolerate divisor being 0 and return NULL instead. If necessary set "
      "\"spark.sql.ansi.enabled\" to \"false\" to bypass this error.";
  if (operation == Arithmetic::remainder)
    return runtime_error("REMAINDER_BY_ZERO",
                         fmt::format("Remainder by zero. Use `try_mod`{}", kRest));
  return runtime_error("DIVIDE_BY_ZERO",
                       fmt::format("Division by zero. Use `try_divide`{}", kRest));
}

Kernel make_number_arithmetic(Arithmetic operation, TypeKind kind, ArithmeticMode mode) {
  return visit_number(kind, [&]<class T>(std::type_identity<T>) -> Kernel {
    if constexpr (std::is_floating_point_v<T>)
      return floating_arithmetic<T>(operation, mode);
    else
      return integer_arithmetic<T>(operation, mode);
  });
}

}  // namespace stream
