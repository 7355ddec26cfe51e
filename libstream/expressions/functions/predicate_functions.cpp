#include <libstream/data/compare.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/column_loop.hpp>
#include <libstream/expressions/functions/operands.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <fmt/format.h>

#include <cmath>

namespace stream {
namespace {

bool is_null_row(const Operand& operand, std::size_t row) {
  return operand.type().kind == TypeKind::null || operand.is_null(row);
}

/// isnull and isnotnull.
Kernel null_test(bool wanted) {
  return [wanted](const KernelInput& input) -> Result<Column> {
    Column result = unset_column(input.type, input.num_rows, input.context.pool);
    auto* out = values_of<std::uint8_t>(result);
    for (std::size_t i = 0; i < input.num_rows; ++i)
      out[i] = is_null_row(input.arguments[0], i) == wanted;
    return result;
  };
}

ScalarFunction null_test_function(std::string name, std::string usage, bool wanted) {
  ScalarFunction function;
  function.name = std::move(name);
  function.family = "predicate";
  function.usage = std::move(usage);
  function.min_arguments = function.max_arguments = 1;
  function.resolve = [wanted](Arguments arguments, const SqlSettings&) -> Result<ResolvedFunction> {
    ResolvedFunction resolved;
    resolved.parameter_types = {arguments[0].type};
    resolved.type = primitive(TypeKind::boolean);
    resolved.is_nullable = false;
    resolved.kernel = null_test(wanted);
    resolved.nulls = NullHandling::custom;
    resolved.can_fail = false;
    return resolved;
  };
  return function;
}

/// Whether value `row` of the first argument is among the others; nullopt: unknown.
using Membership = std::optional<bool>;

template <class T>
bool is_same_plain(const Operand& a, std::size_t i, const Operand& b, std::size_t j) {
  return a.column.data<T>()[i] == b.column.data<T>()[j];
}
bool is_same_text(const Operand& a, std::size_t i, const Operand& b, std::size_t j) {
  return a.column.string_at(i) == b.column.string_at(j);
}
bool is_same_value(const Operand& a, std::size_t i, const Operand& b, std::size_t j) {
  return equal_rows(a.column, i, b.column, j);
}

using Equality = bool (*)(const Operand&, std::size_t, const Operand&, std::size_t);

Equality equality_of(TypeKind kind) {
  switch (kind) {
    case TypeKind::int8:
      return is_same_plain<std::int8_t>;
    case TypeKind::int16:
      return is_same_plain<std::int16_t>;
    case TypeKind::int32:
    case TypeKind::date:
    case TypeKind::year_month_interval:
      return is_same_plain<std::int32_t>;
    case TypeKind::int64:
    case TypeKind::timestamp:
    case TypeKind::timestamp_ntz:
    case TypeKind::day_time_interval:
      return is_same_plain<std::int64_t>;
    case TypeKind::decimal:
      return is_same_plain<Int128>;
    case TypeKind::string:
    case TypeKind::binary:
      return is_same_text;
    default:
      return is_same_value;
  }
}

/// Marks the rows that equal one item, a constant.
template <class T>
void mark_equal(const Operand& value, const Operand& item, std::size_t num_rows,
                std::uint8_t* __restrict out) {
  const T* values = value.column.data<T>();
  const T wanted = item.column.data<T>()[0];
  for (std::size_t i = 0; i < num_rows; ++i)
    out[i] = static_cast<std::uint8_t>(out[i] | (values[i] == wanted));
}
void mark_equal_texts(const Operand& value, const Operand& item, std::size_t num_rows,
                      std::uint8_t* out) {
  const std::string_view wanted = item.column.string_at(0);
  const StringView* views = value.column.data<StringView>();
  for (std::size_t i = 0; i < num_rows; ++i) {
    if (views[i].size == wanted.size() && !value.is_null(i) && value.column.string_at(i) == wanted)
      out[i] = 1;
  }
}

using Mark = void (*)(const Operand&, const Operand&, std::size_t, std::uint8_t*);

/// How a column is compared with a constant; nullptr: row by row.
Mark mark_of(TypeKind kind) {
  switch (kind) {
    case TypeKind::int32:
    case TypeKind::date:
      return mark_equal<std::int32_t>;
    case TypeKind::int64:
    case TypeKind::timestamp:
      return mark_equal<std::int64_t>;
    case TypeKind::string:
      return mark_equal_texts;
    default:
      return nullptr;
  }
}

/// A column among constants: a loop an item.
Column is_among_constants(const KernelInput& input, Mark mark) {
  const Operand& value = input.arguments[0];
  Column result = unset_column(input.type, input.num_rows, input.context.pool);
  auto* out = values_of<std::uint8_t>(result);
  std::memset(out, 0, input.num_rows);
  bool has_null = false;
  for (const Operand& item : input.arguments.subspan(1)) {
    if (item.is_null(0)) {
      has_null = true;
    } else {
      mark(value, item, input.num_rows, out);
    }
  }
  if (!has_null) {
    result.validity = value.column.validity;
    return result;
  }
  NullMarks nulls(result, input.context.pool);
  for (std::size_t i = 0; i < input.num_rows; ++i) {
    if (out[i] == 0 || value.is_null(i)) nulls.set(i);
  }
  return result;
}

Result<Column> is_member(const KernelInput& input) {
  const Operand& value = input.arguments[0];
  const Mark mark = mark_of(value.type().kind);
  const bool are_constants = std::all_of(input.arguments.begin() + 1, input.arguments.end(),
                                         [](const Operand& item) { return item.is_constant; });
  if (mark != nullptr && are_constants && !value.is_constant)
    return is_among_constants(input, mark);
  const Equality is_same = equality_of(value.type().kind);
  Column result = unset_column(input.type, input.num_rows, input.context.pool);
  NullMarks nulls(result, input.context.pool);
  auto* out = values_of<std::uint8_t>(result);
  for (std::size_t row = 0; row < input.num_rows; ++row) {
    out[row] = 0;
    if (is_null_row(value, row)) {
      nulls.set(row);
      continue;
    }
    bool has_null = false;
    for (const Operand& item : input.arguments.subspan(1)) {
      if (is_null_row(item, row)) {
        has_null = true;
      } else if (is_same(value, value.index(row), item, item.index(row))) {
        out[row] = 1;
        break;
      }
    }
    if (has_null && out[row] == 0) nulls.set(row);
  }
  return result;
}

Result<ResolvedFunction> resolve_in(Arguments arguments, const SqlSettings& settings) {
  std::optional<DataType> type = common_type(arguments, 0, settings.is_ansi);
  if (!settings.is_ansi && type) {
    // Two types meet as in a comparison.
    if (arguments.size() == 2) type = comparison_type(arguments[0].type, arguments[1].type, false);
  }
  if (!type)
    return analysis_error(
        "DATATYPE_MISMATCH.DATA_DIFF_TYPES",
        fmt::format("Cannot resolve \"({} IN (…))\" due to data type mismatch: the input to `in` "
                    "should all be the same type.",
                    arguments[0].text));
  if (!is_orderable(*type))
    return analysis_error(
        "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
        fmt::format("Cannot resolve \"({} IN (…))\" due to data type mismatch: `in` does not "
                    "support ordering on type \"{}\".",
                    arguments[0].text, type->to_string()));
  ResolvedFunction resolved;
  resolved.parameter_types.assign(arguments.size(), *type);
  resolved.type = primitive(TypeKind::boolean);
  resolved.is_nullable = is_any_nullable(arguments);
  resolved.kernel = is_member;
  resolved.nulls = NullHandling::custom;
  resolved.can_fail = false;
  return resolved;
}

Result<Column> invert(const KernelInput& input) {
  return map_values<std::uint8_t, std::uint8_t>(
      input, [](std::uint8_t value) { return static_cast<std::uint8_t>(value ^ 1u); });
}

template <class T>
Column test_nan(const KernelInput& input) {
  Column result = map_values<T, std::uint8_t>(
      input, [](T value) { return static_cast<std::uint8_t>(value != value); });
  const Operand& argument = input.arguments[0];
  if (argument.column.validity) {
    for (std::size_t i = 0; i < input.num_rows; ++i) {
      if (argument.is_null(i)) values_of<std::uint8_t>(result)[i] = 0;
    }
  }
  return result;
}

Result<ResolvedFunction> resolve_isnan(Arguments arguments, const SqlSettings& settings) {
  STREAM_TRY(DataType type, implicit_type_of("isnan", arguments, 0,
                                             {TypeKind::float64, TypeKind::float32}, settings));
  ResolvedFunction resolved;
  resolved.kernel = [is_float = type.kind ==
                                TypeKind::float32](const KernelInput& input) -> Result<Column> {
    return is_float ? test_nan<float>(input) : test_nan<double>(input);
  };
  resolved.parameter_types = {std::move(type)};
  resolved.type = primitive(TypeKind::boolean);
  resolved.is_nullable = false;
  resolved.nulls = NullHandling::custom;
  resolved.can_fail = false;
  return resolved;
}

/// nanvl(a, b): b where a is NaN.
template <class T>
Result<Column> replace_nan(const KernelInput& input) {
  const Operand& value = input.arguments[0];
  const Operand& other = input.arguments[1];
  Column result = unset_column(input.type, input.num_rows, input.context.pool);
  NullMarks nulls(result, input.context.pool);
  T* out = values_of<T>(result);
  for (std::size_t i = 0; i < input.num_rows; ++i) {
    const T x = value.column.data<T>()[value.index(i)];
    const bool is_replaced = !value.is_null(i) && std::isnan(x);
    const Operand& chosen = is_replaced ? other : value;
    out[i] = chosen.column.data<T>()[chosen.index(i)];
    if (chosen.is_null(i)) nulls.set(i);
  }
  return result;
}

Result<ResolvedFunction> resolve_nanvl(Arguments arguments, const SqlSettings& settings) {
  std::vector<DataType> types;
  for (std::size_t i = 0; i < 2; ++i) {
    STREAM_TRY(DataType type, implicit_type_of("nanvl", arguments, i,
                                               {TypeKind::float64, TypeKind::float32}, settings));
    types.push_back(std::move(type));
  }
  if (types[0].kind != types[1].kind) types[0] = types[1] = primitive(TypeKind::float64);
  ResolvedFunction resolved;
  resolved.type = types[0];
  resolved.kernel =
      types[0].kind == TypeKind::float32 ? Kernel(replace_nan<float>) : Kernel(replace_nan<double>);
  resolved.parameter_types = std::move(types);
  resolved.is_nullable = is_any_nullable(arguments);
  resolved.nulls = NullHandling::custom;
  resolved.can_fail = false;
  return resolved;
}

ScalarFunction typed(std::string name, std::string family, std::string usage, std::size_t min,
                     std::size_t max,
                     Result<ResolvedFunction> (*resolve)(Arguments, const SqlSettings&)) {
  ScalarFunction function;
  function.name = std::move(name);
  function.family = std::move(family);
  function.usage = std::move(usage);
  function.min_arguments = min;
  function.max_arguments = max;
  function.resolve = resolve;
  return function;
}

}  // namespace

void add_predicate_functions(FunctionRegistry& registry) {
  registry.add(null_test_function("isnull", "isnull(a) - whether a is null", true));
  registry.add(null_test_function("isnotnull", "isnotnull(a) - whether a is not null", false));
  registry.add(typed("in", "predicate", "a in (b, …) - whether a equals one of the others", 2,
                     kAnyNumber, resolve_in));
  registry.add(typed("isnan", "predicate", "isnan(a) - whether a is NaN", 1, 1, resolve_isnan));
  registry.add(
      typed("nanvl", "conditional", "nanvl(a, b) - a, or b where a is NaN", 2, 2, resolve_nanvl));
  add_fixed(registry, {{.name = "not",
                        .family = "predicate",
                        .usage = "not a - the opposite",
                        .parameters = {TypeKind::boolean},
                        .result = TypeKind::boolean,
                        .kernel = invert}});
  registry.add_alias("!", "not");
}

}  // namespace stream
