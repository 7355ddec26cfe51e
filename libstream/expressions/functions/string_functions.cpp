#include <libstream/base/ascii.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/case_mapping.hpp>
#include <libstream/expressions/functions/collections.hpp>
#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/functions/string_algorithms.hpp>
#include <libstream/expressions/utf8.hpp>

#include <algorithm>
#include <array>

namespace stream {

namespace {

using enum TypeKind;

/// A function of one STRING or BINARY, measured by `count`.
template <class Count>
ScalarFunction measure(std::string name, std::string usage, Count characters_of, Count bytes_of) {
  ScalarFunction made{name, "string", std::move(usage), 1, 1, {}, {}, {}, true, {}};
  made.resolve = [=](Arguments arguments, const SqlSettings& settings) -> Result<ResolvedFunction> {
    STREAM_TRY(DataType type, implicit_type_of(name, arguments, 0, {string, binary}, settings));
    ResolvedFunction resolved;
    const Count count = type.kind == binary ? bytes_of : characters_of;
    resolved.parameter_types = {std::move(type)};
    resolved.type = primitive(int32);
    resolved.is_nullable = arguments[0].is_nullable;
    resolved.can_fail = false;
    resolved.kernel = row_kernel([count](std::string_view text) { return count(text); });
    return resolved;
  };
  return made;
}

using CountText = std::int32_t (*)(std::string_view);
std::int32_t num_characters(std::string_view text) {
  return static_cast<std::int32_t>(count_characters(text));
}
std::int32_t num_bytes(std::string_view text) { return static_cast<std::int32_t>(text.size()); }
std::int32_t num_bits(std::string_view text) { return static_cast<std::int32_t>(text.size() * 8); }

std::int32_t ascii(std::string_view text) {
  std::size_t offset = 0;
  return text.empty() ? 0 : static_cast<std::int32_t>(next_code_point(text, offset));
}

std::string chr(std::int64_t code) {
  std::string result;
  if (code >= 0) append_code_point(static_cast<char32_t>(code & 0xFF), result);
  return result;
}

/// elt(n, a, b, …): the nth of the others, which are all texts or all binaries.
Result<ResolvedFunction> resolve_elt(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction resolved;
  STREAM_TRY(DataType index, implicit_type("elt", arguments, 0, primitive(int32), settings));
  resolved.parameter_types.push_back(std::move(index));
  const bool is_binary =
      std::all_of(arguments.begin() + 1, arguments.end(),
                  [](const Argument& argument) { return argument.type.kind == binary; });
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    STREAM_TRY(DataType type, implicit_type("elt", arguments, i,
                                            primitive(is_binary ? binary : string), settings));
    resolved.parameter_types.push_back(std::move(type));
  }
  resolved.type = primitive(is_binary ? binary : string);
  resolved.nulls = NullHandling::custom;
  resolved.can_fail = settings.is_ansi;
  resolved.kernel = [is_ansi = settings.is_ansi](const KernelInput& input) -> Result<Column> {
    ColumnBuilder builder(input.type, input.context.pool);
    const auto count = static_cast<std::int32_t>(input.arguments.size()) - 1;
    for (const Operand& argument : input.arguments) builder.adopt(argument.column.blocks);
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      const Operand& which = input.arguments[0];
      if (which.is_null(row)) {
        builder.append_null();
        continue;
      }
      const std::int32_t n = which.column.data<std::int32_t>()[which.index(row)];
      if (n < 1 || n > count) {
        if (is_ansi)
          return runtime_error("INVALID_ARRAY_INDEX", "The index " + std::to_string(n) +
                                                          " is out of bounds. The array has " +
                                                          std::to_string(count) + " elements.");
        builder.append_null();
        continue;
      }
      const Operand& chosen = input.arguments[static_cast<std::size_t>(n)];
      if (chosen.is_null(row))
        builder.append_null();
      else
        builder.append_string(chosen.column.string_at(chosen.index(row)));
    }
    return builder.finish();
  };
  return resolved;
}

Result<ResolvedFunction> resolve_reverse(Arguments arguments, const SqlSettings& settings) {
  if (arguments[0].type.kind == array) return resolve_array_reverse(arguments);
  ResolvedFunction resolved;
  STREAM_TRY(DataType type, implicit_type("reverse", arguments, 0, primitive(string), settings));
  resolved.parameter_types = {std::move(type)};
  resolved.type = primitive(string);
  resolved.can_fail = false;
  resolved.kernel = row_kernel([](std::string_view text) { return reversed(text); });
  return resolved;
}

Result<ResolvedFunction> resolve_sentences(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction resolved;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    STREAM_TRY(DataType type,
               implicit_type("sentences", arguments, i, primitive(string), settings));
    resolved.parameter_types.push_back(std::move(type));
  }
  resolved.type = array_of(array_of(primitive(string), false), false);
  resolved.can_fail = false;
  resolved.nulls = NullHandling::custom;
  resolved.kernel = value_kernel([](std::span<const Value> row,
                                    EvaluationContext&) -> Result<Value> {
    if (row[0].is_null()) return Value{};
    const auto text_of = [&](std::size_t i) {
      return i < row.size() && !row[i].is_null() ? row[i].as<std::string>() : std::string();
    };
    ValueList sentences;
    for (std::vector<std::string>& words : split_sentences(text_of(0), text_of(1), text_of(2))) {
      ValueList list;
      for (std::string& word : words) list.push_back({std::move(word)});
      sentences.push_back({std::move(list)});
    }
    return Value{std::move(sentences)};
  });
  return resolved;
}

}  // namespace

