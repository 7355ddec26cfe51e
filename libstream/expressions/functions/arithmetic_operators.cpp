#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/column_loop.hpp>
#include <libstream/expressions/functions/arithmetic.hpp>
#include <libstream/expressions/functions/datetime_arithmetic.hpp>
#include <libstream/expressions/functions/operands.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <limits>

namespace stream {
namespace {

/// The types of both operands after texts have become numbers.
struct OperandTypes {
  DataType left;
  DataType right;
};

OperandTypes promote_texts(Arguments arguments, bool is_ansi) {
  DataType left = arguments[0].type;
  DataType right = arguments[1].type;
  const bool is_left_text = left.kind == TypeKind::string;
  const bool is_right_text = right.kind == TypeKind::string;
  if (!is_ansi) {
    if (is_left_text) left = primitive(TypeKind::float64);
    if (is_right_text) right = primitive(TypeKind::float64);
  } else if (is_left_text != is_right_text) {
    const DataType& other = is_left_text ? right : left;
    if (is_integral(other.kind))
      left = right = primitive(TypeKind::int64);
    else if (is_numeric(other.kind))
      left = right = primitive(TypeKind::float64);
  }
  return {std::move(left), std::move(right)};
}

ResolvedFunction resolved_as(DataType left, DataType right, DataType result, Kernel kernel) {
  ResolvedFunction resolved;
  resolved.parameter_types = {std::move(left), std::move(right)};
  resolved.type = std::move(result);
  resolved.kernel = std::move(kernel);
  return resolved;
}

ResolvedFunction resolve_decimals(Arithmetic operation, DataType left, DataType right,
                                  ArithmeticMode mode) {
  DataType result = decimal_result(operation, left, right);
  Kernel kernel = make_decimal_arithmetic(operation, left, right, mode);
  return resolved_as(std::move(left), std::move(right), std::move(result), std::move(kernel));
}

/// The plain type that both operands are cast to; nullopt: none.
std::optional<TypeKind> plain_type(Arithmetic operation, const OperandTypes& types, bool is_ansi) {
  if (operation == Arithmetic::divide) {
    const auto is_allowed = [](const DataType& type) {
      return is_numeric(type.kind) || type.kind == TypeKind::null;
    };
    if (!is_allowed(types.left) || !is_allowed(types.right)) return std::nullopt;
    return TypeKind::float64;
  }
  const std::optional<DataType> common = tightest_common_type(types.left, types.right, is_ansi);
  // NULL + NULL is a double.
  if (common && common->kind == TypeKind::null)
    return operation == Arithmetic::integral_divide ? TypeKind::int64 : TypeKind::float64;
  if (!common || !is_numeric(common->kind)) return std::nullopt;
  if (operation == Arithmetic::integral_divide) {
    if (!is_integral(common->kind)) return std::nullopt;
    return TypeKind::int64;
  }
  return common->kind;
}

bool is_time_type(TypeKind kind) {
  return kind == TypeKind::date || kind == TypeKind::timestamp || kind == TypeKind::timestamp_ntz ||
         kind == TypeKind::calendar_interval || is_interval(kind);
}

/// Interval div interval: how often the second goes into the first.
template <class Stored>
Kernel interval_quotient(ArithmeticMode mode) {
  return [mode](const KernelInput& input) {
    return combine_checked<Stored, Stored, std::int64_t>(
        input, mode == ArithmeticMode::ansi ? OnFailure::error : OnFailure::null,
        [](Stored a, Stored b, std::int64_t& out) -> std::int32_t {
          out = b == 0 || b == -1 ? -std::int64_t{a == std::numeric_limits<Stored>::min() ? 0 : a}
                                  : a / b;
          return b == 0 ? -1 : 0;
        },
        [](Stored, Stored) {
          return runtime_error("INTERVAL_DIVIDED_BY_ZERO",
                               "Division by zero. Use `try_divide` to tolerate divisor being 0 "
                               "and return NULL instead.");
        });
  };
}

/// `kernel` with null for rows that fail; they are looked for one by one.
Kernel tolerant(Kernel kernel) {
  return [kernel = std::move(kernel)](const KernelInput& input) -> Result<Column> {
    Result<Column> all = kernel(input);
    if (all) return all;
    ColumnBuilder builder(input.type, input.context.pool);
    const std::size_t bytes = input.num_rows / 8 + 8;
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      BlockRef active = input.context.pool.allocate(bytes);
      std::memset(active.data(), 0, bytes);
      active.data()[row >> 3] = static_cast<char>(1u << (row & 7));
      const KernelInput one{input.arguments, {}, input.num_rows, input.type, input.context, active};
      const Result<Column> result =
          input.is_active(row) ? kernel(one) : Result<Column>(runtime_error("", ""));
      if (result) {
        append_from(builder, *result, row);
      } else {
        builder.append_null();
      }
    }
    return builder.finish();
  };
}

/// Operations in which a date, a timestamp or an interval takes part.
Result<ResolvedFunction> resolve_times(Arithmetic operation, Arguments arguments,
                                       ArithmeticMode mode, const SqlSettings& settings) {
  const DataType& left = arguments[0].type;
  if (operation == Arithmetic::integral_divide && is_interval(left.kind) &&
      left.kind == arguments[1].type.kind) {
    return resolved_as(left, arguments[1].type, primitive(TypeKind::int64),
                       left.kind == TypeKind::day_time_interval
                           ? interval_quotient<std::int64_t>(mode)
                           : interval_quotient<std::int32_t>(mode));
  }
  auto resolved = resolve_datetime_arithmetic(symbol_of(operation), arguments, settings);
  if (!resolved) return operand_mismatch(symbol_of(operation), arguments, "NUMERIC or an interval");
  if (*resolved && mode == ArithmeticMode::attempt)
    (*resolved)->kernel = tolerant(std::move((*resolved)->kernel));
  return std::move(*resolved);
}

/// Is it written down, and neither 0 nor -1, by which the least number cannot be divided?
bool is_safe_divisor(const Argument& argument) {
  if (!argument.constant) return false;
  return std::visit(
      []<class T>(const T& value) {
        if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
          return value != 0 && value != -1;
        return false;
      },
      argument.constant->content);
}

Result<ResolvedFunction> resolve_arithmetic(Arithmetic operation, Arguments arguments,
                                            ArithmeticMode mode, const SqlSettings& settings) {
  const bool is_ansi = settings.is_ansi;
  if (is_time_type(arguments[0].type.kind) || is_time_type(arguments[1].type.kind))
    return resolve_times(operation, arguments, mode, settings);
  OperandTypes types = promote_texts(arguments, is_ansi);
  const bool is_left_decimal = types.left.kind == TypeKind::decimal;
  const bool is_right_decimal = types.right.kind == TypeKind::decimal;
  if (is_left_decimal && is_integral(types.right.kind)) types.right = decimal_for(arguments[1]);
  if (is_right_decimal && is_integral(types.left.kind)) types.left = decimal_for(arguments[0]);
  if (is_left_decimal && types.right.kind == TypeKind::null) types.right = types.left;
  if (is_right_decimal && types.left.kind == TypeKind::null) types.left = types.right;
  if (types.left.kind == TypeKind::decimal && types.right.kind == TypeKind::decimal)
    return resolve_decimals(operation, std::move(types.left), std::move(types.right), mode);
  if (is_left_decimal && is_floating(types.right.kind)) types.left = primitive(TypeKind::float64);
  if (is_right_decimal && is_floating(types.left.kind)) types.right = primitive(TypeKind::float64);
  const std::optional<TypeKind> kind = plain_type(operation, types, is_ansi);
  if (!kind) return operand_mismatch(symbol_of(operation), arguments, "NUMERIC");
  const DataType type = primitive(*kind);
  ResolvedFunction resolved =
      resolved_as(type, type, type, make_number_arithmetic(operation, *kind, mode));
  const bool divides = operation != Arithmetic::add && operation != Arithmetic::subtract &&
                       operation != Arithmetic::multiply;
  resolved.can_fail = mode == ArithmeticMode::ansi &&
                      (divides ? !is_safe_divisor(arguments[1]) : !is_floating(*kind));
  return resolved;
}

/// Can the result be null where no operand is?
bool can_make_nulls(Arithmetic operation, const ResolvedFunction& resolved, ArithmeticMode mode) {
  if (mode == ArithmeticMode::ansi) return false;
  const bool divides = operation == Arithmetic::divide || operation == Arithmetic::remainder ||
                       operation == Arithmetic::integral_divide;
  return divides || mode == ArithmeticMode::attempt || resolved.type.kind == TypeKind::decimal;
}

ScalarFunction arithmetic_function(std::string name, std::string usage, Arithmetic operation,
                                   bool is_try) {
  ScalarFunction function;
  function.name = std::move(name);
  function.family = "math";
  function.usage = std::move(usage);
  function.min_arguments = function.max_arguments = 2;
  function.resolve = [operation, is_try](Arguments arguments,
                                         const SqlSettings& settings) -> Result<ResolvedFunction> {
    const ArithmeticMode mode = is_try             ? ArithmeticMode::attempt
                                : settings.is_ansi ? ArithmeticMode::ansi
                                                   : ArithmeticMode::legacy;
    STREAM_TRY(ResolvedFunction resolved, resolve_arithmetic(operation, arguments, mode, settings));
    if (mode != ArithmeticMode::ansi) resolved.can_fail = false;
    resolved.is_nullable = is_any_nullable(arguments) || can_make_nulls(operation, resolved, mode);
    return resolved;
  };
  return function;
}

}  // namespace

