#include <libstream/connectors/epoch_store.hpp>
#include <libstream/connectors/memory/collect_sink.hpp>
#include <libstream/connectors/memory/no_commit.hpp>

#include <condition_variable>

namespace stream {

/// The gathered epochs and a signal for each one that became complete.
class CollectSink::Store {
 public:
  EpochStore<Batch> epochs;

  void end(std::int64_t epoch, std::uint32_t task, std::uint32_t num_tasks) {
    if (!epochs.end(epoch, task, num_tasks)) return;
    // Taking the lock orders this signal after a waiter's look at the epochs.
    { const std::lock_guard lock(mutex_); }
    completed_.notify_all();
  }

  bool wait_for_epoch(std::int64_t epoch, Duration time_out) {
    std::unique_lock lock(mutex_);
    return completed_.wait_for(lock, time_out, [&] { return epochs.is_complete(epoch); });
  }

 private:
  std::mutex mutex_;  // guards nothing but the wait
  std::condition_variable completed_;
};

namespace {

class CollectWriter final : public SinkWriter {
 public:
  explicit CollectWriter(std::shared_ptr<CollectSink::Store> store) : store_(std::move(store)) {}

  Result<void> open(const SinkContext& context) override {
    task_ = context.task;
    num_tasks_ = context.num_tasks;
    return {};
  }
  Result<void> begin(std::int64_t epoch, EpochMillis batch_time) override {
    epoch_ = epoch;
    store_->epochs.begin(epoch, batch_time, task_);
    return {};
  }
  Result<void> write(const Batch& batch) override {
    store_->epochs.add(epoch_, task_, compact_if_sparse(batch, pool_));
    return {};
  }
  Result<void> end(std::int64_t epoch) override {
    store_->end(epoch, task_, num_tasks_);
    return {};
  }
  Result<std::string> finish(std::int64_t) override { return std::string(); }

 private:
  std::shared_ptr<CollectSink::Store> store_;
  BlockPool pool_;
  std::uint32_t task_ = 0;
  std::uint32_t num_tasks_ = 1;
  std::int64_t epoch_ = 0;
};

}  // namespace

CollectSink::CollectSink() : store_(std::make_shared<Store>()) {}
CollectSink::~CollectSink() = default;

std::vector<CollectedEpoch> CollectSink::take() const {
  std::vector<CollectedEpoch> taken;
  for (auto& epoch : store_->epochs.take_complete())
    taken.push_back({epoch.epoch, epoch.batch_time, std::move(epoch.items)});
  return taken;
}

std::vector<Batch> CollectSink::rows_of_epoch(std::int64_t epoch) const {
  return store_->epochs.items(epoch);
}

bool CollectSink::wait_for_epoch(std::int64_t epoch, Duration time_out) const {
  return store_->wait_for_epoch(epoch, time_out);
}

std::unique_ptr<SinkWriter> CollectSink::make_writer() const {
  return std::make_unique<CollectWriter>(store_);
}

std::unique_ptr<SinkCommitter> CollectSink::make_committer() const {
  return std::make_unique<NoCommit>();
}

}  // namespace stream
