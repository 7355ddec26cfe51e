#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/functions/xml_values.hpp>
#include <libstream/expressions/type_text.hpp>

#include <pugixml.hpp>

#include <cmath>
#include <limits>
#include <memory>

namespace stream {

namespace {

using enum TypeKind;

/// Evaluates the path over the document of a row into the builder.
using XPathRow = void (*)(const pugi::xpath_query&, const pugi::xml_document&, ColumnBuilder&);

template <class T>
void number_row(const pugi::xpath_query& query, const pugi::xml_document& document,
                ColumnBuilder& builder) {
  const double value = query.evaluate_number(document);
  if constexpr (std::is_floating_point_v<T>) {
    builder.append(static_cast<T>(value));
  } else {
    // Java's narrowing: not a number is 0, what is too large is cut off.
    const double limit = static_cast<double>(std::numeric_limits<std::int64_t>::max());
    const std::int64_t whole = std::isnan(value) ? 0
                               : value >= limit  ? std::numeric_limits<std::int64_t>::max()
                               : value <= -limit ? std::numeric_limits<std::int64_t>::min()
                                                 : static_cast<std::int64_t>(value);
    builder.append(static_cast<T>(whole));
  }
}

void boolean_row(const pugi::xpath_query& query, const pugi::xml_document& document,
                 ColumnBuilder& builder) {
  builder.append(static_cast<std::uint8_t>(query.evaluate_boolean(document)));
}

void text_row(const pugi::xpath_query& query, const pugi::xml_document& document,
              ColumnBuilder& builder) {
  builder.append_string(query.evaluate_string(document));
}

/// The values of the nodes; elements have none.
void nodes_row(const pugi::xpath_query& query, const pugi::xml_document& document,
               ColumnBuilder& builder) {
  for (const pugi::xpath_node& node : query.evaluate_node_set(document)) {
    if (node.attribute())
      builder.child(0).append_string(node.attribute().value());
    else if (node.node().type() == pugi::node_element)
      builder.child(0).append_null();
    else
      builder.child(0).append_string(node.node().value());
  }
  builder.append_array();
}

Kernel xpath_kernel(std::shared_ptr<const pugi::xpath_query> query, XPathRow compute) {
  return [query = std::move(query), compute](const KernelInput& input) -> Result<Column> {
    ColumnBuilder builder(input.type, input.context.pool);
    const Operand& texts = input.arguments[0];
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      const std::string_view text =
          input.is_active(row) ? texts.column.string_at(texts.index(row)) : std::string_view();
      if (text.empty()) {
        builder.append_null();
        continue;
      }
      pugi::xml_document document;
      if (!document.load_buffer(text.data(), text.size(),
                                pugi::parse_default | pugi::parse_ws_pcdata))
        return runtime_error("INVALID_XML_DOCUMENT",
                             "Invalid XML document: " + std::string(text.substr(0, 1000)));
      compute(*query, document, builder);
    }
    return builder.finish();
  };
}

ScalarFunction xpath(std::string name, std::string usage, DataType type, XPathRow compute) {
  ScalarFunction made{name, "xml", std::move(usage), 2, 2, {}, {}, {}, true, {}};
  made.resolve = [=](Arguments arguments, const SqlSettings&) -> Result<ResolvedFunction> {
    ResolvedFunction resolved;
    for (std::size_t i = 0; i < 2; ++i) {
      STREAM_TRY(DataType text, exact_type(name, arguments, i, primitive(string)));
      resolved.parameter_types.push_back(std::move(text));
    }
    STREAM_TRY(const Value path, constant_argument(name, arguments, 1));
    resolved.type = type;
    if (path.is_null()) {
      resolved.kernel = [](const KernelInput& input) -> Result<Column> {
        return repeat_value(Value{}, input.type, input.num_rows, input.context.pool);
      };
      return resolved;
    }
    try {
      resolved.kernel = xpath_kernel(
          std::make_shared<const pugi::xpath_query>(path.as<std::string>().c_str()), compute);
    } catch (const pugi::xpath_exception& error) {
      return runtime_error("INVALID_XPATH",
                           "Invalid XPath '" + path.as<std::string>() + "': " + error.what());
    }
    return resolved;
  };
  return made;
}

Result<ResolvedFunction> resolve_from_xml(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction resolved;
  STREAM_TRY(DataType text, implicit_type("from_xml", arguments, 0, primitive(string), settings));
  STREAM_TRY(const Value schema, constant_argument("from_xml", arguments, 1));
  if (schema.is_null() || arguments[1].type.kind != string)
    return analysis_error(
        "INVALID_SCHEMA.NON_STRING_LITERAL",
        "The input schema " + arguments[1].text + " is not a valid schema string.");
  STREAM_TRY(DataType type, parse_type_or_schema(schema.as<std::string>()));
  if (type.kind != structure)
    return analysis_error(
        "INVALID_SCHEMA.NON_STRUCT_TYPE",
        "from_xml: the schema should be a struct type, but it is \"" + type.to_string() + "\".");
  STREAM_TRY(RecordOptions options, RecordOptions::make("from_xml", arguments, 2, settings));
  resolved.type = as_nullable(std::move(type));
  resolved.parameter_types = {std::move(text)};
  for (std::size_t i = 1; i < arguments.size(); ++i)
    resolved.parameter_types.push_back(arguments[i].type);
  resolved.kernel = [options = std::move(options)](const KernelInput& input) -> Result<Column> {
    ColumnBuilder builder(input.type, input.context.pool);
    const Operand& texts = input.arguments[0];
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      if (!input.is_active(row)) {
        builder.append_null();
        continue;
      }
      STREAM_TRY(const Value value,
                 xml_record(texts.column.string_at(texts.index(row)), input.type, options));
      append_value(builder, value);
    }
    return builder.finish();
  };
  return resolved;
}

