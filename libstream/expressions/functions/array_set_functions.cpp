// Arrays as sets and sequences: array_distinct, array_union, array_intersect, array_except,
// sort_array, reverse, shuffle.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/collections.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace stream {
namespace {

using ResolveArray = std::function<Result<ResolvedFunction>(Arguments, const SqlSettings&)>;

enum class SetOperation { unite, intersect, except };

Result<ResolvedFunction> resolve_array_distinct(Arguments arguments, const SqlSettings&) {
  STREAM_TRY(const DataType array, array_argument("array_distinct", arguments, 0));
  ResolvedFunction function;
  function.parameter_types = {array};
  function.type = array;
  function.can_fail = false;
  function.kernel =
      builder_kernel([](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        const ListRow list = list_at(input.arguments[0], row);
        ElementSet seen;
        for (std::size_t i = list.begin; i < list.end; ++i) {
          if (seen.insert(list.elements(), i)) append_from(builder.child(0), list.elements(), i);
        }
        builder.append_array();
      });
  return function;
}

void append_set(SetOperation operation, const ListRow& a, const ListRow& b,
                ColumnBuilder& builder) {
  ElementSet seen;
  ElementSet right;
  if (operation != SetOperation::unite) {
    for (std::size_t i = b.begin; i < b.end; ++i) right.insert(b.elements(), i);
  }
  for (std::size_t i = a.begin; i < a.end; ++i) {
    const bool is_wanted =
        operation == SetOperation::unite ||
        right.contains(a.elements(), i) == (operation == SetOperation::intersect);
    if (is_wanted && seen.insert(a.elements(), i)) append_from(builder.child(0), a.elements(), i);
  }
  for (std::size_t i = b.begin; operation == SetOperation::unite && i < b.end; ++i) {
    if (seen.insert(b.elements(), i)) append_from(builder.child(0), b.elements(), i);
  }
  builder.append_array();
}

Result<ResolvedFunction> resolve_set(std::string_view name, SetOperation operation,
                                     Arguments arguments, const SqlSettings& settings) {
  STREAM_TRY(check_two_arrays(name, arguments));
  const DataType& left = arguments[0].type;
  const DataType& right = arguments[1].type;
  const auto element = element_type(element_of(left), element_of(right), settings.is_ansi);
  if (!element) return different_arrays(name, arguments);
  const bool has_left_nulls = has_null_elements(left);
  const bool has_right_nulls = has_null_elements(right);
  ResolvedFunction function;
  function.parameter_types = {array_of(*element, has_left_nulls),
                              array_of(*element, has_right_nulls)};
  function.type =
      array_of(*element, operation == SetOperation::unite       ? has_left_nulls || has_right_nulls
                         : operation == SetOperation::intersect ? has_left_nulls && has_right_nulls
                                                                : has_left_nulls);
  function.can_fail = false;
  function.kernel = builder_kernel(
      [operation](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        append_set(operation, list_at(input.arguments[0], row), list_at(input.arguments[1], row),
                   builder);
      });
  return function;
}

Result<ResolvedFunction> resolve_sort_array(Arguments arguments, const SqlSettings&) {
  STREAM_TRY(const DataType array, array_argument("sort_array", arguments, 0));
  if (!is_orderable(element_of(array)))
    return analysis_error(
        "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
        fmt::format("`sort_array` does not support ordering on type \"{}\".", array.to_string()));
  ResolvedFunction function;
  function.parameter_types = {array};
  if (arguments.size() == 2) {
    const TypeKind kind = arguments[1].type.kind;
    if (!arguments[1].constant || (kind != TypeKind::boolean && kind != TypeKind::null))
      return analysis_error(
          "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
          "sort_array: the order must be a constant of the type \"BOOLEAN\", not " +
              arguments[1].text);
    function.parameter_types.push_back(primitive(TypeKind::boolean));
  }
  function.type = array;
  function.can_fail = false;
  function.kernel =
      builder_kernel([](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        const ListRow list = list_at(input.arguments[0], row);
        const Column& elements = list.elements();
        bool is_ascending = true;
        if (input.arguments.size() == 2) {
          const Operand& flag = input.arguments[1];
          is_ascending = flag.column.data<std::uint8_t>()[flag.index(row)] != 0;
        }
        std::vector<std::size_t> order(list.size());
        std::iota(order.begin(), order.end(), list.begin);
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
          const int result = compare_rows(elements, a, elements, b);
          return is_ascending ? result < 0 : result > 0;
        });
        for (const std::size_t i : order) append_from(builder.child(0), elements, i);
        builder.append_array();
      });
  return function;
}

