#include <libstream/connectors/epoch_store.hpp>
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

class CallbackWriter final : public SinkWriter {
 public:
  explicit CallbackWriter(std::shared_ptr<CallbackState> state) : state_(std::move(state)) {}

  Result<void> open(const SinkContext& context) override {
    task_ = context.task;
    num_tasks_ = context.num_tasks;
    return {};
  }

  Result<void> begin(std::int64_t epoch, EpochMillis batch_time) override {
    epoch_ = epoch;
    bytes_ = 0;
    state_->epochs.begin(epoch, batch_time, task_);
    return {};
  }

  Result<void> write(const Batch& batch) override {
    Batch kept = compact_if_sparse(batch, pool_);
    bytes_ += kept.retained_bytes();
    if (bytes_ > state_->options.max_epoch_bytes)
      return fatal(
          fmt::format("{}: epoch {} holds more than {} bytes; raise max_epoch_bytes or "
                      "limit what the sources take an epoch",
                      state_->options.name, epoch_, state_->options.max_epoch_bytes));
    state_->epochs.add(epoch_, task_, std::move(kept));
    return {};
  }

  Result<void> end(std::int64_t epoch) override {
    if (!state_->epochs.end(epoch, task_, num_tasks_)) return {};
    auto whole = state_->epochs.take(epoch);
    return call(epoch, whole.batch_time, std::move(whole.items));
  }

  Result<std::string> finish(std::int64_t) override { return std::string(); }

 private:
  Result<void> call(std::int64_t epoch, EpochMillis batch_time, std::vector<Batch> batches) {
    const auto where = [&] {
      return fmt::format("{}: the function failed on epoch {}", state_->options.name, epoch);
    };
    try {
      auto called = state_->callback(epoch, batch_time, std::move(batches));
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
  std::uint32_t task_ = 0;
  std::uint32_t num_tasks_ = 1;
  std::int64_t epoch_ = 0;
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
