// Connects to another node: TCP, and TLS where the caller has a certificate. Waits on the caller's
// thread; any thread.
#pragma once

#include <actors/node_address.hpp>
#include <actors/node_connection.hpp>
#include <libstream/base/clock.hpp>

#include <memory>

namespace stream {

/// Error: nobody answers within `patience`, or one end does not believe the other.
Result<NodeConnection> dial_node(const NodeAddress& address,
                                 const std::shared_ptr<const TlsContext>& tls, Duration patience);

}  // namespace stream
