#include <libstream/data/compare.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/column_loop.hpp>
#include <libstream/expressions/functions/operands.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

enum class Comparison { equal, less, less_or_equal, greater, greater_or_equal };

/// Spark's order of plain values: NaN equals itself and is the greatest number.
template <class T>
bool is_equal(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return (a == b) | ((a != a) & (b != b));
  else
    return a == b;
}
template <class T>
bool is_less(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return (a < b) | ((a == a) & (b != b));
  else
    return a < b;
}

template <Comparison kind, class T>
bool holds(T a, T b) {
  if constexpr (kind == Comparison::equal) return is_equal(a, b);
  if constexpr (kind == Comparison::less) return is_less(a, b);
  if constexpr (kind == Comparison::less_or_equal) return !is_less(b, a);
  if constexpr (kind == Comparison::greater) return is_less(b, a);
  if constexpr (kind == Comparison::greater_or_equal) return !is_less(a, b);
}

bool holds_order(Comparison kind, int order) {
  switch (kind) {
    case Comparison::equal:
      return order == 0;
    case Comparison::less:
      return order < 0;
    case Comparison::less_or_equal:
      return order <= 0;
    case Comparison::greater:
      return order > 0;
    case Comparison::greater_or_equal:
      return order >= 0;
  }
  STREAM_UNREACHABLE("comparison");
}

template <Comparison kind, class T>
Column compare_plain(const KernelInput& input) {
  return combine_values<T, T, std::uint8_t>(input, [](T a, T b) { return holds<kind, T>(a, b); });
}

/// Are the texts of two views equal? Most differ in length or in the first four bytes.
bool is_equal_text(const Operand& left, std::size_t a, const Operand& right, std::size_t b) {
  const StringView& x = left.column.data<StringView>()[a];
  const StringView& y = right.column.data<StringView>()[b];
  if (x.size != y.size) return false;
  if (x.size > 4 && std::memcmp(x.inlined, y.inlined, 4) != 0) return false;
  if (x.is_inline()) return std::memcmp(x.inlined, y.inlined, x.size) == 0;
  return left.column.string_at(a) == right.column.string_at(b);
}

Column compare_texts(const KernelInput& input, Comparison kind) {
  const Operand& left = input.arguments[0];
  const Operand& right = input.arguments[1];
  Column result = unset_column(input.type, input.num_rows, input.context.pool);
  auto* out = values_of<std::uint8_t>(result);
  for (std::size_t i = 0; i < input.num_rows; ++i) {
    const std::size_t a = left.index(i);
    const std::size_t b = right.index(i);
    out[i] = kind == Comparison::equal
                 ? is_equal_text(left, a, right, b)
                 : holds_order(kind, left.column.string_at(a).compare(right.column.string_at(b)));
  }
  return result;
}

/// Nested values and other rare types.
Column compare_any(const KernelInput& input, Comparison kind) {
  const Operand& left = input.arguments[0];
  const Operand& right = input.arguments[1];
  Column result = unset_column(input.type, input.num_rows, input.context.pool);
  auto* out = values_of<std::uint8_t>(result);
  for (std::size_t i = 0; i < input.num_rows; ++i) {
    if (!input.is_active(i)) continue;
    const std::size_t a = left.index(i);
    const std::size_t b = right.index(i);
    out[i] = kind == Comparison::equal
                 ? equal_rows(left.column, a, right.column, b)
                 : holds_order(kind, compare_rows(left.column, a, right.column, b));
  }
  return result;
}

template <Comparison kind>
Column compare_columns(const KernelInput& input) {
  switch (input.arguments[0].type().kind) {
    case TypeKind::boolean:
      return compare_plain<kind, std::uint8_t>(input);
    case TypeKind::int8:
      return compare_plain<kind, std::int8_t>(input);
    case TypeKind::int16:
      return compare_plain<kind, std::int16_t>(input);
    case TypeKind::int32:
    case TypeKind::date:
    case TypeKind::year_month_interval:
      return compare_plain<kind, std::int32_t>(input);
    case TypeKind::int64:
    case TypeKind::timestamp:
    case TypeKind::timestamp_ntz:
    case TypeKind::day_time_interval:
      return compare_plain<kind, std::int64_t>(input);
    case TypeKind::float32:
      return compare_plain<kind, float>(input);
    case TypeKind::float64:
      return compare_plain<kind, double>(input);
    case TypeKind::decimal:
      return compare_plain<kind, Int128>(input);
    case TypeKind::string:
    case TypeKind::binary:
      return compare_texts(input, kind);
    default:
      return compare_any(input, kind);
  }
}

template <Comparison kind>
Kernel comparison_kernel() {
  return [](const KernelInput& input) -> Result<Column> { return compare_columns<kind>(input); };
}

