#include <libstream/data/decimal.hpp>
#include <libstream/data/value_text.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/cast.hpp>
#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/functions/variant_values.hpp>
#include <libstream/expressions/json_writing.hpp>
#include <libstream/expressions/type_text.hpp>

namespace stream {

namespace {

using enum TypeKind;

Result<std::string> parse_variant(std::string_view text) {
  JsonDocument document;
  if (!document.parse(text, strict_json()) || document.is_empty() || !document.is_whole())
    return runtime_error("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION",
                         "Malformed records are detected in record parsing: " + std::string(text) +
                             ". Parse Mode: FAILFAST.");
  std::string out;
  STREAM_TRY(append_variant(document, 0, out));
  return out;
}

Result<std::optional<JsonPath>> path_of(std::string_view text, std::string_view function) {
  const std::optional<JsonPath> path = parse_variant_path(text);
  if (path) return path;
  return runtime_error("INVALID_VARIANT_GET_PATH",
                       "The path `" + std::string(text) +
                           "` is not a valid variant extraction path in `" + std::string(function) +
                           "`. A valid path should start with `$` and is followed by zero or more "
                           "segments like `[123]`, `.name`, `['name']`, or `[\"name\"]`.");
}

/// The JSON texts that the path finds, a column of variants.
Result<Column> extract(const KernelInput& input, const std::optional<JsonPath>& constant,
                       std::string_view function) {
  ColumnBuilder builder(primitive(variant), input.context.pool);
  const Operand& values = input.arguments[0];
  const Operand& paths = input.arguments[1];
  JsonDocument document;
  for (std::size_t row = 0; row < input.num_rows; ++row) {
    if (!input.is_active(row)) {
      builder.append_null();
      continue;
    }
    std::optional<JsonPath> path = constant;
    if (!path) {
      STREAM_TRY(path, path_of(paths.column.string_at(paths.index(row)), function));
    }
    document.parse(values.column.string_at(values.index(row)), strict_json());
    const std::optional<std::size_t> found = find_variant(document, *path);
    if (found)
      builder.append_string(document.node(*found).raw);
    else
      builder.append_null();
  }
  return builder.finish();
}

ScalarFunction variant_get(std::string name, std::string usage, bool is_try) {
  ScalarFunction made{name, "variant", std::move(usage), 2, 3, {}, {}, {}, true, {}};
  made.resolve = [=](Arguments arguments, const SqlSettings&) -> Result<ResolvedFunction> {
    ResolvedFunction resolved;
    if (arguments[0].type.kind != variant && arguments[0].type.kind != null)
      return wrong_argument(name, arguments, 0, "the \"VARIANT\" type");
    STREAM_TRY(DataType path_type, exact_type(name, arguments, 1, primitive(string)));
    resolved.parameter_types = {primitive(variant), std::move(path_type)};
    resolved.type = primitive(variant);
    if (arguments.size() == 3) {
      const std::optional<Value>& type_text = arguments[2].constant;
      if (!type_text || type_text->is_null() || arguments[2].type.kind != string)
        return analysis_error("INVALID_SCHEMA.NON_STRING_LITERAL",
                              name + ": the type must be a string literal.");
      STREAM_TRY(resolved.type, parse_data_type(type_text->as<std::string>()));
      resolved.type = as_nullable(std::move(resolved.type));
      resolved.parameter_types.push_back(arguments[2].type);
    }
    std::optional<JsonPath> path;
    const bool is_constant = arguments[1].constant && arguments[1].type.kind == string &&
                             !arguments[1].constant->is_null();
    if (is_constant) {
      STREAM_TRY(path, path_of(arguments[1].constant->as<std::string>(), name));
    }
    Kernel cast;
    if (resolved.type.kind != variant) {
      STREAM_TRY(cast, make_cast(primitive(variant), resolved.type,
                                 is_try ? CastMode::attempt : CastMode::ansi));
    }
    resolved.kernel = [=](const KernelInput& input) -> Result<Column> {
      STREAM_TRY(Column found, extract(input, path, name));
      if (!cast) return found;
      const Operand operand{std::move(found), false};
      return cast(
          {{&operand, 1}, {}, input.num_rows, input.type, input.context, operand.column.validity});
    };
    return resolved;
  };
  return made;
}

Result<ResolvedFunction> resolve_is_variant_null(Arguments arguments, const SqlSettings&) {
  if (arguments[0].type.kind != variant && arguments[0].type.kind != null)
    return wrong_argument("is_variant_null", arguments, 0, "the \"VARIANT\" type");
  ResolvedFunction resolved;
  resolved.parameter_types = {primitive(variant)};
  resolved.type = primitive(boolean);
  resolved.is_nullable = false;
  resolved.can_fail = false;
  resolved.nulls = NullHandling::custom;
  resolved.kernel = [](const KernelInput& input) -> Result<Column> {
    ColumnBuilder builder(input.type, input.context.pool);
    const Operand& values = input.arguments[0];
    for (std::size_t row = 0; row < input.num_rows; ++row)
      builder.append(static_cast<std::uint8_t>(
          !values.is_null(row) && values.column.string_at(values.index(row)) == "null"));
    return builder.finish();
  };
  return resolved;
}

Result<ResolvedFunction> resolve_to_variant_object(Arguments arguments,
                                                   const SqlSettings& settings) {
  const TypeKind kind = arguments[0].type.kind;
  if (kind != structure && kind != array && kind != map)
    return analysis_error("DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION",
                          "Cannot resolve \"to_variant_object\" due to data type mismatch: cannot "
                          "cast \"" +
                              arguments[0].type.to_string() + "\" to \"VARIANT\".");
  STREAM_TRY(RecordOptions options, RecordOptions::make("to_variant_object", {}, 1, settings));
  ResolvedFunction resolved;
  resolved.parameter_types = {arguments[0].type};
  resolved.type = primitive(variant);
  resolved.kernel = [options = std::move(options)](const KernelInput& input) -> Result<Column> {
    ColumnBuilder builder(input.type, input.context.pool);
    const Operand& values = input.arguments[0];
    JsonWriteOptions style;
    style.leaves_out_nulls = false;
    JsonDocument document;
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      if (!input.is_active(row)) {
        builder.append_null();
        continue;
      }
      std::string text;
      append_json(values.column, values.index(row), options, style, text);
      std::string sorted;
      document.parse(text, strict_json());
      STREAM_TRY(append_variant(document, 0, sorted));
      builder.append_string(sorted);
    }
    return builder.finish();
  };
  return resolved;
}

Result<ResolvedFunction> resolve_schema_of_variant(Arguments arguments, const SqlSettings&) {
  if (arguments[0].type.kind != variant && arguments[0].type.kind != null)
    return wrong_argument("schema_of_variant", arguments, 0, "the \"VARIANT\" type");
  ResolvedFunction resolved;
  resolved.parameter_types = {primitive(variant)};
  resolved.type = primitive(string);
  resolved.can_fail = false;
  resolved.kernel = row_kernel([](std::string_view json) {
    JsonDocument document;
    document.parse(json, strict_json());
    return variant_schema_text(variant_schema(document, 0));
  });
  return resolved;
}

/// Rows of (pos, key, value) for the members or elements of each variant.
Result<GeneratedRows> explode(const KernelInput& input, bool is_outer) {
  GeneratedRows rows;
  ColumnBuilder positions(primitive(int32), input.context.pool);
  ColumnBuilder keys(primitive(string), input.context.pool);
  ColumnBuilder values(primitive(variant), input.context.pool);
  const Operand& variants = input.arguments[0];
  JsonDocument document;
  for (std::size_t row = 0; row < input.num_rows; ++row) {
    std::int32_t position = 0;
    const auto add = [&](std::optional<std::string_view> key, std::string_view value) {
      rows.from.push_back(static_cast<std::uint32_t>(row));
      positions.append(position++);
      if (key)
        keys.append_string(*key);
      else
        keys.append_null();
      values.append_string(value);
    };
    if (!variants.is_null(row) &&
        document.parse(variants.column.string_at(variants.index(row)), strict_json()) &&
        !document.is_empty()) {
      const ParsedJson::Kind kind = document.node(0).kind;
      if (kind == ParsedJson::Kind::object)
        document.for_each_member(0, [&](const ParsedJson& key, std::size_t value) {
          add(key.text, document.node(value).raw);
        });
      else if (kind == ParsedJson::Kind::array)
        document.for_each_element(
            0, [&](std::size_t element) { add(std::nullopt, document.node(element).raw); });
    }
    if (position == 0 && is_outer) {
      rows.from.push_back(static_cast<std::uint32_t>(row));
      positions.append_null();
      keys.append_null();
      values.append_null();
    }
  }
  rows.columns.push_back(positions.finish());
  rows.columns.push_back(keys.finish());
  rows.columns.push_back(values.finish());
  return rows;
}

GeneratorFunction exploding(std::string name, std::string usage, bool is_outer) {
  GeneratorFunction made;
  made.name = name;
  made.usage = std::move(usage);
  made.min_arguments = made.max_arguments = 1;
  made.resolve = [name, is_outer](Arguments arguments,
                                  const SqlSettings&) -> Result<ResolvedGenerator> {
    if (arguments[0].type.kind != variant && arguments[0].type.kind != null)
      return wrong_argument(name, arguments, 0, "the \"VARIANT\" type");
    ResolvedGenerator resolved;
    resolved.parameter_types = {primitive(variant)};
    resolved.columns = {{"pos", primitive(int32), is_outer},
                        {"key", primitive(string), true},
                        {"value", primitive(variant), is_outer}};
    resolved.generate = [is_outer](const KernelInput& input) { return explode(input, is_outer); };
    return resolved;
  };
  return made;
}

}  // namespace

