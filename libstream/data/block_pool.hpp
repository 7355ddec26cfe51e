// Recycled memory for column buffers. A block belongs to the pool of the task that made it and goes
// back there, without a lock, when the last batch that points into it is gone, on any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace stream {

class BlockPool;

namespace detail {
struct PoolCore;
/// Header in front of the bytes. Blocks are 64-byte aligned and have 64 readable bytes of slack.
struct Block {
  std::atomic<std::uint32_t> references;
  std::uint32_t size_class;
  std::size_t capacity;
  PoolCore* core;
  Block* next;
  char padding[64 - 2 * sizeof(std::uint32_t) - sizeof(std::size_t) - 2 * sizeof(void*)];
  char* bytes() { return reinterpret_cast<char*>(this) + sizeof(Block); }
};
void release_block(Block* block) noexcept;
}  // namespace detail

/// Counted pointer to a block. Writable only while it has one owner, by convention the builder.
class BlockRef {
 public:
  BlockRef() = default;
  explicit BlockRef(detail::Block* block) : block_(block) {}
  BlockRef(const BlockRef& other) : block_(other.block_) {
    if (block_) block_->references.fetch_add(1, std::memory_order_relaxed);
  }
  BlockRef(BlockRef&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  BlockRef& operator=(BlockRef other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~BlockRef() {
    if (block_ && block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
      detail::release_block(block_);
  }
  explicit operator bool() const { return block_ != nullptr; }
  bool operator==(const BlockRef&) const = default;
  /// Null without a block: of a column without rows.
  char* data() { return block_ ? block_->bytes() : nullptr; }
  const char* data() const { return block_ ? block_->bytes() : nullptr; }
  std::size_t capacity() const { return block_ ? block_->capacity : 0; }
  const void* identity() const { return block_; }
  bool is_unique() const {
    return block_ && block_->references.load(std::memory_order_acquire) == 1;
  }

 private:
  detail::Block* block_ = nullptr;
};

/// One task's pool. allocate is called by the owning task only; blocks may die anywhere, also
/// after the pool.
class BlockPool {
 public:
  BlockPool();
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  /// A block of at least `size` bytes (rounded up to a size class); its bytes are not cleared.
  BlockRef allocate(std::size_t size);
  /// Bytes handed out or kept for re-use.
  std::size_t reserved_bytes() const;

 private:
  detail::PoolCore* core_;
};

}  // namespace stream
