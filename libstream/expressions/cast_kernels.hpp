// The parts that CAST is made of, by kind of source; cast.cpp chooses among them. Each requires
// that Spark knows the cast. Not for other folders.
#pragma once

#include <libstream/data/value_text.hpp>
#include <libstream/expressions/cast.hpp>
#include <libstream/expressions/column_loop.hpp>

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <type_traits>

namespace stream {

/// Numbers, booleans and timestamps to numbers, booleans and timestamps.
Kernel make_number_cast(const DataType& from, const DataType& to, CastMode mode);
/// Those to decimals.
Kernel make_to_decimal_cast(const DataType& from, const DataType& to, CastMode mode);
/// Decimals to other numbers.
Kernel make_from_decimal_cast(const DataType& from, const DataType& to, CastMode mode);
/// Strings to anything but nested types.
Kernel make_text_cast(const DataType& to, CastMode mode);
/// Dates and timestamps among themselves.
Kernel make_time_cast(const DataType& from, const DataType& to);
/// Intervals of days or months to numbers, back, and among themselves.
Kernel make_interval_cast(const DataType& from, const DataType& to, CastMode mode);
/// Anything to text.
Kernel make_to_text_cast(const DataType& to);
/// Anything to BINARY.
Kernel make_binary_cast(const DataType& from);
/// Arrays, maps and structs to their like.
Result<Kernel> make_nested_cast(const DataType& from, const DataType& to, CastMode mode);
/// Variants to other types, and other types to variants.
Kernel make_variant_cast(const DataType& from, const DataType& to, CastMode mode);

inline OnFailure failure_of(CastMode mode) {
  return mode == CastMode::ansi ? OnFailure::error : OnFailure::null;
}

/// A number as Spark writes it in SQL.
template <class T>
std::string literal_of(T value) {
  std::string text;
  if constexpr (std::is_same_v<T, float>) {
    append_float(value, text);
  } else if constexpr (std::is_same_v<T, double>) {
    append_double(value, text);
    text += 'D';
  } else {
    text = fmt::format("{}", value);
    if (sizeof(T) == 8) text += 'L';
    if (sizeof(T) == 2) text += 'S';
    if (sizeof(T) == 1) text += 'Y';
  }
  return text;
}

/// [CAST_OVERFLOW]; `value` as a SQL literal.
Error cast_overflow(std::string_view value, const DataType& from, const DataType& to);
/// [CAST_INVALID_INPUT].
Error cast_invalid_input(std::string_view value, const DataType& from, const DataType& to);
/// [NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION].
Error decimal_overflow(std::string_view value, const DataType& to);

}  // namespace stream
