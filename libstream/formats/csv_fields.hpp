// Where the fields of a group of CSV records lie: text by text, or, for plain records one behind
// the other, by the places of the characters between them. Made by CsvReader, read by CsvColumn.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace stream {

/// A field's text; data == nullptr: nothing was there.
struct FieldText {
  const char* data = nullptr;
  std::uint32_t size = 0;
  std::string_view view() const { return {data, size}; }
};

/// Nothing but spaces and control characters, which is no record.
inline bool is_blank_line(std::string_view line) {
  return std::all_of(line.begin(), line.end(),
                     [](char c) { return static_cast<unsigned char>(c) <= ' '; });
}

/// The field block[begin, end) of a record without quotes: nothing is nothing, not an empty text.
inline FieldText plain_field(const char* block, std::size_t begin, std::size_t end) {
  return {begin == end ? nullptr : block + begin, static_cast<std::uint32_t>(end - begin)};
}

/// Records of `width` fields each, all ended by '\n' and without a quote: field k, counted through
/// the records, lies between places k - 1 and k. places[-1] is there: the one before the first.
struct FieldGrid {
  const char* block = nullptr;
  const std::uint32_t* places = nullptr;
  std::size_t width = 0;
  std::size_t num_rows = 0;

  std::uint32_t begin(std::size_t row, std::size_t column) const {
    return places[static_cast<std::ptrdiff_t>(row * width + column) - 1] + 1;
  }
  std::uint32_t end(std::size_t row, std::size_t column) const {
    return places[row * width + column];
  }
  FieldText text(std::size_t row, std::size_t column) const {
    return plain_field(block, begin(row, column), end(row, column));
  }
  std::string_view record(std::size_t row) const {
    const std::uint32_t first = begin(row, 0);
    return {block + first, end(row, width - 1) - first};
  }
};

/// One column of such records: reads like a span of FieldText.
class GridColumn {
 public:
  GridColumn(const FieldGrid& grid, std::size_t column) : grid_(grid), column_(column) {}
  std::size_t size() const { return grid_.num_rows; }
  FieldText operator[](std::size_t row) const { return grid_.text(row, column_); }
  std::size_t size_of(std::size_t row) const {
    return grid_.end(row, column_) - grid_.begin(row, column_);
  }
  /// Behind the field's last byte, also where there is none.
  const char* end_of(std::size_t row) const { return grid_.block + grid_.end(row, column_); }

 private:
  FieldGrid grid_;
  std::size_t column_;
};

}  // namespace stream
