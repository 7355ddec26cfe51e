#include <libstream/connectors/standard/input_thread.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace stream {
namespace {

constexpr std::size_t kReadBytes = 64u << 10;

}  // namespace

Result<std::unique_ptr<InputThread>> InputThread::start(int file_descriptor, LineLimits limits) {
  const int flags = ::fcntl(file_descriptor, F_GETFL);
  if (flags < 0 || (flags & O_ACCMODE) == O_WRONLY)
    return fatal(
        fmt::format("standard input: file descriptor {} is not open for reading; connect "
                    "it to a file, a pipe or a terminal",
                    file_descriptor));
  const int signal = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (signal < 0)
    return transient(fmt::format("standard input: no eventfd: {}", std::strerror(errno)));
  return std::make_unique<InputThread>(file_descriptor, signal, limits);
}

InputThread::InputThread(int input, int signal, LineLimits limits)
    : input_(input),
      signal_(signal),
      place_(input == STDIN_FILENO ? "stdin" : fmt::format("file descriptor {}", input)),
      buffer_(limits) {
  buffer_.set_resume([this] {
    is_full_ = false;
    this->signal();
  });
  thread_ = std::thread([this] { run(); });
}

InputThread::~InputThread() {
  is_stopped_ = true;
  signal();
  thread_.join();
  ::close(signal_);
}

void InputThread::run() {
  bytes_.resize(kReadBytes);
  while (!is_stopped_) {
    // A descriptor below zero is not polled: a full buffer leaves the input where it is.
    pollfd polled[2] = {{signal_, POLLIN, 0}, {is_full_ ? -1 : input_, POLLIN, 0}};
    if (::poll(polled, 2, -1) < 0 && errno != EINTR) {
      buffer_.fail(fatal(fmt::format("{}: poll: {}", place_, std::strerror(errno))));
      return;
    }
    if (polled[0].revents != 0) {
      std::uint64_t count = 0;
      [[maybe_unused]] const auto drained = ::read(signal_, &count, sizeof count);
    }
    if (polled[1].fd >= 0 && polled[1].revents != 0 && !read_some()) return;
  }
}

bool InputThread::read_some() {
  const ssize_t size = ::read(input_, bytes_.data(), bytes_.size());
  if (size < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (size < 0) {
    buffer_.fail(fatal(fmt::format("{}: {}", place_, std::strerror(errno))));
    return false;
  }
  if (size == 0) {
    buffer_.finish();
    return false;
  }
  // Set before the append: `resume`, which clears it, may run as soon as the buffer is full.
  is_full_ = true;
  if (buffer_.append({bytes_.data(), static_cast<std::size_t>(size)}, place_)) is_full_ = false;
  return true;
}

void InputThread::signal() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(signal_, &one, sizeof one);
}

}  // namespace stream
