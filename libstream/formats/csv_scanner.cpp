#include <libstream/formats/csv_scanner.hpp>

#include <bit>
#include <utility>

#if defined(__SSE4_1__) && defined(__GNUC__)
#include <immintrin.h>
#define STREAM_X86_SCANS 1
#endif

namespace stream {
namespace {

CsvStructure scan_portable(const char* block, std::size_t begin, std::size_t end, char separator,
                           char quote, std::uint32_t* places) {
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

#if defined(STREAM_X86_SCANS)

/// 64 bytes: a bit each.
struct Bits {
  std::uint64_t separators = 0;
  std::uint64_t lines = 0;
  std::uint64_t others = 0;  // quotes and '\r'

  std::uint64_t all() const { return separators | lines | others; }
  void cut(std::size_t size) {
    if (size >= 64) return;
    const std::uint64_t within = (std::uint64_t{1} << size) - 1;
    separators &= within;
    lines &= within;
    others &= within;
  }
};

/// Takes the bits of stretches in order. Its functions are compiled into each scan, for its
/// processor.
struct Found {
  std::uint32_t* next;
  std::size_t num_lines = 0;
  std::uint64_t odd = 0;

  [[gnu::always_inline]] void note(const Bits& bits) {
    num_lines += static_cast<std::size_t>(std::popcount(bits.lines));
    odd |= bits.others & ~(bits.separators | bits.lines);
  }
  [[gnu::always_inline]] void take(const Bits& found, std::size_t at) {
    note(found);
    std::uint64_t bits = found.all();
    const auto base = static_cast<std::uint32_t>(at);
    const auto count = static_cast<std::size_t>(std::popcount(bits));
    // Whether there are as many or not: what is too much is written over.
    const auto take_next = [&](std::uint32_t& place) {
      place = base + static_cast<std::uint32_t>(std::countr_zero(bits));
      bits &= bits - 1;
    };
    [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) { (take_next(next[kIndex]), ...); }
    (std::make_index_sequence<12>());
    for (std::size_t i = 12; i < count; ++i) take_next(next[i]);
    next += count;
  }
  [[gnu::always_inline]] CsvStructure finish(const std::uint32_t* places, bool is_ascii) const {
    return {static_cast<std::size_t>(next - places), num_lines, odd == 0, is_ascii};
  }
};

CsvStructure scan_sse(const char* block, std::size_t begin, std::size_t end, char separator,
                      char quote, std::uint32_t* places) {
  const __m128i separators = _mm_set1_epi8(separator);
  const __m128i quotes = _mm_set1_epi8(quote);
  const __m128i lines = _mm_set1_epi8('\n');
  const __m128i returns = _mm_set1_epi8('\r');
  __m128i all = _mm_setzero_si128();
  Found found{places};
  for (std::size_t at = begin; at < end; at += 64) {
    Bits bits;
    for (int part = 0; part < 4; ++part) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + at) + part);
      const auto mask = [&](__m128i equal) {
        return std::uint64_t{static_cast<std::uint32_t>(_mm_movemask_epi8(equal))} << (16 * part);
      };
      bits.separators |= mask(_mm_cmpeq_epi8(bytes, separators));
      bits.lines |= mask(_mm_cmpeq_epi8(bytes, lines));
      bits.others |=
          mask(_mm_or_si128(_mm_cmpeq_epi8(bytes, quotes), _mm_cmpeq_epi8(bytes, returns)));
      all = _mm_or_si128(all, bytes);
    }
    bits.cut(end - at);
    found.take(bits, at);
  }
  return found.finish(places, _mm_movemask_epi8(all) == 0);
}

