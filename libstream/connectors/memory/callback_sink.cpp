#include <libstream/connectors/gathering_writer.hpp>
#include <libstream/connectors/memory/callback_sink.hpp>
#include <libstream/connectors/memory/no_commit.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

struct CallbackState {
  EpochCallback callback;
  CallbackOptions options;
  EpochStore<Batch> epochs;
};

class CallbackWriter final : public GatheringWriter<Batch> {
 public:
  explicit CallbackWriter(const std::shared_ptr<CallbackState>& state)
      : GatheringWriter({state, &state->epochs}), state_(state) {}

  Result<void> write(const Batch& batch) override {
    Batch kept = compact_if_sparse(batch, pool_);
    bytes_ += kept.retained_bytes();
    if (bytes_ > state_->options.max_epoch_bytes)
      return fatal(
          fmt::format("{}: epoch {} holds more than {} bytes; raise max_epoch_bytes or "
                      "limit what the sources take an epoch",
                      state_->options.name, epoch(), state_->options.max_epoch_bytes));
    gather(std::move(kept));
    return {};
  }

 private:
  void begin_gathering() override { bytes_ = 0; }

  Result<void> hand_on(Epoch whole) override {
    const auto where = [&] {
      return fmt::format("{}: the function failed on epoch {}", state_->options.name, whole.epoch);
    };
    try {
      auto called = state_->callback(whole.epoch, whole.batch_time, std::move(whole.items));
      if (!called) return std::move(called).error().with_context(where());
      return {};
    } catch (const std::exception& failure) {
      return user_code(failure.what()).with_context(where());
    } catch (...) {
      return user_code("it threw something that is no std::exception").with_context(where());
    }
  }

  std::shared_ptr<CallbackState> state_;
  BlockPool pool_;
  std::size_t bytes_ = 0;  // what this task gathered in the epoch
};

class CallbackSink final : public Sink {
 public:
  CallbackSink(EpochCallback callback, CallbackOptions options)
      : state_(std::make_shared<CallbackState>()) {
    state_->callback = std::move(callback);
    state_->options = std::move(options);
  }

  std::string description() const override { return state_->options.name; }
  SinkKind kind() const override { return SinkKind::direct; }
  bool may_block() const override { return true; }
  Result<void> check(const Schema&) const override { return {}; }
  std::unique_ptr<SinkWriter> make_writer() const override {
    return std::make_unique<CallbackWriter>(state_);
  }
  std::unique_ptr<SinkCommitter> make_committer() const override {
    return std::make_unique<NoCommit>();
  }

 private:
  std::shared_ptr<CallbackState> state_;
};

}  // namespace

std::shared_ptr<Sink> callback_sink(EpochCallback callback, CallbackOptions options) {
  return std::make_shared<CallbackSink>(std::move(callback), std::move(options));
}

}  // namespace stream
