// Values of rows as bytes: keys of tables and rows kept in state. Used by keyed operators; pure
// functions.
#pragma once

#include <libstream/data/batch.hpp>
#include <libstream/data/column_builder.hpp>

#include <string>
#include <string_view>

namespace stream {

enum class RowForm {
  exact,       ///< decodes to the same value
  comparable,  ///< equal bytes for what GROUP BY takes for equal: zeros, NaNs, order of map entries
};

/// Appends row `row` of `column`, also when it is null.
void encode_value(const Column& column, std::size_t row, RowForm form, std::string& out);
/// Reads a value that encode_value wrote for a column of the builder's type off the front of
/// `bytes`.
void decode_value(std::string_view& bytes, ColumnBuilder& builder);

}  // namespace stream