__attribute__((target("avx2,bmi,popcnt"))) CsvStructure scan_avx2(const char* block,
                                                                  std::size_t begin,
                                                                  std::size_t end, char separator,
                                                                  char quote,
                                                                  std::uint32_t* places) {
  const __m256i separators = _mm256_set1_epi8(separator);
  const __m256i quotes = _mm256_set1_epi8(quote);
  const __m256i lines = _mm256_set1_epi8('\n');
  const __m256i returns = _mm256_set1_epi8('\r');
  __m256i all = _mm256_setzero_si256();
  Found found{places};
  for (std::size_t at = begin; at < end; at += 64) {
    Bits bits;
    for (int part = 0; part < 2; ++part) {
      const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block + at) + part);
      const __m256i others =
          _mm256_or_si256(_mm256_cmpeq_epi8(bytes, quotes), _mm256_cmpeq_epi8(bytes, returns));
      const auto by = static_cast<unsigned>(32 * part);
      const auto found_separators =
          static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, separators)));
      const auto found_lines =
          static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, lines)));
      bits.separators |= std::uint64_t{found_separators} << by;
      bits.lines |= std::uint64_t{found_lines} << by;
      bits.others |= std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(others))} << by;
      all = _mm256_or_si256(all, bytes);
    }
    bits.cut(end - at);
    found.take(bits, at);
  }
  return found.finish(places, _mm256_movemask_epi8(all) == 0);
}

__attribute__((target("avx512f,avx512bw,avx512vbmi2,bmi,popcnt"))) CsvStructure scan_avx512(
    const char* block, std::size_t begin, std::size_t end, char separator, char quote,
    std::uint32_t* places) {
  alignas(64) static constexpr auto kNumbers = [] {
    struct {
      std::uint8_t bytes[64];
    } numbers{};
    for (std::uint8_t i = 0; i < 64; ++i) numbers.bytes[i] = i;
    return numbers;
  }();
  const __m512i numbers = _mm512_load_si512(kNumbers.bytes);
  const __m512i separators = _mm512_set1_epi8(separator);
  const __m512i quotes = _mm512_set1_epi8(quote);
  const __m512i lines = _mm512_set1_epi8('\n');
  const __m512i returns = _mm512_set1_epi8('\r');
  std::uint64_t high = 0;
  Found found{places};
  for (std::size_t at = begin; at < end; at += 64) {
    const __m512i bytes = _mm512_loadu_si512(block + at);
    Bits bits{_mm512_cmpeq_epi8_mask(bytes, separators), _mm512_cmpeq_epi8_mask(bytes, lines),
              _mm512_cmpeq_epi8_mask(bytes, quotes) | _mm512_cmpeq_epi8_mask(bytes, returns)};
    high |= _mm512_movepi8_mask(bytes);
    bits.cut(end - at);
    found.note(bits);
    const auto count = static_cast<std::size_t>(std::popcount(bits.all()));
    alignas(64) std::uint8_t within[64];
    _mm512_store_si512(within, _mm512_maskz_compress_epi8(bits.all(), numbers));
    const __m512i base = _mm512_set1_epi32(static_cast<int>(at));
    // Sixteen places a step; what is too much is written over.
    for (std::size_t done = 0; done < count; done += 16) {
      const __m128i sixteen = _mm_load_si128(reinterpret_cast<const __m128i*>(within + done));
      const __m512i wide = _mm512_maskz_cvtepu8_epi32(0xffff, sixteen);
      _mm512_storeu_si512(found.next + done, _mm512_add_epi32(wide, base));
    }
    found.next += count;
  }
  return found.finish(places, high == 0);
}

#endif

}  // namespace

std::vector<CsvScan> csv_scans() {
  std::vector<CsvScan> scans{scan_portable};
#if defined(STREAM_X86_SCANS)
  scans.push_back(scan_sse);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi")) scans.push_back(scan_avx2);
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi2") &&
      __builtin_cpu_supports("bmi"))
    scans.push_back(scan_avx512);
#endif
  return scans;
}

CsvStructure scan_csv(const char* block, std::size_t begin, std::size_t end, char separator,
                      char quote, std::uint32_t* places) {
  static const CsvScan kScan = csv_scans().back();
  return kScan(block, begin, end, separator, quote, places);
}

}  // namespace stream
