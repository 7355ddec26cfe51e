// Types and schemas from text, in Spark's DDL: "a INT, b ARRAY<STRING> NOT NULL COMMENT 'x'". Used
// by from_json and its like, file readers, the SQL parser and the case runner. Pure functions.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/data/schema.hpp>

#include <string_view>

namespace stream {

/// Types in types; deeper ones are refused.
inline constexpr int kMaxTypeDepth = 64;

/// "BIGINT", "STRUCT<a: INT, b: MAP<STRING, INT>>", without regard to case. Error bad_plan with
/// Spark's condition and the place in `text`.
Result<DataType> parse_data_type(std::string_view text);

/// "a INT, `b c` STRING NOT NULL COMMENT 'x'"; a colon may stand between name and type. The empty
/// text is a schema without columns.
Result<Schema> parse_schema(std::string_view text);

/// What from_json and its like accept: a type, or a schema, which means a struct of its columns.
Result<DataType> parse_type_or_schema(std::string_view text);

/// `type` with every nested field, element and value nullable.
DataType as_nullable(DataType type);

}  // namespace stream
