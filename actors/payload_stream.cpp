#include <actors/payload_stream.hpp>
#include <actors/query_handle.hpp>

#include <caf/io/all.hpp>
#include <fmt/format.h>

#include <mutex>

namespace stream {
namespace {

constexpr std::uint64_t kTaken = 1;

class PayloadSystem {
 public:
  PayloadSystem() : system_(configure(config_)) {}
  caf::actor_system& get() { return system_; }

 private:
  static caf::actor_system_config& configure(caf::actor_system_config& config) {
    init_messages();
#if STREAM_CAF_HAS_TYPE_IDS
    static std::once_flag once;
    std::call_once(once, [] { caf::io::middleman::init_global_meta_objects(); });
#endif
    caf_compat::set_scheduler(config, false, 1);
    config.load<caf::io::middleman>();
    return config;
  }

  caf::actor_system_config config_;
  caf::actor_system system_;
};

class ReceivingActor final : public caf::event_based_actor {
 public:
  ReceivingActor(caf::actor_config& config, std::function<void(const std::string&)> take)
      : caf::event_based_actor(config), take_(std::move(take)) {}

 protected:
  caf::behavior make_behavior() override {
    return {[this](const std::string& payload) {
      take_(payload);
      caf_compat::send(this, caf::actor_cast<caf::actor>(current_sender()), kTaken);
    }};
  }

 private:
  std::function<void(const std::string&)> take_;
};

class Receiver final : public PayloadReceiver {
 public:
  ~Receiver() override {
    caf::anon_send_exit(actor_, caf::exit_reason::user_shutdown);
    actor_ = nullptr;
  }
  Result<void> start(std::function<void(const std::string&)> take) {
    actor_ = system_.get().spawn<ReceivingActor, caf::detached>(std::move(take));
    const auto port = system_.get().middleman().publish(actor_, 0, "127.0.0.1", true);
    if (!port) return fatal("cannot listen on a port of this machine");
    port_ = *port;
    return {};
  }
  std::uint16_t port() const override { return port_; }

 private:
  PayloadSystem system_;
  caf::actor actor_;
  std::uint16_t port_ = 0;
};

}  // namespace

Result<std::unique_ptr<PayloadReceiver>> start_payload_receiver(
    std::function<void(const std::string&)> take) {
  auto receiver = std::make_unique<Receiver>();
  STREAM_TRY(receiver->start(std::move(take)));
  return std::unique_ptr<PayloadReceiver>(std::move(receiver));
}

Result<void> send_payloads(std::uint16_t port, std::size_t count, std::size_t most_on_their_way,
                           const std::function<std::string()>& make) {
  PayloadSystem system;
  const auto found = system.get().middleman().remote_actor("127.0.0.1", port);
  if (!found) return transient(fmt::format("nobody takes payloads at port {}", port));
  caf::scoped_actor self(system.get());
  caf_compat::monitor(self.operator->(), *found);
  bool is_gone = false;
  for (std::size_t sent = 0, taken = 0; taken < count && !is_gone;) {
    if (sent < count && sent - taken < most_on_their_way) {
      caf_compat::send(self.operator->(), *found, make());
      ++sent;
      continue;
    }
    self->receive([&](std::uint64_t) { ++taken; }, [&](const caf::down_msg&) { is_gone = true; });
  }
  if (is_gone) return transient("the receiver of payloads is gone");
  return {};
}

}  // namespace stream
