// CSV fields of one column to values. Used by CsvReader, a group of rows at a time; one object a
// column and task.
#pragma once

#include <libstream/data/column_builder.hpp>
#include <libstream/formats/csv_fields.hpp>
#include <libstream/formats/csv_options.hpp>
#include <libstream/formats/number_text.hpp>
#include <libstream/formats/time_text.hpp>

#include <cstdint>
#include <memory>
#include <span>

namespace stream {

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
  /// The fields of `column` lie in `block`, which the values may point into. Requires 16 readable
  /// bytes in front of each.
  void convert(const GridColumn& fields, const BlockRef& block, std::span<std::uint16_t> bad,
               std::uint16_t mark);
  ColumnBuilder& builder() { return builder_; }
  /// Long texts that lie in `block` are pointed at, not copied.
  void adopt(const BlockRef& block);

 private:
  template <class Fields>
  void convert_fields(const Fields& fields, std::span<std::uint16_t> bad, std::uint16_t mark);
  template <class T, class Fields>
  void convert_integers(const Fields& fields, std::span<std::uint16_t> bad, std::uint16_t mark);
  template <class Fields, class Read>
  void convert_with(const Fields& fields, std::span<std::uint16_t> bad, std::uint16_t mark,
                    Read read);
  template <class Fields>
  void convert_texts(const Fields& fields);
  template <class T>
  void convert_plain_integers(const GridColumn& fields, std::span<std::uint16_t> bad,
                              std::uint16_t mark);
  void convert_plain_texts(const GridColumn& fields, const BlockRef& block);
  bool is_null(const FieldText& field) const {
    return field.data == nullptr || field.view() == conversion_.values.null_value;
  }

  ColumnBuilder builder_;
  const CsvConversion& conversion_;
};

/// True for the types that CSV has.
bool is_csv_type(const DataType& type);

}  // namespace stream
