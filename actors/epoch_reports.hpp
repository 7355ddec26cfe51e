// The tasks' answers of one epoch on their way to the coordinator: it is woken once, by the last
// task, and not by each. Shared by the tasks of a generation; thread-safe.
#pragma once

#include <libstream/execution/task.hpp>

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace stream {

class EpochReports {
 public:
  explicit EpochReports(std::size_t num_tasks) : num_tasks_(num_tasks) {}

  /// What the coordinator is to hear now: all that waits, when every task has answered or when
  /// there is state to write meanwhile; else nothing.
  std::vector<TaskDone> add(TaskDone done) {
    std::lock_guard lock(mutex_);
    const bool has_state = !done.state.empty();
    waiting_.push_back(std::move(done));
    const bool is_last = ++num_done_ % num_tasks_ == 0;
    return is_last || has_state ? std::exchange(waiting_, {}) : std::vector<TaskDone>();
  }

 private:
  const std::size_t num_tasks_;
  std::mutex mutex_;
  std::size_t num_done_ = 0;  // over all epochs: each ends before the next begins
  std::vector<TaskDone> waiting_;
};

}  // namespace stream
