// HyperLogLog++ as Spark lays it out: an estimate of how many different values there are. One
// sketch a group of approx_count_distinct. Plain value, one thread.
#pragma once

#include <cstdint>
#include <vector>

namespace stream {

class DistinctCount {
 public:
  /// 2^precision registers; 4 <= precision <= 18.
  explicit DistinctCount(int precision = 9);
  /// The precision for a relative standard deviation.
  static int precision_for(double deviation);

  void add(std::uint64_t hash);
  /// Requires the same precision.
  void merge(const std::vector<std::uint8_t>& registers);
  std::int64_t estimate() const;
  /// Empty as long as nothing was added.
  const std::vector<std::uint8_t>& registers() const { return registers_; }

 private:
  int precision_;
  std::vector<std::uint8_t> registers_;
};

}  // namespace stream
