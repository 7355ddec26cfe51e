// One value on its own, outside of a column: literals, constants, rows of tests and of collect().
// Its type stands beside it. Not for the row path.
#pragma once

#include <libstream/data/batch.hpp>
#include <libstream/data/column_builder.hpp>

#include <string>
#include <variant>
#include <vector>

namespace stream {

struct Value;

/// Elements of an array, fields of a struct in order, or entries of a map as key, value, key, ….
using ValueList = std::vector<Value>;

/// Null is monostate. Dates are int32, timestamps and day-time intervals int64, year-month
/// intervals int32; strings, binaries and variants std::string; decimals Int128.
struct Value {
  std::variant<std::monostate, bool, std::int8_t, std::int16_t, std::int32_t, std::int64_t, float,
               double, Int128, std::string, CalendarInterval, ValueList>
      content;

  bool is_null() const { return content.index() == 0; }
  bool operator==(const Value&) const = default;
  template <class T>
  const T& as() const {
    return std::get<T>(content);
  }
};

/// Row `row` of `column`, deeply.
Value value_at(const Column& column, std::size_t row);

/// Appends `value`, which must be null or of the builder's type.
void append_value(ColumnBuilder& builder, const Value& value);

/// `num_rows` times the value.
Column repeat_value(const Value& value, const DataType& type, std::size_t num_rows,
                    BlockPool& pool);

/// The rows of all columns, row by row.
std::vector<std::vector<Value>> rows_of(const Batch& batch);

/// Rows into one batch; every row has a value (or null) for every field.
Batch batch_of(std::shared_ptr<const Schema> schema, const std::vector<std::vector<Value>>& rows,
               BlockPool& pool);

}  // namespace stream
