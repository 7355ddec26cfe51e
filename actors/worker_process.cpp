#include <actors/worker_process.hpp>
#include <libstream/base/clock.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

extern char** environ;

namespace stream {
namespace {

constexpr int kFirstFreeDescriptor = 10;
constexpr std::size_t kMostText = 64u << 10;  // read at once
constexpr std::size_t kKeptText = 2000;       // for the error of one that failed
constexpr std::int64_t kLongestEnd = 1'000'000'000;
constexpr int kEndCheck = 500;                    // milliseconds
constexpr std::size_t kMostSetupBytes = 100'000;  // a datagram of the socket takes more

/// The two ends of a socket or pipe.
struct Ends {
  int here = -1;
  int there = -1;
};

Result<Ends> make_socket() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return transient(fmt::format("no socket for a worker: {}", std::strerror(errno)));
  return Ends{ends[0], ends[1]};
}

Result<Ends> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return transient(fmt::format("no pipe for a worker: {}", std::strerror(errno)));
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return Ends{ends[0], ends[1]};
}

void close_if_open(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

/// All that the child needs, made before the fork: behind it nothing may allocate.
struct ChildPlan {
  std::vector<std::string> arguments;
  std::vector<std::string> variables;
  std::vector<char*> argv;
  std::vector<char*> envp;
};

ChildPlan plan_child(const std::string& path, const ProgramBinary& binary) {
  ChildPlan plan;
  plan.arguments.push_back(path);
  plan.arguments.insert(plan.arguments.end(), binary.arguments.begin(), binary.arguments.end());
  for (char** variable = environ; *variable != nullptr; ++variable)
    plan.variables.emplace_back(*variable);
  plan.variables.push_back(fmt::format("{}={}", kWorkerVariable, kWorkerSocket));
  for (std::string& argument : plan.arguments) plan.argv.push_back(argument.data());
  for (std::string& variable : plan.variables) plan.envp.push_back(variable.data());
  plan.argv.push_back(nullptr);
  plan.envp.push_back(nullptr);
  return plan;
}

/// In the child. PR_SET_PDEATHSIG ends it with the thread that waits for it, so with the node. All
/// other descriptors are the node's connections: kept open here they would look alive to others.
[[noreturn]] void become_worker(const ChildPlan& plan, const std::string& directory, pid_t parent,
                                int socket, int output, int errors) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  ::setpgid(0, 0);
  const int nothing = ::open("/dev/null", O_RDONLY);
  const std::array<std::pair<int, int>, 4> wanted{
      {{nothing, 0}, {output, 1}, {errors, 2}, {socket, kWorkerSocket}}};
  std::array<int, 4> high{};
  for (std::size_t i = 0; i < wanted.size(); ++i)
    high.at(i) = ::fcntl(wanted.at(i).first, F_DUPFD, kFirstFreeDescriptor);
  for (std::size_t i = 0; i < wanted.size(); ++i) ::dup2(high.at(i), wanted.at(i).second);
  ::close_range(kWorkerSocket + 1, ~0U, 0);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::chdir(directory.c_str()) != 0) ::_exit(127);
  ::execve(plan.argv.front(), plan.argv.data(), plan.envp.data());
  ::_exit(127);
}

}  // namespace

WorkerProcess::WorkerProcess(std::string path, WorkerSetup setup, WorkerEvents events)
    : path_(std::move(path)), setup_(std::move(setup)), events_(std::move(events)) {}

std::shared_ptr<WorkerProcess> WorkerProcess::start(caf::actor_system& system,
                                                    const std::string& path, WorkerSetup setup,
                                                    WorkerEvents events) {
  std::shared_ptr<WorkerProcess> worker(
      new WorkerProcess(path, std::move(setup), std::move(events)));
  caf_compat::run_detached(system, [worker] { worker->run(); });
  return worker;
}

