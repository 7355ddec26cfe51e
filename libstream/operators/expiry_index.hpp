// What of an operator's state grows old when: numbers of groups or rows by event time. One thread.
#pragma once

#include <libstream/operators/watermark_times.hpp>

#include <cstdint>
#include <map>
#include <vector>

namespace stream {

class ExpiryIndex {
 public:
  void add(std::int64_t micros, std::uint32_t number) {
    if (!last_ || last_->first != micros) last_ = &*by_time_.try_emplace(micros).first;
    last_->second.push_back(number);
  }
  void clear() {
    by_time_.clear();
    last_ = nullptr;
  }

  /// Appends what is at or before the watermark to `old`, the oldest first, and forgets it.
  void take_through(EpochMillis watermark, std::vector<std::uint32_t>& old) {
    const auto last = by_time_.upper_bound(watermark_micros(watermark));
    for (auto it = by_time_.begin(); it != last; ++it)
      old.insert(old.end(), it->second.begin(), it->second.end());
    by_time_.erase(by_time_.begin(), last);
    last_ = nullptr;
  }

 private:
  using Times = std::map<std::int64_t, std::vector<std::uint32_t>>;

  Times by_time_;
  Times::value_type* last_ = nullptr;  ///< many that come together have one time
};

}  // namespace stream
