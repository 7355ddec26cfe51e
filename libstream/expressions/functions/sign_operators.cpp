#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/column_loop.hpp>
#include <libstream/expressions/functions/arithmetic.hpp>
#include <libstream/expressions/functions/datetime_arithmetic.hpp>
#include <libstream/expressions/functions/interval_arithmetic.hpp>
#include <libstream/expressions/functions/operands.hpp>

#include <fmt/format.h>

#include <limits>

namespace stream {
namespace {

template <class T>
Kernel negative_kernel(bool is_ansi) {
  if constexpr (std::is_floating_point_v<T> || sizeof(T) == sizeof(Int128)) {
    return [](const KernelInput& input) -> Result<Column> {
      return map_values<T, T>(input, [](T value) { return static_cast<T>(-value); });
    };
  } else {
    return [is_ansi](const KernelInput& input) {
      return map_checked<T, T>(
          input, OnFailure::error,
          [is_ansi](T value, T& out) -> T {
            using U = std::make_unsigned_t<T>;
            out = static_cast<T>(U{0} - static_cast<U>(value));
            return is_ansi ? static_cast<T>(value & out) : T{0};
          },
          [](T) { return arithmetic_overflow(sizeof(T) == 8 ? "long" : "integer", ""); });
    };
  }
}

ScalarFunction sign_function(std::string name, std::string usage, bool is_negative) {
  ScalarFunction function;
  function.name = std::move(name);
  function.family = "math";
  function.usage = std::move(usage);
  function.min_arguments = function.max_arguments = 1;
  function.resolve = [is_negative](Arguments arguments, const SqlSettings& settings) {
    return is_negative ? resolve_negative(arguments[0], settings)
                       : resolve_positive(arguments[0], settings);
  };
  return function;
}

Result<DataType> signed_type(std::string_view name, const Argument& argument) {
  const TypeKind kind = argument.type.kind;
  if (is_numeric(kind)) return argument.type;
  if (kind == TypeKind::string || kind == TypeKind::null) return primitive(TypeKind::float64);
  return wrong_argument(name, {&argument, 1}, 0,
                        "the (\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO "
                        "MONTH\" or \"INTERVAL\") type");
}

/// A text that meets a value of another type is cast to that before the operator is checked, a
/// decimal to a floating type; a NULL that meets a text is one.
void promote_operand(DataType& type, const DataType& other) {
  const bool is_promoted = type.kind == TypeKind::string && other.kind != TypeKind::null &&
                           other.children.empty() && other.kind != TypeKind::structure &&
                           !is_any_interval(other.kind);
  const bool is_null_text = type.kind == TypeKind::null && other.kind == TypeKind::string;
  if (is_promoted || is_null_text) type = other;
  if (type.kind == TypeKind::decimal && is_floating(other.kind)) type = other;
}

}  // namespace

Error operand_mismatch(std::string_view symbol, Arguments arguments, std::string_view required) {
  DataType left = arguments[0].type;
  DataType right = arguments[1].type;
  promote_operand(left, right);
  promote_operand(right, left);
  const std::string where =
      fmt::format("Cannot resolve \"({} {} {})\" due to data type mismatch: ", arguments[0].text,
                  symbol, arguments[1].text);
  if (left == right)
    return analysis_error(
        "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE",
        fmt::format("{}the binary operator requires the input type \"{}\", not \"{}\".", where,
                    required, left.to_string()));
  return analysis_error(
      "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES",
      fmt::format("{}the left and right operands of the binary operator have incompatible types "
                  "(\"{}\" and \"{}\").",
                  where, left.to_string(), right.to_string()));
}

Kernel identity_kernel() {
  return [](const KernelInput& input) -> Result<Column> {
    Column column = input.arguments[0].column;
    column.type = input.type;
    return column;
  };
}

Result<ResolvedFunction> resolve_negative(const Argument& argument, const SqlSettings& settings) {
  if (auto resolved = resolve_datetime_arithmetic("-", {&argument, 1}, settings))
    return std::move(*resolved);
  STREAM_TRY(const DataType type, signed_type("negative", argument));
  ResolvedFunction resolved;
  resolved.parameter_types = {type};
  resolved.type = type;
  resolved.is_nullable = argument.is_nullable;
  resolved.can_fail = settings.is_ansi && is_integral(type.kind);
  if (type.kind == TypeKind::decimal) {
    resolved.kernel = negative_kernel<Int128>(false);
  } else {
    resolved.kernel = visit_number(type.kind, [&]<class T>(std::type_identity<T>) {
      return negative_kernel<T>(settings.is_ansi);
    });
  }
  return resolved;
}

Result<ResolvedFunction> resolve_positive(const Argument& argument, const SqlSettings& settings) {
  if (auto resolved = resolve_datetime_arithmetic("+", {&argument, 1}, settings))
    return std::move(*resolved);
  STREAM_TRY(const DataType type, signed_type("positive", argument));
  ResolvedFunction resolved;
  resolved.parameter_types = {type};
  resolved.type = type;
  resolved.is_nullable = argument.is_nullable;
  resolved.can_fail = false;
  resolved.kernel = identity_kernel();
  return resolved;
}

void add_sign_operators(FunctionRegistry& registry) {
  registry.add(sign_function("negative", "negative(a) - a with the other sign", true));
  registry.add(sign_function("positive", "positive(a) - a", false));
}

}  // namespace stream
