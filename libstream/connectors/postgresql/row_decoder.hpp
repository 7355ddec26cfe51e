// Values in PostgreSQL's binary form into columns: what COPY … TO STDOUT, results and replication
// messages carry. The bytes come from outside, so every length is checked. One thread.
#pragma once

#include <libstream/connectors/postgresql/column_type.hpp>
#include <libstream/data/column_builder.hpp>

#include <string_view>
#include <vector>

namespace stream::postgresql {

/// Appends a value of `type` to a builder of type_read_as(type), or of a text's type for what is
/// only read as text. Error bad_data: damaged bytes, or a value our type has no place for.
Result<void> append_decoded(std::string_view bytes, const ColumnType& type, ColumnBuilder& builder);

/// The rows of a binary COPY, one message after the other.
class CopyDecoder {
 public:
  explicit CopyDecoder(std::vector<ColumnType> types) : types_(std::move(types)) {}

  /// Appends the rows of one CopyData message, which holds whole rows.
  Result<void> append(std::string_view message, std::vector<ColumnBuilder>& columns);
  /// The end that a whole COPY has was seen.
  bool has_ended() const { return has_ended_; }
  /// Rows so far.
  std::size_t num_rows() const { return num_rows_; }

 private:
  std::vector<ColumnType> types_;
  std::size_t num_rows_ = 0;
  bool has_begun_ = false;
  bool has_ended_ = false;
};

}  // namespace stream::postgresql
