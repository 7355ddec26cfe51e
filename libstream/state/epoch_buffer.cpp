#include <libstream/state/epoch_buffer.hpp>

namespace stream {

EpochBuffer::EpochBuffer(std::shared_ptr<EpochMemory> memory, BlockPool& pool)
    : memory_(std::move(memory)), pool_(pool) {}

EpochBuffer::~EpochBuffer() { clear(); }

Result<void> EpochBuffer::append(const Batch& batch) {
  if (file_) return file_->append(batch);
  Batch kept = compact_if_sparse(batch, pool_);
  const std::size_t bytes = kept.retained_bytes();
  if (memory_->reserve(bytes)) {
    held_.push_back({std::move(kept), bytes});
    return {};
  }
  STREAM_TRY(SpillFile made, memory_->make_file());
  file_.emplace(std::move(made));
  return file_->append(kept);
}

Result<std::optional<Batch>> EpochBuffer::take() {
  if (!held_.empty()) {
    std::optional<Batch> taken = std::move(held_.front().batch);
    memory_->release(held_.front().bytes);
    held_.pop_front();
    return taken;
  }
  if (!file_) return std::optional<Batch>();
  auto taken = file_->take(pool_);
  // Its room on the disk is free again at once.
  if (taken && !*taken) file_.reset();
  return taken;
}

void EpochBuffer::clear() {
  for (const Held& held : held_) memory_->release(held.bytes);
  held_.clear();
  file_.reset();
}

}  // namespace stream
