// What the tasks of a sink gathered, by epoch and task: used by sinks in memory that need a whole
// epoch at once. Thread-safe: one lock guards the epochs.
//
// Per task and epoch: begin, add*, end. A begin drops what the task had in that and later epochs,
// so an epoch that runs again after lost tasks is not seen twice.
#pragma once

#include <libstream/base/clock.hpp>

#include <cstdint>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

namespace stream {

template <class Item>
class EpochStore {
 public:
  struct Epoch {
    std::int64_t epoch = 0;
    EpochMillis batch_time = 0;
    std::vector<Item> items;  ///< in the order of tasks, then of arrival
  };

  void begin(std::int64_t epoch, EpochMillis batch_time, std::uint32_t task) {
    const std::lock_guard lock(mutex_);
    for (auto later = epochs_.lower_bound(epoch); later != epochs_.end();) {
      later->second.items.erase(task);
      later->second.ended.erase(task);
      const bool is_empty = later->second.items.empty() && later->first != epoch;
      later = is_empty ? epochs_.erase(later) : std::next(later);
    }
    Gathered& gathered = epochs_[epoch];
    gathered.batch_time = batch_time;
    gathered.items[task];
  }

  void add(std::int64_t epoch, std::uint32_t task, Item item) {
    const std::lock_guard lock(mutex_);
    epochs_[epoch].items[task].push_back(std::move(item));
  }

  /// True when all tasks have ended the epoch: the caller is the one to hand it on.
  bool end(std::int64_t epoch, std::uint32_t task, std::uint32_t num_tasks) {
    const std::lock_guard lock(mutex_);
    Gathered& gathered = epochs_[epoch];
    gathered.ended.insert(task);
    gathered.is_complete = gathered.ended.size() == num_tasks;
    return gathered.is_complete;
  }

  bool is_complete(std::int64_t epoch) const {
    const std::lock_guard lock(mutex_);
    const auto found = epochs_.find(epoch);
    return found != epochs_.end() && found->second.is_complete;
  }

  std::vector<Item> items(std::int64_t epoch) const {
    const std::lock_guard lock(mutex_);
    const auto found = epochs_.find(epoch);
    return found == epochs_.end() ? std::vector<Item>() : in_order(found->second);
  }

  /// Removes the epoch and returns what it had.
  Epoch take(std::int64_t epoch) {
    const std::lock_guard lock(mutex_);
    Epoch taken{epoch, 0, {}};
    const auto found = epochs_.find(epoch);
    if (found == epochs_.end()) return taken;
    taken.batch_time = found->second.batch_time;
    taken.items = in_order(found->second);
    epochs_.erase(found);
    return taken;
  }

  /// Removes all complete epochs, oldest first.
  std::vector<Epoch> take_complete() {
    const std::lock_guard lock(mutex_);
    std::vector<Epoch> taken;
    for (auto each = epochs_.begin(); each != epochs_.end();) {
      if (!each->second.is_complete) {
        ++each;
        continue;
      }
      taken.push_back({each->first, each->second.batch_time, in_order(each->second)});
      each = epochs_.erase(each);
    }
    return taken;
  }

 private:
  struct Gathered {
    EpochMillis batch_time = 0;
    std::map<std::uint32_t, std::vector<Item>> items;
    std::set<std::uint32_t> ended;
    bool is_complete = false;
  };

  static std::vector<Item> in_order(const Gathered& gathered) {
    std::vector<Item> all;
    for (const auto& [task, items] : gathered.items)
      all.insert(all.end(), items.begin(), items.end());
    return all;
  }

  mutable std::mutex mutex_;
  std::map<std::int64_t, Gathered> epochs_;
};

}  // namespace stream
