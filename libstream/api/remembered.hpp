// The values of past intervals, kept for slice(): written by the query, read by the program's
// thread. `mutex` guards everything.
#pragma once

#include <libstream/api/rdd.hpp>
#include <libstream/base/clock.hpp>

#include <map>
#include <mutex>
#include <vector>

namespace stream {

template <class T>
class Remembered {
 public:
  explicit Remembered(Duration kept) : kept_(kept) {}

  void add(EpochMillis time, Rdd<T> rdd) {
    std::lock_guard lock(mutex_);
    values_.insert_or_assign(time, std::move(rdd));
    values_.erase(values_.begin(), values_.lower_bound(time - kept_.count()));
  }
  std::vector<Rdd<T>> between(EpochMillis from, EpochMillis to) const {
    std::lock_guard lock(mutex_);
    std::vector<Rdd<T>> found;
    for (auto it = values_.lower_bound(from); it != values_.end() && it->first <= to; ++it)
      found.push_back(it->second);
    return found;
  }

 private:
  mutable std::mutex mutex_;
  Duration kept_;
  std::map<EpochMillis, Rdd<T>> values_;
};

}  // namespace stream
