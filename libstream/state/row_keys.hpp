// Key columns of rows as keys of a GroupTable: equal keys for rows that GROUP BY takes for equal.
// Fixed-width columns of up to 16 bytes together and single texts are not copied. One thread.
#pragma once

#include <libstream/data/column_builder.hpp>
#include <libstream/state/group_table.hpp>

#include <optional>
#include <string>

namespace stream {

class RowKeys {
 public:
  /// `packs_windows`: of windows that are as long as the first one only the start is in a key, so
  /// that keys of two RowKeys are not to be compared.
  explicit RowKeys(std::vector<DataType> types, bool packs_windows = false);

  std::size_t num_columns() const { return types_.size(); }
  const std::vector<DataType>& types() const { return types_; }

  /// The keys of rows 0 … num_rows − 1. Valid until the next call and as long as the columns.
  std::span<const RowKey> encode(std::span<const Column> columns, std::size_t num_rows);

  /// Appends the columns of a key, one value a builder.
  void decode(const RowKey& key, std::span<ColumnBuilder> builders) const;
  /// The same for many keys, a column at a time.
  void decode(std::span<const RowKey> keys, std::span<ColumnBuilder> builders) const;

 private:
  enum class Form { packed, text, general };

  struct Part {
    std::size_t column = 0;
    std::size_t offset = 0;  ///< bytes from the front of the packed key
    std::size_t width = 0;
    bool is_window = false;  ///< its start counts
  };

  void append_part(std::span<const RowKey> keys, const Part& part, ColumnBuilder& builder) const;
  void encode_packed(std::span<const Column> columns, std::size_t num_rows);
  void encode_text(const Column& column, std::size_t num_rows);
  /// Of rows that are marked in `rows`, or of all.
  void encode_general(std::span<const Column> columns, std::span<const std::uint32_t> rows);
  void find_unpackable(std::span<const Column> columns, std::size_t num_rows);

  std::vector<DataType> types_;
  Form form_ = Form::general;
  std::vector<Part> parts_;
  std::uint32_t packed_size_ = 0;
  std::optional<std::int64_t> window_size_;  ///< learned from the first window
  std::vector<RowKey> keys_;
  std::string bytes_;
  std::vector<std::size_t> starts_;
  std::vector<std::uint32_t> rows_;
};

}  // namespace stream
