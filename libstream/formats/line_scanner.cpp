#include <libstream/formats/line_scanner.hpp>

#include <bit>
#include <cstring>

#if defined(__SSE4_1__)
#include <smmintrin.h>
#endif

namespace stream {
namespace {

/// Takes the lines one after another; both scanners feed it the places of '\n'.
class LineTaker {
 public:
  LineTaker(const char* block, std::size_t begin, StringView* views, std::size_t max_lines,
            std::size_t max_line_bytes)
      : block_(block),
        views_(views),
        next_view_(views),
        end_view_(views + max_lines),
        next_(begin),
        max_line_bytes_(max_line_bytes) {}

  bool is_full() const { return next_view_ == end_view_; }

  /// False when the line that ends at `newline` was not taken because it is too long.
  bool take(std::size_t newline) {
    std::size_t size = newline - next_;
    // For an empty line this looks at the '\n' itself, never in front of the block.
    size -= static_cast<std::size_t>(block_[newline - (size != 0)] == '\r');
    if (size > max_line_bytes_) [[unlikely]] {
      is_too_long_ = true;
      return false;
    }
    *next_view_++ = make_line_view(block_, next_, size);
    next_ = newline + 1;
    return true;
  }

  LineScan finish() const {
    return {static_cast<std::size_t>(next_view_ - views_), next_, is_too_long_};
  }

 private:
  const char* block_;
  StringView* views_;
  StringView* next_view_;
  StringView* end_view_;
  std::size_t next_;
  std::size_t max_line_bytes_;
  bool is_too_long_ = false;
};

#if defined(__SSE4_1__)

/// What of a view comes from the line's bytes: row n keeps n inline bytes, row 13 the prefix.
struct ViewMasks {
  alignas(16) unsigned char bytes[14][16] = {};
  constexpr ViewMasks() {
    for (int size = 0; size <= 13; ++size) {
      const int kept = size == 13 ? 4 : size;
      for (int i = 0; i < kept; ++i) bytes[size][4 + i] = 0xff;
    }
  }
};
constexpr ViewMasks kViewMasks;

/// Bit i set: bytes[i] is '\n', for 64 bytes.
std::uint64_t newline_bits(const char* bytes) {
  const __m128i newline = _mm_set1_epi8('\n');
  std::uint64_t bits = 0;
  for (int part = 0; part < 4; ++part) {
    const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + 16 * part));
    const auto mask = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(chunk, newline)));
    bits |= std::uint64_t{mask} << (16 * part);
  }
  return bits;
}

#endif

}  // namespace

#if defined(__SSE4_1__)

StringView make_line_view(const char* block, std::size_t offset, std::size_t size) {
  const bool is_outside = size > 12;
  const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + offset));
  const __m128i mask =
      _mm_load_si128(reinterpret_cast<const __m128i*>(kViewMasks.bytes[is_outside ? 13 : size]));
  const __m128i fixed =
      _mm_set_epi32(is_outside ? static_cast<int>(offset) : 0, 0, 0, static_cast<int>(size));
  StringView view;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(&view),
                   _mm_or_si128(_mm_and_si128(_mm_slli_si128(text, 4), mask), fixed));
  return view;
}

LineScan scan_lines(const char* block, std::size_t begin, std::size_t end, StringView* views,
                    std::size_t max_lines, std::size_t max_line_bytes) {
  LineTaker taker(block, begin, views, max_lines, max_line_bytes);
  std::size_t at = begin;
  for (; at + 64 <= end; at += 64) {
    for (std::uint64_t bits = newline_bits(block + at); bits != 0; bits &= bits - 1) {
      if (taker.is_full()) return taker.finish();
      if (!taker.take(at + static_cast<std::size_t>(std::countr_zero(bits)))) return taker.finish();
    }
  }
  for (; at < end; ++at) {
    if (block[at] != '\n') continue;
    if (taker.is_full() || !taker.take(at)) break;
  }
  return taker.finish();
}

#else

StringView make_line_view(const char* block, std::size_t offset, std::size_t size) {
  StringView view;
  std::memset(&view, 0, sizeof view);
  view.size = static_cast<std::uint32_t>(size);
  if (size <= 12) {
    std::memcpy(view.inlined, block + offset, size);
  } else {
    std::memcpy(view.outside.prefix, block + offset, 4);
    view.outside.offset = static_cast<std::uint32_t>(offset);
  }
  return view;
}

LineScan scan_lines(const char* block, std::size_t begin, std::size_t end, StringView* views,
                    std::size_t max_lines, std::size_t max_line_bytes) {
  return scan_lines_portable(block, begin, end, views, max_lines, max_line_bytes);
}

#endif

LineScan scan_lines_portable(const char* block, std::size_t begin, std::size_t end,
                             StringView* views, std::size_t max_lines, std::size_t max_line_bytes) {
  LineTaker taker(block, begin, views, max_lines, max_line_bytes);
  for (std::size_t at = begin; at < end; ++at) {
    const void* found = std::memchr(block + at, '\n', end - at);
    if (found == nullptr) break;
    at = static_cast<std::size_t>(static_cast<const char*>(found) - block);
    if (taker.is_full() || !taker.take(at)) break;
  }
  return taker.finish();
}

}  // namespace stream
