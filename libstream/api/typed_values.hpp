// Between C++ values and the values, rows and batches that untyped operators pass on. Used by the
// typed frames and their state.
#pragma once

#include <libstream/api/timestamp.hpp>
#include <libstream/api/typed_rows.hpp>
#include <libstream/data/value.hpp>

#include <fmt/format.h>

#include <span>

namespace stream {

template <class T>
Value to_value(const T& value) {
  if constexpr (std::is_same_v<T, std::int64_t> || std::is_same_v<T, double> ||
                std::is_same_v<T, bool> || std::is_same_v<T, std::string>) {
    return {value};
  } else {
    BlockPool pool;
    ColumnBuilder builder(ValueTraits<T>::type(), pool);
    ValueTraits<T>::append(builder, value);
    return value_at(builder.finish(), 0);
  }
}

/// Of a value that is not null, or of a type that takes null.
template <class T>
T from_value(const Value& value) {
  if constexpr (std::is_same_v<T, std::int64_t> || std::is_same_v<T, double> ||
                std::is_same_v<T, bool> || std::is_same_v<T, std::string>) {
    return value.as<T>();
  } else {
    BlockPool pool;
    const Column column = repeat_value(value, ValueTraits<T>::type(), 1, pool);
    return ValueTraits<T>::own(ValueTraits<T>::read(column, 0));
  }
}

inline Result<void> refused_null(const Field& field) {
  return bad_data(
      fmt::format("[NOT_NULL_ASSERT_VIOLATION] NULL value appeared in the field `{}`, which takes "
                  "none; make it std::optional.",
                  field.name));
}

/// Fields that cannot be null must not meet a null.
template <class T>
Result<void> refuse_nulls(const Batch& batch) {
  const std::vector<Field>& fields = row_schema<T>()->fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].is_nullable || !batch.column(i).validity) continue;
    for (std::size_t row = 0; row < batch.num_rows(); ++row) {
      if (batch.column(i).is_null(row)) return refused_null(fields[i]);
    }
  }
  return {};
}

template <class T>
T owned_row(const Batch& batch, std::size_t row) {
  return ValueTraits<T>::own(read_row<T>(batch, row));
}

/// Some columns of a batch in an order of their own.
struct ChosenColumns {
  const Batch& batch;
  std::span<const std::size_t> numbers;
  const Column& operator[](std::size_t index) const { return batch.column(numbers[index]); }
};

/// A row of the chosen columns, which are the fields of T. Throws at a null where none can be.
template <class T>
T owned_row(const ChosenColumns& columns, std::size_t row) {
  const std::vector<Field>& fields = row_schema<T>()->fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!fields[i].is_nullable && columns[i].is_null(row)) value_or_throw(refused_null(fields[i]));
  }
  if constexpr (Product<T>)
    return ValueTraits<T>::own(ValueTraits<T>::read_from(columns, row));
  else
    return ValueTraits<T>::own(ValueTraits<T>::read(columns[0], row));
}

/// The rows of all batches. Error: a null where none can be.
template <class T>
Result<std::vector<T>> owned_rows(const std::vector<Batch>& batches) {
  std::vector<T> rows;
  for (const Batch& batch : batches) {
    STREAM_TRY(refuse_nulls<T>(batch));
    for (std::size_t row = 0; row < batch.num_rows(); ++row)
      rows.push_back(owned_row<T>(batch, row));
  }
  return rows;
}

/// Takes the rows that a user's function makes.
template <class T>
class Collector {
 public:
  explicit Collector(BatchEmitter<T>& rows, Output& output) : rows_(rows), output_(output) {}
  /// Throws what the operators behind report.
  void push(const T& row) {
    rows_.append(row);
    if (rows_.is_full()) value_or_throw(rows_.flush(output_));
  }

 private:
  BatchEmitter<T>& rows_;
  Output& output_;
};

}  // namespace stream
