// Builds batches of a schema column by column. Used by operators that emit groups or state.
#pragma once

#include <libstream/data/column_builder.hpp>

namespace stream {

/// What the builders hold, a column each. They are empty afterwards.
inline std::vector<Column> finish_columns(std::span<ColumnBuilder> builders) {
  std::vector<Column> columns;
  columns.reserve(builders.size());
  for (ColumnBuilder& builder : builders) columns.push_back(builder.finish());
  return columns;
}

class RowBuilder {
 public:
  RowBuilder(std::shared_ptr<const Schema> schema, BlockPool& pool) : schema_(std::move(schema)) {
    for (const Field& field : schema_->fields) builders_.emplace_back(field.type, pool);
  }

  ColumnBuilder& column(std::size_t index) { return builders_[index]; }
  std::span<ColumnBuilder> columns(std::size_t first, std::size_t count) {
    return std::span(builders_).subspan(first, count);
  }
  /// Of the first column.
  std::size_t num_rows() const { return builders_.empty() ? 0 : builders_[0].num_rows(); }

  /// The rows so far; all columns must be of one length. Empty afterwards.
  Batch finish() { return finish(num_rows()); }
  /// The same, when there may be no columns.
  Batch finish(std::size_t rows) { return {schema_, finish_columns(builders_), rows}; }

 private:
  std::shared_ptr<const Schema> schema_;
  std::vector<ColumnBuilder> builders_;
};

}  // namespace stream
