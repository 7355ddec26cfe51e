#include <actors/frame_guard.hpp>
#include <actors/guarded_scribe.hpp>

#include <caf/io/middleman.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/stream_impl.hpp>
#include <caf/policy/tcp.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

namespace stream {
namespace {

using caf::io::network::native_socket;
using caf::io::network::rw_state;
using Multiplexer = caf::io::network::default_multiplexer;

/// What CAF's streams ask of a transport.
class GuardedTransport {
 public:
  GuardedTransport(NodeConnection connection, std::shared_ptr<Refusals> refusals)
      : connection_(std::move(connection)), refusals_(std::move(refusals)) {}

  rw_state read_some(std::size_t& result, native_socket fd, void* buffer, std::size_t size) {
    result = 0;
    const rw_state state = read_raw(result, fd, buffer, size);
    if (state == rw_state::success &&
        !guard_.take(std::span(static_cast<const char*>(buffer), result))) {
      refusals_->note(Refusal::bad_frame, connection_.peer, "");
      result = 0;
      return rw_state::failure;
    }
    return state;
  }

  rw_state write_some(std::size_t& result, native_socket fd, const void* buffer, std::size_t size) {
    if (!connection_.tls) return caf::policy::tcp::write_some(result, fd, buffer, size);
    result = 0;
    if (size == 0) return rw_state::indeterminate;
    return state_of(connection_.tls->write(std::span(static_cast<const char*>(buffer), size)),
                    result);
  }

  bool try_accept(native_socket&, native_socket) { return false; }

  bool must_read_more(native_socket, std::size_t threshold) const {
    return connection_.tls && connection_.tls->num_pending() >= threshold;
  }

 private:
  rw_state read_raw(std::size_t& result, native_socket fd, void* buffer, std::size_t size) {
    if (!connection_.tls) return caf::policy::tcp::read_some(result, fd, buffer, size);
    return state_of(connection_.tls->read(std::span(static_cast<char*>(buffer), size)), result);
  }

  static rw_state state_of(const TlsSession::Moved& moved, std::size_t& result) {
    result = moved.size;
    return moved.step == TlsSession::Step::failed ? rw_state::failure : rw_state::success;
  }

  NodeConnection connection_;  ///< its socket belongs to CAF's stream
  std::shared_ptr<Refusals> refusals_;
  FrameGuard guard_;
};

class GuardedScribe final : public caf::io::scribe {
 public:
  GuardedScribe(Multiplexer& multiplexer, native_socket socket, NodeConnection connection,
                std::shared_ptr<Refusals> refusals)
      : scribe(caf::io::network::conn_hdl_from_socket(socket)),
        stream_(multiplexer, socket, std::move(connection), std::move(refusals)) {}

  void configure_read(caf::io::receive_policy::config config) override {
    stream_.configure_read(config);
    if (is_launched_) return;
    is_launched_ = true;
    stream_.start(this);
  }
  void ack_writes(bool enable) override { stream_.ack_writes(enable); }
  auto wr_buf() -> decltype(std::declval<caf::io::scribe&>().wr_buf()) override {
    return stream_.wr_buf();
  }
  auto rd_buf() -> decltype(std::declval<caf::io::scribe&>().rd_buf()) override {
    return stream_.rd_buf();
  }
  void graceful_shutdown() override {
    stream_.graceful_shutdown();
    detach(&stream_.backend(), false);
  }
  void flush() override { stream_.flush(this); }
  std::string addr() const override {
    auto address = caf::io::network::remote_addr_of_fd(stream_.fd());
    return address ? *address : "";
  }
  std::uint16_t port() const override {
    auto number = caf::io::network::remote_port_of_fd(stream_.fd());
    return number ? *number : std::uint16_t{0};
  }
  void add_to_loop() override { stream_.activate(this); }
  void remove_from_loop() override { stream_.passivate(); }

 private:
  bool is_launched_ = false;
  caf::io::network::stream_impl<GuardedTransport> stream_;
};

/// CAF takes a connection for the way to its node as long as it is there, however often that is
/// dialed: one that nothing passes any more must end. The kernel by itself would wait a quarter of
/// an hour for what was sent, and two hours when nothing was (tcp(7)).
void end_when_dead(native_socket socket, Duration dead_after) {
  const auto set = [socket](int level, int option, int value) {
    ::setsockopt(socket, level, option, &value, sizeof value);
  };
  const int millis = static_cast<int>(dead_after.count());
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, std::max(millis / 2000, 1));
  set(IPPROTO_TCP, TCP_KEEPINTVL, std::max(millis / 4000, 1));
  set(IPPROTO_TCP, TCP_KEEPCNT, 2);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, millis);
}

}  // namespace

caf::io::scribe_ptr make_guarded_scribe(caf::actor_system& system, NodeConnection connection,
                                        Duration dead_after, std::shared_ptr<Refusals> refusals) {
  auto& multiplexer = static_cast<Multiplexer&>(system.middleman().backend());
  const native_socket socket = connection.socket.release();
  end_when_dead(socket, dead_after);
  return caf::make_counted<GuardedScribe>(multiplexer, socket, std::move(connection),
                                          std::move(refusals));
}

}  // namespace stream