/// <=>: never null, two nulls are equal.
Result<Column> compare_null_safe(const KernelInput& input) {
  const Operand& left = input.arguments[0];
  const Operand& right = input.arguments[1];
  Column result = left.type().kind == TypeKind::null
                      ? unset_column(input.type, input.num_rows, input.context.pool)
                      : compare_columns<Comparison::equal>(input);
  auto* out = values_of<std::uint8_t>(result);
  const auto is_null = [](const Operand& operand, std::size_t row) {
    return operand.type().kind == TypeKind::null || operand.is_null(row);
  };
  const auto may_be_null = [](const Operand& operand) {
    return operand.type().kind == TypeKind::null || operand.column.validity;
  };
  if (!may_be_null(left) && !may_be_null(right)) return result;
  for (std::size_t i = 0; i < input.num_rows; ++i) {
    const bool is_left_null = is_null(left, i);
    const bool is_right_null = is_null(right, i);
    if (is_left_null || is_right_null) out[i] = is_left_null && is_right_null;
  }
  return result;
}

bool has_map(const DataType& type) {
  return type.kind == TypeKind::map ||
         std::any_of(type.children.begin(), type.children.end(),
                     [](const Field& field) { return has_map(field.type); });
}

Result<DataType> operand_type(std::string_view symbol, Arguments arguments, bool needs_order,
                              const SqlSettings& settings) {
  const std::optional<DataType> type =
      comparison_type(arguments[0].type, arguments[1].type, settings.is_ansi);
  if (!type) return operand_mismatch(symbol, arguments, "an ordered type");
  if (needs_order ? !is_orderable(*type) : has_map(*type) || type->kind == TypeKind::variant)
    return analysis_error(
        "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
        fmt::format("Cannot resolve \"({} {} {})\" due to data type mismatch: the `{}` does not "
                    "support ordering on type \"{}\".",
                    arguments[0].text, symbol, arguments[1].text, symbol, type->to_string()));
  return *type;
}

ScalarFunction comparison(std::string name, std::string usage, bool needs_order, Kernel kernel) {
  ScalarFunction function;
  function.name = std::move(name);
  function.family = "predicate";
  function.usage = std::move(usage);
  function.min_arguments = function.max_arguments = 2;
  function.resolve = [name = function.name, needs_order, kernel = std::move(kernel)](
                         Arguments arguments,
                         const SqlSettings& settings) -> Result<ResolvedFunction> {
    STREAM_TRY(DataType type, operand_type(name, arguments, needs_order, settings));
    ResolvedFunction resolved;
    resolved.parameter_types = {type, type};
    resolved.type = primitive(TypeKind::boolean);
    resolved.is_nullable = is_any_nullable(arguments);
    resolved.kernel = kernel;
    resolved.can_fail = false;
    return resolved;
  };
  return function;
}

ScalarFunction null_safe_comparison(std::string name, std::string usage) {
  ScalarFunction function = comparison(std::move(name), std::move(usage), false, compare_null_safe);
  function.resolve = [resolve = function.resolve](
                         Arguments arguments,
                         const SqlSettings& settings) -> Result<ResolvedFunction> {
    STREAM_TRY(ResolvedFunction resolved, resolve(arguments, settings));
    resolved.nulls = NullHandling::custom;
    resolved.is_nullable = false;
    return resolved;
  };
  return function;
}

/// a <> b is written NOT (a = b), as Spark does.
ScalarFunction unequal(std::string name) {
  ScalarFunction function;
  function.name = std::move(name);
  function.family = "predicate";
  function.usage = "a <> b - whether they differ";
  function.min_arguments = function.max_arguments = 2;
  function.rewrite = [](const Call& call) -> Result<Expr> {
    return make_call("not", {make_call("=", call.arguments)});
  };
  return function;
}

}  // namespace

void add_comparison_operators(FunctionRegistry& registry) {
  registry.add(comparison("=", "a = b - whether they are equal", false,
                          comparison_kernel<Comparison::equal>()));
  registry.add_alias("==", "=");
  registry.add(
      comparison("<", "a < b - whether a is less", true, comparison_kernel<Comparison::less>()));
  registry.add(comparison("<=", "a <= b - whether a is not greater", true,
                          comparison_kernel<Comparison::less_or_equal>()));
  registry.add(comparison(">", "a > b - whether a is greater", true,
                          comparison_kernel<Comparison::greater>()));
  registry.add(comparison(">=", "a >= b - whether a is not less", true,
                          comparison_kernel<Comparison::greater_or_equal>()));
  registry.add(null_safe_comparison("<=>", "a <=> b - equality where null equals null"));
  registry.add(
      null_safe_comparison("equal_null", "equal_null(a, b) - equality where null equals null"));
  registry.add(unequal("<>"));
  registry.add(unequal("!="));
}

}  // namespace stream
