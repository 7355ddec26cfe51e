// The global watermark of a query: what the watermark nodes saw in an epoch moves the watermark of
// the next one. Pure; used by the coordinator.
#pragma once

#include <libstream/base/clock.hpp>
#include <libstream/base/event_times.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace stream {

/// How the watermarks of several nodes make the global one.
enum class WatermarkPolicy {
  min,  ///< no input is ahead of it: a node without rows so far holds it at zero
  max,  ///< the fastest input leads; slower ones lose rows
};

class WatermarkTracker {
 public:
  WatermarkTracker() = default;
  /// `delays` in milliseconds, by watermark node.
  WatermarkTracker(std::vector<std::int64_t> delays, WatermarkPolicy policy);

  /// After a restart: the watermark the checkpoint knows. Nodes start anew, as Spark's do.
  void restore(EpochMillis watermark, WatermarkPolicy policy);
  /// An epoch is over. The watermark never moves back and never below zero.
  void observe(const std::vector<EventTimes>& event_times);

  EpochMillis watermark() const { return watermark_; }
  WatermarkPolicy policy() const { return policy_; }
  bool has_nodes() const { return !delays_.empty(); }

 private:
  std::vector<std::int64_t> delays_;
  std::vector<EpochMillis> nodes_;  ///< zero: no row so far
  WatermarkPolicy policy_ = WatermarkPolicy::min;
  EpochMillis watermark_ = 0;
};

}  // namespace stream
