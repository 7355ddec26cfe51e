#include <libstream/expressions/xor_shift_random.hpp>

#include <array>
#include <bit>
#include <cmath>

namespace stream {

namespace {

/// Scala's MurmurHash3.bytesHash of the eight bytes of `seed`, highest first.
std::uint32_t hash_of_seed(std::uint64_t seed, std::uint32_t start) {
  std::uint32_t h = start;
  for (const int shift : {32, 0}) {
    std::uint32_t k = __builtin_bswap32(static_cast<std::uint32_t>(seed >> shift));
    k = std::rotl(k * 0xcc9e2d51u, 15) * 0x1b873593u;
    h = std::rotl(h ^ k, 13) * 5 + 0xe6546b64u;
  }
  h ^= 8;
  h ^= h >> 16;
  h *= 0x85ebca6bu;
  h ^= h >> 13;
  h *= 0xc2b2ae35u;
  return h ^ (h >> 16);
}

std::uint64_t step(std::uint64_t state) {
  state ^= state << 21;
  state ^= state >> 35;
  return state ^ (state << 4);
}

/// A step is linear over bits: column i is what bit i of the state becomes.
using Matrix = std::array<std::uint64_t, 64>;

std::uint64_t times(const Matrix& matrix, std::uint64_t state) {
  std::uint64_t result = 0;
  for (; state != 0; state &= state - 1)
    result ^= matrix[static_cast<std::size_t>(std::countr_zero(state))];
  return result;
}

/// Of 2^i steps.
const std::array<Matrix, 64>& powers() {
  static const std::array<Matrix, 64> made = [] {
    std::array<Matrix, 64> matrices;
    for (std::size_t bit = 0; bit < 64; ++bit) matrices[0][bit] = step(std::uint64_t{1} << bit);
    for (std::size_t i = 1; i < 64; ++i)
      for (std::size_t bit = 0; bit < 64; ++bit)
        matrices[i][bit] = times(matrices[i - 1], matrices[i - 1][bit]);
    return matrices;
  }();
  return made;
}

}  // namespace

XorShiftRandom::XorShiftRandom(std::int64_t seed) {
  constexpr std::uint32_t kStart = 0x3c074a61;
  const std::uint32_t low = hash_of_seed(static_cast<std::uint64_t>(seed), kStart);
  const std::uint32_t high = hash_of_seed(static_cast<std::uint64_t>(seed), low);
  state_ = (std::uint64_t{high} << 32) | low;
}

std::uint64_t XorShiftRandom::next(int bits) {
  state_ = step(state_);
  return state_ & ((std::uint64_t{1} << bits) - 1);
}

double XorShiftRandom::next_double() {
  const std::uint64_t high = next(26) << 27;
  return static_cast<double>(high + next(27)) * 0x1.0p-53;
}

double XorShiftRandom::next_gaussian() {
  if (next_gaussian_) {
    const double result = *next_gaussian_;
    next_gaussian_.reset();
    return result;
  }
  for (;;) {
    const double a = 2 * next_double() - 1;
    const double b = 2 * next_double() - 1;
    const double square = a * a + b * b;
    if (square >= 1 || square == 0) continue;
    const double factor = std::sqrt(-2 * std::log(square) / square);
    next_gaussian_ = b * factor;
    return a * factor;
  }
}

void XorShiftRandom::skip(std::uint64_t steps) {
  for (; steps != 0; steps &= steps - 1)
    state_ = times(powers()[static_cast<std::size_t>(std::countr_zero(steps))], state_);
}

}  // namespace stream
