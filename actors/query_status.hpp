// What a query's coordinator and its callers share: the outcome, the newest progress and how many
// epochs are committed. Thread-safe; outlives the query's actors.
#pragma once

#include <libstream/control/progress.hpp>
#include <libstream/plans/runner.hpp>

#include <condition_variable>
#include <mutex>
#include <optional>

namespace stream {

class QueryStatus {
 public:
  // The coordinator's side.
  void epoch_committed(const QueryProgress& progress);
  void caught_up(std::int64_t request);
  void rescaled(std::int64_t request, const std::optional<Error>& error);
  void ended(const std::optional<Error>& error);

  // The callers' side.
  void wait_for_end() const;
  /// False when `timeout` passed first.
  Result<bool> wait_for_end(std::optional<Duration> timeout) const;
  Result<void> wait_for_epochs(std::int64_t committed) const;
  std::int64_t next_catch_up_request();
  /// Returns when `request` was met or the query has ended.
  Result<void> wait_for_catch_up(std::int64_t request) const;
  std::int64_t next_rescale_request();
  /// Returns when `request`, the newest, was answered or the query has ended.
  Result<void> wait_for_rescale(std::int64_t request) const;
  bool has_ended() const;
  std::int64_t num_committed() const;
  std::optional<QueryProgress> last_progress() const;

  /// Is the calling thread one that works for this query just now? Then it must not wait for it.
  bool is_own_thread() const;

  /// Marks the calling thread as one of the query's while it lives.
  class OwnThread {
   public:
    explicit OwnThread(const QueryStatus& status);
    ~OwnThread();
    OwnThread(const OwnThread&) = delete;
    OwnThread& operator=(const OwnThread&) = delete;

   private:
    const QueryStatus* outer_;
  };

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::int64_t num_committed_ = 0;
  std::int64_t catch_up_request_ = 0;
  std::int64_t caught_up_ = 0;
  std::int64_t rescale_request_ = 0;
  std::int64_t rescaled_ = 0;
  std::optional<Error> rescale_error_;  ///< of the newest that was answered
  bool has_ended_ = false;
  std::optional<Error> error_;
  std::optional<QueryProgress> last_progress_;
};

}  // namespace stream
