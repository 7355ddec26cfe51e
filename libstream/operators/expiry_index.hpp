// What of an operator's state grows old when: numbers of groups or rows by event time. A radix
// heap: times are filed by the highest bit in which they differ from the time that has passed, and
// come nearer as it passes them. One thread.
#pragma once

#include <libstream/operators/watermark_times.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

namespace stream {

class ExpiryIndex {
 public:
  void add(std::int64_t micros, std::uint32_t number) {
    buckets_[bucket_of(micros)].push_back({micros, number});
  }
  void clear() {
    for (std::vector<Entry>& bucket : buckets_) bucket.clear();
    passed_ = std::numeric_limits<std::int64_t>::min();
  }

  /// Appends what is at or before the watermark to `old`, the oldest first, and forgets it.
  void take_through(EpochMillis watermark, std::vector<std::uint32_t>& old) {
    const std::int64_t now = watermark_micros(watermark);
    // Of later buckets every time is later; when the watermark goes back, all are filed anew.
    const std::size_t last = now < passed_ ? buckets_.size() - 1 : bucket_of(now);
    passed_ = now;
    due_.clear();
    for (std::size_t i = 0; i <= last; ++i) {
      if (buckets_[i].empty()) continue;
      moving_.clear();
      moving_.swap(buckets_[i]);
      for (const Entry& entry : moving_) {
        if (entry.micros <= now) {
          due_.push_back(entry);
        } else {
          buckets_[bucket_of(entry.micros)].push_back(entry);
        }
      }
    }
    const auto is_older = [](const Entry& a, const Entry& b) { return a.micros < b.micros; };
    if (!std::is_sorted(due_.begin(), due_.end(), is_older))
      std::stable_sort(due_.begin(), due_.end(), is_older);
    for (const Entry& entry : due_) old.push_back(entry.number);
  }

 private:
  struct Entry {
    std::int64_t micros;
    std::uint32_t number;
  };

  /// 0: has passed.
  std::size_t bucket_of(std::int64_t micros) const {
    if (micros <= passed_) return 0;
    // From the least to the greatest time the highest bit that differs is the sign's.
    return static_cast<std::size_t>(
        std::bit_width(static_cast<std::uint64_t>(micros) ^ static_cast<std::uint64_t>(passed_)));
  }

  std::array<std::vector<Entry>, 65> buckets_;
  std::int64_t passed_ = std::numeric_limits<std::int64_t>::min();
  std::vector<Entry> due_;
  std::vector<Entry> moving_;
};

}  // namespace stream