void add_variant_functions(FunctionRegistry& registry) {
  const auto add = [&](std::string name, std::string usage,
                       Result<ResolvedFunction> (*resolve)(Arguments, const SqlSettings&)) {
    registry.add(ScalarFunction{
        std::move(name), "variant", std::move(usage), 1, 1, resolve, {}, {}, true, {}});
  };
  add_fixed(registry, {{"parse_json",
                        "variant",
                        "parse_json(text) - a variant of the JSON text",
                        {string},
                        variant,
                        row_kernel([](std::string_view text) { return parse_variant(text); }),
                        {},
                        true,
                        false,
                        NullHandling::skip,
                        false},
                       {"try_parse_json",
                        "variant",
                        "try_parse_json(text) - parse_json, or null",
                        {string},
                        variant,
                        row_kernel([](std::string_view text) -> std::optional<std::string> {
                          Result<std::string> parsed = parse_variant(text);
                          if (!parsed) return std::nullopt;
                          return std::move(*parsed);
                        }),
                        {},
                        false,
                        true,
                        NullHandling::skip,
                        false}});
  registry.add(
      variant_get("variant_get", "variant_get(v, path[, type]) - what is at the path", false));
  registry.add(variant_get("try_variant_get",
                           "try_variant_get(v, path[, type]) - variant_get, or null", true));
  add("is_variant_null", "is_variant_null(v) - is it JSON's null", resolve_is_variant_null);
  add("to_variant_object", "to_variant_object(value) - a variant of a struct, array or map",
      resolve_to_variant_object);
  add("schema_of_variant", "schema_of_variant(v) - what is in it", resolve_schema_of_variant);
  registry.add(exploding("variant_explode", "variant_explode(v) - its fields or elements", false));
  registry.add(exploding("variant_explode_outer",
                         "variant_explode_outer(v) - variant_explode, or a row of nulls", true));
}

}  // namespace stream
