#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/utf8.hpp>

#include <algorithm>

namespace stream {

namespace {

using enum TypeKind;

enum class Ends { both, left, right };

bool is_one_of(std::string_view character, std::string_view set) {
  for (std::size_t offset = 0; offset < set.size();) {
    const std::size_t length = std::min(utf8_length(set[offset]), set.size() - offset);
    if (set.substr(offset, length) == character) return true;
    offset += length;
  }
  return false;
}

/// `text` without the characters of `set` at its ends.
std::string_view trim(std::string_view text, std::string_view set, Ends ends) {
  while (ends != Ends::right && !text.empty()) {
    const std::size_t length = std::min(utf8_length(text[0]), text.size());
    if (!is_one_of(text.substr(0, length), set)) break;
    text.remove_prefix(length);
  }
  while (ends != Ends::left && !text.empty()) {
    std::size_t begin = text.size() - 1;
    while (begin > 0 && (text[begin] & 0xC0) == 0x80) --begin;
    if (!is_one_of(text.substr(begin), set)) break;
    text = text.substr(0, begin);
  }
  return text;
}

/// One argument: spaces are trimmed. Two: which of them are the characters depends on the function.
ScalarFunction trimming(std::string name, std::string usage, Ends ends, bool is_set_first) {
  ScalarFunction made{name, "string", std::move(usage), 1, 2, {}, {}, {}, true, {}};
  made.resolve = [=](Arguments arguments, const SqlSettings& settings) -> Result<ResolvedFunction> {
    ResolvedFunction resolved;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      STREAM_TRY(DataType type, implicit_type(name, arguments, i, primitive(string), settings));
      resolved.parameter_types.push_back(std::move(type));
    }
    resolved.type = primitive(string);
    resolved.can_fail = false;
    if (arguments.size() == 1)
      resolved.kernel = row_kernel([ends](std::string_view text) { return trim(text, " ", ends); });
    else if (is_set_first)
      resolved.kernel = row_kernel(
          [ends](std::string_view set, std::string_view text) { return trim(text, set, ends); });
    else
      resolved.kernel = row_kernel(
          [ends](std::string_view text, std::string_view set) { return trim(text, set, ends); });
    return resolved;
  };
  return made;
}

}  // namespace

void add_trim_functions(FunctionRegistry& registry) {
  registry.add(
      trimming("trim", "trim([characters, ]text) - without spaces at its ends", Ends::both, true));
  registry.add(trimming("ltrim", "ltrim([characters, ]text) - without spaces at its beginning",
                        Ends::left, true));
  registry.add(trimming("rtrim", "rtrim([characters, ]text) - without spaces at its end",
                        Ends::right, true));
  registry.add(trimming("btrim", "btrim(text[, characters]) - without spaces at its ends",
                        Ends::both, false));
}

}  // namespace stream
