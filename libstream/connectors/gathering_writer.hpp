// Writers of direct sinks that want an epoch as a whole: the tasks gather it in one EpochStore, and
// the last of them that ends hands it on. On the sink's tasks; the store is shared and locks.
#pragma once

#include <libstream/connectors/epoch_store.hpp>
#include <libstream/connectors/sink.hpp>

#include <memory>
#include <string>
#include <utility>

namespace stream {

template <class Item>
class GatheringWriter : public SinkWriter {
 public:
  using Epoch = typename EpochStore<Item>::Epoch;

  Result<void> open(const SinkContext& context) override {
    task_ = context.task;
    num_tasks_ = context.num_tasks;
    return {};
  }
  Result<void> begin(std::int64_t epoch, EpochMillis batch_time) override {
    epoch_ = epoch;
    store_->begin(epoch, batch_time, task_);
    begin_gathering();
    return {};
  }
  Result<void> end(std::int64_t epoch) override {
    if (!store_->end(epoch, task_, num_tasks_)) return {};
    return hand_on(store_->take(epoch));
  }
  Result<std::string> finish(std::int64_t) override { return std::string(); }

 protected:
  explicit GatheringWriter(std::shared_ptr<EpochStore<Item>> store) : store_(std::move(store)) {}

  void gather(Item item) { store_->add(epoch_, task_, std::move(item)); }
  std::int64_t epoch() const { return epoch_; }

 private:
  virtual void begin_gathering() = 0;
  virtual Result<void> hand_on(Epoch whole) = 0;

  std::shared_ptr<EpochStore<Item>> store_;
  std::uint32_t task_ = 0;
  std::uint32_t num_tasks_ = 1;
  std::int64_t epoch_ = 0;
};

}  // namespace stream
