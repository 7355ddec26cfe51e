#include <libstream/base/check.hpp>
#include <libstream/control/watermark_tracker.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace stream {

WatermarkTracker::WatermarkTracker(std::vector<std::int64_t> delays, WatermarkPolicy policy,
                                   std::int64_t idle_timeout)
    : delays_(std::move(delays)),
      nodes_(delays_.size(), 0),
      last_rows_(delays_.size(), 0),
      idle_timeout_(idle_timeout),
      policy_(policy) {}

void WatermarkTracker::restore(EpochMillis watermark, WatermarkPolicy policy) {
  watermark_ = std::max(watermark_, watermark);
  policy_ = policy;
}

bool WatermarkTracker::is_idle(std::size_t node) const {
  return idle_timeout_ > 0 && time_ && *time_ - last_rows_[node] >= idle_timeout_;
}

void WatermarkTracker::observe(const std::vector<EventTimes>& event_times, EpochMillis batch_time) {
  if (nodes_.empty()) return;
  pass_time(batch_time);
  for (const EventTimes& seen : event_times) {
    STREAM_CHECK(seen.watermark_node < nodes_.size(),
                 "the plan has no watermark node " + std::to_string(seen.watermark_node));
    if (seen.count == 0) continue;
    last_rows_[seen.watermark_node] = batch_time;
    const auto leading = seen.leading_millis();
    if (!leading) continue;
    EpochMillis& node = nodes_[seen.watermark_node];
    node = std::max(node, *leading - delays_[seen.watermark_node]);
  }
  move();
}

void WatermarkTracker::pass_time(EpochMillis batch_time) {
  if (idle_timeout_ == 0 || nodes_.empty()) return;
  // The wait for a node's first row begins with the query's first epoch.
  if (!time_) last_rows_.assign(nodes_.size(), batch_time);
  time_ = std::max(time_.value_or(batch_time), batch_time);
  move();
}

void WatermarkTracker::move() {
  std::optional<EpochMillis> least, most;
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    if (is_idle(node)) continue;
    least = std::min(least.value_or(nodes_[node]), nodes_[node]);
    most = std::max(most.value_or(nodes_[node]), nodes_[node]);
  }
  if (least) watermark_ = std::max(watermark_, policy_ == WatermarkPolicy::min ? *least : *most);
}

}  // namespace stream
