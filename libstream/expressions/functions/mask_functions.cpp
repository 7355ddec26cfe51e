#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/utf8.hpp>

#include <unicode/uchar.h>

#include <array>

namespace stream {

namespace {

using enum TypeKind;

enum CharacterClass { upper, lower, digit, other };

CharacterClass class_of(char32_t c) {
  const auto code = static_cast<UChar32>(c);
  if (u_isUUppercase(code)) return upper;
  if (u_isULowercase(code)) return lower;
  return u_isdigit(code) ? digit : other;
}

/// mask(text, upper, lower, digit, other): a null keeps the characters of its class.
Result<Value> mask(std::span<const Value> row) {
  if (row[0].is_null()) return Value{};
  const std::string& text = row[0].as<std::string>();
  const std::array<Value, 4> defaults = {Value{std::string("X")}, Value{std::string("x")},
                                         Value{std::string("n")}, Value{}};
  std::string result;
  for (std::size_t offset = 0; offset < text.size();) {
    const std::size_t begin = offset;
    const std::size_t which = class_of(next_code_point(text, offset));
    const Value& with = which + 1 < row.size() ? row[which + 1] : defaults[which];
    if (with.is_null())
      result += text.substr(begin, offset - begin);
    else
      result += with.as<std::string>();
  }
  return Value{std::move(result)};
}

Result<ResolvedFunction> resolve_mask(Arguments arguments, const SqlSettings&) {
  ResolvedFunction resolved;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    STREAM_TRY(DataType type, exact_type("mask", arguments, i, primitive(string)));
    resolved.parameter_types.push_back(std::move(type));
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (i == 0 || arguments[i].type.kind == null) continue;
    STREAM_TRY(const Value value, constant_argument("mask", arguments, i));
    const auto* text = std::get_if<std::string>(&value.content);
    if (text != nullptr && count_characters(*text) != 1)
      return analysis_error("DATATYPE_MISMATCH.INPUT_SIZE_NOT_ONE",
                            "mask: the length of argument " + std::to_string(i + 1) +
                                " should be 1, but it is '" + *text + "'.");
  }
  resolved.type = primitive(string);
  resolved.is_nullable = arguments[0].is_nullable;
  resolved.can_fail = false;
  resolved.nulls = NullHandling::custom;
  resolved.kernel =
      value_kernel([](std::span<const Value> row, EvaluationContext&) { return mask(row); });
  return resolved;
}

}  // namespace

void add_mask_functions(FunctionRegistry& registry) {
  ScalarFunction made;
  made.name = "mask";
  made.family = "string";
  made.usage = "mask(text[, upper[, lower[, digit[, other]]]]) - characters replaced by class";
  made.min_arguments = 1;
  made.max_arguments = 5;
  made.resolve = resolve_mask;
  made.parameter_names = {"str", "upperChar", "lowerChar", "digitChar", "otherChar"};
  registry.add(std::move(made));
}

}  // namespace stream
