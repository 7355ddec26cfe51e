// Spark's random numbers: XORShiftRandom under the interface of java.util.Random, so that rand(42)
// gives the rows that it gives there. Also jumps ahead, for batches behind the first.
#pragma once

#include <cstdint>
#include <optional>

namespace stream {

class XorShiftRandom {
 public:
  explicit XorShiftRandom(std::int64_t seed);

  std::int32_t next_int() { return static_cast<std::int32_t>(next(32)); }
  /// In [0, 1).
  double next_double();
  double next_gaussian();
  /// As after `steps` calls of next_int(); a double takes two.
  void skip(std::uint64_t steps);

 private:
  std::uint64_t next(int bits);

  std::uint64_t state_;
  std::optional<double> next_gaussian_;
};

}  // namespace stream
