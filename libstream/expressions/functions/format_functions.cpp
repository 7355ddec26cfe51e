#include <libstream/data/decimal.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/case_mapping.hpp>
#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/java_format.hpp>
#include <libstream/expressions/number_format.hpp>
#include <libstream/expressions/number_pattern.hpp>
#include <libstream/expressions/text_codec.hpp>
#include <libstream/expressions/type_coercion.hpp>
#include <libstream/expressions/utf8.hpp>

namespace stream {

namespace {

using enum TypeKind;

Result<ResolvedFunction> resolve_format_string(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction resolved;
  std::vector<DataType> types;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    DataType type = arguments[i].type;
    if (i == 0) {
      STREAM_TRY(type, implicit_type("format_string", arguments, 0, primitive(string), settings));
    } else {
      types.push_back(type);
    }
    resolved.parameter_types.push_back(std::move(type));
  }
  if (arguments[0].constant && !arguments[0].constant->is_null() &&
      arguments[0].type.kind == string &&
      arguments[0].constant->as<std::string>().find("%0$") != std::string::npos)
    return analysis_error("INVALID_PARAMETER_VALUE.ZERO_INDEX",
                          "The value of parameter(s) `strfmt` in `format_string` is invalid: "
                          "expects %1$, %2$ and so on, but got %0$.");
  resolved.type = primitive(string);
  resolved.nulls = NullHandling::custom;
  resolved.kernel =
      value_kernel([types](std::span<const Value> row, EvaluationContext&) -> Result<Value> {
        if (row[0].is_null()) return Value{};
        std::vector<FormatArgument> values;
        for (std::size_t i = 1; i < row.size(); ++i) values.push_back({row[i], types[i - 1]});
        STREAM_TRY(std::string text, java_format(row[0].as<std::string>(), values));
        return Value{std::move(text)};
      });
  return resolved;
}

/// Prints number `value` of the given type.
std::string print_number(const NumberFormat& format, const Column& column, std::size_t row) {
  switch (column.type.kind) {
    case int8:
      return format.format(Int128{column.data<std::int8_t>()[row]}, 0);
    case int16:
      return format.format(Int128{column.data<std::int16_t>()[row]}, 0);
    case int32:
      return format.format(Int128{column.data<std::int32_t>()[row]}, 0);
    case int64:
      return format.format(Int128{column.data<std::int64_t>()[row]}, 0);
    case float32:
      return format.format(static_cast<double>(column.data<float>()[row]));
    case decimal:
      return format.format(column.data<Int128>()[row], column.type.scale);
    default:
      return format.format(column.data<double>()[row]);
  }
}

Kernel format_number_kernel(bool is_pattern) {
  return [is_pattern](const KernelInput& input) -> Result<Column> {
    ColumnBuilder builder(input.type, input.context.pool);
    const Operand& numbers = input.arguments[0];
    const Operand& formats = input.arguments[1];
    std::optional<NumberFormat> format;
    std::optional<std::size_t> format_row;
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      if (!input.is_active(row)) {
        builder.append_null();
        continue;
      }
      if (!format_row || *format_row != formats.index(row)) {
        format_row = formats.index(row);
        if (!is_pattern) {
          const std::int32_t digits = formats.column.data<std::int32_t>()[*format_row];
          format = digits < 0 ? std::nullopt : std::optional(NumberFormat::with_fraction(digits));
        } else {
          const std::string_view pattern = formats.column.string_at(*format_row);
          format = pattern.empty() ? std::optional(NumberFormat::with_fraction(0))
                                   : NumberFormat::compile(pattern);
          if (!format)
            return runtime_error(
                "INVALID_FORMAT_STRING",
                "format_number: '" + std::string(pattern) + "' is not a pattern of a number.");
        }
      }
      if (!format)
        builder.append_null();
      else
        builder.append_string(print_number(*format, numbers.column, numbers.index(row)));
    }
    return builder.finish();
  };
}

Result<ResolvedFunction> resolve_format_number(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction resolved;
  DataType number = arguments[0].type;
  if (!is_numeric(number.kind)) {
    STREAM_TRY(number, implicit_type("format_number", arguments, 0, primitive(float64), settings));
  }
  STREAM_TRY(DataType format,
             implicit_type_of("format_number", arguments, 1, {int32, string}, settings));
  resolved.kernel = format_number_kernel(format.kind == string);
  resolved.parameter_types = {std::move(number), std::move(format)};
  resolved.type = primitive(string);
  return resolved;
}

