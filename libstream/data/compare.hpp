// Spark's order and equality of values in columns: NaN equals NaN and is the greatest number, -0.0
// equals 0.0, text goes by bytes, NULL comes before everything. Used by sort, min and max, joins
// and the array functions. Pure functions, any thread.
#pragma once

#include <libstream/data/value.hpp>

#include <cmath>
#include <span>

namespace stream {

/// -1, 0 or 1 in Spark's order of floating-point numbers.
template <class T>
inline int compare_floats(T a, T b) {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a == b) return 0;
  return static_cast<int>(std::isnan(a)) - static_cast<int>(std::isnan(b));
}

/// Negative, 0 or positive as row i of `a` is less than, equal to or greater than row j of `b`, of
/// one type. NULL is less than any value and equal to NULL. Maps compare by their entries in order
/// (Spark does not order them); calendar intervals by months, days, microseconds.
int compare_rows(const Column& a, std::size_t i, const Column& b, std::size_t j);

/// compare_rows(…) == 0, but the order of map entries does not count.
bool equal_rows(const Column& a, std::size_t i, const Column& b, std::size_t j);

/// The same order for boxed values of one type.
int compare_values(const Value& a, const Value& b);

/// The same for a row and a boxed value of one type, without boxing the row.
int compare_to_value(const Column& a, std::size_t i, const Value& b);

/// A hash of each row; rows that are equal (equal_rows) have equal hashes.
void hash_column(const Column& column, std::span<std::uint64_t> hashes);

/// False for types that ORDER BY, min and max refuse: maps, variants, calendar intervals, and
/// whatever contains one.
bool is_orderable(const DataType& type);

}  // namespace stream
