#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

Result<Column> concat_texts(const KernelInput& input) {
  ColumnBuilder builder(input.type, input.context.pool);
  std::string text;
  for (std::size_t row = 0; row < input.num_rows; ++row) {
    if (!input.is_active(row)) {
      builder.append_null();
      continue;
    }
    text.clear();
    for (const Operand& argument : input.arguments)
      text += argument.column.string_at(argument.index(row));
    if (text.size() > kMaxTextBytes)
      return runtime_error("STRING_TOO_LONG", "concat: the text is longer than 2 GiB.");
    builder.append_string(text);
  }
  return builder.finish();
}

Result<Column> concat_arrays(const KernelInput& input) {
  ColumnBuilder builder(input.type, input.context.pool);
  for (const Operand& argument : input.arguments) builder.adopt(argument.column.children[0].blocks);
  for (std::size_t row = 0; row < input.num_rows; ++row) {
    if (!input.is_active(row)) {
      builder.append_null();
      continue;
    }
    for (const Operand& argument : input.arguments) {
      const std::int64_t* offsets = argument.column.data<std::int64_t>() + argument.index(row);
      for (std::int64_t i = offsets[0]; i < offsets[1]; ++i)
        append_from(builder.child(0), argument.column.children[0], static_cast<std::size_t>(i));
    }
    builder.append_array();
  }
  return builder.finish();
}

bool are_all(Arguments arguments, TypeKind kind) {
  return !arguments.empty() &&
         std::all_of(arguments.begin(), arguments.end(),
                     [kind](const Argument& argument) { return argument.type.kind == kind; });
}

/// Binaries stay so, arrays meet in a common type, everything else becomes text.
Result<ResolvedFunction> resolve_concat(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction resolved;
  resolved.is_nullable = is_any_nullable(arguments);
  resolved.kernel = concat_texts;
  resolved.can_fail = false;
  if (are_all(arguments, TypeKind::array)) {
    const std::optional<DataType> type = common_type(arguments, 0, settings.is_ansi);
    if (!type)
      return analysis_error("DATATYPE_MISMATCH.DATA_DIFF_TYPES",
                            "The arguments of `concat` should all be of one type.");
    resolved.type = *type;
    resolved.kernel = concat_arrays;
  } else if (are_all(arguments, TypeKind::binary)) {
    resolved.type = primitive(TypeKind::binary);
  } else {
    resolved.type = primitive(TypeKind::string);
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      if (!is_implicitly_castable(arguments[i].type, resolved.type, settings.is_ansi))
        return analysis_error(
            arguments[i].type.kind == TypeKind::array ? "DATATYPE_MISMATCH.DATA_DIFF_TYPES"
                                                      : "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
            fmt::format("The arguments of `concat` should all be of one type, but {} has \"{}\".",
                        arguments[i].text, arguments[i].type.to_string()));
    }
  }
  resolved.parameter_types.assign(arguments.size(), resolved.type);
  return resolved;
}

}  // namespace

void add_concat_function(FunctionRegistry& registry) {
  ScalarFunction function;
  function.name = "concat";
  function.family = "collection";
  function.usage = "concat(a, …) - texts, binaries or arrays one after the other";
  function.max_arguments = kAnyNumber;
  function.resolve = resolve_concat;
  registry.add(std::move(function));
}

}  // namespace stream
