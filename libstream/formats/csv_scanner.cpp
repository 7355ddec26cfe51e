#include <libstream/formats/csv_scanner.hpp>

#include <bit>

#if defined(__SSE4_1__)
#include <smmintrin.h>
#endif

namespace stream {

#if defined(__SSE4_1__)

CsvStructure scan_csv(const char* block, std::size_t begin, std::size_t end, char separator,
                      char quote, std::uint32_t* places) {
  const __m128i separators = _mm_set1_epi8(separator);
  const __m128i quotes = _mm_set1_epi8(quote);
  const __m128i feeds = _mm_set1_epi8('\n');
  const __m128i returns = _mm_set1_epi8('\r');
  std::uint32_t* next = places;
  __m128i all = _mm_setzero_si128();
  for (std::size_t at = begin; at < end; at += 64) {
    std::uint64_t bits = 0;
    for (int part = 0; part < 4; ++part) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + at) + part);
      const __m128i found = _mm_or_si128(
          _mm_or_si128(_mm_cmpeq_epi8(bytes, separators), _mm_cmpeq_epi8(bytes, quotes)),
          _mm_or_si128(_mm_cmpeq_epi8(bytes, feeds), _mm_cmpeq_epi8(bytes, returns)));
      bits |= std::uint64_t{static_cast<std::uint32_t>(_mm_movemask_epi8(found))} << (16 * part);
      all = _mm_or_si128(all, bytes);
    }
    if (end - at < 64) bits &= (std::uint64_t{1} << (end - at)) - 1;
    const auto base = static_cast<std::uint32_t>(at);
    const int count = std::popcount(bits);
    // Four places a step whether there are as many or not: what is too much is written over.
    std::uint32_t* into = next;
    while (bits != 0) {
      for (int i = 0; i < 4; ++i) {
        into[i] = base + static_cast<std::uint32_t>(std::countr_zero(bits));
        bits &= bits - 1;
      }
      into += 4;
    }
    next += count;
  }
  return {static_cast<std::size_t>(next - places), _mm_movemask_epi8(all) == 0};
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
    if (c == separator || c == quote || c == '\n' || c == '\r')
      places[found.count++] = static_cast<std::uint32_t>(at);
    if (static_cast<unsigned char>(c) >= 0x80) found.is_ascii = false;
  }
  return found;
}

}  // namespace stream
