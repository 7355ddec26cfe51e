// One element of an array or value of a map: element_at, try_element_at, get.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/collections.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <fmt/format.h>
namespace stream {
namespace {

std::int64_t integer_at(const Operand& operand, std::size_t row) {
  const std::size_t i = operand.index(row);
  switch (operand.column.type.kind) {
    case TypeKind::int8:
      return operand.column.data<std::int8_t>()[i];
    case TypeKind::int16:
      return operand.column.data<std::int16_t>()[i];
    case TypeKind::int32:
      return operand.column.data<std::int32_t>()[i];
    default:
      return operand.column.data<std::int64_t>()[i];
  }
}

/// What an index outside of the array does.
enum class Outside { error, null };

/// `starts_at_one`: element_at, whose negative indexes count from the end.
Kernel element_kernel(bool starts_at_one, Outside outside) {
  return builder_kernel([starts_at_one, outside](const KernelInput& input, ColumnBuilder& builder,
                                                 std::size_t row) -> Result<void> {
    const ListRow list = list_at(input.arguments[0], row);
    const auto size = static_cast<std::int64_t>(list.size());
    const std::int64_t index = integer_at(input.arguments[1], row);
    std::int64_t place = index;
    if (starts_at_one) {
      if (index == 0)
        return runtime_error("INVALID_INDEX_OF_ZERO",
                             "element_at: indexes start at 1, or at -1 from the end");
      place = index > 0 ? index - 1 : size + index;
    }
    if (place >= 0 && place < size) {
      append_from(builder, list.elements(), list.begin + static_cast<std::size_t>(place));
      return {};
    }
    if (outside == Outside::null) {
      builder.append_null();
      return {};
    }
    return runtime_error(
        starts_at_one ? "INVALID_ARRAY_INDEX_IN_ELEMENT_AT" : "INVALID_ARRAY_INDEX",
        fmt::format("The index {} is out of bounds. The array has {} elements. Use {} to get NULL.",
                    index, size, starts_at_one ? "try_element_at" : "get"));
  });
}

Kernel map_value_kernel() {
  return builder_kernel([](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
    const ListRow map = list_at(input.arguments[0], row);
    const Operand& key = input.arguments[1];
    for (std::size_t i = map.begin; i < map.end; ++i) {
      if (equal_rows(map.elements(), i, key.column, key.index(row)))
        return append_from(builder, map.values(), i);
    }
    builder.append_null();
  });
}

Result<ResolvedFunction> resolve_map_value(std::string_view name, Arguments arguments,
                                           const SqlSettings& settings) {
  const DataType& map = arguments[0].type;
  const auto key = element_type(map.children[0].type, arguments[1].type, settings.is_ansi);
  if (!key)
    return analysis_error("DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES",
                          fmt::format("Input to `{}` should have been a map followed by a value "
                                      "with same key type, but it's [\"{}\", \"{}\"].",
                                      name, map.to_string(), arguments[1].type.to_string()));
  ResolvedFunction function;
  function.parameter_types = {map_of(*key, map.children[1].type, map.children[1].is_nullable),
                              *key};
  function.type = map.children[1].type;
  function.can_fail = false;
  function.kernel = map_value_kernel();
  return function;
}

Result<ResolvedFunction> resolve_element(std::string_view name, Outside outside,
                                         Arguments arguments, const SqlSettings& settings) {
  const DataType& list = arguments[0].type;
  if (list.kind == TypeKind::map) return resolve_map_value(name, arguments, settings);
  if (list.kind != TypeKind::array)
    return wrong_argument(name, arguments, 0, "the (\"ARRAY\" or \"MAP\") type");
  const TypeKind index = arguments[1].type.kind;
  if (!is_integral(index) && index != TypeKind::null)
    return wrong_argument(name, arguments, 1, "the \"INT\" type");
  ResolvedFunction function;
  function.parameter_types = {list, primitive(TypeKind::int32)};
  function.type = element_of(list);
  function.kernel = element_kernel(true, outside);
  return function;
}

Result<ResolvedFunction> resolve_get(Arguments arguments, const SqlSettings& settings) {
  STREAM_TRY(const DataType array, array_argument("get", arguments, 0));
  if (!is_implicitly_castable(arguments[1].type, primitive(TypeKind::int32), settings.is_ansi))
    return wrong_argument("get", arguments, 1, "the \"INT\" type");
  ResolvedFunction function;
  function.parameter_types = {array, primitive(TypeKind::int32)};
  function.type = element_of(array);
  function.kernel = element_kernel(false, Outside::null);
  return function;
}

ScalarFunction function_of(
    std::string name, std::string family, std::string usage,
    std::function<Result<ResolvedFunction>(Arguments, const SqlSettings&)> resolve) {
  ScalarFunction function;
  function.name = std::move(name);
  function.family = std::move(family);
  function.usage = std::move(usage);
  function.min_arguments = 2;
  function.max_arguments = 2;
  function.resolve = std::move(resolve);
  return function;
}

}  // namespace

void add_element_functions(FunctionRegistry& registry) {
  registry.add(function_of(
      "element_at", "collection",
      "element_at(array, index) or (map, key) - the element at index from 1 or -1, or the value",
      [](Arguments arguments, const SqlSettings& settings) {
        return resolve_element("element_at", settings.is_ansi ? Outside::error : Outside::null,
                               arguments, settings);
      }));
  registry.add(function_of("try_element_at", "collection",
                           "try_element_at(x, index) - element_at, NULL when there is none",
                           [](Arguments arguments, const SqlSettings& settings) {
                             return resolve_element("try_element_at", Outside::null, arguments,
                                                    settings);
                           }));
  registry.add(function_of(
      "get", "array", "get(array, index) - the element at index from 0, NULL when there is none",
      resolve_get));
}

}  // namespace stream
