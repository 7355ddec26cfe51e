// One element of an array, one value of a map, one field of a struct: element_at, get, the
// operators [] and the dot.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/collections.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <fmt/format.h>
#include <strings.h>

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

Result<ResolvedFunction> resolve_subscript(Arguments arguments, const SqlSettings& settings);

/// The field of a struct, or of each struct of an array.
Result<ResolvedFunction> resolve_field(Arguments arguments, const SqlSettings& settings) {
  const DataType& type = arguments[0].type;
  if (type.kind == TypeKind::map) return resolve_subscript(arguments, settings);
  const bool is_array = type.kind == TypeKind::array;
  const DataType& structure = is_array ? element_of(type) : type;
  if (structure.kind != TypeKind::structure)
    return analysis_error("INVALID_EXTRACT_BASE_FIELD_TYPE",
                          fmt::format("Can't extract a value from \"{}\". Need a complex type "
                                      "[STRUCT, ARRAY, MAP] but got \"{}\".",
                                      arguments[0].text, type.to_string()));
  if (!arguments[1].constant ||
      !std::holds_alternative<std::string>(arguments[1].constant->content))
    return analysis_error("INVALID_EXTRACT_FIELD_TYPE",
                          fmt::format("The field name should be a non-null string literal, but "
                                      "it's {}.",
                                      arguments[1].text));
  const auto& name = arguments[1].constant->as<std::string>();
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < structure.children.size(); ++i) {
    const std::string& other = structure.children[i].name;
    const bool is_same =
        settings.is_case_sensitive ? name == other : strcasecmp(name.c_str(), other.c_str()) == 0;
    if (!is_same) continue;
    if (found)
      return analysis_error("AMBIGUOUS_REFERENCE_TO_FIELDS",
                            fmt::format("Ambiguous reference to the field `{}`.", name));
    found = i;
  }
  if (!found)
    return analysis_error("FIELD_NOT_FOUND", fmt::format("No such struct field `{}` in {}.", name,
                                                         structure.to_string()));
  const Field& field = structure.children[*found];
  ResolvedFunction function;
  function.parameter_types = {type, arguments[1].type};
  function.type =
      is_array ? array_of(field.type, field.is_nullable || has_null_elements(type)) : field.type;
  function.is_nullable =
      is_array ? arguments[0].is_nullable : arguments[0].is_nullable || field.is_nullable;
  function.can_fail = false;
  function.kernel =
      builder_kernel([is_array, child = *found](const KernelInput& input, ColumnBuilder& builder,
                                                std::size_t row) {
        const Operand& operand = input.arguments[0];
        if (!is_array)
          return append_from(builder, operand.column.children[child], operand.index(row));
        const ListRow list = list_at(operand, row);
        for (std::size_t i = list.begin; i < list.end; ++i) {
          if (list.elements().is_null(i)) {
            builder.child(0).append_null();
          } else {
            append_from(builder.child(0), list.elements().children[child], i);
          }
        }
        builder.append_array();
      });
  return function;
}

/// a[i] of arrays (from 0), m[key] of maps, s['field'] of structs.
Result<ResolvedFunction> resolve_subscript(Arguments arguments, const SqlSettings& settings) {
  const DataType& type = arguments[0].type;
  if (type.kind == TypeKind::map) return resolve_map_value("[]", arguments, settings);
  const bool is_named = arguments[1].type.kind == TypeKind::string && arguments[1].constant;
  const bool holds_structs =
      type.kind == TypeKind::array && element_of(type).kind == TypeKind::structure;
  if (type.kind == TypeKind::structure || (holds_structs && is_named))
    return resolve_field(arguments, settings);
  if (type.kind != TypeKind::array)
    return analysis_error("INVALID_EXTRACT_BASE_FIELD_TYPE",
                          fmt::format("Can't extract a value from \"{}\". Need a complex type "
                                      "[STRUCT, ARRAY, MAP] but got \"{}\".",
                                      arguments[0].text, type.to_string()));
  const TypeKind index = arguments[1].type.kind;
  ResolvedFunction function;
  function.parameter_types = {type, arguments[1].type};
  if (index == TypeKind::null || index == TypeKind::string) {
    function.parameter_types[1] = primitive(TypeKind::int32);
  } else if (!is_integral(index)) {
    return wrong_argument("[]", arguments, 1, "the \"INTEGRAL\" type");
  }
  function.type = element_of(type);
  function.kernel = element_kernel(false, settings.is_ansi ? Outside::error : Outside::null);
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
  registry.add(function_of("[]", "operator",
                           "x[i] - the element at i from 0, or the value of key i",
                           resolve_subscript));
  registry.add(function_of(".", "operator", "x.name - the field of the struct", resolve_field));
}

}  // namespace stream
