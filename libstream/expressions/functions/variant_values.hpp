// What a variant is here: JSON text in one form, fields sorted by name, decimals without trailing
// zeros. Paths into it and schemas of it. Pure functions, any thread.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/data/schema.hpp>
#include <libstream/expressions/json_document.hpp>
#include <libstream/expressions/json_path.hpp>

#include <optional>
#include <string>

namespace stream {

/// JSON as the standard has it.
JsonReadOptions strict_json();

/// Node `index` in the form of variants. Error [VARIANT_DUPLICATE_KEY].
Result<void> append_variant(const JsonDocument& document, std::size_t index, std::string& out);

/// `$`, `.name`, `['name']`, `["name"]`, `[0]`. nullopt: not such a path.
std::optional<JsonPath> parse_variant_path(std::string_view text);
/// The node at the path.
std::optional<std::size_t> find_variant(const JsonDocument& document, const JsonPath& path);

/// VARIANT stands for what has no common type.
DataType variant_schema(const JsonDocument& document, std::size_t index);
DataType merge_variant_schemas(const DataType& a, const DataType& b);
/// "OBJECT<a: BIGINT>", "ARRAY<VARIANT>".
std::string variant_schema_text(const DataType& type);

}  // namespace stream
