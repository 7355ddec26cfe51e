// A worker's line to the node that started it: what it is to do, and when it is over. One a
// process, and none in a process that no node has started. Used by cluster_runner.
#pragma once

#include <libstream/execution/peer_messages.hpp>

#include <string>

namespace stream {

class WorkerLink {
 public:
  /// Null: this process is no worker. Waits for the node's first words. One thread at a time.
  static const WorkerLink* of_this_process();

  const WorkerSetup& setup() const { return setup_; }
  /// To the node: the worker can be reached at `address`.
  void say_ready(const std::string& address) const;
  /// To the node: it will not be.
  void say_failed(Error error) const;
  /// Until the node lets go or is gone; then the process ends on the spot.
  [[noreturn]] void wait_for_end() const;

 private:
  WorkerLink() = default;
  void send(const WorkerReport& report) const;

  WorkerSetup setup_;
};

}  // namespace stream
