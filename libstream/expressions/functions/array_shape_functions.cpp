// Arrays cut, joined and rebuilt: slice, flatten, concat, arrays_zip, array_join.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/collections.hpp>
#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace stream {
namespace {

std::int64_t int_at(const Operand& operand, std::size_t row) {
  return operand.column.data<std::int32_t>()[operand.index(row)];
}

Result<ResolvedFunction> resolve_slice(Arguments arguments, const SqlSettings& settings) {
  STREAM_TRY(const DataType array, array_argument("slice", arguments, 0));
  const DataType integer = primitive(TypeKind::int32);
  for (std::size_t i = 1; i < 3; ++i) {
    if (!is_implicitly_castable(arguments[i].type, integer, settings.is_ansi))
      return wrong_argument("slice", arguments, i, "the \"INT\" type");
  }
  ResolvedFunction function;
  function.parameter_types = {array, integer, integer};
  function.type = array;
  function.kernel = builder_kernel(
      [](const KernelInput& input, ColumnBuilder& builder, std::size_t row) -> Result<void> {
        const ListRow list = list_at(input.arguments[0], row);
        const std::int64_t start = int_at(input.arguments[1], row);
        const std::int64_t length = int_at(input.arguments[2], row);
        const auto size = static_cast<std::int64_t>(list.size());
        if (start == 0)
          return runtime_error("INVALID_PARAMETER_VALUE.START",
                               "slice: the start must not be 0; it counts from 1, or back from -1");
        if (length < 0)
          return runtime_error(
              "INVALID_PARAMETER_VALUE.LENGTH",
              fmt::format("slice: the length must not be negative, but is {}", length));
        const std::int64_t first = start > 0 ? start - 1 : size + start;
        if (first >= 0 && first < size) {
          const auto begin = list.begin + static_cast<std::size_t>(first);
          append_range(builder.child(0), list.elements(), begin,
                       begin + static_cast<std::size_t>(std::min(length, size - first)));
        }
        builder.append_array();
        return {};
      });
  return function;
}

Result<ResolvedFunction> resolve_flatten(Arguments arguments, const SqlSettings&) {
  const DataType& type = arguments[0].type;
  const bool is_nested = type.kind == TypeKind::array && element_of(type).kind == TypeKind::array;
  if (!is_nested && type.kind != TypeKind::null)
    return wrong_argument("flatten", arguments, 0, "an \"ARRAY\" of \"ARRAY\"");
  ResolvedFunction function;
  function.parameter_types = {type};
  function.type = is_nested ? element_of(type) : array_of(primitive(TypeKind::null), true);
  function.is_nullable = arguments[0].is_nullable || (is_nested && has_null_elements(type));
  function.can_fail = false;
  function.kernel =
      builder_kernel([](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        const ListRow list = list_at(input.arguments[0], row);
        const Column& inner = list.elements();
        for (std::size_t i = list.begin; i < list.end; ++i) {
          if (inner.is_null(i)) return builder.append_null();
        }
        for (std::size_t i = list.begin; i < list.end; ++i) {
          const std::int64_t* offsets = inner.data<std::int64_t>() + i;
          append_range(builder.child(0), inner.children[0], static_cast<std::size_t>(offsets[0]),
                       static_cast<std::size_t>(offsets[1]));
        }
        builder.append_array();
      });
  return function;
}

/// arrays_zip names a field after its argument when that is a column or a field, else by number.
std::string zip_name(const Argument& argument, std::size_t index) {
  const std::string& text = argument.text;
  const bool is_name =
      !argument.constant && !text.empty() &&
      std::all_of(text.begin(), text.end(),
                  [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '.'; }) &&
      !std::isdigit(static_cast<unsigned char>(text[0]));
  if (!is_name) return std::to_string(index);
  return text.substr(text.rfind('.') + 1);
}

Result<ResolvedFunction> resolve_zip(Arguments arguments, const SqlSettings&) {
  ResolvedFunction function;
  std::vector<Field> fields;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    STREAM_TRY(DataType array, array_argument("arrays_zip", arguments, i));
    fields.push_back({zip_name(arguments[i], i), element_of(array), true});
    function.parameter_types.push_back(std::move(array));
  }
  function.type = array_of(struct_of(std::move(fields)), false);
  function.can_fail = false;
  function.kernel =
      builder_kernel([](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        std::size_t size = 0;
        for (const Operand& argument : input.arguments)
          size = std::max(size, list_at(argument, row).size());
        ColumnBuilder& into = builder.child(0);
        for (std::size_t i = 0; i < size; ++i) {
          for (std::size_t field = 0; field < input.arguments.size(); ++field) {
            const ListRow list = list_at(input.arguments[field], row);
            if (i < list.size()) {
              append_from(into.child(field), list.elements(), list.begin + i);
            } else {
              into.child(field).append_null();
            }
          }
          into.append_struct();
        }
        builder.append_array();
      });
  return function;
}