void WorkerProcess::kill() {
  const std::lock_guard lock(mutex_);
  is_killed_ = true;
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

void WorkerProcess::end() {
  const std::lock_guard lock(mutex_);
  is_killed_ = true;  // if it has not been started
  if (pid_ <= 0 || end_by_ != 0) return;
  end_by_ = system_clock().steady_nanos() + kLongestEnd;
  ::shutdown(socket_, SHUT_WR);
}

bool WorkerProcess::is_overdue() {
  const std::lock_guard lock(mutex_);
  return end_by_ != 0 && system_clock().steady_nanos() >= end_by_;
}

void WorkerProcess::run() {
  if (auto launched = launch(); !launched) return events_.ended(std::move(launched).error());
  listen();
  const Error how = reap();
  events_.ended(how);
}

Result<void> WorkerProcess::launch() {
  if (::access(setup_.binary.directory.c_str(), X_OK) != 0)
    return bad_option(
        fmt::format("the directory {}, where {} was started, is not here: submit from one that all "
                    "nodes have",
                    setup_.binary.directory, setup_.binary.name));
  const std::string frame = encode_frame(setup_);
  if (frame.size() > kMostSetupBytes)
    return bad_option(
        fmt::format("the arguments of {} are longer than {} bytes; put them into a file",
                    setup_.binary.name, kMostSetupBytes));
  STREAM_TRY(Ends socket, make_socket());
  socket_ = socket.here;
  STREAM_TRY(Ends output, make_pipe());
  output_ = output.here;
  STREAM_TRY(Ends errors, make_pipe());
  errors_ = errors.here;
  const ChildPlan plan = plan_child(path_, setup_.binary);
  const pid_t parent = ::getpid();
  pid_t child = -1;
  {
    const std::lock_guard lock(mutex_);
    if (!is_killed_) child = ::fork();
    if (child == 0)
      become_worker(plan, setup_.binary.directory, parent, socket.there, output.there,
                    errors.there);
    pid_ = child;
  }
  close_if_open(socket.there);
  close_if_open(output.there);
  close_if_open(errors.there);
  if (child < 0) {
    close_if_open(socket_);
    close_if_open(output_);
    close_if_open(errors_);
    return transient(fmt::format("{} was not started", path_));
  }
  [[maybe_unused]] const ssize_t sent = ::send(socket_, frame.data(), frame.size(), MSG_NOSIGNAL);
  return {};
}

/// Until it closes its socket: when it ends, at the latest.
void WorkerProcess::listen() {
  while (true) {
    std::array<pollfd, 3> watched{
        {{socket_, POLLIN, 0}, {output_, POLLIN, 0}, {errors_, POLLIN, 0}}};
    if (::poll(watched.data(), watched.size(), kEndCheck) < 0 && errno != EINTR) return;
    if (is_overdue()) return;
    if (watched[1].revents != 0 && !take_text(output_, false)) close_if_open(output_);
    if (watched[2].revents != 0 && !take_text(errors_, true)) close_if_open(errors_);
    if (watched[0].revents != 0 && !take_frame()) return;
  }
}

/// False: the worker is gone.
bool WorkerProcess::take_frame() {
  std::string frame(kMostSetupBytes, '\0');
  const ssize_t size = ::recv(socket_, frame.data(), frame.size(), 0);
  if (size < 0) return errno == EINTR;
  if (size == 0) return false;
  frame.resize(static_cast<std::size_t>(size));
  if (auto report = decode_frame<WorkerReport>(frame)) events_.reported(std::move(*report));
  return true;
}

/// False: nothing more will come.
bool WorkerProcess::take_text(int from, bool is_error) {
  std::string text(kMostText, '\0');
  const ssize_t size = ::read(from, text.data(), text.size());
  if (size < 0) return errno == EINTR || errno == EAGAIN;
  if (size == 0) return false;
  text.resize(static_cast<std::size_t>(size));
  last_text_ += text;
  if (last_text_.size() > kKeptText) last_text_.erase(0, last_text_.size() - kKeptText);
  events_.printed(std::move(text), is_error);
  return true;
}

Error WorkerProcess::reap() {
  kill();
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  {
    const std::lock_guard lock(mutex_);
    pid_ = -1;
  }
  close_if_open(socket_);
  for (const auto& [descriptor, is_error] :
       {std::pair(&output_, false), std::pair(&errors_, true)}) {
    // One text more at most: a process that it left behind may hold the pipe open.
    if (*descriptor >= 0) take_text(*descriptor, is_error);
    close_if_open(*descriptor);
  }
  const std::string said = last_text_.empty() ? "" : fmt::format("; it printed:\n{}", last_text_);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
    return fatal(fmt::format("{} could not be run{}", path_, said));
  if (WIFEXITED(status))
    return fatal(fmt::format("{} ended with exit code {} before it started its query{}",
                             setup_.binary.name, WEXITSTATUS(status), said));
  return transient(
      fmt::format("{} was ended by signal {}{}", setup_.binary.name, WTERMSIG(status), said));
}

}  // namespace stream
