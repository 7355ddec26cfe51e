// Batches in a temporary file, read back once in the order in which they were written, one at a
// time. Used by whatever holds more rows than memory; one thread.
#pragma once

#include <libstream/data/batch.hpp>
#include <libstream/state/epoch_memory.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stream {

class BatchFile {
 public:
  explicit BatchFile(SpillFile file) : file_(std::move(file)) {}

  /// Encodes the batch and writes when a chunk is full. Error: the file is of no use any more.
  Result<void> append(const Batch& batch);
  /// The oldest batch, its memory from `pool`; nothing when there is none. Error: the file cannot
  /// be read or is damaged.
  Result<std::optional<Batch>> take(BlockPool& pool);

  std::size_t num_batches() const { return num_batches_; }
  /// Bytes appended so far.
  std::uint64_t bytes() const { return written_bytes_ + unwritten_.size(); }

 private:
  Result<void> flush();
  Result<void> fill(std::size_t bytes);

  SpillFile file_;
  std::size_t num_batches_ = 0;
  std::uint64_t written_bytes_ = 0;
  std::uint64_t read_bytes_ = 0;  ///< of the written ones, taken into unread_
  std::uint64_t longest_ = 0;     ///< batch of the file
  std::string unwritten_;
  std::vector<char> unread_;
  std::size_t next_unread_ = 0;
};

}  // namespace stream
