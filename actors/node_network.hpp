// How a process speaks with nodes: its gate, its dialing, and CAF's broker behind both. CAF's own
// ports are not opened, for they believe whoever connects. Any thread; ended before its system.
#pragma once

#include <actors/caf_compat.hpp>
#include <actors/node_address.hpp>
#include <actors/node_gate.hpp>

#include <memory>

namespace stream {

class NodeNetwork {
 public:
  /// `tls` null: plain, on loopback only. A connection ends when nothing passes it for
  /// `dead_after`: after its nodes were missed, or the silence of one would look like its end.
  NodeNetwork(caf::actor_system& system, std::shared_ptr<const TlsContext> tls,
              Duration dead_after = Duration(20'000))
      : system_(system), tls_(std::move(tls)), dead_after_(dead_after) {}
  ~NodeNetwork();
  NodeNetwork(const NodeNetwork&) = delete;
  NodeNetwork& operator=(const NodeNetwork&) = delete;

  /// Others reach `agent` there from now on; once. The port, when `address` leaves it open.
  Result<std::uint16_t> publish(const caf::actor& agent, const NodeAddress& address);
  /// The agent that is published there. Waits, some seconds at most.
  Result<caf::actor> connect(const NodeAddress& address) const;
  /// Nobody is let in any more.
  void close();

 private:
  caf::actor_system& system_;
  const std::shared_ptr<const TlsContext> tls_;
  const Duration dead_after_;
  const std::shared_ptr<Refusals> refusals_ = std::make_shared<Refusals>();
  std::shared_ptr<NodeGate> gate_;
};

}  // namespace stream
