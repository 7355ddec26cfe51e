// What the library has to say besides results and errors. Quiet below `warning` by default.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string_view>

namespace stream {

enum class LogLevel { debug, info, warning, error };

/// Receives every message at or above the level. Called from any thread, one call at a time.
using LogSink = std::function<void(LogLevel, std::string_view)>;

/// Replaces the sink and level for the process. The default writes warnings to standard error.
void set_log_sink(LogSink sink, LogLevel level);
bool log_enabled(LogLevel level);
void log_message(LogLevel level, std::string_view message);

}  // namespace stream

/// STREAM_LOG(warning, "format {}", value): formatted only when the level is on.
#define STREAM_LOG(level, ...)                                                      \
  do {                                                                              \
    if (::stream::log_enabled(::stream::LogLevel::level))                           \
      ::stream::log_message(::stream::LogLevel::level, ::fmt::format(__VA_ARGS__)); \
  } while (false)
