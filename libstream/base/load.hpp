// Loads of sixteen bytes at the edge of memory that one may read. Used by tokenisers and hash
// tables. A load may read up to 15 bytes past the text as long as it stays within the page, which
// no processor faults on; under a sanitizer the bytes are copied instead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE4_1__)
#include <emmintrin.h>
#include <smmintrin.h>
#endif

namespace stream {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kMayReadPastEnd = false;
#else
inline constexpr bool kMayReadPastEnd = true;
#endif

/// True when 16 bytes at `p`, of which `size` belong to the text, can be loaded at once.
inline bool can_load_16(const char* p, std::size_t size) {
  if (size >= 16) return true;
  return kMayReadPastEnd && (reinterpret_cast<std::uintptr_t>(p) & 4095u) <= 4096u - 16u;
}

/// The same address, of which the compiler no longer knows how many bytes may be read.
inline const char* unknown_extent(const char* p) {
#if defined(__GNUC__)
  asm("" : "+r"(p));
#endif
  return p;
}

/// A key of up to 16 bytes as two words, zeroes behind its end.
struct Prefix {
  std::uint64_t low;
  std::uint64_t high;
};

/// The first min(size, 16) bytes at `p`.
inline Prefix load_prefix(const char* p, std::size_t size) {
  Prefix prefix{0, 0};
#if defined(__SSE4_1__)
  if (can_load_16(p, size)) [[likely]] {
    alignas(16) static constexpr unsigned char kMask[32] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0,    0,    0,    0,    0,    0,
        0,    0,    0,    0,    0,    0,    0,    0,    0,    0};
    const std::size_t kept = size < 16 ? size : 16;
    const __m128i mask = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kMask + 16 - kept));
    const __m128i bytes =
        _mm_and_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(unknown_extent(p))), mask);
    prefix.low = static_cast<std::uint64_t>(_mm_cvtsi128_si64(bytes));
    prefix.high = static_cast<std::uint64_t>(_mm_extract_epi64(bytes, 1));
    return prefix;
  }
#endif
  std::memcpy(&prefix, p, size < 16 ? size : 16);
  return prefix;
}

}  // namespace stream
