#include <tests/cluster/secure_nodes.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace stream::testing {
namespace {

void run_well(const std::vector<std::string>& arguments) {
  const ChildResult result = run_program("streamctl", arguments);
  if (result.exit_code != 0) throw std::runtime_error(result.output);
}

}  // namespace

std::uint16_t free_port() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool is_bound = ::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                        ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(listener);
  if (!is_bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

SecureNodes::SecureNodes(const TemporaryDirectory& directory, std::size_t count)
    : tls_(directory / "tls") {
  run_well({"cluster", "init-ca", "--dir", tls_});
  run_well({"cluster", "issue-cert", "client", "--dir", tls_});
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = "n" + std::to_string(i);
    run_well({"cluster", "issue-cert", name, "--dir", tls_, "--host", "127.0.0.1"});
    ports_.push_back(free_port());
    std::vector<std::string> arguments{"node",        "--listen",      address(i),
                                       "--heartbeat", "500",           "--threads",
                                       "2",           "--certificate", tls_ + "/" + name + ".pem"};
    if (i > 0) arguments.insert(arguments.end(), {"--join", address(0)});
    processes_.push_back(std::make_unique<ChildProcess>("streamctl", arguments));
    int tries = 0;
    while (num_ready() != i + 1) {
      sleep_millis(100);
      if (++tries == 300) throw std::runtime_error(processes_.back()->wait(0).output);
    }
  }
}

std::string SecureNodes::address(std::size_t node) const {
  return "127.0.0.1:" + std::to_string(port(node));
}

std::size_t SecureNodes::num_ready() {
  const std::string status = run({"cluster", "status"}).output;
  std::size_t count = 0;
  for (std::size_t at = status.find("ready"); at != std::string::npos;
       at = status.find("ready", at + 1))
    ++count;
  return count;
}

ChildResult SecureNodes::run(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(),
                   {"--cluster", address(0), "--certificate", tls_ + "/client.pem"});
  return run_program("streamctl", arguments);
}

}  // namespace stream::testing
