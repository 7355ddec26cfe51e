#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/case_mapping.hpp>
#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/text_codec.hpp>

#include <fmt/format.h>

namespace stream {

namespace {

using enum TypeKind;

Error invalid_input(std::string_view text, std::string_view format, std::string_view function) {
  return runtime_error("CONVERSION_INVALID_INPUT",
                       fmt::format("The value '{}' (STRING) cannot be converted to BINARY because "
                                   "it is malformed (format '{}'). Correct the value as per the "
                                   "syntax, or use `try_{}` to tolerate malformed input and return "
                                   "NULL instead.",
                                   text, format, function));
}

/// hex of an integer, or of the bytes of a text or binary.
Result<ResolvedFunction> resolve_hex(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction resolved;
  STREAM_TRY(const DataType type,
             implicit_type_of("hex", arguments, 0, {int64, binary, string}, settings));
  const bool is_bytes = type.kind != int64;
  resolved.parameter_types = {type};
  resolved.type = primitive(string);
  resolved.can_fail = false;
  resolved.kernel = is_bytes ? row_kernel([](std::string_view bytes) { return encode_hex(bytes); })
                             : row_kernel([](std::int64_t value) {
                                 return fmt::format("{:X}", static_cast<std::uint64_t>(value));
                               });
  return resolved;
}

/// Bytes of a text in one of the formats of to_binary.
Result<std::string> to_bytes(std::string_view text, const std::string& format) {
  std::optional<std::string> bytes;
  if (format == "hex") {
    bytes = decode_hex(text);
  } else if (format == "base64") {
    if (is_strict_base64(text)) bytes = decode_base64(text);
  } else {
    bytes = std::string(text);
  }
  if (!bytes) return invalid_input(text, format, "to_binary");
  return *bytes;
}

bool is_binary_format(const std::string& format) {
  return format == "hex" || format == "base64" || format == "utf-8" || format == "utf8";
}

ScalarFunction to_binary(std::string name, std::string usage, bool is_try) {
  ScalarFunction made{name, "string", std::move(usage), 1, 2, {}, {}, {}, true, {}};
  made.resolve = [=](Arguments arguments, const SqlSettings& settings) -> Result<ResolvedFunction> {
    ResolvedFunction resolved;
    std::string format = "hex";
    bool is_null_format = false;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      STREAM_TRY(DataType type, implicit_type(name, arguments, i, primitive(string), settings));
      resolved.parameter_types.push_back(std::move(type));
    }
    if (arguments.size() == 2) {
      STREAM_TRY(const Value value, constant_argument(name, arguments, 1));
      is_null_format = value.is_null();
      if (!is_null_format && arguments[1].type.kind != string)
        return wrong_argument(name, arguments, 1, "the \"STRING\" type");
      if (!is_null_format) format = to_lower(value.as<std::string>());
    }
    if (!is_null_format && !is_binary_format(format) && !is_try)
      return analysis_error("DATATYPE_MISMATCH.INVALID_ARG_VALUE",
                            "The `fmt` value must to be a \"case-insensitive STRING\" literal of "
                            "'hex', 'utf-8', 'utf8', or 'base64', but got '" +
                                format + "'.");
    resolved.type = primitive(binary);
    resolved.can_fail = !is_try;
    const auto convert = [=](std::string_view text) -> Result<std::optional<std::string>> {
      if (is_try && !is_binary_format(format)) return std::optional<std::string>();
      Result<std::string> bytes = to_bytes(text, format);
      if (bytes) return std::optional<std::string>(std::move(*bytes));
      if (is_try) return std::optional<std::string>();
      return std::move(bytes).error();
    };
    if (arguments.size() == 1)
      resolved.kernel = row_kernel(convert);
    else
      resolved.kernel =
          row_kernel([convert](std::string_view text, std::string_view) { return convert(text); });
    return resolved;
  };
  return made;
}

/// decode(bytes, charset) is a function of its own; with more arguments it is a CASE, whose ELSE is
/// a text when none is given.
Result<Expr> rewrite_decode(const Call& call) {
  if (call.arguments.size() == 2) return make_call("decode_charset", call.arguments);
  Exprs parts;
  std::size_t i = 1;
  for (; i + 1 < call.arguments.size(); i += 2) {
    parts.push_back(make_call("<=>", {call.arguments[0], call.arguments[i]}));
    parts.push_back(call.arguments[i + 1]);
  }
  parts.push_back(i < call.arguments.size() ? call.arguments[i]
                                            : make_literal(Value{}, primitive(string)));
  return make_call("case", std::move(parts));
}

}  // namespace

void add_codec_functions(FunctionRegistry& registry) {
  add_fixed(registry, {{"base64",
                        "string",
                        "base64(bytes) - as base64",
                        {binary},
                        string,
                        row_kernel([](std::string_view bytes) { return encode_base64(bytes); })},
                       {"unbase64",
                        "string",
                        "unbase64(text) - the bytes of a base64 text",
                        {string},
                        binary,
                        row_kernel([](std::string_view text) -> Result<std::string> {
                          std::optional<std::string> bytes = decode_base64(text);
                          if (!bytes) return invalid_input(text, "BASE64", "to_binary");
                          return std::move(*bytes);
                        }),
                        {},
                        true},
                       {"unhex",
                        "math",
                        "unhex(text) - the bytes of a hexadecimal text, or null",
                        {string},
                        binary,
                        row_kernel([](std::string_view text) { return decode_hex(text); }),
                        {},
                        false,
                        true},
                       {"encode",
                        "string",
                        "encode(text, charset) - its bytes in the character set",
                        {string, string},
                        binary,
                        row_kernel([](std::string_view text, std::string_view charset) {
                          return encode_charset(text, charset, "encode");
                        }),
                        {},
                        true},
                       {"decode_charset",
                        "string",
                        "decode(bytes, charset) - the text that they are",
                        {binary, string},
                        string,
                        row_kernel([](std::string_view bytes, std::string_view charset) {
                          return decode_charset(bytes, charset, "decode");
                        }),
                        {},
                        true}});
  registry.add(ScalarFunction{
      "hex", "math", "hex(value) - in hexadecimal", 1, 1, resolve_hex, {}, {}, true, {}});
  registry.add(
      to_binary("to_binary", "to_binary(text[, format]) - hex, base64 or utf-8 to bytes", false));
  registry.add(to_binary("try_to_binary",
                         "try_to_binary(text[, format]) - to_binary, or null for a broken text",
                         true));
  ScalarFunction decode;
  decode.name = "decode";
  decode.family = "string";
  decode.usage = "decode(bytes, charset), decode(value, a, x[, b, y]…[, else]) - a text; a choice";
  decode.min_arguments = 2;
  decode.max_arguments = kAnyNumber;
  decode.rewrite = rewrite_decode;
  registry.add(std::move(decode));
}

}  // namespace stream
