// Lets the coordinator wait until actors it ended have let go of everything. Each actor holds a
// pass; the gate is open when all passes are gone. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>

namespace stream {

class ExitGate : public std::enable_shared_from_this<ExitGate> {
 public:
  using Pass = std::shared_ptr<void>;

  Pass make_pass() {
    std::lock_guard lock(mutex_);
    ++num_inside_;
    return Pass(nullptr, [gate = shared_from_this()](void*) { gate->leave(); });
  }

  void wait_until_empty() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return num_inside_ == 0; });
  }

 private:
  void leave() {
    std::lock_guard lock(mutex_);
    --num_inside_;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t num_inside_ = 0;
};

}  // namespace stream
