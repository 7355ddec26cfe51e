// Prints each epoch as Spark's DStream.print does: a header with the batch time, the first rows,
// "..." when there are more, a blank line. Direct; an epoch is printed by the task that ends it.
#pragma once

#include <libstream/connectors/sink.hpp>

#include <functional>
#include <memory>
#include <string_view>

namespace stream {

struct ConsoleOptions {
  std::size_t num_rows = 10;
  /// Receives the text of one whole epoch, one call at a time; empty: standard output, flushed.
  std::function<void(std::string_view)> write = {};
};

std::shared_ptr<Sink> console_sink(ConsoleOptions options = {});

}  // namespace stream
