#include <libstream/base/check.hpp>
#include <libstream/data/block_pool.hpp>

#include <array>
#include <bit>
#include <new>

namespace stream {
namespace detail {

// Size classes are powers of two from 1 KiB to 64 MiB; larger blocks are not kept.
constexpr std::uint32_t kSmallestShift = 10;
constexpr std::uint32_t kNumClasses = 17;
constexpr std::uint32_t kUnpooled = kNumClasses;
constexpr std::size_t kSlack = 64;
constexpr std::size_t kMaxKeptBytes = 256u << 20;

// Shared by the pool and its blocks: freed when both are gone.
struct PoolCore {
  std::atomic<std::size_t> references{1};
  std::atomic<Block*> returned{nullptr};  // blocks that died, pushed from any thread
  std::atomic<bool> is_closed{false};
  // Owner's thread only:
  std::array<Block*, kNumClasses> free{};
  std::size_t kept_bytes = 0;
  std::atomic<std::size_t> reserved_bytes{0};
};

void free_block(Block* block) {
  block->core->reserved_bytes.fetch_sub(block->capacity, std::memory_order_relaxed);
  PoolCore* core = block->core;
  block->~Block();
  ::operator delete (block, std::align_val_t{64});
  if (core->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete core;
}

void release_block(Block* block) noexcept {
  PoolCore* core = block->core;
  if (block->size_class == kUnpooled || core->is_closed.load(std::memory_order_acquire)) {
    free_block(block);
    return;
  }
  // The pool may close between the test and the push; the core then frees its stack when the
  // last reference goes, so hold one across the push.
  core->references.fetch_add(1, std::memory_order_relaxed);
  Block* head = core->returned.load(std::memory_order_relaxed);
  do {
    block->next = head;
  } while (!core->returned.compare_exchange_weak(head, block, std::memory_order_release,
                                                 std::memory_order_relaxed));
  if (core->is_closed.load(std::memory_order_seq_cst)) {
    Block* list = core->returned.exchange(nullptr, std::memory_order_acquire);
    while (list) {
      Block* next = list->next;
      free_block(list);
      list = next;
    }
  }
  if (core->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete core;
}

}  // namespace detail

using detail::Block;

BlockPool::BlockPool() : core_(new detail::PoolCore) {}

BlockPool::~BlockPool() {
  core_->is_closed.store(true, std::memory_order_seq_cst);
  Block* list = core_->returned.exchange(nullptr, std::memory_order_acquire);
  for (Block*& head : core_->free) {
    while (head) {
      Block* next = head->next;
      head->next = list;
      list = head;
      head = next;
    }
  }
  while (list) {
    Block* next = list->next;
    detail::free_block(list);
    list = next;
  }
  if (core_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete core_;
}

BlockRef BlockPool::allocate(std::size_t size) {
  const std::size_t wanted = size < 1024 ? 1024 : std::bit_ceil(size);
  const auto shift = static_cast<std::uint32_t>(std::countr_zero(wanted));
  const std::uint32_t size_class = shift - detail::kSmallestShift;
  const bool is_pooled = size_class < detail::kNumClasses;
  if (is_pooled) {
    // Take back what died since the last call.
    Block* list = core_->returned.exchange(nullptr, std::memory_order_acquire);
    while (list) {
      Block* next = list->next;
      if (core_->kept_bytes + list->capacity > detail::kMaxKeptBytes) {
        detail::free_block(list);
      } else {
        core_->kept_bytes += list->capacity;
        list->next = core_->free[list->size_class];
        core_->free[list->size_class] = list;
      }
      list = next;
    }
    if (Block* block = core_->free[size_class]) {
      core_->free[size_class] = block->next;
      core_->kept_bytes -= block->capacity;
      block->references.store(1, std::memory_order_relaxed);
      return BlockRef(block);
    }
  }
  const std::size_t capacity = is_pooled ? wanted : size;
  void* memory = ::operator new (sizeof(Block) + capacity + detail::kSlack, std::align_val_t{64});
  core_->references.fetch_add(1, std::memory_order_relaxed);
  core_->reserved_bytes.fetch_add(capacity, std::memory_order_relaxed);
  auto* block = new (memory) Block{};
  block->references.store(1, std::memory_order_relaxed);
  block->size_class = is_pooled ? size_class : detail::kUnpooled;
  block->capacity = capacity;
  block->core = core_;
  return BlockRef(block);
}

std::size_t BlockPool::reserved_bytes() const {
  return core_->reserved_bytes.load(std::memory_order_relaxed);
}

}  // namespace stream
