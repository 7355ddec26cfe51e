// A clock that moves when told, for tests. Thread-safe.
#pragma once

#include <libstream/base/clock.hpp>

#include <atomic>

namespace stream::testing {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(EpochMillis now = 0) : millis_(now) {}
  EpochMillis wall_millis() const override { return millis_.load(); }
  std::int64_t steady_nanos() const override { return millis_.load() * 1'000'000; }
  void advance(Duration by) { millis_ += by.count(); }
  void set(EpochMillis now) { millis_ = now; }

 private:
  std::atomic<EpochMillis> millis_;
};

}  // namespace stream::testing
