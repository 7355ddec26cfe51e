#include <actors/guarded_scribe.hpp>
#include <actors/node_dial.hpp>
#include <actors/node_network.hpp>
#include <libstream/security/tls_context.hpp>

#include <caf/io/basp_broker.hpp>
#include <caf/io/middleman.hpp>
#include <fmt/format.h>

#include <set>

namespace stream {
namespace {

constexpr Duration kPatience{5000};
constexpr std::chrono::seconds kLongestGreeting{5};

caf::actor broker_of(caf::actor_system& system) {
  return system.middleman().named_broker<caf::io::basp_broker>(caf_compat::kBroker);
}

}  // namespace

NodeNetwork::~NodeNetwork() { close(); }

void NodeNetwork::close() {
  if (gate_) gate_->stop();
}

Result<std::uint16_t> NodeNetwork::publish(const caf::actor& agent, const NodeAddress& address) {
  if (tls_) {
    STREAM_TRY(tls_->check_is_for(address.host));
  } else if (!is_loopback(address)) {
    STREAM_TRY(tls_for(address, {}));
  }
  auto port = std::make_shared<std::uint16_t>(address.port);
  // Neither is held: the agent holds this network, and the broker what the agent told it last.
  auto let_in = [&system = system_, refusals = refusals_, port, dead_after = dead_after_,
                 broker = caf::actor_cast<caf::actor_addr>(broker_of(system_)),
                 agent = caf::actor_cast<caf::actor_addr>(agent)](NodeConnection connection) {
    const auto published = caf::actor_cast<caf::strong_actor_ptr>(agent);
    const auto publisher = caf::actor_cast<caf::actor>(broker);
    if (!published || !publisher) return;
    caf_compat::send_from_outside(
        publisher, caf::publish_atom_v,
        make_guarded_scribe(system, std::move(connection), dead_after, refusals), *port, published,
        std::set<std::string>());
  };
  STREAM_TRY(gate_, NodeGate::open(address, tls_, {}, refusals_, std::move(let_in)));
  *port = gate_->port();
  caf_compat::run_detached(system_, [gate = gate_] { gate->run(); });
  return *port;
}

Result<caf::actor> NodeNetwork::connect(const NodeAddress& address) const {
  STREAM_TRY(NodeConnection connection, dial_node(address, tls_, kPatience));
  auto scribe = make_guarded_scribe(system_, std::move(connection), dead_after_, refusals_);
  caf::scoped_actor self(system_);
  caf::actor found;
  caf_compat::request(self, broker_of(system_), kLongestGreeting, caf::connect_atom_v,
                      std::move(scribe), address.port)
      .receive([&](const caf::node_id&, const caf::strong_actor_ptr& agent,
                   const std::set<std::string>&) { found = caf::actor_cast<caf::actor>(agent); },
               [](const caf::error&) {});
  if (found) return found;
  return transient(fmt::format("the node at {} ended the conversation{}", to_string(address),
                               tls_ ? "" : "; does it want a certificate? Give --certificate"));
}

}  // namespace stream
