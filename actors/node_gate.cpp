#include <actors/frame_guard.hpp>
#include <actors/node_gate.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include <atomic>
#include <list>

namespace stream {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr unsigned char kTlsHandshake = 22;
constexpr std::chrono::milliseconds kAfterFailedAccept{100};
constexpr std::chrono::seconds kBetweenFlushes{1};

Refusal refusal_of(HandshakeFault fault) {
  switch (fault) {
    case HandshakeFault::no_certificate:
      return Refusal::no_certificate;
    case HandshakeFault::wrong_certificate:
      return Refusal::wrong_certificate;
    case HandshakeFault::refused:
    case HandshakeFault::broken:
      break;
  }
  return Refusal::broken_handshake;
}

std::string name_of(const tcp::socket& socket) {
  boost::system::error_code error;
  const tcp::endpoint peer = socket.remote_endpoint(error);
  return error ? "?" : fmt::format("{}:{}", peer.address().to_string(), peer.port());
}

}  // namespace

struct NodeGate::State {
  /// A peer until it is let in or refused.
  struct Arrival {
    explicit Arrival(tcp::socket connected)
        : socket(std::move(connected)), timer(socket.get_executor()), peer(name_of(socket)) {}
    tcp::socket socket;
    asio::steady_timer timer;
    std::unique_ptr<TlsSession> tls;
    std::string peer;
    bool is_settled = false;
    std::list<std::shared_ptr<Arrival>>::iterator place;
  };
  using ArrivalPtr = std::shared_ptr<Arrival>;

