// Spark's rules for types that meet: which implicit casts there are and what two types have in
// common (TypeCoercion.scala, AnsiTypeCoercion.scala). Pure functions.
#pragma once

#include <libstream/data/schema.hpp>
#include <libstream/expressions/function.hpp>

#include <optional>

namespace stream {

/// The type that values of both convert to in CASE, array(…), IN, UNION, …. nullopt: none.
std::optional<DataType> common_type(const DataType& a, const DataType& b, bool is_ansi);
/// The same over all arguments from `first` on.
std::optional<DataType> common_type(Arguments arguments, std::size_t first, bool is_ansi);

/// The same where a text does not become what it meets: inline tables, greatest and least.
std::optional<DataType> common_type_but_texts(const DataType& a, const DataType& b, bool is_ansi);

/// The type that two operands of a comparison are cast to.
std::optional<DataType> comparison_type(const DataType& a, const DataType& b, bool is_ansi);
/// The narrower rule of binary operators: no text becomes a number, no decimals are widened.
std::optional<DataType> tightest_common_type(const DataType& a, const DataType& b, bool is_ansi);

/// May `from` be cast to `to` without being asked for (a function's parameter)?
bool is_implicitly_castable(const DataType& from, const DataType& to, bool is_ansi);
/// May a column of `from` be written into one of `to` (INSERT, ANSI store assignment)?
bool is_store_assignable(const DataType& from, const DataType& to);

/// The decimal that holds every value of a numeric type, or the type itself when decimal.
DataType decimal_for(const DataType& type);
/// The same for an operand of arithmetic: an integer literal takes only the digits it has.
DataType decimal_for(const Argument& argument);
/// The decimal for digits that may be over 38: digits after the point go first, but not under six.
DataType adjusted_decimal(int precision, int scale);

}  // namespace stream
