// Numbers from texts as Java reads them: what CSV fields and JSON strings hold. Pure, inline where
// rows are many.
#pragma once

#include <libstream/data/schema.hpp>

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

#if defined(__SSE4_1__)
#include <smmintrin.h>
#endif

namespace stream {

/// Long.parseLong and its like: an optional sign, digits, nothing else; false: not that or out of
/// T's range.
template <class T>
inline bool parse_java_integer(const char* data, std::size_t size, T& value) {
  if (size == 0) return false;
  const bool is_negative = data[0] == '-';
  std::size_t i = is_negative || data[0] == '+';
  if (i == size) return false;
  while (i + 1 < size && data[i] == '0') ++i;
  if (size - i > 19) return false;
  std::uint64_t number = 0;
  for (; i < size; ++i) {
    const auto digit = static_cast<std::uint64_t>(static_cast<unsigned char>(data[i])) - '0';
    if (digit > 9) return false;
    number = number * 10 + digit;
  }
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
  if (number > kMax + is_negative) return false;
  value = static_cast<T>(is_negative ? 0 - number : number);
  return true;
}

namespace detail {

/// Eight digits, the first in the lowest byte. False: one of them is none.
inline bool parse_eight_digits(std::uint64_t bytes, std::uint64_t& value) {
  constexpr std::uint64_t kZeros = 0x3030303030303030u;
  const std::uint64_t digits = bytes ^ kZeros;
  // A byte over 9 has a high half, or gets one.
  if (((digits | (digits + 0x0606060606060606u)) & 0xF0F0F0F0F0F0F0F0u) != 0) return false;
  std::uint64_t pairs = digits * 10 + (digits >> 8);
  pairs &= 0x00FF00FF00FF00FFu;
  value = ((pairs * (1 + (std::uint64_t{100} << 16))) >> 16) & 0x0000FFFF0000FFFFu;
  value = (value * (1 + (std::uint64_t{10000} << 32))) >> 32;
  return true;
}

/// From place n on: 16 bytes of which the last n are set.
alignas(16) inline constexpr std::uint8_t kLastBytes[32] = {
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

}  // namespace detail

/// The same where 16 bytes from `data` on are readable: most numbers in a few steps.
template <class T>
[[gnu::always_inline]] inline bool parse_padded_integer(const char* data, std::size_t size,
                                                        T& value) {
  if constexpr (std::endian::native == std::endian::little) {
    const bool is_negative = size > 0 && data[0] == '-';
    const char* digits = data + is_negative;
    const std::size_t count = size - is_negative;
    if (count - 1 < 15) {
      std::uint64_t number = 0;
      const std::size_t head = count > 8 ? count - 8 : count;
      std::uint64_t bytes = 0;
      std::memcpy(&bytes, digits, 8);
      // Zeros in front fill up to eight digits.
      bytes = head == 8 ? bytes : (bytes << (64 - 8 * head)) | (0x3030303030303030u >> (8 * head));
      if (!detail::parse_eight_digits(bytes, number)) [[unlikely]]
        return parse_java_integer(data, size, value);  // a '+', or no number
      if (count > 8) {
        std::uint64_t tail = 0;
        std::memcpy(&bytes, digits + head, 8);
        if (!detail::parse_eight_digits(bytes, tail)) return false;
        number = number * 100'000'000 + tail;
      }
      constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
      if (number > kMax + is_negative) return false;
      value = static_cast<T>(is_negative ? 0 - number : number);
      return true;
    }
  }
  return parse_java_integer(data, size, value);
}

/// The same, of the bytes before `end`, where 16 bytes in front of `end` are readable: numbers of
/// up to 16 digits without a loop or a branch on their length.
template <class T>
[[gnu::always_inline]] inline bool parse_integer_before(const char* end, std::size_t size,
                                                        T& value) {
#if defined(__SSE4_1__)
  const bool is_negative = end[-static_cast<std::ptrdiff_t>(size)] == '-';
  const std::size_t count = size - is_negative;
  if (count - 1 < 16) {
    const __m128i mask =
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(detail::kLastBytes + count));
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(end - 16));
    const __m128i digits = _mm_and_si128(_mm_sub_epi8(bytes, _mm_set1_epi8('0')), mask);
    const __m128i over = _mm_subs_epu8(digits, _mm_set1_epi8(9));
    if (_mm_testz_si128(over, over)) [[likely]] {
      const __m128i pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010a));
      const __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00010064));
      const __m128i packed = _mm_packus_epi32(fours, fours);
      const __m128i eights = _mm_madd_epi16(packed, _mm_set1_epi32(0x00012710));
      const auto both = static_cast<std::uint64_t>(_mm_cvtsi128_si64(eights));
      const std::uint64_t number = (both & 0xffffffffu) * 100'000'000 + (both >> 32);
      constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
      if (number > kMax + is_negative) return false;
      value = static_cast<T>(is_negative ? 0 - number : number);
      return true;
    }
  }
#endif
  return parse_java_integer(end - size, size, value);
}

/// Double.parseDouble: blanks around, "NaN", "Infinity", exponents, a type letter at the end,
/// hexadecimal forms.
std::optional<double> parse_java_double(std::string_view text);
/// The same rounded once to a float.
std::optional<float> parse_java_float(std::string_view text);

/// new BigDecimal(text), with the separators of a locale, at a scale, half up. nullopt: not a
/// number, or more digits than the precision.
class DecimalReader {
 public:
  /// `locale`: a language tag; unknown ones read as en-US.
  explicit DecimalReader(std::string_view locale);
  std::optional<Int128> read(std::string_view text, int precision, int scale) const;

 private:
  bool is_plain_ = true;
  std::string_view grouping_;
  char point_ = '.';
};

}  // namespace stream
