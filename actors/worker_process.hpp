// A worker as its node sees it: a child process that runs a program's binary up to start() and then
// tasks of one of its queries. Frames go over a socket that is descriptor kWorkerSocket of the
// worker; what it prints comes back as text. One a worker; a thread of its own waits for it.
#pragma once

#include <actors/caf_compat.hpp>
#include <libstream/execution/peer_messages.hpp>

#include <sys/types.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace stream {

/// The variable that tells a process that it is a worker, and its socket.
inline constexpr const char* kWorkerVariable = "STREAM_WORKER";
inline constexpr int kWorkerSocket = 3;

/// What is heard of a worker; called on its thread.
struct WorkerEvents {
  std::function<void(WorkerReport)> reported;
  std::function<void(std::string text, bool is_error)> printed;
  std::function<void(Error how)> ended;  ///< the last call
};

class WorkerProcess {
 public:
  /// Starts `path`. It ends with this object's process, however that ends.
  static std::shared_ptr<WorkerProcess> start(caf::actor_system& system, const std::string& path,
                                              WorkerSetup setup, WorkerEvents events);
  /// At once. Any thread, any number of times, as the next.
  void kill();
  /// Lets it write out what it has printed first, a second at most.
  void end();

 private:
  WorkerProcess(std::string path, WorkerSetup setup, WorkerEvents events);
  void run();
  Result<void> launch();
  void listen();
  Error reap();
  bool is_overdue();
  bool take_frame();
  bool take_text(int from, bool is_error);

  const std::string path_;
  const WorkerSetup setup_;
  const WorkerEvents events_;
  int socket_ = -1;
  int output_ = -1;
  int errors_ = -1;
  std::string last_text_;  // the end of what it printed
  std::mutex mutex_;       // guards what follows
  pid_t pid_ = -1;
  bool is_killed_ = false;
  std::int64_t end_by_ = 0;  // 0: it is not being ended
};

}  // namespace stream