void add_string_functions(FunctionRegistry& registry) {
  registry.add(measure<CountText>("length", "length(text) - its characters, or a binary's bytes",
                                  num_characters, num_bytes));
  for (const char* alias : {"char_length", "character_length", "len"})
    registry.add_alias(alias, "length");
  registry.add(
      measure<CountText>("octet_length", "octet_length(text) - its bytes", num_bytes, num_bytes));
  registry.add(measure<CountText>("bit_length", "bit_length(text) - its bits", num_bits, num_bits));

  add_fixed(
      registry,
      {{"upper",
        "string",
        "upper(text) - in upper case",
        {string},
        string,
        row_kernel([](std::string_view text) { return to_upper(text); })},
       {"lower",
        "string",
        "lower(text) - in lower case",
        {string},
        string,
        row_kernel([](std::string_view text) { return to_lower(text); })},
       {"initcap",
        "string",
        "initcap(text) - the first letter of each word in upper case",
        {string},
        string,
        row_kernel([](std::string_view text) { return to_title(text); })},
       {"translate",
        "string",
        "translate(text, from, to) - characters of from become those of to",
        {string, string, string},
        string,
        row_kernel([](std::string_view text, std::string_view from, std::string_view to) {
          return translate(text, from, to);
        })},
       {"replace",
        "string",
        "replace(text, search[, with]) - every search becomes with",
        {string, string, string},
        string,
        row_kernel([](std::string_view text, std::string_view search, std::string_view with) {
          return replace(text, search, with);
        }),
        {Value{std::string()}}},
       {"repeat",
        "string",
        "repeat(text, n) - the text n times",
        {string, int32},
        string,
        row_kernel([](std::string_view text, std::int32_t n) { return repeated(text, n); }),
        {},
        true},
       {"space",
        "string",
        "space(n) - n spaces",
        {int32},
        string,
        row_kernel([](std::int32_t n) { return repeated(" ", n); }),
        {},
        true},
       {"find_in_set",
        "string",
        "find_in_set(text, list) - its place in a comma-separated list",
        {string, string},
        int32,
        row_kernel(
            [](std::string_view word, std::string_view set) { return find_in_set(word, set); })},
       {"soundex",
        "string",
        "soundex(text) - how it sounds, as four characters",
        {string},
        string,
        row_kernel([](std::string_view text) { return soundex(text); })},
       {"levenshtein",
        "string",
        "levenshtein(a, b[, limit]) - edits between the two; -1 when above the limit",
        {string, string, int32},
        int32,
        row_kernel([](std::string_view a, std::string_view b, std::int32_t limit) {
          const std::int32_t distance = levenshtein(a, b);
          return distance > limit ? -1 : distance;
        }),
        {Value{std::numeric_limits<std::int32_t>::max()}}},
       {"luhn_check",
        "string",
        "luhn_check(digits) - does its check digit fit",
        {string},
        boolean,
        row_kernel([](std::string_view text) { return luhn_check(text); })},
       {"ascii",
        "string",
        "ascii(text) - code point of the first character",
        {string},
        int32,
        row_kernel([](std::string_view text) { return ascii(text); })},
       {"chr",
        "string",
        "chr(n) - the character of code n modulo 256",
        {int64},
        string,
        row_kernel([](std::int64_t code) { return chr(code); })},
       {"quote",
        "string",
        "quote(text) - in single quotes",
        {string},
        string,
        row_kernel([](std::string_view text) { return quote(text); })},
       {"is_valid_utf8",
        "string",
        "is_valid_utf8(text) - is it well-formed UTF-8",
        {string},
        boolean,
        row_kernel([](std::string_view text) { return is_valid_utf8(text); })},
       {"make_valid_utf8",
        "string",
        "make_valid_utf8(text) - broken parts become U+FFFD",
        {string},
        string,
        row_kernel([](std::string_view text) { return make_valid_utf8(text); })},
       {"validate_utf8",
        "string",
        "validate_utf8(text) - the text, or an error when broken",
        {string},
        string,
        row_kernel([](std::string_view text) -> Result<std::string_view> {
          if (is_valid_utf8(text)) return text;
          return runtime_error("INVALID_UTF8_STRING",
                               "Invalid UTF8 byte sequence found in string.");
        }),
        {},
        true},
       {"try_validate_utf8",
        "string",
        "try_validate_utf8(text) - the text, or null when broken",
        {string},
        string,
        row_kernel([](std::string_view text) -> std::optional<std::string_view> {
          if (is_valid_utf8(text)) return text;
          return std::nullopt;
        }),
        {},
        false,
        true},
       {"collation",
        "string",
        "collation(text) - the name of its collation",
        {string},
        string,
        row_kernel([](std::string_view) { return std::string_view("SYSTEM.BUILTIN.UTF8_BINARY"); }),
        {},
        false,
        false,
        NullHandling::skip,
        false}});
  registry.add_alias("ucase", "upper");
  registry.add_alias("lcase", "lower");
  registry.add_alias("char", "chr");

  registry.add(ScalarFunction{"elt",
                              "string",
                              "elt(n, a, b, …) - the nth of the others",
                              2,
                              kAnyNumber,
                              resolve_elt,
                              {},
                              {},
                              true,
                              {}});
  registry.add(ScalarFunction{"reverse",
                              "collection",
                              "reverse(text or array) - in the opposite order",
                              1,
                              1,
                              resolve_reverse,
                              {},
                              {},
                              true,
                              {}});
  registry.add(ScalarFunction{"sentences",
                              "string",
                              "sentences(text[, language[, country]]) - sentences of words",
                              1,
                              3,
                              resolve_sentences,
                              {},
                              {},
                              true,
                              {}});
}

}  // namespace stream
