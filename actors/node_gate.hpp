// The door of a node: listens, lets in who proves to be a node or a client of one, and hands the
// connection on. Whoever says nothing, the wrong thing or too little costs a socket for some
// seconds; only those that begin a handshake cost memory, and those are few at once. run() holds a
// thread of its own; the rest from any thread.
#pragma once

#include <actors/node_address.hpp>
#include <actors/node_connection.hpp>
#include <actors/refusals.hpp>
#include <libstream/base/clock.hpp>

#include <cstdint>
#include <functional>
#include <memory>

namespace stream {

struct GateLimits {
  std::size_t arrivals = 128;     ///< before the end of their handshake; beyond, the oldest goes
  std::size_t connections = 512;  ///< behind it; beyond, the newest goes
  Duration patience{5000};        ///< for the handshake
};

class NodeGate {
 public:
  using Admit = std::function<void(NodeConnection)>;

  /// Listens. Without `tls` peers are let in by their first byte. `admit` is called by run().
  /// Error: the address is not this machine's, or taken.
  static Result<std::shared_ptr<NodeGate>> open(const NodeAddress& address,
                                                std::shared_ptr<const TlsContext> tls,
                                                GateLimits limits,
                                                std::shared_ptr<Refusals> refusals, Admit admit);
  ~NodeGate();

  std::uint16_t port() const;
  /// Lets in until stop().
  void run();
  void stop();

  struct State;
  explicit NodeGate(std::unique_ptr<State> state);

 private:
  std::unique_ptr<State> state_;
};

}  // namespace stream
