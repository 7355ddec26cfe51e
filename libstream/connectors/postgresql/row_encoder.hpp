// Rows as PostgreSQL's binary COPY takes them. Made for the columns of one table; used by the
// sink's writers and for the parameters of lookups. One thread.
#pragma once

#include <libstream/connectors/postgresql/column_type.hpp>
#include <libstream/data/batch.hpp>
#include <libstream/expressions/text_options.hpp>

#include <string>
#include <vector>

namespace stream::postgresql {

class RowEncoder {
 public:
  /// `targets`: a table column for each column of the rows. Requires can_write of each.
  /// `with_ordinal`: a bigint that counts the rows comes first.
  static Result<RowEncoder> make(const Schema& rows, std::vector<ColumnType> targets,
                                 bool with_ordinal);

  /// What a COPY begins and ends with.
  static void append_header(std::string& out);
  static void append_trailer(std::string& out);

  /// Appends rows [first, first + count). Error bad_data: a value that PostgreSQL has no place for.
  Result<void> append(const Batch& batch, std::size_t first, std::size_t count, std::string& out);

  /// Appends column `index`'s value without its length. Requires that it is not null.
  Result<void> append_value(const Column& column, std::size_t row, std::size_t index,
                            std::string& out) const;

 private:
  RowEncoder(Schema rows, std::vector<ColumnType> targets, RecordOptions json, bool with_ordinal)
      : rows_(std::move(rows)),
        targets_(std::move(targets)),
        json_(std::move(json)),
        with_ordinal_(with_ordinal) {}
  Result<void> append_scalar(const Column& column, std::size_t row, std::uint32_t to,
                             std::string& out) const;
  Result<void> append_text(std::string_view text, std::uint32_t to, std::string& out) const;
  Result<void> append_array(const Column& column, std::size_t row, std::uint32_t element,
                            std::string& out) const;
  void append_document(const Column& column, std::size_t row, std::uint32_t to,
                       std::string& out) const;

  Schema rows_;
  std::vector<ColumnType> targets_;
  RecordOptions json_;
  bool with_ordinal_;
  std::int64_t ordinal_ = 0;
};

/// The binary form of a numeric.
void append_numeric(Int128 unscaled, int scale, std::string& out);

}  // namespace stream::postgresql
