// The global watermark of a query: what the watermark nodes saw in an epoch moves the watermark of
// the next one. Pure; used by the coordinator.
#pragma once

#include <libstream/base/clock.hpp>
#include <libstream/base/event_times.hpp>

#include <cstdint>
#include <optional>
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
  /// `delays` in milliseconds, by watermark node. A node without rows for `idle_timeout` (0: never)
  /// no longer holds the others back, until it has rows again; while all are idle nothing moves.
  WatermarkTracker(std::vector<std::int64_t> delays, WatermarkPolicy policy,
                   std::int64_t idle_timeout = 0);

  /// After a restart: the watermark the checkpoint knows. Nodes start anew, as Spark's do.
  void restore(EpochMillis watermark, WatermarkPolicy policy);
  /// An epoch with that batch time is over. The watermark never moves back and never below zero.
  void observe(const std::vector<EventTimes>& event_times, EpochMillis batch_time = 0);
  /// An epoch is about to be planned for `batch_time`: nodes may have become idle. Time is the
  /// batch time, which offsets/N records together with the watermark, so a re-run decides alike.
  void pass_time(EpochMillis batch_time);

  EpochMillis watermark() const { return watermark_; }
  WatermarkPolicy policy() const { return policy_; }
  bool has_nodes() const { return !delays_.empty(); }

 private:
  bool is_idle(std::size_t node) const;
  void move();

  std::vector<std::int64_t> delays_;
  std::vector<EpochMillis> nodes_;      ///< zero: no row so far
  std::vector<EpochMillis> last_rows_;  ///< batch time of the last epoch with rows
  std::int64_t idle_timeout_ = 0;
  std::optional<EpochMillis> time_;  ///< the newest batch time
  WatermarkPolicy policy_ = WatermarkPolicy::min;
  EpochMillis watermark_ = 0;
};

}  // namespace stream