/// The text of constant argument 1; nullopt: null.
Result<std::optional<std::string>> constant_format(std::string_view function, Arguments arguments) {
  STREAM_TRY(const Value value, constant_argument(function, arguments, 1));
  if (value.is_null()) return std::optional<std::string>();
  if (arguments[1].type.kind != string)
    return wrong_argument(function, arguments, 1, "the \"STRING\" type");
  return std::optional<std::string>(value.as<std::string>());
}

Result<ResolvedFunction> binary_to_char(std::string_view function, Arguments arguments) {
  STREAM_TRY(const std::optional<std::string> given, constant_format(function, arguments));
  const std::string format = to_lower(given.value_or("hex"));
  ResolvedFunction resolved;
  resolved.parameter_types = {arguments[0].type, arguments[1].type};
  resolved.type = primitive(string);
  if (format == "base64")
    resolved.kernel =
        row_kernel([](std::string_view bytes, std::string_view) { return encode_base64(bytes); });
  else if (format == "hex")
    resolved.kernel =
        row_kernel([](std::string_view bytes, std::string_view) { return encode_hex(bytes); });
  else if (format == "utf-8")
    resolved.kernel = row_kernel([](std::string_view bytes, std::string_view) {
      return decode_charset(bytes, "UTF-8", "decode");
    });
  else
    return analysis_error("INVALID_PARAMETER_VALUE.BINARY_FORMAT",
                          "The value of parameter(s) `format` in `" + std::string(function) +
                              "` is invalid: expects one of binary formats 'base64', 'hex', "
                              "'utf-8', but got '" +
                              format + "'.");
  return resolved;
}

Result<ResolvedFunction> number_to_char(std::string_view function, Arguments arguments,
                                        const SqlSettings& settings) {
  DataType number = arguments[0].type;
  if (number.kind != decimal) {
    number = number.kind == float64     ? decimal_of(30, 15)
             : number.kind == float32   ? decimal_of(14, 7)
             : is_integral(number.kind) ? decimal_for(number)
                                        : decimal_of(38, 18);
    STREAM_TRY(number, implicit_type(function, arguments, 0, number, settings));
  }
  STREAM_TRY(const std::optional<std::string> format, constant_format(function, arguments));
  ResolvedFunction resolved;
  resolved.type = primitive(string);
  const int scale = number.scale;
  resolved.parameter_types = {std::move(number), primitive(string)};
  if (!format) {
    resolved.kernel =
        row_kernel([](Int128, std::string_view) -> std::optional<std::string> { return {}; });
    return resolved;
  }
  STREAM_TRY(NumberPattern pattern, NumberPattern::compile(to_upper(*format)));
  resolved.kernel =
      row_kernel([pattern = std::move(pattern), scale](Int128 value, std::string_view) {
        return pattern.format(value, scale);
      });
  return resolved;
}

ScalarFunction to_char(std::string name) {
  ScalarFunction made;
  made.name = name;
  made.family = "string";
  made.usage = name + "(value, format) - a number, time or binary as text";
  made.min_arguments = made.max_arguments = 2;
  made.resolve = [name](Arguments arguments,
                        const SqlSettings& settings) -> Result<ResolvedFunction> {
    switch (arguments[0].type.kind) {
      case date:
      case timestamp:
      case timestamp_ntz: {
        const ScalarFunction* date_format = builtin_functions().scalar("date_format");
        if (date_format == nullptr || !date_format->resolve)
          return wrong_argument(name, arguments, 0, "a number or binary");
        return date_format->resolve(arguments, settings);
      }
      case binary:
        return binary_to_char(name, arguments);
      default:
        return number_to_char(name, arguments, settings);
    }
  };
  return made;
}

