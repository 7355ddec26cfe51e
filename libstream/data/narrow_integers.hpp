// Integers of a column in as many bytes as their range needs: 1, 2, 4 or 8 each, as distances from
// the least one (frame of reference). One pass finds the range, one writes; both are plain loops
// over a whole column that the compiler turns into vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace stream {

/// Bytes, 1, 2, 4 or 8, for numbers from 0 to `range`.
std::size_t narrowest_width(std::uint64_t range);

/// How the values of one column are kept.
struct NarrowIntegers {
  std::uint64_t least = 0;
  std::size_t width = 8;  ///< bytes of a distance

  /// For `count` values of `width` bytes (1, 2, 4 or 8), signed: never wider than those.
  static NarrowIntegers of(const char* values, std::size_t width, std::size_t count);

  /// Appends the distances of `count` values of `value_width` bytes to `out`.
  void write(const char* values, std::size_t value_width, std::size_t count,
             std::string& out) const;
  /// Reads what `write` appended. Requires width <= value_width; any bytes give some values.
  void read(const char* distances, std::size_t value_width, std::size_t count, char* values) const;
};

}  // namespace stream
