// CSV fields of one column to values. Used by CsvReader, a group of rows at a time; one object a
// column and task.
#pragma once

#include <libstream/data/column_builder.hpp>
#include <libstream/formats/csv_options.hpp>
#include <libstream/formats/number_text.hpp>
#include <libstream/formats/time_text.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace stream {

/// A field's text; data == nullptr: nothing was there.
struct FieldText {
  const char* data = nullptr;
  std::uint32_t size = 0;
  std::string_view view() const { return {data, size}; }
};

/// What all columns of a reader convert by.
struct CsvConversion {
  CsvValues values;
  TimeReader times;
  DecimalReader decimals;
};

/// Appends a value (or null) a field. Fields that are not of the type become null and set their
/// row's entry of `bad` to `mark`, unless it is set already.
class CsvColumn {
 public:
  CsvColumn(DataType type, const CsvConversion& conversion, BlockPool& pool)
      : builder_(std::move(type), pool), conversion_(conversion) {}

  void convert(std::span<const FieldText> fields, std::span<std::uint16_t> bad, std::uint16_t mark);
  ColumnBuilder& builder() { return builder_; }
  /// Long texts that lie in `block` are pointed at, not copied.
  void adopt(const BlockRef& block);

 private:
  template <class T>
  void convert_integers(std::span<const FieldText> fields, std::span<std::uint16_t> bad,
                        std::uint16_t mark);
  template <class Read>
  void convert_with(std::span<const FieldText> fields, std::span<std::uint16_t> bad,
                    std::uint16_t mark, Read read);
  void convert_texts(std::span<const FieldText> fields);
  bool is_null(const FieldText& field) const {
    return field.data == nullptr || field.view() == conversion_.values.null_value;
  }

  ColumnBuilder builder_;
  const CsvConversion& conversion_;
};

/// True for the types that CSV has.
bool is_csv_type(const DataType& type);

}  // namespace stream
