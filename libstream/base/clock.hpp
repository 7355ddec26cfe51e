// Time, injected. Only clock.cpp reads the operating system's clocks.
#pragma once

#include <chrono>
#include <cstdint>

namespace stream {

/// Milliseconds since 1970-01-01T00:00:00Z, as in Spark's records.
using EpochMillis = std::int64_t;
using Duration = std::chrono::milliseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall time: names, batch times, records. May jump.
  virtual EpochMillis wall_millis() const = 0;
  /// Monotonic nanoseconds: time-outs and measurements. Never goes back.
  virtual std::int64_t steady_nanos() const = 0;
};

/// The operating system's clock. Lives for ever.
Clock& system_clock();

}  // namespace stream
