#include <libstream/connectors/open_lines.hpp>
#include <libstream/connectors/socket/logged_lines.hpp>
#include <libstream/connectors/socket/socket_text_source.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

constexpr std::size_t kMaxLineBytes = 16u << 20;
constexpr std::size_t kMaxBufferedBytes = 32u << 20;

class SocketTextSource final : public Source {
 public:
  explicit SocketTextSource(SocketOptions options) : options_(std::move(options)) {}

  std::string description() const override {
    return fmt::format("TextSocket[host: {}, port: {}]", options_.host, options_.port);
  }
  Schema schema() const override { return *text_schema(); }
  bool has_open_ranges() const override { return !options_.write_ahead_log; }
  bool is_replayable() const override { return options_.write_ahead_log; }

  std::unique_ptr<SourcePlanner> make_planner() const override {
    if (options_.write_ahead_log) return std::make_unique<LoggedLinesPlanner>(options_);
    return std::make_unique<OpenLinesPlanner>();
  }

  std::unique_ptr<SourceReader> make_reader() const override {
    if (options_.write_ahead_log)
      return std::make_unique<LoggedLinesReader>(options_.max_line_bytes, socket_place(options_));
    auto connect = [options = options_] {
      auto receiver = std::make_shared<TcpLineReceiver>(options);
      return std::shared_ptr<LineBuffer>(receiver, &receiver->buffer());
    };
    return std::make_unique<OpenLinesReader>(std::move(connect), options_.max_line_bytes,
                                             socket_place(options_));
  }

 private:
  SocketOptions options_;
};

}  // namespace

Result<std::shared_ptr<Source>> socket_text_source(SocketOptions options) {
  std::vector<Error> errors;
  const auto require = [&](bool is_right, std::string_view message) {
    if (!is_right) errors.push_back(bad_option(fmt::format("socket source: {}", message)));
  };
  require(!options.host.empty(), "host is empty; name the server to connect to");
  require(options.port != 0, "port is 0; give the server's port, 1 to 65535");
  require(options.back_off_min > Duration::zero(), "back_off_min must be above zero");
  require(options.back_off_max >= options.back_off_min,
          "back_off_max must not be below back_off_min");
  require(options.idle_time_out >= Duration::zero(), "idle_time_out must not be negative");
  require(options.max_line_bytes >= 1 && options.max_line_bytes <= kMaxLineBytes,
          "max_line_bytes must be from 1 to 16777216");
  require(options.max_buffered_bytes >= 1 && options.max_buffered_bytes <= kMaxBufferedBytes,
          "max_buffered_bytes must be from 1 to 33554432");
  if (!errors.empty()) return join_errors(errors);
  return std::shared_ptr<Source>(std::make_shared<SocketTextSource>(std::move(options)));
}

}  // namespace stream
