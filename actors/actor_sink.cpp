#include <actors/interruptible.hpp>
#include <actors/pipeline.hpp>
#include <libstream/connectors/memory/no_commit.hpp>

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>

namespace stream {
namespace {

/// Counts what is on its way to the consumer. Writers wait here, each in its own thread.
class Window {
 public:
  explicit Window(std::int64_t bytes) : window_bytes_(bytes) {}

  std::uint64_t attempt() const {
    std::lock_guard lock(mutex_);
    return attempt_;
  }

  Result<void> take(std::uint64_t attempt, std::int64_t bytes) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return is_over(attempt) || on_the_way_ < window_bytes_; });
    STREAM_TRY(check(attempt));
    on_the_way_ += bytes;
    return {};
  }

  Result<void> wait_until_empty(std::uint64_t attempt) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return is_over(attempt) || on_the_way_ <= 0; });
    return check(attempt);
  }

  void give_back(std::int64_t bytes) {
    change([&] { on_the_way_ -= bytes; });
  }
  void interrupt() {
    change([&] { ++attempt_; });
  }
  void close() {
    change([&] { is_closed_ = true; });
  }

 private:
  bool is_over(std::uint64_t attempt) const { return is_closed_ || attempt != attempt_; }

  Result<void> check(std::uint64_t attempt) const {
    if (is_closed_)
      return fatal("actor sink: the consumer has ended; start the query again with a new one");
    if (attempt != attempt_) return fatal("actor sink: its query is being stopped");
    return {};
  }

  template <class Change>
  void change(Change change) {
    std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }

  const std::int64_t window_bytes_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::int64_t on_the_way_ = 0;
  std::uint64_t attempt_ = 0;
  bool is_closed_ = false;
};

/// Stands between the writers and the consumer: rows one way, answers the other.
class Outlet final : public caf::event_based_actor {
 public:
  Outlet(caf::actor_config& config, std::shared_ptr<Window> window, caf::actor consumer)
      : caf::event_based_actor(config),
        window_(std::move(window)),
        consumer_(std::move(consumer)) {}
  const char* name() const override { return "stream.outlet"; }

 protected:
  caf::behavior make_behavior() override {
    return {
        [this](QueryOutput& message) { caf_compat::send(this, consumer_, std::move(message)); },
        [this](const OutputTaken& message) { window_->give_back(message.bytes); },
    };
  }
  void on_exit() override { consumer_ = nullptr; }

 private:
  std::shared_ptr<Window> window_;
  caf::actor consumer_;
};

class ActorWriter final : public SinkWriter {
 public:
  ActorWriter(std::shared_ptr<Window> window, caf::actor outlet)
      : window_(std::move(window)), outlet_(std::move(outlet)) {}

  Result<void> open(const SinkContext&) override {
    attempt_ = window_->attempt();
    return {};
  }
  Result<void> begin(std::int64_t epoch, EpochMillis) override {
    epoch_ = epoch;
    return {};
  }
  Result<void> write(const Batch& batch) override {
    const auto bytes = static_cast<std::int64_t>(batch.retained_bytes());
    STREAM_TRY(window_->take(attempt_, bytes));
    caf_compat::send_from_outside(outlet_, QueryOutput{epoch_, batch, bytes});
    return {};
  }
  Result<std::string> finish(std::int64_t) override {
    STREAM_TRY(window_->wait_until_empty(attempt_));
    return std::string();
  }

 private:
  std::shared_ptr<Window> window_;
  caf::actor outlet_;
  std::uint64_t attempt_ = 0;
  std::int64_t epoch_ = 0;
};

class ActorSink final : public Sink, public Interruptible {
 public:
  ActorSink(caf::actor_system& system, const caf::actor& consumer, ActorSinkOptions options)
      : options_(std::move(options)),
        window_(std::make_shared<Window>(options_.window_bytes)),
        outlet_(system.spawn<Outlet>(window_, consumer)) {
    consumer->attach_functor([window = window_](const caf::error&) { window->close(); });
  }
  ~ActorSink() override { caf::anon_send_exit(outlet_, caf::exit_reason::user_shutdown); }

  std::string description() const override { return options_.name; }
  SinkKind kind() const override { return SinkKind::direct; }
  bool may_block() const override { return true; }
  Result<void> check(const Schema&) const override { return {}; }
  std::unique_ptr<SinkWriter> make_writer() const override {
    return std::make_unique<ActorWriter>(window_, outlet_);
  }
  std::unique_ptr<SinkCommitter> make_committer() const override {
    return std::make_unique<NoCommit>();
  }
  void interrupt() const override { window_->interrupt(); }

 private:
  ActorSinkOptions options_;
  std::shared_ptr<Window> window_;
  caf::actor outlet_;
};

}  // namespace

std::shared_ptr<const Sink> actor_sink(caf::actor_system& system, caf::actor consumer,
                                       ActorSinkOptions options) {
  return std::make_shared<ActorSink>(system, consumer, std::move(options));
}

}  // namespace stream
