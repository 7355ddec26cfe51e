// Paths of get_json_object ("$.a[0]['b c'][*]") and their evaluation as Hive does it. Immutable,
// any thread.
#pragma once

#include <libstream/expressions/json_document.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

struct JsonStep {
  enum class Kind { name, index, wildcard };
  Kind kind = Kind::name;
  std::string name;
  std::size_t index = 0;
};
using JsonPath = std::vector<JsonStep>;

/// nullopt: not a path.
std::optional<JsonPath> parse_json_path(std::string_view text);

/// What the path finds: a string as it is, everything else as JSON. nullopt: nothing, or null.
std::optional<std::string> find_json(const JsonDocument& document, const JsonPath& path);

}  // namespace stream