Result<ResolvedFunction> resolve_join(Arguments arguments, const SqlSettings& settings) {
  const DataType text = primitive(TypeKind::string);
  STREAM_TRY(const DataType array, array_argument("array_join", arguments, 0));
  if (!is_implicitly_castable(element_of(array), text, settings.is_ansi) ||
      !element_of(array).children.empty())
    return wrong_argument("array_join", arguments, 0, "the \"ARRAY<STRING>\" type");
  ResolvedFunction function;
  function.parameter_types = {array_of(text, has_null_elements(array)), text};
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    STREAM_TRY(exact_type("array_join", arguments, i, text));
  }
  if (arguments.size() == 3) function.parameter_types.push_back(text);
  function.type = text;
  function.can_fail = false;
  function.kernel =
      builder_kernel([](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        const ListRow list = list_at(input.arguments[0], row);
        const auto text_at = [&](std::size_t index) {
          const Operand& operand = input.arguments[index];
          return operand.column.string_at(operand.index(row));
        };
        const std::string_view separator = text_at(1);
        const bool replaces_nulls = input.arguments.size() == 3;
        std::string joined;
        bool is_first = true;
        for (std::size_t i = list.begin; i < list.end; ++i) {
          const bool is_null = list.elements().is_null(i);
          if (is_null && !replaces_nulls) continue;
          if (!is_first) joined += separator;
          is_first = false;
          joined += is_null ? text_at(2) : list.elements().string_at(i);
        }
        builder.append_string(joined);
      });
  return function;
}

}  // namespace

Result<ResolvedFunction> resolve_array_concat(Arguments arguments, const SqlSettings& settings) {
  const auto type = common_type(arguments, 0, settings.is_ansi);
  if (!type || type->kind != TypeKind::array)
    return analysis_error("DATATYPE_MISMATCH.DATA_DIFF_TYPES",
                          "Input to `concat` should all be the same type.");
  ResolvedFunction function;
  function.parameter_types.assign(arguments.size(), *type);
  function.type = *type;
  function.can_fail = false;
  function.kernel =
      builder_kernel([](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        for (const Operand& argument : input.arguments) {
          const ListRow list = list_at(argument, row);
          append_range(builder.child(0), list.elements(), list.begin, list.end);
        }
        builder.append_array();
      });
  return function;
}

void add_array_shape_functions(FunctionRegistry& registry) {
  registry.add(collection_function(
      "slice", "array", "slice(array, start, length) - some elements from start on, from 1 or -1",
      3, 3, resolve_slice));
  registry.add(collection_function("flatten", "array",
                                   "flatten(array) - the elements of an array's arrays", 1, 1,
                                   resolve_flatten));
  registry.add(collection_function("arrays_zip", "array",
                                   "arrays_zip(array, …) - an array of structs, one for each place",
                                   0, kAnyNumber, resolve_zip));
  registry.add(collection_function(
      "array_join", "array", "array_join(array, separator[, null]) - the elements as one text", 2,
      3, resolve_join));
}

}  // namespace stream
