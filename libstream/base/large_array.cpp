#include <libstream/base/large_array.hpp>

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

namespace stream {
namespace {

constexpr std::size_t kHugePage = 2u << 20;

std::size_t in_huge_pages(std::size_t bytes) { return (bytes + kHugePage - 1) & ~(kHugePage - 1); }

/// Addresses that begin with a huge page; their memory is taken when it is first touched.
char* map_pages(std::size_t size) {
  // One page more, for mmap aligns to small ones; what stands out on either side is given back.
  void* const mapped =
      ::mmap(nullptr, size + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  char* const from = static_cast<char*>(mapped);
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(from) & (kHugePage - 1);
  if (before > 0) ::munmap(from, before);
  ::munmap(from + before + size, kHugePage - before);
  return from + before;
}

}  // namespace

void* resize_block(void* memory, std::size_t old_bytes, std::size_t bytes) {
  if (bytes < kLargeBlockBytes) {
    void* const small = std::realloc(memory, bytes);
    if (small == nullptr && bytes > 0) throw std::bad_alloc();
    // calloc() gives pages that are not there yet. Looked at before they are written, each of them
    // stops all other threads once: the page of zeros that is shown instead is taken away again.
    if (memory == nullptr) std::memset(small, 0, bytes);
    return small;
  }
  const std::size_t size = in_huge_pages(bytes);
  if (size < bytes || size + kHugePage < size) throw std::bad_alloc();
  char* const place = map_pages(size);
  if (old_bytes >= kLargeBlockBytes) {
    // The pages move, not the bytes.
    if (::mremap(memory, in_huge_pages(old_bytes), size, MREMAP_MAYMOVE | MREMAP_FIXED, place) ==
        MAP_FAILED) {
      ::munmap(place, size);
      throw std::bad_alloc();
    }
  } else if (old_bytes > 0) {
    std::memcpy(place, memory, old_bytes);
    std::free(memory);
  }
  ::madvise(place, size, MADV_HUGEPAGE);  // a wish: pages are small where it is not granted
  return place;
}

void free_block(void* memory, std::size_t bytes) noexcept {
  if (bytes >= kLargeBlockBytes) {
    ::munmap(memory, in_huge_pages(bytes));
  } else {
    std::free(memory);
  }
}

}  // namespace stream
