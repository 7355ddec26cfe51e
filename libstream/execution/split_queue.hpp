// The splits of one source in one epoch, as its tasks take them.
#pragma once

#include <libstream/connectors/source.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace stream {

/// Deals split i to task i modulo the number of tasks. Where they are shared, a task that is
/// through with its own takes over what another has not begun: the last split of the list with most
/// to spare. The first of each list stays where it was dealt, so that a range of few splits is read
/// alike each time. Thread-safe.
class SplitQueue {
 public:
  SplitQueue(const std::vector<Split>& splits, std::size_t num_tasks, bool is_shared);

  std::optional<Split> take(std::size_t task);

 private:
  struct Dealt {
    std::vector<Split> splits;
    std::size_t begin = 0;  ///< those before it were taken by the task, those from `end` by others
    std::size_t end = 0;

    /// How many may be taken over.
    std::size_t num_spare() const { return end - std::min(end, std::max<std::size_t>(begin, 1)); }
  };

  std::mutex mutex_;  // guards what follows
  std::vector<Dealt> dealt_;
  bool is_shared_;
};

/// What one task takes of a queue.
class DealtSplits {
 public:
  DealtSplits() = default;
  DealtSplits(std::shared_ptr<SplitQueue> queue, std::size_t task)
      : queue_(std::move(queue)), task_(task) {}
  /// All of `splits`, for a task that shares with none.
  explicit DealtSplits(const std::vector<Split>& splits);

  /// The next one; nullopt: there is nothing more to read in this epoch.
  std::optional<Split> take() const { return queue_ ? queue_->take(task_) : std::nullopt; }
  /// All that are left to it.
  std::vector<Split> take_all() const;

 private:
  std::shared_ptr<SplitQueue> queue_;
  std::size_t task_ = 0;
};

}  // namespace stream
