// XML texts into structs and back, as from_xml, to_xml and schema_of_xml have it: child elements
// and attributes ("_name") are fields, text beside them is "_VALUE". Pure functions, any thread.
#pragma once

#include <libstream/expressions/text_options.hpp>

#include <string>
#include <string_view>

namespace stream {

/// The struct of the root element. Error: a malformed text in FAILFAST mode.
Result<Value> xml_record(std::string_view text, const DataType& type, const RecordOptions& options);

/// Error [MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION]: not XML.
Result<DataType> infer_xml_type(std::string_view text, const RecordOptions& options);

/// <ROW>…</ROW>, indented.
std::string xml_text(const Column& column, std::size_t row, const RecordOptions& options);

}  // namespace stream
