#include <libstream/formats/csv_scanner.hpp>

#include <bit>
#include <initializer_list>

#if defined(__SSE4_1__)
#include <smmintrin.h>
#endif

namespace stream {

#if defined(__SSE4_1__)

namespace {

/// Any characters: compared with each.
struct FourCharacters {
  FourCharacters(char separator, char quote)
      : separators(_mm_set1_epi8(separator)), quotes(_mm_set1_epi8(quote)) {}
  __m128i find(__m128i bytes) const {
    return _mm_or_si128(
        _mm_or_si128(_mm_cmpeq_epi8(bytes, separators), _mm_cmpeq_epi8(bytes, quotes)),
        _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')),
                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r'))));
  }
  __m128i separators, quotes;
};

/// ASCII characters with different low halves: a byte is one of them when it is the one that its
/// low half stands for.
struct OneOfEach {
  OneOfEach(char separator, char quote) {
    // Below 16 places that stand for nothing hold a byte that looks nothing up.
    alignas(16) char table[16];
    for (char& c : table) c = static_cast<char>(0xff);
    for (const char c : {separator, quote, '\n', '\r'}) table[c & 15] = c;
    by_low_half = _mm_load_si128(reinterpret_cast<const __m128i*>(table));
  }
  static bool serves(char separator, char quote) {
    unsigned seen = 0;
    for (const char c : {separator, quote, '\n', '\r'}) {
      // Zero is what bytes above 127 look up.
      if (c <= 0 || ((seen >> (c & 15)) & 1u) != 0) return false;
      seen |= 1u << (c & 15);
    }
    return true;
  }
  __m128i find(__m128i bytes) const {
    return _mm_cmpeq_epi8(_mm_shuffle_epi8(by_low_half, bytes), bytes);
  }
  __m128i by_low_half;
};

template <class Characters>
CsvStructure scan_with(const Characters& characters, char separator, const char* block,
                       std::size_t begin, std::size_t end, std::uint32_t* places) {
  std::uint32_t* next = places;
  std::size_t num_lines = 0;
  std::size_t num_steps = 1;
  const __m128i separators = _mm_set1_epi8(separator);
  const __m128i line_ends = _mm_set1_epi8('\n');
  __m128i all = _mm_setzero_si128();
  std::uint64_t odd = 0;
  for (std::size_t at = begin; at < end; at += 64) {
    std::uint64_t bits = 0;
    std::uint64_t lines = 0;
    std::uint64_t plain = 0;
    for (int part = 0; part < 4; ++part) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + at) + part);
      const auto mask = [&](__m128i found) {
        return std::uint64_t{static_cast<std::uint32_t>(_mm_movemask_epi8(found))} << (16 * part);
      };
      const __m128i ends = _mm_cmpeq_epi8(bytes, line_ends);
      bits |= mask(characters.find(bytes));
      lines |= mask(ends);
      plain |= mask(_mm_or_si128(ends, _mm_cmpeq_epi8(bytes, separators)));
      all = _mm_or_si128(all, bytes);
    }
    if (end - at < 64) {
      const std::uint64_t within = (std::uint64_t{1} << (end - at)) - 1;
      bits &= within;
      lines &= within;
    }
    odd |= bits & ~plain;
    num_lines += static_cast<std::size_t>(std::popcount(lines));
    const auto base = static_cast<std::uint32_t>(at);
    const int count = std::popcount(bits);
    // As many steps of four places as the fullest stretch so far needed, so that their number is
    // foreseen; what is too much is written over.
    while (4 * num_steps < static_cast<std::size_t>(count)) ++num_steps;
    for (std::size_t step = 0; step < num_steps; ++step) {
      for (std::size_t i = 4 * step; i < 4 * step + 4; ++i) {
        next[i] = base + static_cast<std::uint32_t>(std::countr_zero(bits));
        bits &= bits - 1;
      }
    }
    next += count;
  }
  return {static_cast<std::size_t>(next - places), num_lines, odd == 0,
          _mm_movemask_epi8(all) == 0};
}

}  // namespace

CsvStructure scan_csv(const char* block, std::size_t begin, std::size_t end, char separator,
                      char quote, std::uint32_t* places) {
  if (OneOfEach::serves(separator, quote))
    return scan_with(OneOfEach(separator, quote), separator, block, begin, end, places);
  return scan_with(FourCharacters(separator, quote), separator, block, begin, end, places);
}

#else

CsvStructure scan_csv(const char* block, std::size_t begin, std::size_t end, char separator,
                      char quote, std::uint32_t* places) {
  return scan_csv_portable(block, begin, end, separator, quote, places);
}

#endif

CsvStructure scan_csv_portable(const char* block, std::size_t begin, std::size_t end,
                               char separator, char quote, std::uint32_t* places) {
  CsvStructure found;
  for (std::size_t at = begin; at < end; ++at) {
    const char c = block[at];
    if (c == separator || c == quote || c == '\n' || c == '\r') {
      places[found.count++] = static_cast<std::uint32_t>(at);
      found.num_lines += c == '\n';
      if (c != separator && c != '\n') found.is_plain = false;
    }
    if (static_cast<unsigned char>(c) >= 0x80) found.is_ascii = false;
  }
  return found;
}

}  // namespace stream
