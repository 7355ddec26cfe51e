#include <actors/query_status.hpp>

namespace stream {
namespace {

thread_local const QueryStatus* working_for = nullptr;

}  // namespace

QueryStatus::OwnThread::OwnThread(const QueryStatus& status) : outer_(working_for) {
  working_for = &status;
}

QueryStatus::OwnThread::~OwnThread() { working_for = outer_; }

bool QueryStatus::is_own_thread() const { return working_for == this; }

void QueryStatus::epoch_committed(const QueryProgress& progress) {
  std::lock_guard lock(mutex_);
  last_progress_ = progress;
  ++num_committed_;
  changed_.notify_all();
}

void QueryStatus::caught_up(std::int64_t request) {
  std::lock_guard lock(mutex_);
  caught_up_ = request;
  changed_.notify_all();
}

void QueryStatus::rescaled(std::int64_t request, const std::optional<Error>& error) {
  std::lock_guard lock(mutex_);
  rescaled_ = request;
  rescale_error_ = error;
  changed_.notify_all();
}

void QueryStatus::ended(const std::optional<Error>& error) {
  std::lock_guard lock(mutex_);
  if (has_ended_) return;
  has_ended_ = true;
  error_ = error;
  changed_.notify_all();
}

void QueryStatus::wait_for_end() const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return has_ended_; });
}

Result<bool> QueryStatus::wait_for_end(std::optional<Duration> timeout) const {
  std::unique_lock lock(mutex_);
  const auto is_over = [this] { return has_ended_; };
  if (!timeout) {
    changed_.wait(lock, is_over);
  } else if (!changed_.wait_for(lock, *timeout, is_over)) {
    return false;
  }
  if (error_) return *error_;
  return true;
}

Result<void> QueryStatus::wait_for_epochs(std::int64_t committed) const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return has_ended_ || num_committed_ >= committed; });
  if (error_) return *error_;
  if (num_committed_ < committed)
    return fatal("the query has stopped; start it again to run more epochs");
  return {};
}

std::int64_t QueryStatus::next_catch_up_request() {
  std::lock_guard lock(mutex_);
  return ++catch_up_request_;
}

Result<void> QueryStatus::wait_for_catch_up(std::int64_t request) const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return has_ended_ || caught_up_ >= request; });
  if (error_) return *error_;
  return {};
}

std::int64_t QueryStatus::next_rescale_request() {
  std::lock_guard lock(mutex_);
  return ++rescale_request_;
}

Result<void> QueryStatus::wait_for_rescale(std::int64_t request) const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return has_ended_ || rescaled_ >= request; });
  if (rescaled_ >= request && rescale_error_) return *rescale_error_;
  if (error_) return *error_;
  if (rescaled_ < request) return fatal("the query ended before it was rescaled");
  return {};
}

bool QueryStatus::has_ended() const {
  std::lock_guard lock(mutex_);
  return has_ended_;
}

std::int64_t QueryStatus::num_committed() const {
  std::lock_guard lock(mutex_);
  return num_committed_;
}

std::optional<QueryProgress> QueryStatus::last_progress() const {
  std::lock_guard lock(mutex_);
  return last_progress_;
}

}  // namespace stream
