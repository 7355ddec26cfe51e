// A port of this host that passes bytes on to another one, slowly: what a bad line to a server is
// like. Runs on a thread of its own until it goes. Used by tests.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

namespace stream::testing {

class SlowProxy {
 public:
  /// Passes on at most so many bytes a second, of each connection and direction, each of them after
  /// about 10 ms. Throws when there is no port.
  explicit SlowProxy(std::int64_t bytes_per_second);
  ~SlowProxy();
  SlowProxy(const SlowProxy&) = delete;
  SlowProxy& operator=(const SlowProxy&) = delete;

  int port() const { return port_; }
  /// Connections that come before are closed.
  void set_target(int port) { target_ = port; }
  std::int64_t num_bytes() const { return num_bytes_; }

 private:
  void run();

  std::int64_t bytes_per_second_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> target_ = 0;
  std::atomic<bool> is_over_ = false;
  std::atomic<std::int64_t> num_bytes_ = 0;
  std::thread thread_;
};

}  // namespace stream::testing
