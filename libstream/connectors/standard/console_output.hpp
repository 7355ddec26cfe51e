// Where the console sinks put the text of an epoch: a function of the user or standard output, one
// text at a time. Thread-safe.
#pragma once

#include <libstream/base/result.hpp>

#include <functional>
#include <mutex>
#include <string_view>

namespace stream {

/// Stands above and below an epoch's title.
inline constexpr std::string_view kConsoleRule = "-------------------------------------------\n";

class ConsoleOutput {
 public:
  /// Empty: standard output, flushed.
  explicit ConsoleOutput(std::function<void(std::string_view)> write) : write_(std::move(write)) {}

  /// Instead of what was given.
  void show_on(std::function<void(std::string_view)> write);

  /// Error fatal: standard output takes no more.
  Result<void> print(std::string_view text);

 private:
  std::function<void(std::string_view)> write_;
  std::mutex mutex_;
};

}  // namespace stream
