#include <actors/node_dial.hpp>
#include <libstream/security/tls_context.hpp>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

/// One attempt: its steps are started one after the other and waited for.
class Dialing {
 public:
  Dialing(const NodeAddress& address, Duration patience)
      : address_(address),
        end_nanos_(system_clock().steady_nanos() + patience.count() * 1'000'000) {}

  Result<void> connect() {
    boost::system::error_code outcome = asio::error::timed_out;
    resolver_.async_resolve(
        tcp::v4(), address_.host, std::to_string(address_.port),
        [&](const boost::system::error_code& error, const tcp::resolver::results_type& found) {
          outcome = error;
          if (error) return;
          outcome = asio::error::timed_out;
          asio::async_connect(
              socket_, found,
              [&](const boost::system::error_code& failed, const auto&) { outcome = failed; });
        });
    run();
    if (outcome) {
      return transient(fmt::format("no node answers at {} ({}); start one with streamctl node",
                                   to_string(address_), outcome.message()));
    }
    boost::system::error_code error;
    socket_.native_non_blocking(true, error);
    return {};
  }

  Result<std::unique_ptr<TlsSession>> shake_hands(std::shared_ptr<const TlsContext> tls) {
    auto session =
        std::make_unique<TlsSession>(std::move(tls), socket_.native_handle(), address_.host);
    STREAM_TRY(repeat(*session, [&] { return session->handshake(); }));
    char welcome = 0;
    STREAM_TRY(repeat(*session, [&] { return session->read(std::span(&welcome, 1)).step; }));
    if (welcome != kWelcome)
      return fatal(fmt::format("{} is no node of libstream", to_string(address_)));
    return session;
  }

  int release() {
    boost::system::error_code error;
    return socket_.release(error);
  }

 private:
  void run() {
    const std::int64_t left = end_nanos_ - system_clock().steady_nanos();
    context_.restart();
    context_.run_for(std::chrono::nanoseconds(std::max<std::int64_t>(left, 0)));
    // What was not in time must not refer to locals that are gone.
    boost::system::error_code error;
    if (!context_.stopped()) {
      resolver_.cancel();
      socket_.close(error);
      context_.run();
    }
  }

  template <class Action>
  Result<void> repeat(TlsSession& session, Action action) {
    while (true) {
      switch (action()) {
        case TlsSession::Step::done:
          return {};
        case TlsSession::Step::failed:
          return not_believed(session);
        case TlsSession::Step::wait_readable:
          if (!wait(tcp::socket::wait_read)) return too_slow();
          break;
        case TlsSession::Step::wait_writable:
          if (!wait(tcp::socket::wait_write)) return too_slow();
          break;
      }
    }
  }

  bool wait(tcp::socket::wait_type what) {
    boost::system::error_code outcome = asio::error::timed_out;
    socket_.async_wait(what, [&](const boost::system::error_code& error) { outcome = error; });
    run();
    return !outcome;
  }

  Error too_slow() const {
    return transient(
        fmt::format("the node at {} does not finish the handshake; does it run "
                    "without certificates?",
                    to_string(address_)));
  }

  Error not_believed(const TlsSession& session) const {
    const std::string at = to_string(address_);
    switch (session.fault()) {
      case HandshakeFault::wrong_certificate:
        return fatal(fmt::format(
            "the node at {} is not believed: {}; its certificate must be of the authority that "
            "ca names, and for {}",
            at, session.reason(), address_.host));
      case HandshakeFault::refused:
      case HandshakeFault::no_certificate:
        return fatal(fmt::format(
            "the node at {} does not take this certificate: {}; both must be of one authority", at,
            session.reason()));
      case HandshakeFault::broken:
        break;
    }
    return transient(fmt::format(
        "no TLS with the node at {}: {}; does it run without certificates?", at, session.reason()));
  }

  const NodeAddress address_;
  const std::int64_t end_nanos_;
  asio::io_context context_{1};
  tcp::resolver resolver_{context_};
  tcp::socket socket_{context_};
};

}  // namespace

Result<NodeConnection> dial_node(const NodeAddress& address,
                                 const std::shared_ptr<const TlsContext>& tls, Duration patience) {
  Dialing dialing(address, patience);
  STREAM_TRY(dialing.connect());
  std::unique_ptr<TlsSession> session;
  if (tls) {
    STREAM_TRY(session, dialing.shake_hands(tls));
  }
  return NodeConnection{SocketHandle(dialing.release()), std::move(session), nullptr,
                        to_string(address)};
}

}  // namespace stream
