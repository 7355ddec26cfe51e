#include <libstream/connectors/standard/console_output.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace stream {

void ConsoleOutput::show_on(std::function<void(std::string_view)> write) {
  const std::lock_guard lock(mutex_);
  write_ = std::move(write);
}

Result<void> ConsoleOutput::print(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (write_) {
    write_(text);
    return {};
  }
  const bool is_written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (is_written && std::fflush(stdout) == 0) return {};
  return fatal(
      fmt::format("console sink: standard output takes no more text: {}", std::strerror(errno)));
}

}  // namespace stream
