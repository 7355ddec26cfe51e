// Sliding windows by slices: the widest stretches of time of which every window is a whole number.
// Used by partial aggregation; pure functions.
#pragma once

#include <libstream/data/date_time.hpp>
#include <libstream/operators/aggregate.hpp>

#include <limits>
#include <numeric>

namespace stream {

class WindowSlices {
 public:
  explicit WindowSlices(const SlidingKey& key)
      : size_(key.size),
        slide_(key.slide),
        offset_(key.offset),
        width_(std::gcd(key.size, key.slide)) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    if (size_ > most / 2) return;  // no time is far enough from both ends
    earliest_ = 2 * size_ - most;
    latest_ = most - 2 * size_;
  }

  /// Whether every window that holds `time` can be told in 64 bits. For no others are the functions
  /// below.
  bool has_windows(std::int64_t time) const { return time >= earliest_ && time <= latest_; }

  /// The start of the slice that holds `time`.
  std::int64_t slice_of(std::int64_t time) const {
    return time - floor_modulo(time - offset_, width_);
  }
  /// Starts of the windows that hold the slice: from the first to the last by the slide (R-051,
  ///
  std::int64_t first_window(std::int64_t slice) const {
    const std::int64_t last = last_window(slice);
    return last - floor_divide(size_ - 1 - (slice - last), slide_) * slide_;
  }
  std::int64_t last_window(std::int64_t slice) const {
    return slice - floor_modulo(slice - offset_, slide_);
  }

 private:
  std::int64_t size_;
  std::int64_t slide_;
  std::int64_t offset_;
  std::int64_t width_;
  std::int64_t earliest_ = 1;
  std::int64_t latest_ = 0;
};

}  // namespace stream
