// Times at which keys want to be looked at: time-outs, timers, ends of life. Entries that were
// overtaken stay until they are met or too many. One thread.
#pragma once

#include <libstream/base/clock.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace stream {

class TimeoutIndex {
 public:
  void add(EpochMillis time, std::uint32_t number) {
    entries_.emplace_back(time, number);
    std::push_heap(entries_.begin(), entries_.end(), std::greater<>());
  }

  /// Appends the numbers of entries before `time` that are current, and forgets the entries.
  template <class IsCurrent>
  void take_before(EpochMillis time, IsCurrent is_current, std::vector<std::uint32_t>& numbers) {
    while (!entries_.empty() && entries_.front().first < time) {
      const auto [at, number] = entries_.front();
      std::pop_heap(entries_.begin(), entries_.end(), std::greater<>());
      entries_.pop_back();
      if (is_current(at, number)) numbers.push_back(number);
    }
  }

  /// Drops overtaken entries when there are several times as many as `num_current`.
  template <class IsCurrent>
  void compact(std::int64_t num_current, IsCurrent is_current) {
    constexpr std::size_t kFew = 1024;
    if (entries_.size() <= kFew + 4 * static_cast<std::size_t>(num_current)) return;
    entries_.erase(std::remove_if(entries_.begin(), entries_.end(),
                                  [&](const auto& e) { return !is_current(e.first, e.second); }),
                   entries_.end());
    std::sort(entries_.begin(), entries_.end());
    entries_.erase(std::unique(entries_.begin(), entries_.end()), entries_.end());
  }

  std::size_t bytes() const { return entries_.capacity() * sizeof(Entry); }

 private:
  using Entry = std::pair<EpochMillis, std::uint32_t>;

  std::vector<Entry> entries_;  ///< a heap, the earliest first; a sorted list is one
};

}  // namespace stream
