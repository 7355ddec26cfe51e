#include <libstream/base/clock.hpp>
#include <tests/cluster/link_proxy.hpp>
#include <tests/kit/catch.hpp>

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

namespace stream::testing {
namespace {

constexpr std::size_t kMostWaiting = 4u << 20;  // then the sender is held back, too

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

/// The inode of the socket of this machine that is bound to the port and connected.
std::uint64_t inode_of_port(std::uint16_t port) {
  std::ifstream table("/proc/net/tcp");
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    std::istringstream fields(line);
    std::string number, local, remote, state, queues, timer, retries;
    std::uint64_t user = 0, timeout = 0, inode = 0;
    fields >> number >> local >> remote >> state >> queues >> timer >> retries >> user >> timeout >>
        inode;
    const bool is_connected = state == "01";
    if (is_connected && std::stoul(local.substr(local.find(':') + 1), nullptr, 16) == port)
      return inode;
  }
  return 0;
}

bool holds_socket(pid_t process, std::uint64_t inode) {
  const std::string folder = "/proc/" + std::to_string(process) + "/fd";
  const std::string wanted = "socket:[" + std::to_string(inode) + "]";
  DIR* entries = ::opendir(folder.c_str());
  if (entries == nullptr) return false;
  bool is_found = false;
  while (const dirent* entry = ::readdir(entries)) {
    char target[64] = {};
    const std::string path = folder + "/" + entry->d_name;
    const ssize_t size = ::readlink(path.c_str(), target, sizeof target - 1);
    is_found = is_found || (size > 0 && wanted == target);
  }
  ::closedir(entries);
  return is_found;
}

std::int64_t now_millis() { return system_clock().steady_nanos() / 1'000'000; }

}  // namespace

class LinkProxy::Loop {
 public:
  Loop() : thread_([this] { run(); }) {}
  ~Loop() {
    is_over_.store(true);
    thread_.join();
    for (const auto& [socket, node] : listeners_) ::close(socket);
    for (Link& link : links_) link.close();
  }

