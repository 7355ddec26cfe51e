// Tokenisers for flat_map. They emit views into the text: no byte is copied.
#pragma once

#include <libstream/base/load.hpp>

#include <bit>
#include <cstdint>
#include <string_view>

#if defined(__SSSE3__)
#include <tmmintrin.h>
#endif

namespace stream {
namespace detail {

/// Which of up to 64 bytes at `p` are separators, as bits; bits behind `size` are set.
template <class Is>
std::uint64_t separator_bits(const char* p, std::size_t size, const Is& is) {
  std::uint64_t bits = 0;
#if defined(__SSSE3__)
  for (std::size_t i = 0; i < 64 && i < size; i += 16) {
    __m128i bytes;
    if (can_load_16(p + i, size - i)) [[likely]] {
      bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i));
    } else {
      char copy[16] = {};
      std::memcpy(copy, p + i, size - i);
      bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(copy));
    }
    bits |=
        static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(is.match(bytes))))
        << i;
  }
#else
  for (std::size_t i = 0; i < 64 && i < size; ++i) {
    if (is(p[i])) bits |= std::uint64_t{1} << i;
  }
#endif
  return size < 64 ? bits | (~std::uint64_t{0} << size) : bits;
}

/// Calls emit(std::string_view) for every run of bytes that are not separators.
template <class Is, class Emit>
void for_each_word(std::string_view text, const Is& is, Emit&& emit) {
  const char* const p = text.data();
  const std::size_t size = text.size();
  std::size_t begin = 0;
  bool is_in_word = false;
  for (std::size_t i = 0; i < size; i += 64) {
    const std::uint64_t gaps = separator_bits(p + i, size - i, is);
    // A bit is set where a word begins or ends.
    std::uint64_t edges = gaps ^ ((gaps << 1) | (is_in_word ? 0u : 1u));
    while (edges != 0) {
      const auto at = static_cast<std::size_t>(std::countr_zero(edges));
      edges &= edges - 1;
      if (is_in_word) {
        emit(std::string_view(p + begin, i + at - begin));
        is_in_word = false;
      } else {
        begin = i + at;
        is_in_word = true;
      }
    }
  }
  if (is_in_word) emit(std::string_view(p + begin, size - begin));
}

struct IsByte {
  char byte;
  bool operator()(char c) const { return c == byte; }
#if defined(__SSSE3__)
  __m128i match(__m128i bytes) const { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte)); }
#endif
};

struct IsBlank {
  bool operator()(char c) const { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
#if defined(__SSSE3__)
  __m128i match(__m128i bytes) const {
    // Looks each byte up by its low four bits: equal to what stands there means a blank. A byte of
    // 0x80 and more yields 0 and is no blank either.
    const __m128i table =
        _mm_setr_epi8(' ', -1, -1, -1, -1, -1, -1, -1, -1, '\t', '\n', -1, -1, '\r', -1, 1);
    return _mm_cmpeq_epi8(_mm_shuffle_epi8(table, bytes), bytes);
  }
#endif
};

template <class Is>
struct Splitter {
  using Emits = std::string_view;
  template <class Emit>
  void operator()(std::string_view text, Emit&& emit) const {
    for_each_word(text, is, emit);
  }
  Is is;
};

}  // namespace detail

/// For flat_map: the runs of bytes other than `separator`; empty ones are left out.
inline auto split(char separator) { return detail::Splitter<detail::IsByte>{{separator}}; }

/// For flat_map: words, that is runs of bytes other than space, tab, CR and LF.
inline auto split_words() { return detail::Splitter<detail::IsBlank>{{}}; }

}  // namespace stream
