#include <libstream/base/log.hpp>
#include <tests/perf/measure.hpp>
#include <tests/perf/node_group.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace stream::perf {
namespace {

constexpr Duration kLongestStart{20'000};
constexpr Duration kHeartbeat{2'000};

/// A port that was free a moment ago.
Result<NodeAddress> free_address() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool is_bound =
      ::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(listener);
  if (!is_bound) return fatal("no free port for a node");
  return NodeAddress{"127.0.0.1", ntohs(address.sin_port)};
}

Result<std::unique_ptr<Node>> node_at(const NodeAddress& address,
                                      const std::vector<NodeAddress>& join,
                                      const ProgramPlanner& planner) {
  NodeOptions options;
  options.listen = address;
  options.join = join;
  options.num_threads = 1;
  options.cluster.liveness.heartbeat = kHeartbeat;
  return start_node(std::move(options), planner);
}

void write_all(int file, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t written = ::write(file, text.data() + at, text.size() - at);
    if (written <= 0) return;
    at += static_cast<std::size_t>(written);
  }
}

std::string read_all(int file) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t got = ::read(file, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

}  // namespace

Result<std::unique_ptr<NodeGroup>> NodeGroup::start(std::size_t num_nodes, ProgramPlanner planner,
                                                    std::function<std::string()> tell) {
  std::unique_ptr<NodeGroup> group(new NodeGroup());
  // Nodes that end see one another go.
  set_log_sink([](LogLevel, std::string_view text) { fmt::print(stderr, "error: {}\n", text); },
               LogLevel::error);
  for (std::size_t i = 0; i < num_nodes; ++i) {
    STREAM_TRY(const NodeAddress address, free_address());
    group->addresses_.push_back(address);
  }
  for (std::size_t i = 1; i < num_nodes; ++i)
    STREAM_TRY(group->fork_node(group->addresses_[i], planner, tell));
  STREAM_TRY(group->own_, node_at(group->address(), {}, planner));
  // Now that somebody is there to let them in.
  for (const Member& member : group->members_) write_all(member.to, "go");
  STREAM_TRY(group->wait_for_members(num_nodes));
  return group;
}

Result<void> NodeGroup::fork_node(const NodeAddress& address, const ProgramPlanner& planner,
                                  const std::function<std::string()>& tell) {
  int down[2];
  int up[2];
  if (::pipe2(down, O_CLOEXEC) != 0 || ::pipe2(up, O_CLOEXEC) != 0) return fatal("no pipe");
  const pid_t process = ::fork();
  if (process == 0) {
    ::close(down[1]);
    ::close(up[0]);
    for (const Member& sibling : members_) {
      ::close(sibling.to);
      ::close(sibling.from);
    }
    char go[2];
    if (::read(down[0], go, sizeof go) == sizeof go) {
      const auto node = node_at(address, {this->address()}, planner);
      if (node) {
        (void)read_all(down[0]);
        write_all(up[1], tell());
      }
    }
    ::_exit(0);
  }
  ::close(down[0]);
  ::close(up[1]);
  members_.push_back({process, down[1], up[0]});
  if (process < 0) return fatal("no process for a node");
  return {};
}

Result<void> NodeGroup::wait_for_members(std::size_t num_nodes) const {
  const Stopwatch watch;
  for (;;) {
    STREAM_TRY(const ClusterView view, cluster_status({address()}));
    if (view.members.size() == num_nodes) return {};
    if (watch.seconds() * 1000 > static_cast<double>(kLongestStart.count()))
      return fatal(fmt::format("{} of {} nodes have come", view.members.size(), num_nodes));
    await(Duration(20));
  }
}

Result<std::vector<std::string>> NodeGroup::finish() {
  std::vector<std::string> told;
  for (Member& member : members_) {
    ::close(std::exchange(member.to, -1));
    told.push_back(read_all(member.from));
    if (told.back().empty()) return fatal("a node has ended before it was told to");
  }
  return told;
}

NodeGroup::~NodeGroup() {
  for (const Member& member : members_) {
    if (member.to >= 0) ::close(member.to);
    ::close(member.from);
    if (member.process <= 0) continue;
    ::kill(member.process, SIGKILL);
    while (::waitpid(member.process, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
}

}  // namespace stream::perf
