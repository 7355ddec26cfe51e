// Batches that wait until they are read once, in the order in which they came: what an operator
// keeps of an epoch's input. Up to its EpochMemory they stay in memory, the others go into a
// temporary file and come back one at a time. Owned by an operator, one thread.
#pragma once

#include <libstream/data/batch.hpp>
#include <libstream/state/batch_file.hpp>

#include <deque>
#include <memory>
#include <optional>

namespace stream {

class EpochBuffer {
 public:
  /// `pool` is the owner's; batches that are read back come from it.
  EpochBuffer(std::shared_ptr<EpochMemory> memory, BlockPool& pool);
  ~EpochBuffer();
  EpochBuffer(const EpochBuffer&) = delete;
  EpochBuffer& operator=(const EpochBuffer&) = delete;

  /// Charges what the batch keeps alive; a sparse one is copied first. Error: the file cannot be
  /// written; the buffer is of no use then.
  Result<void> append(const Batch& batch);
  /// The batch that waited longest; nothing when there is none. Error: the file cannot be read or
  /// is damaged.
  Result<std::optional<Batch>> take();
  /// Forgets what is left, for the next epoch.
  void clear();

  std::size_t num_batches() const { return held_.size() + (file_ ? file_->num_batches() : 0); }
  /// Bytes in the file.
  std::uint64_t spilled_bytes() const { return file_ ? file_->bytes() : 0; }

 private:
  struct Held {
    Batch batch;
    std::size_t bytes = 0;
  };

  std::shared_ptr<EpochMemory> memory_;
  BlockPool& pool_;
  std::deque<Held> held_;          ///< the first ones
  std::optional<BatchFile> file_;  ///< all later ones
};

}  // namespace stream