  void accept() {
    acceptor.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
      if (error) {
        refusals->note(Refusal::crowded, "?", error.message());
        retry.expires_after(kAfterFailedAccept);
        retry.async_wait([this](const boost::system::error_code&) { accept(); });
        return;
      }
      arrive(std::make_shared<Arrival>(std::move(socket)));
      accept();
    });
  }

  void arrive(const ArrivalPtr& arrival) {
    if (*num_connections >= limits.connections)
      return refusals->note(Refusal::crowded, arrival->peer, "");
    if (arrivals.size() >= limits.arrivals) refuse(arrivals.front(), Refusal::crowded, "");
    arrival->place = arrivals.insert(arrivals.end(), arrival);
    boost::system::error_code error;
    arrival->socket.native_non_blocking(true, error);
    arrival->timer.expires_after(limits.patience);
    arrival->timer.async_wait([this, arrival](const boost::system::error_code& cancelled) {
      if (!cancelled) refuse(arrival, Refusal::too_slow, "");
    });
    wait(arrival, tcp::socket::wait_read, &State::look);
  }

  void wait(const ArrivalPtr& arrival, tcp::socket::wait_type what,
            void (State::*then)(const ArrivalPtr&)) {
    arrival->socket.async_wait(what, [this, arrival, then](const boost::system::error_code&) {
      if (!arrival->is_settled) (this->*then)(arrival);
    });
  }

  /// Memory is spent on those only whose first byte is right.
  void look(const ArrivalPtr& arrival) {
    unsigned char first = 0;
    boost::system::error_code error;
    const std::size_t size =
        arrival->socket.receive(asio::buffer(&first, 1), tcp::socket::message_peek, error);
    if (error || size == 0) return refuse(arrival, Refusal::not_a_node, "it said nothing");
    if (!tls) {
      if (FrameGuard::may_begin_with(first)) return admit(arrival);
      return refuse(
          arrival, Refusal::not_a_node,
          first == kTlsHandshake ? "it speaks TLS, and this node has no certificate" : "");
    }
    if (first != kTlsHandshake) return refuse(arrival, Refusal::not_a_node, "it speaks no TLS");
    arrival->tls = std::make_unique<TlsSession>(tls, arrival->socket.native_handle());
    shake_hands(arrival);
  }

  void shake_hands(const ArrivalPtr& arrival) {
    switch (arrival->tls->handshake()) {
      case TlsSession::Step::wait_readable:
        return wait(arrival, tcp::socket::wait_read, &State::shake_hands);
      case TlsSession::Step::wait_writable:
        return wait(arrival, tcp::socket::wait_write, &State::shake_hands);
      case TlsSession::Step::failed:
        return refuse(arrival, refusal_of(arrival->tls->fault()), arrival->tls->reason());
      case TlsSession::Step::done:
        break;
    }
    if (arrival->tls->write(std::span(&kWelcome, 1)).size != 1)
      return refuse(arrival, Refusal::broken_handshake, "");
    arrival->peer += fmt::format(" ({})", arrival->tls->peer_name());
    admit(arrival);
  }

  void settle(const ArrivalPtr& arrival) {
    arrival->is_settled = true;
    arrival->timer.cancel();
    arrivals.erase(arrival->place);
  }

  void refuse(ArrivalPtr arrival, Refusal refusal, const std::string& reason) {
    if (arrival->is_settled) return;
    settle(arrival);
    refusals->note(refusal, arrival->peer, reason);
    boost::system::error_code error;
    arrival->socket.close(error);
    arrival->tls.reset();
  }

  void admit(const ArrivalPtr& arrival) {
    settle(arrival);
    ++*num_connections;
    std::shared_ptr<const void> place(static_cast<const void*>(this),
                                      [count = num_connections](const void*) { --*count; });
    boost::system::error_code error;
    SocketHandle socket(arrival->socket.release(error));
    if (error) return refusals->note(Refusal::broken_handshake, arrival->peer, error.message());
    admitted({std::move(socket), std::move(arrival->tls), std::move(place), arrival->peer});
  }

  void flush() {
    flusher.expires_after(kBetweenFlushes);
    flusher.async_wait([this](const boost::system::error_code&) {
      refusals->flush();
      flush();
    });
  }

  asio::io_context context{1};
  tcp::acceptor acceptor{context};
  asio::steady_timer retry{context};
  asio::steady_timer flusher{context};
  std::shared_ptr<const TlsContext> tls;
  GateLimits limits;
  std::shared_ptr<Refusals> refusals;
  Admit admitted;
  std::list<ArrivalPtr> arrivals;  ///< the oldest first
  std::shared_ptr<std::atomic<std::size_t>> num_connections =
      std::make_shared<std::atomic<std::size_t>>(0);
};

Result<std::shared_ptr<NodeGate>> NodeGate::open(const NodeAddress& address,
                                                 std::shared_ptr<const TlsContext> tls,
                                                 GateLimits limits,
                                                 std::shared_ptr<Refusals> refusals, Admit admit) {
  auto state = std::make_unique<State>();
  state->tls = std::move(tls);
  state->limits = limits;
  state->refusals = std::move(refusals);
  state->admitted = std::move(admit);
  boost::system::error_code error;
  tcp::resolver resolver(state->context);
  const auto found = resolver.resolve(tcp::v4(), address.host, std::to_string(address.port),
                                      tcp::resolver::passive, error);
  if (!error) {
    const tcp::endpoint endpoint = *found.begin();
    tcp::acceptor& acceptor = state->acceptor;
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  }
  if (error) {
    return fatal(
        fmt::format("cannot listen on {}: {}; give an address of this machine and a free port",
                    to_string(address), error.message()));
  }
  return std::make_shared<NodeGate>(std::move(state));
}

NodeGate::NodeGate(std::unique_ptr<State> state) : state_(std::move(state)) {}
NodeGate::~NodeGate() = default;

std::uint16_t NodeGate::port() const {
  boost::system::error_code error;
  return state_->acceptor.local_endpoint(error).port();
}

void NodeGate::run() {
  state_->accept();
  state_->flush();
  state_->context.run();
}

void NodeGate::stop() { state_->context.stop(); }

}  // namespace stream
