// Lines of standard input, rows `value STRING`. An open range that ends by itself: when the input
// is over, `read` returns end_of_split, then and in every later epoch. Not replayable. The input is
// read by a thread of its own, since it may block.
#pragma once

#include <libstream/connectors/source.hpp>

#include <memory>

namespace stream {

struct StdinOptions {
  int file_descriptor = 0;                    ///< not closed by the source
  std::size_t max_line_bytes = 1u << 20;      ///< longer lines are rejected
  std::size_t max_buffered_bytes = 4u << 20;  ///< read, not yet taken by the query
};

/// A last line without a line end counts. Error bad_option naming every option out of range.
Result<std::shared_ptr<Source>> stdin_source(StdinOptions options = {});

}  // namespace stream
