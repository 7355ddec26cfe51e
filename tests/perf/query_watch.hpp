// Lets the measuring thread wait until a query has committed so many rows or epochs. A listener:
// told on the query's thread, asked on another.
#pragma once

#include <libstream/control/progress.hpp>

#include <condition_variable>
#include <mutex>

namespace stream::perf {

class QueryWatch final : public QueryListener {
 public:
  void on_query_progress(const QueryProgress& progress) override {
    const std::lock_guard lock(mutex_);
    num_rows_ += progress.num_input_rows();
    ++num_epochs_;
    rows_came_.notify_all();
  }
  void on_query_terminated(const std::string&, const std::string&,
                           const std::optional<Error>&) override {
    const std::lock_guard lock(mutex_);
    has_ended_ = true;
    rows_came_.notify_all();
    ended_.notify_all();
  }

  /// False when the query ended, or `time_limit` passed, before that many rows were committed.
  bool wait_for_rows(std::int64_t num_rows, Duration time_limit) {
    std::unique_lock lock(mutex_);
    rows_came_.wait_for(lock, time_limit, [&] { return num_rows_ >= num_rows || has_ended_; });
    return num_rows_ >= num_rows;
  }
  /// Waits until `time` has passed or the query has ended. No epoch wakes it: that would be work of
  /// each, which is measured.
  void wait(Duration time) {
    std::unique_lock lock(mutex_);
    ended_.wait_for(lock, time, [&] { return has_ended_; });
  }
  std::int64_t num_rows() {
    const std::lock_guard lock(mutex_);
    return num_rows_;
  }
  std::int64_t num_epochs() {
    const std::lock_guard lock(mutex_);
    return num_epochs_;
  }

 private:
  std::mutex mutex_;  // guards what follows
  std::condition_variable rows_came_;
  std::condition_variable ended_;
  std::int64_t num_rows_ = 0;
  std::int64_t num_epochs_ = 0;
  bool has_ended_ = false;
};

}  // namespace stream::perf
