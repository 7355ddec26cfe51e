#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/json_path.hpp>
#include <libstream/expressions/json_reading.hpp>
#include <libstream/expressions/json_writing.hpp>
#include <libstream/expressions/type_text.hpp>

#include <optional>

namespace stream {

namespace {

using enum TypeKind;

/// What Hive's functions read: control characters in strings are theirs too.
JsonReadOptions hive_options() {
  JsonReadOptions options;
  options.allows_control_characters = true;
  options.allows_non_numbers = false;
  return options;
}

/// The schema that argument `index` names, all of it nullable.
Result<DataType> schema_argument(std::string_view function, Arguments arguments,
                                 std::size_t index) {
  const Argument& argument = arguments[index];
  if (!argument.constant || argument.type.kind != string || argument.constant->is_null())
    return analysis_error("INVALID_SCHEMA.NON_STRING_LITERAL",
                          "The input schema " + argument.text +
                              " is not a valid schema string. The input expression of " +
                              std::string(function) + " must be string literal and not null.");
  STREAM_TRY(DataType type, parse_type_or_schema(argument.constant->as<std::string>()));
  return as_nullable(std::move(type));
}

Result<ResolvedFunction> resolve_from_json(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction resolved;
  STREAM_TRY(DataType text, exact_type("from_json", arguments, 0, primitive(string)));
  STREAM_TRY(resolved.type, schema_argument("from_json", arguments, 1));
  STREAM_TRY(RecordOptions options, RecordOptions::make("from_json", arguments, 2, settings));
  const TypeKind kind = resolved.type.kind;
  if (kind != structure && kind != array && kind != map && kind != variant)
    return analysis_error("DATATYPE_MISMATCH.INVALID_JSON_SCHEMA",
                          "Input schema \"" + resolved.type.to_string() +
                              "\" must be a struct, an array, a map or a variant.");
  if (kind == map && resolved.type.children[0].type.kind != string)
    return analysis_error("INVALID_JSON_SCHEMA_MAP_TYPE",
                          "Input schema \"" + resolved.type.to_string() +
                              "\" can only contain STRING as a key type for a MAP.");
  resolved.parameter_types = {std::move(text)};
  for (std::size_t i = 1; i < arguments.size(); ++i)
    resolved.parameter_types.push_back(arguments[i].type);
  resolved.can_fail = options.fails_fast();
  resolved.kernel = [reader = JsonValueReader(resolved.type, std::move(options))](
                        const KernelInput& input) -> Result<Column> {
    ColumnBuilder builder(input.type, input.context.pool);
    const Operand& texts = input.arguments[0];
    JsonDocument document;
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      if (!input.is_active(row)) {
        builder.append_null();
        continue;
      }
      STREAM_TRY(reader.append(document, texts.column.string_at(texts.index(row)), builder));
    }
    return builder.finish();
  };
  return resolved;
}

Result<ResolvedFunction> resolve_to_json(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction resolved;
  const TypeKind kind = arguments[0].type.kind;
  if (kind != structure && kind != array && kind != map && kind != variant)
    return analysis_error("DATATYPE_MISMATCH.INVALID_JSON_SCHEMA",
                          "Input schema \"" + arguments[0].type.to_string() +
                              "\" must be a struct, an array, a map or a variant.");
  STREAM_TRY(RecordOptions options, RecordOptions::make("to_json", arguments, 1, settings));
  JsonWriteOptions style;
  style.leaves_out_nulls = options.flag("ignorenullfields", true);
  style.is_pretty = options.flag("pretty", false);
  for (const Argument& argument : arguments) resolved.parameter_types.push_back(argument.type);
  resolved.type = primitive(string);
  resolved.is_nullable = arguments[0].is_nullable;
  resolved.can_fail = false;
  resolved.kernel = [options = std::move(options),
                     style](const KernelInput& input) -> Result<Column> {
    ColumnBuilder builder(input.type, input.context.pool);
    const Operand& values = input.arguments[0];
    std::string text;
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      if (!input.is_active(row)) {
        builder.append_null();
        continue;
      }
      text.clear();
      append_json(values.column, values.index(row), options, style, text);
      builder.append_string(text);
    }
    return builder.finish();
  };
  return resolved;
}

