// Where a node is reached, and how it is spoken to: plainly on loopback, by TLS elsewhere. Used by
// programs and by connections of nodes; plain values.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/security/certificate_authority.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace caf {
class actor_system;
}

namespace stream {

class TlsContext;

struct NodeAddress {
  std::string host;
  std::uint16_t port = 0;
};

/// "HOST:PORT" taken apart. Error bad_option: not of that form, or a host that stands for all.
Result<NodeAddress> parse_node_address(const std::string& text);
bool is_loopback(const NodeAddress& address);
std::string to_string(const NodeAddress& address);

/// A node of a cluster to talk to, and how.
struct ClusterAccess {
  NodeAddress node;
  TlsFiles tls = {};                    ///< which certificate to show; none: plainly
  caf::actor_system* system = nullptr;  ///< that talks, with network; null: one of its own
};

/// What to show and what to believe when talking to `address`: nothing when `files` names no
/// certificate. Error bad_option: off loopback without one; errors of TlsContext::load.
Result<std::shared_ptr<const TlsContext>> tls_for(const NodeAddress& address,
                                                  const TlsFiles& files);

}  // namespace stream
