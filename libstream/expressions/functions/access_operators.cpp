#include <libstream/data/compare.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/column_loop.hpp>
#include <libstream/expressions/functions/operands.hpp>
#include <libstream/expressions/row_kernel.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <fmt/format.h>
#include <strings.h>

namespace stream {
namespace {

/// The place of a struct's field. Error: none, or several.
Result<std::size_t> find_field(const DataType& type, const std::string& name,
                               bool is_case_sensitive) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < type.children.size(); ++i) {
    const std::string& candidate = type.children[i].name;
    const bool is_same =
        is_case_sensitive ? candidate == name : strcasecmp(candidate.c_str(), name.c_str()) == 0;
    if (!is_same) continue;
    if (found)
      return analysis_error("AMBIGUOUS_REFERENCE_TO_FIELDS",
                            fmt::format("Ambiguous reference to the field `{}`. It appears several "
                                        "times in the schema.",
                                        name));
    found = i;
  }
  if (found) return *found;
  std::string names;
  for (const Field& field : type.children)
    names += (names.empty() ? "`" : ", `") + field.name + "`";
  return analysis_error("FIELD_NOT_FOUND",
                        fmt::format("No such struct field `{}` in {}.", name, names));
}

void and_validity(Column& column, const BlockRef& other, BlockPool& pool) {
  if (!other) return;
  if (!column.validity) {
    column.validity = other;
    return;
  }
  const std::size_t bytes = (column.num_rows + 7) / 8;
  BlockRef both = pool.allocate(bytes + 8);
  for (std::size_t i = 0; i < bytes; ++i)
    both.data()[i] = static_cast<char>(column.validity.data()[i] & other.data()[i]);
  column.validity = std::move(both);
}

/// A field of each struct: its column as it is.
Kernel field_kernel(std::size_t index) {
  return [index](const KernelInput& input) -> Result<Column> {
    const Column& column = input.arguments[0].column;
    Column field = column.children[index];
    and_validity(field, column.validity, input.context.pool);
    return field;
  };
}

/// That field of every struct of an array, as an array.
Kernel fields_of_array_kernel(std::size_t index) {
  return [index](const KernelInput& input) -> Result<Column> {
    const Column& column = input.arguments[0].column;
    const Column& structs = column.children[0];
    Column field = structs.children[index];
    and_validity(field, structs.validity, input.context.pool);
    Column result = column;
    result.type = input.type;
    result.children = {std::move(field)};
    return result;
  };
}

Error invalid_array_index(std::int64_t index, std::size_t size) {
  return runtime_error(
      "INVALID_ARRAY_INDEX",
      fmt::format("The index {} is out of bounds. The array has {} elements. Use the SQL function "
                  "`get()` to tolerate accessing element at invalid index and return NULL instead.",
                  index, size));
}

/// Element `index`, counted from 0.
Kernel element_kernel(bool is_ansi) {
  return [is_ansi](const KernelInput& input) -> Result<Column> {
    const Operand& array = input.arguments[0];
    const Operand& place = input.arguments[1];
    ColumnBuilder builder(input.type, input.context.pool);
    builder.adopt(array.column.children[0].blocks);
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      if (!input.is_active(row)) {
        builder.append_null();
        continue;
      }
      const std::int64_t* offsets = array.column.data<std::int64_t>() + array.index(row);
      const std::int64_t index = place.column.data<std::int64_t>()[place.index(row)];
      if (index >= 0 && index < offsets[1] - offsets[0]) {
        append_from(builder, array.column.children[0],
                    static_cast<std::size_t>(offsets[0] + index));
      } else if (is_ansi) {
        return invalid_array_index(index, static_cast<std::size_t>(offsets[1] - offsets[0]));
      } else {
        builder.append_null();
      }
    }
    return builder.finish();
  };
}

/// The value of a key; null where there is none.
Result<Column> value_of_key(const KernelInput& input) {
  const Operand& map = input.arguments[0];
  const Operand& key = input.arguments[1];
  const Column& keys = map.column.children[0];
  ColumnBuilder builder(input.type, input.context.pool);
  builder.adopt(map.column.children[1].blocks);
  for (std::size_t row = 0; row < input.num_rows; ++row) {
    if (!input.is_active(row)) {
      builder.append_null();
      continue;
    }
    const std::int64_t* offsets = map.column.data<std::int64_t>() + map.index(row);
    std::int64_t at = offsets[0];
    while (at < offsets[1] &&
           !equal_rows(keys, static_cast<std::size_t>(at), key.column, key.index(row)))
      ++at;
    if (at < offsets[1]) {
      append_from(builder, map.column.children[1], static_cast<std::size_t>(at));
    } else {
      builder.append_null();
    }
  }
  return builder.finish();
}

