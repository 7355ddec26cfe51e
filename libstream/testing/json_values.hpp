// Values of transcripts: JSON to typed values and back, by the encodings of the case files. Used by
// the case runners.
#pragma once

#include <libstream/data/value.hpp>

#include <nlohmann/json_fwd.hpp>

namespace stream::testing {

/// Error bad_data: the text is none.
Result<nlohmann::json> parse_json(const std::string& text);

/// A JSON value as one of `type`. Error bad_data: it is none.
Result<Value> value_from_json(const nlohmann::json& json, const DataType& type);

/// A row given as an object; fields left out are null.
Result<std::vector<Value>> row_from_json(const nlohmann::json& json, const Schema& schema);

nlohmann::json json_from_value(const Value& value, const DataType& type);

/// The rows of batches, an array each.
std::vector<nlohmann::json> json_rows(const std::vector<Batch>& batches);

/// A line each, as transcripts hold them.
std::string json_lines(const std::vector<nlohmann::json>& rows);

/// Equal, numbers to 1e-9 relative; fractions of seconds without regard to zeros at their end.
bool is_same_json(const nlohmann::json& a, const nlohmann::json& b);

/// What is missing and what is too much, a line each; empty when the rows agree. Without
/// `is_ordered` as multisets.
std::string compare_rows(const std::vector<nlohmann::json>& expected,
                         const std::vector<nlohmann::json>& actual, bool is_ordered);

}  // namespace stream::testing
