// Values as text: what files, consoles and logs show of a row. Pure functions, any thread.
#pragma once

#include <libstream/data/batch.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace stream {

enum class TextStyle {
  json,   ///< nested values: {"a":1,"b":[1,2]}, strings inside them quoted
  tuple,  ///< Spark's print: structs as (a,1), arrays as [1, 2]
};

/// Shortest text that reads back as the same value, in Java's form: "1.0", "1.0E10", "NaN".
void append_double(double value, std::string& out);
void append_float(float value, std::string& out);

/// Appends one value. A string outside of nested values is appended raw, null as "null".
void append_value(const Column& column, std::size_t row, TextStyle style, std::string& out);

/// Appends the columns of one row joined by `separator`, without a line end.
void append_row(const Batch& batch, std::size_t row, std::string_view separator, std::string& out);

/// Appends one row as Spark prints an element of a DStream: the value of a single column, else
/// "(a,1)".
void append_element(const Batch& batch, std::size_t row, std::string& out);

}  // namespace stream
