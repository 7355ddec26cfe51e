// A sink that shows its rows to whoever started the query (the console sinks). A query on nodes
// runs all tasks of such a sink beside its coordinator, which aims the text at the submitter before
// the query starts.
#pragma once

#include <functional>
#include <string_view>

namespace stream {

class ShownSink {
 public:
  virtual ~ShownSink() = default;
  /// From now on `show` gets the text, an epoch at a time, from any thread.
  virtual void show_on(std::function<void(std::string_view)> show) const = 0;
};

}  // namespace stream