Result<ResolvedFunction> resolve_schema_of_json(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction resolved;
  if (!arguments[0].constant || arguments[0].type.kind != string)
    return analysis_error("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                          "The input `json` of schema_of_json should be a foldable \"STRING\" "
                          "expression.");
  if (arguments[0].constant->is_null())
    return analysis_error("DATATYPE_MISMATCH.UNEXPECTED_NULL", "The `json` must not be null.");
  STREAM_TRY(RecordOptions options, RecordOptions::make("schema_of_json", arguments, 1, settings));
  for (const Argument& argument : arguments) resolved.parameter_types.push_back(argument.type);
  resolved.type = primitive(string);
  resolved.is_nullable = false;
  resolved.kernel =
      row_kernel([options = std::move(options)](std::string_view text) -> Result<std::string> {
        JsonDocument document;
        if (!document.parse(text, json_read_options(options)))
          return runtime_error("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION",
                               "schema_of_json: the text is not JSON: " + std::string(text));
        if (document.is_empty()) return std::string("STRING");
        const DataType type = infer_json_type(document, 0, options);
        const std::optional<DataType> settled = settle_json_type(type, type.kind == structure);
        return settled ? sql_type_text(*settled) : std::string("STRING");
      });
  return resolved;
}

Result<ResolvedFunction> resolve_get_json_object(Arguments arguments, const SqlSettings&) {
  ResolvedFunction resolved;
  for (std::size_t i = 0; i < 2; ++i) {
    STREAM_TRY(DataType type, exact_type("get_json_object", arguments, i, primitive(string)));
    resolved.parameter_types.push_back(std::move(type));
  }
  resolved.type = primitive(string);
  resolved.can_fail = false;
  std::optional<JsonPath> constant;
  const bool is_constant = arguments[1].constant && arguments[1].type.kind == string &&
                           !arguments[1].constant->is_null();
  if (is_constant) constant = parse_json_path(arguments[1].constant->as<std::string>());
  resolved.kernel = [is_constant, constant](const KernelInput& input) -> Result<Column> {
    ColumnBuilder builder(input.type, input.context.pool);
    const Operand& texts = input.arguments[0];
    const Operand& paths = input.arguments[1];
    JsonDocument document;
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      std::optional<std::string> found;
      if (input.is_active(row)) {
        const std::optional<JsonPath> path =
            is_constant ? std::nullopt : parse_json_path(paths.column.string_at(paths.index(row)));
        const std::optional<JsonPath>& used = is_constant ? constant : path;
        if (used && document.parse(texts.column.string_at(texts.index(row)), hive_options()))
          found = find_json(document, *used);
      }
      if (found)
        builder.append_string(*found);
      else
        builder.append_null();
    }
    return builder.finish();
  };
  return resolved;
}

Result<ResolvedFunction> resolve_object_keys(Arguments arguments, const SqlSettings&) {
  ResolvedFunction resolved;
  STREAM_TRY(DataType type, exact_type("json_object_keys", arguments, 0, primitive(string)));
  resolved.parameter_types = {std::move(type)};
  resolved.type = array_of(primitive(string), false);
  resolved.can_fail = false;
  resolved.kernel = [](const KernelInput& input) -> Result<Column> {
    ColumnBuilder builder(input.type, input.context.pool);
    const Operand& texts = input.arguments[0];
    JsonDocument document;
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      if (!input.is_active(row) ||
          !document.parse(texts.column.string_at(texts.index(row)), hive_options()) ||
          document.is_empty() || document.node(0).kind != ParsedJson::Kind::object) {
        builder.append_null();
        continue;
      }
      document.for_each_member(
          0, [&](const ParsedJson& key, std::size_t) { builder.child(0).append_string(key.text); });
      builder.append_array();
    }
    return builder.finish();
  };
  return resolved;
}