ResolvedFunction access(Arguments arguments, DataType second, DataType type, bool is_nullable,
                        Kernel kernel) {
  ResolvedFunction resolved;
  resolved.parameter_types = {arguments[0].type, std::move(second)};
  resolved.type = std::move(type);
  resolved.is_nullable = is_nullable;
  resolved.kernel = std::move(kernel);
  resolved.can_fail = false;
  return resolved;
}

Result<ResolvedFunction> resolve_element(Arguments arguments, const SqlSettings& settings) {
  const Field& element = arguments[0].type.children[0];
  const TypeKind kind = arguments[1].type.kind;
  const bool is_index = is_integral(kind) || kind == TypeKind::null;
  if (!is_index) return wrong_argument("getarrayitem", arguments, 1, "the \"INTEGRAL\" type");
  ResolvedFunction resolved = access(arguments, primitive(TypeKind::int64), element.type, true,
                                     element_kernel(settings.is_ansi));
  resolved.can_fail = settings.is_ansi;
  return resolved;
}

Result<ResolvedFunction> resolve_map_value(Arguments arguments, const SqlSettings& settings) {
  const DataType& key = arguments[0].type.children[0].type;
  if (!is_implicitly_castable(arguments[1].type, key, settings.is_ansi))
    return wrong_argument("getmapvalue", arguments, 1,
                          fmt::format("the \"{}\" type", key.to_string()));
  return access(arguments, key, arguments[0].type.children[1].type, true, value_of_key);
}

/// value.name, value['name'], value[index].
Result<ResolvedFunction> resolve_access(Arguments arguments, const SqlSettings& settings) {
  const DataType& type = arguments[0].type;
  const bool has_name = arguments[1].type.kind == TypeKind::string && arguments[1].constant &&
                        !arguments[1].constant->is_null();
  if (type.kind == TypeKind::structure && has_name) {
    STREAM_TRY(const std::size_t index, find_field(type, arguments[1].constant->as<std::string>(),
                                                   settings.is_case_sensitive));
    const Field& field = type.children[index];
    return access(arguments, arguments[1].type, field.type,
                  field.is_nullable || arguments[0].is_nullable, field_kernel(index));
  }
  if (type.kind == TypeKind::array && has_name &&
      type.children[0].type.kind == TypeKind::structure) {
    const DataType& element = type.children[0].type;
    STREAM_TRY(
        const std::size_t index,
        find_field(element, arguments[1].constant->as<std::string>(), settings.is_case_sensitive));
    const Field& field = element.children[index];
    return access(arguments, arguments[1].type,
                  array_of(field.type, field.is_nullable || type.children[0].is_nullable),
                  arguments[0].is_nullable, fields_of_array_kernel(index));
  }
  if (type.kind == TypeKind::array) return resolve_element(arguments, settings);
  if (type.kind == TypeKind::map) return resolve_map_value(arguments, settings);
  if (type.kind == TypeKind::structure)
    return analysis_error("INVALID_EXTRACT_FIELD",
                          fmt::format("Cannot extract {} from {}: a field is named by a constant "
                                      "text.",
                                      arguments[1].text, arguments[0].text));
  return analysis_error(
      "INVALID_EXTRACT_BASE_FIELD_TYPE",
      fmt::format("Can't extract a value from \"{}\". Need a complex type [STRUCT, ARRAY, MAP] but "
                  "got \"{}\".",
                  arguments[0].text, type.to_string()));
}

ScalarFunction access_operator(std::string name, std::string usage) {
  ScalarFunction function;
  function.name = std::move(name);
  function.family = "collection";
  function.usage = std::move(usage);
  function.min_arguments = function.max_arguments = 2;
  function.resolve = resolve_access;
  return function;
}

}  // namespace

void add_access_operators(FunctionRegistry& registry) {
  registry.add(access_operator("[]", "a[b] - an element of an array, a value of a map"));
  registry.add(access_operator(".", "a.b - a field of a struct"));
}

}  // namespace stream
