// Columns as JSON texts: to_json, variants, and what a variant is made of. Pure functions, any
// thread.
#pragma once

#include <libstream/expressions/text_options.hpp>

#include <string>

namespace stream {

struct JsonWriteOptions {
  bool leaves_out_nulls = true;  ///< of struct fields
  bool is_pretty = false;
};

/// Appends row `row` as JSON, as Spark's to_json writes it; a null as "null".
void append_json(const Column& column, std::size_t row, const RecordOptions& options,
                 const JsonWriteOptions& style, std::string& out, int depth = 0);

/// Java's BigDecimal.toString: with an exponent when very small.
void append_big_decimal(Int128 unscaled, int scale, std::string& out);

}  // namespace stream
