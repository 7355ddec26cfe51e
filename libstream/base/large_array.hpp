// An array for what is read at random and grows to many MiB, such as tables of state. Large ones
// lie in huge pages, where a look-up need not wait for the page tables too, and grow without being
// copied. One thread.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace stream {

/// Memory of `bytes` that begins with `old_bytes` of `memory`, which is given back; nullptr and 0
/// for none. What is behind them is zero when nothing was there before. Throws std::bad_alloc.
void* resize_block(void* memory, std::size_t old_bytes, std::size_t bytes);
/// `bytes` as resize_block() got them.
void free_block(void* memory, std::size_t bytes) noexcept;

/// A block of so many bytes lies in huge pages.
constexpr std::size_t kLargeBlockBytes = 2u << 20;

/// Lets standard containers of any values have large blocks in huge pages; small ones come from
/// std::allocator.
template <class T>
struct LargeAllocator {
  using value_type = T;

  LargeAllocator() = default;
  template <class U>
  LargeAllocator(const LargeAllocator<U>&) {}  // NOLINT: as the standard's requirements say
  bool operator==(const LargeAllocator&) const { return true; }

  T* allocate(std::size_t count) {
    if (!is_large(count)) return std::allocator<T>().allocate(count);
    if (count > static_cast<std::size_t>(-1) / sizeof(T)) throw std::bad_alloc();
    return static_cast<T*>(resize_block(nullptr, 0, count * sizeof(T)));
  }
  void deallocate(T* block, std::size_t count) noexcept {
    if (!is_large(count)) return std::allocator<T>().deallocate(block, count);
    free_block(block, count * sizeof(T));
  }

 private:
  static bool is_large(std::size_t count) { return count > kLargeBlockBytes / sizeof(T); }
};

/// The part of std::vector that tables need, for values that can be copied as bytes.
template <class T>
class LargeArray {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= alignof(std::max_align_t));

 public:
  LargeArray() = default;
  LargeArray(LargeArray&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  LargeArray& operator=(LargeArray&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~LargeArray() { free_block(data_, capacity_ * sizeof(T)); }

  /// An array of values all of whose bytes are zero.
  static LargeArray of_zeros(std::size_t size) {
    LargeArray array;
    array.reserve(size);
    array.size_ = size;
    return array;
  }

  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }

  void clear() { size_ = 0; }
  void push_back(const T& value) {
    const T copy = value;
    if (size_ == capacity_) [[unlikely]]
      reserve(capacity_ < 8 ? 16 : capacity_ * 2);
    data_[size_++] = copy;
  }
  void resize(std::size_t size) {
    if (size > capacity_) reserve(size > capacity_ * 2 ? size : capacity_ * 2);
    for (std::size_t i = size_; i < size; ++i) data_[i] = T{};
    size_ = size;
  }

 private:
  void reserve(std::size_t capacity) {
    data_ = static_cast<T*>(resize_block(data_, capacity_ * sizeof(T), capacity * sizeof(T)));
    capacity_ = capacity;
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace stream
