#include <libstream/base/log.hpp>
#include <libstream/connectors/socket/io_thread.hpp>
#include <libstream/connectors/socket/tcp_line_receiver.hpp>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <utility>

namespace stream {
namespace {

using boost::asio::ip::tcp;
using ErrorCode = boost::system::error_code;

constexpr std::size_t kReadBytes = 64u << 10;
constexpr std::chrono::seconds kConnectTimeOut{10};

}  // namespace

// Everything but the buffer is touched by the IoThread only. Handlers hold the connection; each
// asks `is_stopped_` first, so that after `stop` they only fall off.
class TcpLineReceiver::Connection : public std::enable_shared_from_this<Connection> {
 public:
  explicit Connection(const SocketOptions& options)
      : options_(options),
        place_(socket_place(options)),
        context_(IoThread::instance().context()),
        resolver_(context_),
        socket_(context_),
        timer_(context_),
        delay_(options.back_off_min),
        buffer_({options.max_line_bytes, options.max_buffered_bytes}) {}

  LineBuffer& buffer() { return buffer_; }

  void start() {
    buffer_.set_resume([weak = weak_from_this()] {
      if (auto self = weak.lock())
        boost::asio::post(self->context_, [self] {
          if (!self->is_stopped_) self->read();
        });
    });
    boost::asio::post(context_, [self = shared_from_this()] { self->connect(); });
  }

  void stop() {
    buffer_.set_wake({});
    boost::asio::post(context_, [self = shared_from_this()] {
      self->is_stopped_ = true;
      self->close();
    });
  }

 private:
  void connect() {
    if (is_stopped_) return;
    arm_timer(kConnectTimeOut, &Connection::close);
    resolver_.async_resolve(
        options_.host, std::to_string(options_.port),
        [self = shared_from_this()](ErrorCode failure, const tcp::resolver::results_type& found) {
          if (self->is_stopped_) return;
          if (failure) return self->on_connect_failed(failure);
          boost::asio::async_connect(self->socket_, found,
                                     [self](ErrorCode connect_failure, const tcp::endpoint&) {
                                       if (self->is_stopped_) return;
                                       if (connect_failure)
                                         return self->on_connect_failed(connect_failure);
                                       self->on_connected();
                                     });
        });
  }

  void on_connect_failed(const ErrorCode& failure) {
    if (!options_.reconnect) {
      close();
      buffer_.fail(
          transient(fmt::format("{}: cannot connect: {}; start the server first or turn "
                                "reconnect on",
                                place_, failure.message())));
      return;
    }
    if (!has_logged_failure_)
      STREAM_LOG(warning, "{}: cannot connect: {}; trying again until it is there", place_,
                 failure.message());
    has_logged_failure_ = true;
    retry();
  }

  void on_connected() {
    cancel_timer();
    has_logged_failure_ = false;
    ++num_connections_;
    connection_place_ = fmt::format("{} connection {}", place_, num_connections_);
    if (bytes_.empty()) bytes_.resize(kReadBytes);
    read();
  }

  void read() {
    if (options_.idle_time_out > Duration::zero())
      arm_timer(options_.idle_time_out, &Connection::close);
    socket_.async_read_some(boost::asio::buffer(bytes_),
                            [self = shared_from_this()](ErrorCode failure, std::size_t size) {
                              if (!self->is_stopped_) self->on_read(failure, size);
                            });
  }

  void on_read(const ErrorCode& failure, std::size_t size) {
    cancel_timer();
    if (!failure) {
      delay_ = options_.back_off_min;
      // A full buffer leaves the bytes in the kernel: TCP holds the peer until `resume`.
      if (buffer_.append({bytes_.data(), size}, connection_place_)) read();
      return;
    }
    buffer_.break_line(connection_place_);
    if (options_.reconnect) {
      STREAM_LOG(info, "{}: {}; connecting again", place_, failure.message());
      return retry();
    }
    close();
  }

  void retry() {
    close();
    arm_timer(delay_, &Connection::connect);
    delay_ = std::min(delay_ * 2, options_.back_off_max);
  }

  void close() {
    cancel_timer();
    resolver_.cancel();
    ErrorCode ignored;
    socket_.close(ignored);
  }

  void arm_timer(Duration after, void (Connection::*then)()) {
    const std::uint64_t arming = ++timer_arming_;
    timer_.expires_after(after);
    timer_.async_wait([self = shared_from_this(), arming, then](ErrorCode failure) {
      // A handler may be queued already when its timer is armed anew or cancelled.
      if (!failure && !self->is_stopped_ && arming == self->timer_arming_) (self.get()->*then)();
    });
  }

  void cancel_timer() {
    ++timer_arming_;
    timer_.cancel();
  }

  const SocketOptions options_;
  const std::string place_;
  boost::asio::io_context& context_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  boost::asio::steady_timer timer_;  // connect time-out, idle time-out or back-off: one at a time
  std::uint64_t timer_arming_ = 0;
  Duration delay_;
  LineBuffer buffer_;
  std::vector<char> bytes_;
  std::string connection_place_;
  std::uint64_t num_connections_ = 0;
  bool has_logged_failure_ = false;
  bool is_stopped_ = false;
};

TcpLineReceiver::TcpLineReceiver(const SocketOptions& options)
    : connection_(std::make_shared<Connection>(options)) {
  connection_->start();
}

TcpLineReceiver::~TcpLineReceiver() { connection_->stop(); }

LineBuffer& TcpLineReceiver::buffer() { return connection_->buffer(); }

std::string socket_place(const SocketOptions& options) {
  const bool is_ipv6 = options.host.find(':') != std::string::npos;
  return fmt::format(fmt::runtime(is_ipv6 ? "socket:[{}]:{}" : "socket:{}:{}"), options.host,
                     options.port);
}

}  // namespace stream
