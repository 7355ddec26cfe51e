// The one thread of the process that does network I/O. It starts with its first use and is joined
// at the end of the process; handlers posted to its context run there, one at a time.
#pragma once

#include <memory>

namespace boost::asio {
class io_context;
}

namespace stream {

class IoThread {
 public:
  /// Starts the thread on the first call. Any thread.
  static IoThread& instance();

  boost::asio::io_context& context();

  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

 private:
  IoThread();
  ~IoThread();

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stream
