// What of an operator's state grows old when: numbers of groups or rows by event time. A radix
// heap: times are filed by the highest bit in which they differ from the time that has passed, and
// come nearer as it passes them. One thread.
#pragma once

#include <libstream/base/large_array.hpp>
#include <libstream/operators/watermark_times.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace stream {

class ExpiryIndex {
 public:
  void add(std::int64_t micros, std::uint32_t number) {
    Bucket& bucket = buckets_[bucket_of(micros)];
    // Groups of a window come together and have one time.
    if (bucket.runs.empty() || bucket.runs.back().micros != micros)
      bucket.runs.push_back({micros, bucket.numbers.size()});
    bucket.numbers.push_back(number);
  }
  void clear() {
    buckets_.fill({});
    passed_ = std::numeric_limits<std::int64_t>::min();
  }

  /// Appends what is at or before the watermark to `old`, the oldest first, and forgets it.
  void take_through(EpochMillis watermark, std::vector<std::uint32_t>& old) {
    const std::int64_t now = watermark_micros(watermark);
    // In later buckets every time is later; should the watermark go back, all are filed anew.
    const std::size_t last = now < passed_ ? buckets_.size() - 1 : bucket_of(now);
    passed_ = now;
    Bucket due;
    for (std::size_t i = 0; i <= last; ++i) {
      if (!buckets_[i].runs.empty()) move_on(std::exchange(buckets_[i], {}), due);
    }
    const auto is_older = [](const Run& a, const Run& b) { return a.micros < b.micros; };
    if (std::is_sorted(due.runs.begin(), due.runs.end(), is_older)) {
      old.insert(old.end(), due.numbers.begin(), due.numbers.end());
      return;
    }
    for (std::size_t i = 0; i < due.runs.size(); ++i) due.runs[i].end = due.end_of(i);
    std::stable_sort(due.runs.begin(), due.runs.end(), is_older);
    for (const Run& run : due.runs)
      old.insert(old.end(), due.numbers.begin() + static_cast<std::ptrdiff_t>(run.first),
                 due.numbers.begin() + static_cast<std::ptrdiff_t>(run.end));
  }

 private:
  /// Numbers of one time.
  struct Run {
    std::int64_t micros;
    std::size_t first;    ///< of the bucket's numbers
    std::size_t end = 0;  ///< known while runs are sorted
  };
  struct Bucket {
    std::vector<Run> runs;
    std::vector<std::uint32_t, LargeAllocator<std::uint32_t>> numbers;

    std::size_t end_of(std::size_t run) const {
      return run + 1 < runs.size() ? runs[run + 1].first : numbers.size();
    }
  };

  /// 0: has passed.
  std::size_t bucket_of(std::int64_t micros) const {
    if (micros <= passed_) return 0;
    // From the least to the greatest time the highest bit that differs is the sign's.
    return static_cast<std::size_t>(
        std::bit_width(static_cast<std::uint64_t>(micros) ^ static_cast<std::uint64_t>(passed_)));
  }

  /// What has passed becomes due, the rest is filed anew.
  void move_on(const Bucket& from, Bucket& due) {
    for (std::size_t i = 0; i < from.runs.size(); ++i) {
      const Run& run = from.runs[i];
      Bucket& to = run.micros <= passed_ ? due : buckets_[bucket_of(run.micros)];
      to.runs.push_back({run.micros, to.numbers.size()});
      to.numbers.insert(to.numbers.end(),
                        from.numbers.begin() + static_cast<std::ptrdiff_t>(run.first),
                        from.numbers.begin() + static_cast<std::ptrdiff_t>(from.end_of(i)));
    }
  }

  std::array<Bucket, 65> buckets_;
  std::int64_t passed_ = std::numeric_limits<std::int64_t>::min();
};

}  // namespace stream
