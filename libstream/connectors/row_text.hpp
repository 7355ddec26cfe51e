// A row as Spark prints an element of a DStream: "(a,1)", "[1, 2]", "null". Used by sinks that show
// rows and by messages that name one. Pure, any thread.
#pragma once

#include <libstream/data/value_text.hpp>

#include <string>

namespace stream {

/// The value of a single column, else the columns as a tuple. Requires row < batch.num_rows().
inline std::string row_text(const Batch& batch, std::size_t row) {
  std::string text;
  append_element(batch, row, text);
  return text;
}

}  // namespace stream
