#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/case_mapping.hpp>
#include <libstream/expressions/functions/signature.hpp>

namespace stream {

namespace {

using enum TypeKind;

/// collate(text, name), text COLLATE name: only the binary collation there is.
Result<ResolvedFunction> resolve_collate(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction resolved;
  STREAM_TRY(DataType text, implicit_type("collate", arguments, 0, primitive(string), settings));
  STREAM_TRY(const Value name, constant_argument("collate", arguments, 1));
  const auto* given = std::get_if<std::string>(&name.content);
  if (given == nullptr) return wrong_argument("collate", arguments, 1, "the \"STRING\" type");
  const std::string upper = to_upper(*given);
  const bool is_known = upper.starts_with("UTF8_LCASE") || upper.starts_with("UNICODE") ||
                        upper.starts_with("UTF8_BINARY") || upper.find('_') == 2 ||
                        upper.size() == 2;
  if (!is_known)
    return analysis_error("COLLATION_INVALID_NAME", "The value " + *given +
                                                        " does not represent a correct collation "
                                                        "name. Suggested valid collation names: "
                                                        "[UTF8_BINARY].");
  if (upper != "UTF8_BINARY")
    return analysis_error("UNSUPPORTED_FEATURE.COLLATION",
                          "The feature is not supported: the collation " + upper +
                              "; texts compare by their bytes, as UTF8_BINARY has it. Compare "
                              "lower(…) of both sides instead.");
  resolved.parameter_types = {std::move(text), primitive(string)};
  resolved.type = primitive(string);
  resolved.can_fail = false;
  resolved.kernel = row_kernel([](std::string_view value, std::string_view) { return value; });
  return resolved;
}

}  // namespace

void add_collation_functions(FunctionRegistry& registry) {
  registry.add(ScalarFunction{"collate",
                              "string",
                              "collate(text, name) - the text; name is UTF8_BINARY",
                              2,
                              2,
                              resolve_collate,
                              {},
                              {},
                              true,
                              {}});
}

}  // namespace stream
