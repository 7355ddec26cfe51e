#include <actors/worker_link.hpp>
#include <actors/worker_process.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace stream {
namespace {

constexpr std::size_t kMostFrameBytes = 200'000;

/// The next frame of the node; empty when it has let go.
std::string receive_frame() {
  std::string frame(kMostFrameBytes, '\0');
  ssize_t size = 0;
  do {
    size = ::recv(kWorkerSocket, frame.data(), frame.size(), 0);
  } while (size < 0 && errno == EINTR);
  frame.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return frame;
}

}  // namespace

const WorkerLink* WorkerLink::of_this_process() {
  static const std::unique_ptr<const WorkerLink> link = []() -> std::unique_ptr<WorkerLink> {
    if (std::getenv(kWorkerVariable) == nullptr) return nullptr;
    ::unsetenv(kWorkerVariable);  // its own children are no workers
    ::fcntl(kWorkerSocket, F_SETFD, FD_CLOEXEC);
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // lines come out where it was submitted
    auto setup = decode_frame<WorkerSetup>(receive_frame());
    if (!setup) std::_Exit(0);  // the node is gone already
    std::unique_ptr<WorkerLink> made(new WorkerLink());
    made->setup_ = std::move(*setup);
    return made;
  }();
  return link.get();
}

void WorkerLink::send(const WorkerReport& report) const {
  const std::string frame = encode_frame(report);
  [[maybe_unused]] const ssize_t sent =
      ::send(kWorkerSocket, frame.data(), frame.size(), MSG_NOSIGNAL);
}

void WorkerLink::say_ready(const std::string& address) const {
  WorkerReport report;
  report.address = address;
  send(report);
}

void WorkerLink::say_failed(Error error) const {
  WorkerReport report;
  report.error = std::move(error);
  send(report);
}

void WorkerLink::wait_for_end() const {
  while (!receive_frame().empty()) {
  }
  std::fflush(nullptr);
  std::_Exit(0);
}

}  // namespace stream