ScalarFunction to_number(std::string name, std::string usage, bool is_try) {
  ScalarFunction made{name, "string", std::move(usage), 2, 2, {}, {}, {}, true, {}};
  made.resolve = [=](Arguments arguments, const SqlSettings& settings) -> Result<ResolvedFunction> {
    ResolvedFunction resolved;
    STREAM_TRY(DataType text, implicit_type(name, arguments, 0, primitive(string), settings));
    STREAM_TRY(const std::optional<std::string> format, constant_format(name, arguments));
    resolved.parameter_types = {std::move(text), primitive(string)};
    if (!format) {
      resolved.type = decimal_of(10, 0);
      resolved.kernel = row_kernel(
          [](std::string_view, std::string_view) -> std::optional<Int128> { return {}; });
      return resolved;
    }
    STREAM_TRY(NumberPattern pattern, NumberPattern::compile(to_upper(*format)));
    resolved.type = decimal_of(pattern.precision(), pattern.scale());
    resolved.kernel =
        row_kernel([=](std::string_view input, std::string_view) -> Result<std::optional<Int128>> {
          const std::optional<Int128> value = pattern.parse(input);
          if (value || is_try) return value;
          return runtime_error("INVALID_FORMAT.MISMATCH_INPUT",
                               "The format is invalid: '" + *format + "'. The input \"STRING\" '" +
                                   std::string(input) + "' does not match the format.");
        });
    return resolved;
  };
  return made;
}

/// Texts and arrays of texts; nulls are left out.
Result<ResolvedFunction> resolve_concat_ws(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction resolved;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    DataType wanted = primitive(string);
    if (i > 0 && arguments[i].type.kind == array &&
        arguments[i].type.children[0].type.kind != string)
      wanted = array_of(primitive(string), true);
    else if (i > 0 && arguments[i].type.kind == array)
      wanted = arguments[i].type;
    STREAM_TRY(DataType type, implicit_type("concat_ws", arguments, i, wanted, settings));
    resolved.parameter_types.push_back(std::move(type));
  }
  resolved.type = primitive(string);
  resolved.is_nullable = arguments[0].is_nullable;
  resolved.can_fail = false;
  resolved.nulls = NullHandling::custom;
  resolved.kernel = [](const KernelInput& input) -> Result<Column> {
    ColumnBuilder builder(input.type, input.context.pool);
    const Operand& separators = input.arguments[0];
    std::string text;
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      if (separators.is_null(row)) {
        builder.append_null();
        continue;
      }
      const std::string_view separator = separators.column.string_at(separators.index(row));
      text.clear();
      bool is_first = true;
      const auto add = [&](std::string_view part) {
        if (!is_first) text += separator;
        text += part;
        is_first = false;
      };
      for (const Operand& argument : input.arguments.subspan(1)) {
        if (argument.is_null(row)) continue;
        const std::size_t index = argument.index(row);
        if (argument.type().kind != array) {
          add(argument.column.string_at(index));
          continue;
        }
        const std::int64_t* offsets = argument.column.data<std::int64_t>() + index;
        const Column& elements = argument.column.children[0];
        for (auto i = static_cast<std::size_t>(offsets[0]);
             i < static_cast<std::size_t>(offsets[1]); ++i)
          if (!elements.is_null(i)) add(elements.string_at(i));
      }
      builder.append_string(text);
    }
    return builder.finish();
  };
  return resolved;
}

}  // namespace

void add_format_functions(FunctionRegistry& registry) {
  registry.add(ScalarFunction{"format_string",
                              "string",
                              "format_string(format, value, …) - printf with Java's format",
                              1,
                              kAnyNumber,
                              resolve_format_string,
                              {},
                              {},
                              true,
                              {}});
  registry.add_alias("printf", "format_string");
  registry.add(ScalarFunction{"format_number",
                              "string",
                              "format_number(number, digits or pattern) - with thousands separated",
                              2,
                              2,
                              resolve_format_number,
                              {},
                              {},
                              true,
                              {}});
  registry.add(to_char("to_char"));
  registry.add(to_char("to_varchar"));
  registry.add(to_number("to_number", "to_number(text, format) - the number in a text", false));
  registry.add(
      to_number("try_to_number", "try_to_number(text, format) - to_number, or null", true));
  registry.add(ScalarFunction{"concat_ws",
                              "string",
                              "concat_ws(separator, text or array, …) - joined, without nulls",
                              1,
                              kAnyNumber,
                              resolve_concat_ws,
                              {},
                              {},
                              true,
                              {}});
}

}  // namespace stream