Result<ResolvedFunction> resolve_schema_of_xml(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction resolved;
  STREAM_TRY(const Value text, constant_argument("schema_of_xml", arguments, 0));
  if (text.is_null() || arguments[0].type.kind != string)
    return analysis_error("DATATYPE_MISMATCH.UNEXPECTED_NULL", "The `xml` must not be null.");
  STREAM_TRY(RecordOptions options, RecordOptions::make("schema_of_xml", arguments, 1, settings));
  for (const Argument& argument : arguments) resolved.parameter_types.push_back(argument.type);
  resolved.type = primitive(string);
  resolved.is_nullable = false;
  resolved.kernel =
      row_kernel([options = std::move(options)](std::string_view xml) -> Result<std::string> {
        STREAM_TRY(const DataType type, infer_xml_type(xml, options));
        return sql_type_text(type);
      });
  return resolved;
}

Result<ResolvedFunction> resolve_to_xml(Arguments arguments, const SqlSettings& settings) {
  if (arguments[0].type.kind != structure)
    return wrong_argument("to_xml", arguments, 0, "the \"STRUCT\" type");
  ResolvedFunction resolved;
  STREAM_TRY(RecordOptions options, RecordOptions::make("to_xml", arguments, 1, settings));
  for (const Argument& argument : arguments) resolved.parameter_types.push_back(argument.type);
  resolved.type = primitive(string);
  resolved.is_nullable = arguments[0].is_nullable;
  resolved.can_fail = false;
  resolved.kernel = [options = std::move(options)](const KernelInput& input) -> Result<Column> {
    ColumnBuilder builder(input.type, input.context.pool);
    const Operand& structs = input.arguments[0];
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      if (input.is_active(row))
        builder.append_string(xml_text(structs.column, structs.index(row), options));
      else
        builder.append_null();
    }
    return builder.finish();
  };
  return resolved;
}

}  // namespace

void add_xml_functions(FunctionRegistry& registry) {
  const auto add = [&](std::string name, std::string usage, std::size_t least, std::size_t most,
                       Result<ResolvedFunction> (*resolve)(Arguments, const SqlSettings&)) {
    registry.add(ScalarFunction{
        std::move(name), "xml", std::move(usage), least, most, resolve, {}, {}, true, {}});
  };
  add("from_xml", "from_xml(text, schema[, options]) - a struct of the schema", 2, 3,
      resolve_from_xml);
  add("schema_of_xml", "schema_of_xml(text[, options]) - the schema of an XML text", 1, 2,
      resolve_schema_of_xml);
  add("to_xml", "to_xml(struct[, options]) - as XML", 1, 2, resolve_to_xml);

  registry.add(xpath("xpath", "xpath(xml, path) - the values of the nodes at the path",
                     array_of(primitive(string), true), nodes_row));
  registry.add(xpath("xpath_string", "xpath_string(xml, path) - the text at the path",
                     primitive(string), text_row));
  registry.add(xpath("xpath_boolean", "xpath_boolean(xml, path) - is there such a node",
                     primitive(boolean), boolean_row));
  registry.add(xpath("xpath_short", "xpath_short(xml, path) - a number", primitive(int16),
                     number_row<std::int16_t>));
  registry.add(xpath("xpath_int", "xpath_int(xml, path) - a number", primitive(int32),
                     number_row<std::int32_t>));
  registry.add(xpath("xpath_long", "xpath_long(xml, path) - a number", primitive(int64),
                     number_row<std::int64_t>));
  registry.add(xpath("xpath_float", "xpath_float(xml, path) - a number", primitive(float32),
                     number_row<float>));
  registry.add(xpath("xpath_double", "xpath_double(xml, path) - a number", primitive(float64),
                     number_row<double>));
  registry.add_alias("xpath_number", "xpath_double");
}

}  // namespace stream