void add_arithmetic_operators(FunctionRegistry& registry) {
  registry.add(arithmetic_function("*", "a * b - the product", Arithmetic::multiply, false));
  registry.add(arithmetic_function("/", "a / b - the quotient, never an integer",
                                   Arithmetic::divide, false));
  registry.add(arithmetic_function("%", "a % b - the remainder, with the sign of a",
                                   Arithmetic::remainder, false));
  registry.add_alias("mod", "%");
  registry.add(arithmetic_function("div", "a div b - the quotient without its fraction",
                                   Arithmetic::integral_divide, false));
  registry.add(arithmetic_function("try_add", "try_add(a, b) - a + b, or null on overflow",
                                   Arithmetic::add, true));
  registry.add(arithmetic_function("try_subtract",
                                   "try_subtract(a, b) - a - b, or null on overflow",
                                   Arithmetic::subtract, true));
  registry.add(arithmetic_function("try_multiply",
                                   "try_multiply(a, b) - a * b, or null on overflow",
                                   Arithmetic::multiply, true));
  registry.add(arithmetic_function("try_divide", "try_divide(a, b) - a / b, or null when b is 0",
                                   Arithmetic::divide, true));
  registry.add(arithmetic_function("try_mod", "try_mod(a, b) - a % b, or null when b is 0",
                                   Arithmetic::remainder, true));
  ScalarFunction plus = arithmetic_function("+", "a + b - the sum", Arithmetic::add, false);
  ScalarFunction minus =
      arithmetic_function("-", "a - b - the difference", Arithmetic::subtract, false);
  // With one operand they are signs.
  for (ScalarFunction* function : {&plus, &minus}) {
    function->min_arguments = 1;
    function->resolve = [binary = function->resolve, is_minus = function == &minus](
                            Arguments arguments,
                            const SqlSettings& settings) -> Result<ResolvedFunction> {
      if (arguments.size() == 2) return binary(arguments, settings);
      return is_minus ? resolve_negative(arguments[0], settings)
                      : resolve_positive(arguments[0], settings);
    };
  }
  registry.add(std::move(plus));
  registry.add(std::move(minus));
}

}  // namespace stream