  // Sockets are closed on exec: a node that is started would hold their other ends open for ever.
  std::string add(std::size_t to, const std::string& address) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in own = loopback(0);
    REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&own), sizeof own) == 0);
    REQUIRE(::listen(listener, 64) == 0);
    socklen_t size = sizeof own;
    REQUIRE(::getsockname(listener, reinterpret_cast<sockaddr*>(&own), &size) == 0);
    const std::lock_guard lock(mutex_);
    listeners_[listener] = to;
    targets_[to] = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
    return "127.0.0.1:" + std::to_string(ntohs(own.sin_port));
  }
  void set_process(std::size_t node, pid_t process) {
    const std::lock_guard lock(mutex_);
    processes_[node] = process;
  }
  void cut_off(std::size_t node) {
    const std::lock_guard lock(mutex_);
    for (Link& link : links_) identify(link);
    cut_.insert(node);
  }
  void heal() {
    const std::lock_guard lock(mutex_);
    cut_.clear();
  }
  void delay_by(Delay delay) {
    const std::lock_guard lock(mutex_);
    delay_ = std::move(delay);
  }
  std::size_t num_held() const { return num_held_.load(); }
  std::size_t num_delayed() const { return num_delayed_.load(); }

 private:
  struct Piece {
    std::string bytes;
    std::int64_t due = 0;
    bool is_held = false;
  };
  /// Bytes on their way from one socket to the other.
  struct Way {
    std::deque<Piece> pieces;
    std::size_t bytes = 0;
    bool has_ended = false;
  };
  struct Link {
    int ends[2] = {-1, -1};  ///< who called, who was called
    Way ways[2];             ///< from that end to the other
    std::uint16_t caller_port = 0;
    std::optional<std::size_t> from;
    std::size_t to = 0;
    bool is_broken = false;
    void close() {
      for (int& end : ends) {
        if (end >= 0) ::close(end);
        end = -1;
      }
    }
  };

  bool is_cut(const Link& link) const {
    return link.from && (cut_.contains(*link.from) || cut_.contains(link.to));
  }

  void run() {
    while (!is_over_.load()) {
      std::vector<pollfd> sockets;
      {
        const std::lock_guard lock(mutex_);
        for (const auto& [socket, node] : listeners_) sockets.push_back({socket, POLLIN, 0});
        for (const Link& link : links_) {
          for (int end = 0; end < 2; ++end) {
            const bool reads = link.ways[end].bytes < kMostWaiting && !link.ways[end].has_ended;
            sockets.push_back({link.ends[end], static_cast<short>(reads ? POLLIN : 0), 0});
          }
        }
      }
      ::poll(sockets.data(), sockets.size(), 5);
      const std::lock_guard lock(mutex_);
      for (const pollfd& socket : sockets) {
        if ((socket.revents & POLLIN) != 0 && listeners_.contains(socket.fd)) accept(socket.fd);
      }
      for (Link& link : links_) move(link);
      std::erase_if(links_, [](Link& link) {
        if (link.is_broken) link.close();
        return link.is_broken;
      });
    }
  }

  void accept(int listener) {
    sockaddr_in caller{};
    socklen_t size = sizeof caller;
    Link link;
    link.to = listeners_.at(listener);
    link.ends[0] = ::accept4(listener, reinterpret_cast<sockaddr*>(&caller), &size, SOCK_CLOEXEC);
    if (link.ends[0] < 0) return;
    link.caller_port = ntohs(caller.sin_port);
    identify(link);
    link.ends[1] = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in target = loopback(targets_.at(link.to));
    const int at_once = 1;
    for (const int end : link.ends)
      ::setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    if (::connect(link.ends[1], reinterpret_cast<const sockaddr*>(&target), sizeof target) != 0)
      return link.close();
    links_.push_back(std::move(link));
  }

  /// A node calls perhaps before the test has told whose process it is, and the kernel's table may
  /// miss a socket while others come and go: who is not known yet is looked for again.
  void identify(Link& link) const {
    if (link.from) return;
    const std::uint64_t inode = inode_of_port(link.caller_port);
    for (const auto& [node, process] : processes_) {
      if (holds_socket(process, inode)) link.from = node;
    }
  }

  void move(Link& link) {
    for (int end = 0; end < 2 && !link.is_broken; ++end) {
      read(link, end);
      write(link, end);
    }
  }

  void read(Link& link, int end) {
    Way& way = link.ways[end];
    if (way.bytes >= kMostWaiting || way.has_ended) return;
    char buffer[64 << 10];
    const ssize_t size = ::recv(link.ends[end], buffer, sizeof buffer, MSG_DONTWAIT);
    if (size == 0) way.has_ended = true;
    if (size < 0 && errno != EAGAIN && errno != EINTR) way.has_ended = true;
    if (size <= 0) return;
    std::int64_t due = now_millis();
    if (delay_) {
      due += delay_();
      if (!way.pieces.empty()) due = std::max(due, way.pieces.back().due);
      num_delayed_.fetch_add(1);
    }
    way.pieces.push_back({std::string(buffer, static_cast<std::size_t>(size)), due});
    way.bytes += static_cast<std::size_t>(size);
  }

  void write(Link& link, int end) {
    Way& way = link.ways[end];
    const bool is_held = is_cut(link);
    while (!way.pieces.empty()) {
      Piece& piece = way.pieces.front();
      if (is_held) {
        if (!std::exchange(piece.is_held, true)) num_held_.fetch_add(1);
        return;
      }
      if (piece.due > now_millis()) return;
      const ssize_t size = ::send(link.ends[1 - end], piece.bytes.data(), piece.bytes.size(),
                                  MSG_DONTWAIT | MSG_NOSIGNAL);
      if (size < 0 && errno != EAGAIN && errno != EINTR) link.is_broken = true;
      if (size <= 0) return;
      way.bytes -= static_cast<std::size_t>(size);
      piece.bytes.erase(0, static_cast<std::size_t>(size));
      if (!piece.bytes.empty()) return;
      way.pieces.pop_front();
    }
    if (way.has_ended && !is_held) link.is_broken = true;
  }

  mutable std::mutex mutex_;
  std::map<int, std::size_t> listeners_;
  std::map<std::size_t, std::uint16_t> targets_;
  std::map<std::size_t, pid_t> processes_;
  std::set<std::size_t> cut_;
  Delay delay_;
  std::vector<Link> links_;
  std::atomic<std::size_t> num_held_ = 0;
  std::atomic<std::size_t> num_delayed_ = 0;
  std::atomic<bool> is_over_ = false;
  std::thread thread_;  // last: it uses all of these
};

LinkProxy::LinkProxy() : loop_(std::make_unique<Loop>()) {}
LinkProxy::~LinkProxy() = default;
std::string LinkProxy::add(std::size_t to, const std::string& address) {
  return loop_->add(to, address);
}
void LinkProxy::set_process(std::size_t node, pid_t process) { loop_->set_process(node, process); }
void LinkProxy::cut_off(std::size_t node) { loop_->cut_off(node); }
void LinkProxy::heal() { loop_->heal(); }
void LinkProxy::delay_by(Delay delay) { loop_->delay_by(std::move(delay)); }
std::size_t LinkProxy::num_held() const { return loop_->num_held(); }
std::size_t LinkProxy::num_delayed() const { return loop_->num_delayed(); }

}  // namespace stream::testing
