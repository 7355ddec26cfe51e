#include <tests/cluster/node_processes.hpp>
#include <tests/kit/catch.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>

namespace stream::testing {

std::string free_address() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  socklen_t size = sizeof address;
  REQUIRE(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  ::close(listener);
  return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

std::string status_of(const std::string& address) {
  return run_program("streamctl", {"cluster", "status", "--cluster", address}).output;
}

Nodes::Nodes(std::size_t count, int heartbeat_millis, bool has_proxies,
             std::vector<std::string> more_arguments)
    : heartbeat_millis_(heartbeat_millis), more_arguments_(std::move(more_arguments)) {
  if (has_proxies) proxy = std::make_unique<LinkProxy>();
  addresses.resize(count);
  processes.resize(count);
  proxied_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    start(i);
    REQUIRE(wait_until([&] { return members_seen_by(0) == i + 1; }));
  }
}

void Nodes::start(std::size_t node) {
  addresses[node] = free_address();
  std::vector<std::string> arguments{
      "node",      "--listen", addresses[node], "--heartbeat", std::to_string(heartbeat_millis_),
      "--threads", "2"};
  if (proxy) {
    proxied_[node] = proxy->add(node, addresses[node]);
    arguments.insert(arguments.end(), {"--advertise", proxied_[node]});
  }
  for (std::size_t other = 0; other < size(); ++other) {
    if (other != node && processes[other])
      arguments.insert(arguments.end(), {"--join", public_address(other)});
  }
  arguments.insert(arguments.end(), more_arguments_.begin(), more_arguments_.end());
  processes[node] = std::make_unique<ChildProcess>("streamctl", arguments);
  if (proxy) proxy->set_process(node, processes[node]->id());
}

void Nodes::submit(const std::string& script, const std::string& trigger, int parallelism,
                   const std::string& checkpoint) const {
  const ChildResult submitted =
      run_program("streamctl", {"submit", script, "--cluster", addresses[0], "--trigger", trigger,
                                "--parallelism", std::to_string(parallelism), "--checkpoint",
                                checkpoint, "--detach"});
  INFO(submitted.output);
  REQUIRE(submitted.exit_code == 0);
}

const std::string& Nodes::public_address(std::size_t node) const {
  return proxy ? proxied_[node] : addresses[node];
}

void Nodes::kill(std::size_t node) {
  signal(node, SIGKILL);
  processes[node]->wait();
}

void Nodes::start_anew(std::size_t node) {
  processes[node].reset();
  start(node);
}

void Nodes::cut_off(std::size_t node) { proxy->cut_off(node); }
void Nodes::heal() { proxy->heal(); }

std::size_t Nodes::members_seen_by(std::size_t node) const {
  return count_of(status_of(addresses[node]), "ready");
}

bool Nodes::sees(std::size_t node, std::size_t other) const {
  return count_of(status_of(addresses[node]), " " + public_address(other) + " ") > 0;
}

std::optional<std::size_t> Nodes::coordinator_of(std::uint64_t submission, std::size_t node) const {
  const std::string status = status_of(addresses[node]);
  const std::size_t line = status.find("submission " + std::to_string(submission) + " ");
  if (line == std::string::npos) return std::nullopt;
  const std::size_t on = status.find("  on ", line);
  if (on == std::string::npos) return std::nullopt;
  const std::size_t end = status.find('\n', on);
  const std::string id = status.substr(on + 5, end - on - 5);
  for (std::size_t i = 0; i < size(); ++i) {
    const std::size_t row = status.find(id);
    if (row >= line) return std::nullopt;
    const std::string of_row = status.substr(row, status.find('\n', row) - row);
    if (of_row.find(" " + public_address(i) + " ") != std::string::npos) return i;
  }
  return std::nullopt;
}

}  // namespace stream::testing
