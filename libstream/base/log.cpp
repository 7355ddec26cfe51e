#include <libstream/base/log.hpp>

#include <atomic>
#include <cstdio>
#include <mutex>

namespace stream {
namespace {

struct Logger {
  std::mutex mutex;  // guards `sink` and orders its calls
  LogSink sink = [](LogLevel severity, std::string_view message) {
    constexpr const char* kNames[] = {"debug", "info", "warning", "error"};
    std::fprintf(stderr, "%s: %.*s\n", kNames[static_cast<int>(severity)],
                 static_cast<int>(message.size()), message.data());
  };
  std::atomic<LogLevel> level = LogLevel::warning;
};

Logger& logger() {
  static Logger instance;
  return instance;
}

}  // namespace

void set_log_sink(LogSink sink, LogLevel level) {
  std::lock_guard lock(logger().mutex);
  logger().sink = std::move(sink);
  logger().level = level;
}

bool log_enabled(LogLevel level) { return level >= logger().level.load(); }

void log_message(LogLevel level, std::string_view message) {
  std::lock_guard lock(logger().mutex);
  if (logger().sink) logger().sink(level, message);
}

}  // namespace stream
