// Arrays of values, and arrays with elements added, taken out or replaced.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/collections.hpp>
#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

Error too_long(std::string_view function, std::int64_t size) {
  return runtime_error("COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION",
                       fmt::format("{}: cannot make an array of {} elements", function, size));
}

Result<ResolvedFunction> resolve_array(Arguments arguments, const SqlSettings& settings) {
  const auto type = common_type(arguments, 0, settings.is_ansi);
  if (!type)
    return analysis_error("DATATYPE_MISMATCH.DATA_DIFF_TYPES",
                          "array: the elements must have one type");
  ResolvedFunction function;
  bool has_nulls = false;
  for (const Argument& argument : arguments) {
    function.parameter_types.push_back(*type);
    has_nulls = has_nulls || argument.is_nullable;
  }
  function.type = array_of(*type, has_nulls);
  function.is_nullable = false;
  function.nulls = NullHandling::custom;
  function.can_fail = false;
  function.kernel =
      builder_kernel([](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        for (std::size_t i = 0; i < input.arguments.size(); ++i)
          append_argument(builder.child(0), input, i, row);
        builder.append_array();
      });
  return function;
}

/// array_append and array_prepend: the element may be null.
Result<ResolvedFunction> resolve_add(std::string_view name, bool is_first, Arguments arguments,
                                     const SqlSettings& settings) {
  STREAM_TRY(const DataType array, array_argument(name, arguments, 0));
  const auto element = element_type(element_of(array), arguments[1].type, settings.is_ansi);
  if (!element) return different_types(name, arguments);
  ResolvedFunction function;
  function.type = array_of(*element, has_null_elements(array) || arguments[1].is_nullable);
  function.parameter_types = {array_of(*element, has_null_elements(array)), *element};
  function.is_nullable = arguments[0].is_nullable;
  function.nulls = NullHandling::custom;
  function.can_fail = false;
  function.kernel =
      builder_kernel([is_first](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        if (input.arguments[0].is_null(row)) return builder.append_null();
        const ListRow list = list_at(input.arguments[0], row);
        if (is_first) append_argument(builder.child(0), input, 1, row);
        append_range(builder.child(0), list.elements(), list.begin, list.end);
        if (!is_first) append_argument(builder.child(0), input, 1, row);
        builder.append_array();
      });
  return function;
}

Result<void> insert_element(const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
  if (input.arguments[0].is_null(row) || input.arguments[1].is_null(row)) {
    builder.append_null();
    return {};
  }
  const ListRow list = list_at(input.arguments[0], row);
  const auto size = static_cast<std::int64_t>(list.size());
  const std::int64_t position =
      input.arguments[1].column.data<std::int32_t>()[input.arguments[1].index(row)];
  if (position == 0)
    return runtime_error("INVALID_INDEX_OF_ZERO",
                         "array_insert: positions start at 1, or at -1 from the end");
  const std::int64_t distance = position < 0 ? -position : position;
  const std::int64_t new_size = std::max(size + 1, distance);
  if (new_size > kMaxListSize) return too_long("array_insert", new_size);
  ColumnBuilder& into = builder.child(0);
  // Where the new element goes; nulls fill the way to it from the near end of the old ones.
  const std::int64_t place = position > 0 ? position - 1 : new_size - distance;
  const std::int64_t num_missing = new_size - size - 1;
  std::int64_t next = 0;
  for (std::int64_t i = 0; i < new_size; ++i) {
    const bool is_filler = position > 0 ? i >= size && i < place : i > place && i <= num_missing;
    if (i == place) {
      append_argument(into, input, 2, row);
    } else if (is_filler && num_missing > 0) {
      into.append_null();
    } else {
      append_from(into, list.elements(), list.begin + static_cast<std::size_t>(next++));
    }
  }
  builder.append_array();
  return {};
}

Result<ResolvedFunction> resolve_insert(Arguments arguments, const SqlSettings& settings) {
  const bool is_list =
      arguments[0].type.kind == TypeKind::array || arguments[0].type.kind == TypeKind::null;
  if (!is_list) return different_types("array_insert", arguments);
  STREAM_TRY(const DataType array, array_argument("array_insert", arguments, 0));
  const auto element = element_type(element_of(array), arguments[2].type, settings.is_ansi);
  if (!element) return different_types("array_insert", arguments);
  const TypeKind place = arguments[1].type.kind;
  const bool is_place = place == TypeKind::null || (is_integral(place) && place != TypeKind::int64);
  if (!is_place) return wrong_argument("array_insert", arguments, 1, "the \"INT\" type");
  ResolvedFunction function;
  function.type = array_of(*element, true);
  function.parameter_types = {array_of(*element, has_null_elements(array)),
                              primitive(TypeKind::int32), *element};
  function.nulls = NullHandling::custom;
  function.kernel = builder_kernel(insert_element);
  return function;
}

