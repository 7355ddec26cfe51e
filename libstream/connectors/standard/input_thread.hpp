// The thread that reads a file descriptor into a LineBuffer: a terminal or pipe may block for ever,
// so it waits in poll for input or for being stopped. One a source; joined by its destructor.
#pragma once

#include <libstream/connectors/line_buffer.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

namespace stream {

class InputThread {
 public:
  /// Error: fatal when the descriptor is not open for reading.
  static Result<std::unique_ptr<InputThread>> start(int file_descriptor, LineLimits limits);
  /// For `start`: takes over `signal`, an eventfd.
  InputThread(int input, int signal, LineLimits limits);
  ~InputThread();
  InputThread(const InputThread&) = delete;
  InputThread& operator=(const InputThread&) = delete;

  LineBuffer& buffer() { return buffer_; }

 private:
  void run();
  bool read_some();
  void signal();

  const int input_;
  const int signal_;  // an eventfd: look at the flags
  const std::string place_;
  LineBuffer buffer_;
  std::atomic<bool> is_stopped_ = false;
  std::atomic<bool> is_full_ = false;
  std::string bytes_;
  std::thread thread_;
};

}  // namespace stream
