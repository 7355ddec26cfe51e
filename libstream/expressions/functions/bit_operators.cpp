#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/column_loop.hpp>
#include <libstream/expressions/functions/operands.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <fmt/format.h>

#include <bit>

namespace stream {
namespace {

ResolvedFunction total(std::vector<DataType> parameters, DataType result, Arguments arguments,
                       Kernel kernel) {
  ResolvedFunction resolved;
  resolved.parameter_types = std::move(parameters);
  resolved.type = std::move(result);
  resolved.is_nullable = is_any_nullable(arguments);
  resolved.kernel = std::move(kernel);
  resolved.can_fail = false;
  return resolved;
}

ScalarFunction typed(
    std::string name, std::string usage, std::size_t num_arguments,
    std::function<Result<ResolvedFunction>(Arguments, const SqlSettings&)> resolve) {
  ScalarFunction function;
  function.name = std::move(name);
  function.family = "bitwise";
  function.usage = std::move(usage);
  function.min_arguments = function.max_arguments = num_arguments;
  function.resolve = std::move(resolve);
  return function;
}

/// A text that meets a number is taken for BIGINT.
DataType without_text(const DataType& type, const DataType& other) {
  const bool is_taken = type.kind == TypeKind::string && is_numeric(other.kind);
  return is_taken ? primitive(TypeKind::int64) : type;
}

template <class Op>
ScalarFunction bit_operator(std::string symbol, std::string usage, Op op) {
  const auto resolve = [symbol, op](Arguments arguments,
                                    const SqlSettings& settings) -> Result<ResolvedFunction> {
    const DataType& left = arguments[0].type;
    const DataType& right = arguments[1].type;
    std::optional<DataType> type = tightest_common_type(
        without_text(left, right), without_text(right, left), settings.is_ansi);
    if (type && type->kind == TypeKind::null) type = primitive(TypeKind::int32);
    if (!type || !is_integral(type->kind)) return operand_mismatch(symbol, arguments, "INTEGRAL");
    return total({*type, *type}, *type, arguments,
                 visit_integer(type->kind, [op]<class T>(std::type_identity<T>) -> Kernel {
                   return [op](const KernelInput& input) -> Result<Column> {
                     return combine_values<T, T, T>(input, op);
                   };
                 }));
  };
  return typed(symbol, std::move(usage), 2, resolve);
}

Result<ResolvedFunction> resolve_bit_not(Arguments arguments, const SqlSettings& settings) {
  DataType type = arguments[0].type;
  if (!is_integral(type.kind)) {
    const bool is_allowed = type.kind == TypeKind::null || type.kind == TypeKind::string;
    if (!is_allowed) return wrong_argument("~", arguments, 0, "the \"INTEGRAL\" type");
    type = primitive(settings.is_ansi || type.kind == TypeKind::null ? TypeKind::int32
                                                                     : TypeKind::int64);
  }
  return total({type}, type, arguments,
               visit_integer(type.kind, []<class T>(std::type_identity<T>) -> Kernel {
                 return [](const KernelInput& input) -> Result<Column> {
                   return map_values<T, T>(input, [](T value) { return static_cast<T>(~value); });
                 };
               }));
}

/// Shifts count modulo the width, as Java's.
template <class Shift>
ScalarFunction shift_operator(std::string name, std::string usage, Shift shift) {
  const auto resolve = [name, shift](Arguments arguments,
                                     const SqlSettings& settings) -> Result<ResolvedFunction> {
    STREAM_TRY(DataType type,
               implicit_type_of(name, arguments, 0, {TypeKind::int32, TypeKind::int64}, settings));
    STREAM_TRY(DataType count,
               implicit_type(name, arguments, 1, primitive(TypeKind::int32), settings));
    Kernel kernel = [shift, is_long = type.kind ==
                                      TypeKind::int64](const KernelInput& input) -> Result<Column> {
      if (is_long)
        return combine_values<std::int64_t, std::int32_t, std::int64_t>(
            input, [shift](std::int64_t value, std::int32_t by) { return shift(value, by & 63); });
      return combine_values<std::int32_t, std::int32_t, std::int32_t>(
          input, [shift](std::int32_t value, std::int32_t by) { return shift(value, by & 31); });
    };
    const DataType result = type;
    return total({std::move(type), std::move(count)}, result, arguments, std::move(kernel));
  };
  return typed(name, std::move(usage), 2, resolve);
}

struct ShiftLeft {
  template <class T>
  T operator()(T value, std::int32_t by) const {
    return static_cast<T>(static_cast<std::make_unsigned_t<T>>(value) << by);
  }
};
struct ShiftRight {
  template <class T>
  T operator()(T value, std::int32_t by) const {
    return static_cast<T>(value >> by);
  }
};
struct ShiftRightUnsigned {
  template <class T>
  T operator()(T value, std::int32_t by) const {
    return static_cast<T>(static_cast<std::make_unsigned_t<T>>(value) >> by);
  }
};

void add_shift(FunctionRegistry& registry, const std::string& symbol, const std::string& name,
               const std::string& usage, const auto& shift) {
  registry.add(shift_operator(symbol, "a " + symbol + " n - " + usage, shift));
  registry.add(shift_operator(name, name + "(a, n) - " + usage, shift));
}

Result<ResolvedFunction> resolve_bit_count(Arguments arguments, const SqlSettings&) {
  DataType type = arguments[0].type;
  if (type.kind == TypeKind::null) type = primitive(TypeKind::int64);
  if (type.kind != TypeKind::boolean && !is_integral(type.kind))
    return wrong_argument("bit_count", arguments, 0, "the (\"INTEGRAL\" or \"BOOLEAN\") type");
  const DataType result = primitive(TypeKind::int32);
  if (type.kind == TypeKind::boolean)
    return total({type}, result, arguments, [](const KernelInput& input) -> Result<Column> {
      return map_values<std::uint8_t, std::int32_t>(
          input, [](std::uint8_t value) -> std::int32_t { return value != 0; });
    });
  // Smaller integers count as a long's bits: -1 has 64 of them.
  return total({type}, result, arguments,
               visit_integer(type.kind, []<class T>(std::type_identity<T>) -> Kernel {
                 return [](const KernelInput& input) -> Result<Column> {
                   return map_values<T, std::int32_t>(input, [](T value) -> std::int32_t {
                     return std::popcount(static_cast<std::uint64_t>(std::int64_t{value}));
                   });
                 };
               }));
}

ScalarFunction bit_get(const std::string& name) {
  const auto resolve = [name](Arguments arguments,
                              const SqlSettings& settings) -> Result<ResolvedFunction> {
    if (is_floating(arguments[0].type.kind) || arguments[0].type.kind == TypeKind::decimal)
      return wrong_argument(name, arguments, 0, "the \"INTEGRAL\" type");
    STREAM_TRY(DataType type,
               implicit_type_of(name, arguments, 0,
                                {TypeKind::int64, TypeKind::int32, TypeKind::int16, TypeKind::int8},
                                settings));
    STREAM_TRY(DataType place,
               implicit_type(name, arguments, 1, primitive(TypeKind::int32), settings));
    Kernel kernel = visit_integer(type.kind, [name]<class T>(std::type_identity<T>) -> Kernel {
      return [name](const KernelInput& input) {
        return combine_checked<T, std::int32_t, std::int8_t>(
            input, OnFailure::error,
            [](T value, std::int32_t at, std::int8_t& out) -> std::int32_t {
              constexpr auto kBits = static_cast<std::int32_t>(8 * sizeof(T));
              if (at < 0 || at >= kBits) return -1;
              out = static_cast<std::int8_t>((value >> at) & 1);
              return 0;
            },
            [name](T, std::int32_t at) {
              return runtime_error(
                  "INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE",
                  fmt::format("The value of parameter(s) `pos` in `{}` is invalid: expects an "
                              "integer value in [0, {}), but got {}.",
                              name, 8 * sizeof(T), at));
            });
      };
    });
    ResolvedFunction resolved = total({std::move(type), std::move(place)},
                                      primitive(TypeKind::int8), arguments, std::move(kernel));
    resolved.can_fail = true;
    return resolved;
  };
  return typed(name, name + "(a, n) - bit n of a, the lowest is 0", 2, resolve);
}

}  // namespace

void add_bit_operators(FunctionRegistry& registry) {
  registry.add(bit_operator("&", "a & b - the bits that both have", std::bit_and<>{}));
  registry.add(bit_operator("|", "a | b - the bits that one has", std::bit_or<>{}));
  registry.add(bit_operator("^", "a ^ b - the bits that differ", std::bit_xor<>{}));
  registry.add(typed("~", "~a - the other bits", 1, resolve_bit_not));
  add_shift(registry, "<<", "shiftleft", "a shifted left by n bits", ShiftLeft{});
  add_shift(registry, ">>", "shiftright", "a shifted right by n bits, its sign kept", ShiftRight{});
  add_shift(registry, ">>>", "shiftrightunsigned", "a shifted right by n bits, zeros from the left",
            ShiftRightUnsigned{});
  registry.add(
      typed("bit_count", "bit_count(a) - how many bits of a are set", 1, resolve_bit_count));
  registry.add(bit_get("bit_get"));
  registry.add(bit_get("getbit"));
}

}  // namespace stream
