// Nodes on this machine that speak TLS with certificates of their own authority, in the folder
// tls/ of a directory: n0, n1, … and "client". Used by tests of real processes.
#pragma once

#include <tests/cluster/child_process.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace stream::testing {

/// A port of loopback that was free a moment ago.
std::uint16_t free_port();

class SecureNodes {
 public:
  /// Throws when they do not find one another.
  SecureNodes(const TemporaryDirectory& directory, std::size_t count);

  std::uint16_t port(std::size_t node) const { return ports_.at(node); }
  std::string address(std::size_t node) const;
  ChildProcess& process(std::size_t node) { return *processes_.at(node); }
  std::size_t num_ready();
  /// streamctl with `arguments` as a client of node 0.
  ChildResult run(std::vector<std::string> arguments);

 private:
  const std::string tls_;
  std::vector<std::uint16_t> ports_;
  std::vector<std::unique_ptr<ChildProcess>> processes_;
};

}  // namespace stream::testing
