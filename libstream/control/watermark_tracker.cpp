#include <libstream/base/check.hpp>
#include <libstream/control/watermark_tracker.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace stream {

WatermarkTracker::WatermarkTracker(std::vector<std::int64_t> delays, WatermarkPolicy policy)
    : delays_(std::move(delays)), nodes_(delays_.size(), 0), policy_(policy) {}

void WatermarkTracker::restore(EpochMillis watermark, WatermarkPolicy policy) {
  watermark_ = std::max(watermark_, watermark);
  policy_ = policy;
}

void WatermarkTracker::observe(const std::vector<EventTimes>& event_times) {
  if (nodes_.empty()) return;
  for (const EventTimes& seen : event_times) {
    STREAM_CHECK(seen.watermark_node < nodes_.size(),
                 "the plan has no watermark node " + std::to_string(seen.watermark_node));
    if (seen.count == 0) continue;
    EpochMillis& node = nodes_[seen.watermark_node];
    node = std::max(node, seen.max_millis - delays_[seen.watermark_node]);
  }
  const auto [least, most] = std::minmax_element(nodes_.begin(), nodes_.end());
  watermark_ = std::max(watermark_, policy_ == WatermarkPolicy::min ? *least : *most);
}

}  // namespace stream