Result<ResolvedFunction> resolve_remove(Arguments arguments, const SqlSettings& settings) {
  STREAM_TRY(const DataType array, array_argument("array_remove", arguments, 0));
  const auto element = element_type(element_of(array), arguments[1].type, settings.is_ansi);
  if (!element) return different_types("array_remove", arguments);
  ResolvedFunction function;
  function.type = array_of(*element, has_null_elements(array));
  function.parameter_types = {function.type, *element};
  function.can_fail = false;
  function.kernel =
      builder_kernel([](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        const ListRow list = list_at(input.arguments[0], row);
        const Operand& value = input.arguments[1];
        for (std::size_t i = list.begin; i < list.end; ++i) {
          if (list.elements().is_null(i) ||
              !equal_rows(list.elements(), i, value.column, value.index(row)))
            append_from(builder.child(0), list.elements(), i);
        }
        builder.append_array();
      });
  return function;
}

Result<ResolvedFunction> resolve_compact(Arguments arguments, const SqlSettings&) {
  STREAM_TRY(const DataType array, array_argument("array_compact", arguments, 0));
  ResolvedFunction function;
  function.type = array_of(element_of(array), false);
  function.parameter_types = {array};
  function.can_fail = false;
  function.kernel =
      builder_kernel([](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        const ListRow list = list_at(input.arguments[0], row);
        for (std::size_t i = list.begin; i < list.end; ++i) {
          if (!list.elements().is_null(i)) append_from(builder.child(0), list.elements(), i);
        }
        builder.append_array();
      });
  return function;
}

Result<ResolvedFunction> resolve_repeat(Arguments arguments, const SqlSettings&) {
  STREAM_TRY(DataType count_type,
             exact_type("array_repeat", arguments, 1, primitive(TypeKind::int32)));
  ResolvedFunction function;
  function.type = array_of(arguments[0].type, arguments[0].is_nullable);
  function.parameter_types = {arguments[0].type, std::move(count_type)};
  function.is_nullable = arguments[1].is_nullable;
  function.nulls = NullHandling::custom;
  function.can_fail = false;
  function.kernel =
      builder_kernel([](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        const Operand& count = input.arguments[1];
        if (count.is_null(row)) return builder.append_null();
        const std::int32_t times = count.column.data<std::int32_t>()[count.index(row)];
        for (std::int32_t i = 0; i < times; ++i) append_argument(builder.child(0), input, 0, row);
        builder.append_array();
      });
  return function;
}

}  // namespace

void add_array_functions(FunctionRegistry& registry) {
  registry.add(collection_function("array", "array", "array(x, …) - an array of the values", 0,
                                   kAnyNumber, resolve_array));
  registry.add(collection_function("array_append", "array",
                                   "array_append(array, x) - the array with x at its end", 2, 2,
                                   [](Arguments arguments, const SqlSettings& settings) {
                                     return resolve_add("array_append", false, arguments, settings);
                                   }));
  registry.add(collection_function("array_prepend", "array",
                                   "array_prepend(array, x) - the array with x at its start", 2, 2,
                                   [](Arguments arguments, const SqlSettings& settings) {
                                     return resolve_add("array_prepend", true, arguments, settings);
                                   }));
  registry.add(collection_function(
      "array_insert", "array",
      "array_insert(array, position, x) - the array with x at the position, from 1 or from -1", 3,
      3, resolve_insert));
  registry.add(collection_function("array_remove", "array",
                                   "array_remove(array, x) - the array without elements equal to x",
                                   2, 2, resolve_remove));
  registry.add(collection_function("array_compact", "array",
                                   "array_compact(array) - the array without NULLs", 1, 1,
                                   resolve_compact));
  registry.add(collection_function("array_repeat", "array",
                                   "array_repeat(x, count) - an array of count times x", 2, 2,
                                   resolve_repeat));
}

}  // namespace stream