Result<ResolvedFunction> resolve_shuffle(Arguments arguments, const SqlSettings&) {
  STREAM_TRY(const DataType array, array_argument("shuffle", arguments, 0));
  ResolvedFunction function;
  function.parameter_types = {array};
  std::optional<std::uint64_t> seed;
  if (arguments.size() == 2) {
    const auto& given = arguments[1].constant;
    if (!given || given->is_null() || !is_integral(arguments[1].type.kind))
      return wrong_argument("shuffle", arguments, 1, "a constant \"INT\" or \"BIGINT\"");
    function.parameter_types.push_back(primitive(TypeKind::int64));
    seed = 0;
    if (const auto* small = std::get_if<std::int32_t>(&given->content))
      seed = static_cast<std::uint64_t>(*small);
    if (const auto* large = std::get_if<std::int64_t>(&given->content))
      seed = static_cast<std::uint64_t>(*large);
  }
  function.type = array;
  function.can_fail = false;
  function.kernel =
      builder_kernel([seed](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        const ListRow list = list_at(input.arguments[0], row);
        const auto number = static_cast<std::uint64_t>(input.context.rows_before) + row;
        std::mt19937_64 random(seed.value_or(input.context.seed) + number * 0x9e3779b97f4a7c15ULL);
        std::vector<std::size_t> order(list.size());
        std::iota(order.begin(), order.end(), list.begin);
        for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
        for (const std::size_t i : order) append_from(builder.child(0), list.elements(), i);
        builder.append_array();
      });
  return function;
}

ResolveArray set_resolver(std::string name, SetOperation operation) {
  return [name = std::move(name), operation](Arguments arguments, const SqlSettings& settings) {
    return resolve_set(name, operation, arguments, settings);
  };
}

}  // namespace

Result<ResolvedFunction> resolve_array_reverse(Arguments arguments) {
  STREAM_TRY(const DataType array, array_argument("reverse", arguments, 0));
  ResolvedFunction function;
  function.parameter_types = {array};
  function.type = array;
  function.can_fail = false;
  function.kernel =
      builder_kernel([](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        const ListRow list = list_at(input.arguments[0], row);
        for (std::size_t i = list.end; i > list.begin; --i)
          append_from(builder.child(0), list.elements(), i - 1);
        builder.append_array();
      });
  return function;
}

void add_array_set_functions(FunctionRegistry& registry) {
  registry.add(collection_function("array_distinct", "array",
                                   "array_distinct(array) - each element once", 1, 1,
                                   resolve_array_distinct));
  registry.add(collection_function("array_union", "array",
                                   "array_union(a, b) - the elements of both, each once", 2, 2,
                                   set_resolver("array_union", SetOperation::unite)));
  registry.add(collection_function("array_intersect", "array",
                                   "array_intersect(a, b) - the elements in both, each once", 2, 2,
                                   set_resolver("array_intersect", SetOperation::intersect)));
  registry.add(collection_function("array_except", "array",
                                   "array_except(a, b) - the elements of a not in b, each once", 2,
                                   2, set_resolver("array_except", SetOperation::except)));
  registry.add(collection_function(
      "sort_array", "array", "sort_array(array[, ascending]) - the elements in order, NULL least",
      1, 2, resolve_sort_array));
  ScalarFunction shuffle = collection_function(
      "shuffle", "array", "shuffle(array[, seed]) - the elements in random order", 1, 2,
      resolve_shuffle);
  shuffle.is_deterministic = false;
  registry.add(std::move(shuffle));
}

}  // namespace stream