/// One row of texts, the values of the named fields.
Result<GeneratedRows> json_tuple(const KernelInput& input) {
  const std::size_t num_columns = input.arguments.size() - 1;
  std::vector<ColumnBuilder> builders(num_columns,
                                      ColumnBuilder(primitive(string), input.context.pool));
  GeneratedRows rows;
  JsonDocument document;
  const Operand& texts = input.arguments[0];
  std::vector<std::optional<std::string>> values(num_columns);
  for (std::size_t row = 0; row < input.num_rows; ++row) {
    rows.from.push_back(static_cast<std::uint32_t>(row));
    values.assign(num_columns, std::nullopt);
    if (!texts.is_null(row) &&
        document.parse(texts.column.string_at(texts.index(row)), hive_options()) &&
        !document.is_empty() && document.node(0).kind == ParsedJson::Kind::object) {
      document.for_each_member(0, [&](const ParsedJson& key, std::size_t index) {
        for (std::size_t i = 0; i < num_columns; ++i) {
          const Operand& name = input.arguments[i + 1];
          if (name.is_null(row) || name.column.string_at(name.index(row)) != key.text) continue;
          const ParsedJson& node = document.node(index);
          if (node.kind == ParsedJson::Kind::null) continue;
          values[i].emplace();
          if (node.kind == ParsedJson::Kind::string)
            values[i] = node.text;
          else
            append_json(document, index, *values[i]);
        }
      });
    }
    for (std::size_t i = 0; i < num_columns; ++i) {
      if (values[i])
        builders[i].append_string(*values[i]);
      else
        builders[i].append_null();
    }
  }
  for (ColumnBuilder& builder : builders) rows.columns.push_back(builder.finish());
  return rows;
}

Result<ResolvedGenerator> resolve_json_tuple(Arguments arguments, const SqlSettings&) {
  ResolvedGenerator resolved;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].type.kind != string)
      return analysis_error("DATATYPE_MISMATCH.NON_STRING_TYPE",
                            "json_tuple: all arguments must be of the type \"STRING\", not " +
                                arguments[i].type.to_string());
    resolved.parameter_types.push_back(arguments[i].type);
    if (i > 0) resolved.columns.push_back({"c" + std::to_string(i - 1), primitive(string), true});
  }
  resolved.generate = json_tuple;
  return resolved;
}

}  // namespace

void add_json_functions(FunctionRegistry& registry) {
  const auto add = [&](std::string name, std::string usage, std::size_t least, std::size_t most,
                       Result<ResolvedFunction> (*resolve)(Arguments, const SqlSettings&)) {
    registry.add(ScalarFunction{
        std::move(name), "json", std::move(usage), least, most, resolve, {}, {}, true, {}});
  };
  add("from_json", "from_json(text, schema[, options]) - a value of the schema", 2, 3,
      resolve_from_json);
  add("to_json", "to_json(value[, options]) - as JSON", 1, 2, resolve_to_json);
  add("schema_of_json", "schema_of_json(text[, options]) - the schema of a JSON text", 1, 2,
      resolve_schema_of_json);
  add("get_json_object", "get_json_object(text, path) - what is at the path", 2, 2,
      resolve_get_json_object);
  add("json_object_keys", "json_object_keys(text) - names of the object's fields", 1, 1,
      resolve_object_keys);
  add_fixed(registry, {{"json_array_length",
                        "json",
                        "json_array_length(text) - elements of the array, or null",
                        {string},
                        int32,
                        row_kernel([](std::string_view text) -> std::optional<std::int32_t> {
                          JsonDocument document;
                          if (!document.parse(text, hive_options()) || document.is_empty() ||
                              document.node(0).kind != ParsedJson::Kind::array)
                            return std::nullopt;
                          return static_cast<std::int32_t>(document.node(0).num_children);
                        }),
                        {},
                        false,
                        true,
                        NullHandling::skip,
                        false}});
  registry.add(GeneratorFunction{"json_tuple", "json_tuple(text, name, …) - fields as columns", 2,
                                 kAnyNumber, resolve_json_tuple});
}

}  // namespace stream
