#include <libstream/base/check.hpp>
#include <libstream/expressions/functions/distinct_count.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

namespace stream {
namespace {

/// Below these counts linear counting is the better estimate (Heule, Nunkesser, Hall: "HyperLogLog
/// in Practice"), for precisions from 4.
constexpr double kLinearCountingMax[] = {10,   20,   40,    80,    220,   400,    900,   1800,
                                         3100, 6500, 15500, 20000, 50000, 120000, 350000};

double alpha(double num_registers) {
  if (num_registers == 16) return 0.673;
  if (num_registers == 32) return 0.697;
  if (num_registers == 64) return 0.709;
  return 0.7213 / (1.0 + 1.079 / num_registers);
}

/// What the raw estimate is on average when there are `count` values: registers are then nearly
/// independent, with P(register <= k) = exp(-count / registers / 2^k).
double expected_raw(double count, double num_registers) {
  const double load = count / num_registers;
  double mean = 0;
  double below = std::exp(-load);
  mean += below;
  for (int k = 1; k <= 64; ++k) {
    const double upto = std::exp(-load * std::ldexp(1.0, -k));
    mean += (upto - below) * std::ldexp(1.0, -k);
    below = upto;
  }
  return alpha(num_registers) * num_registers / mean;
}

/// The count whose raw estimate is `raw`, by halving: expected_raw grows with the count.
double without_bias(double raw, double num_registers) {
  double low = 0;
  double high = raw;
  while (expected_raw(high, num_registers) < raw) high *= 2;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (expected_raw(middle, num_registers) < raw ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

DistinctCount::DistinctCount(int precision) : precision_(precision) {
  STREAM_CHECK(precision >= 4 && precision <= 24, std::to_string(precision));
}

int DistinctCount::precision_for(double deviation) {
  return static_cast<int>(std::ceil(2.0 * std::log(1.106 / deviation) / std::log(2.0)));
}

void DistinctCount::add(std::uint64_t hash) {
  if (registers_.empty()) registers_.resize(std::size_t{1} << precision_);
  const auto index = static_cast<std::size_t>(hash >> (64 - precision_));
  // The guard bit ends the run of zeros where the index's bits were shifted out.
  const std::uint64_t rest = (hash << precision_) | (std::uint64_t{1} << (precision_ - 1));
  const auto rank = static_cast<std::uint8_t>(std::countl_zero(rest) + 1);
  registers_[index] = std::max(registers_[index], rank);
}

void DistinctCount::merge(const std::vector<std::uint8_t>& registers) {
  if (registers.empty()) return;
  if (registers_.empty()) registers_.resize(std::size_t{1} << precision_);
  STREAM_CHECK(registers.size() == registers_.size(), "sketches of different precision");
  for (std::size_t i = 0; i < registers.size(); ++i)
    registers_[i] = std::max(registers_[i], registers[i]);
}

std::int64_t DistinctCount::estimate() const {
  if (registers_.empty()) return 0;
  const auto num_registers = static_cast<double>(registers_.size());
  double inverse = 0;
  double num_empty = 0;
  for (const std::uint8_t rank : registers_) {
    inverse += std::ldexp(1.0, -static_cast<int>(rank));
    if (rank == 0) ++num_empty;
  }
  const double raw = alpha(num_registers) * num_registers * num_registers / inverse;
  const bool is_corrected = precision_ < 19;
  const auto corrected = [&] {
    return is_corrected && raw < 5.0 * num_registers ? without_bias(raw, num_registers) : raw;
  };
  double estimate = 0;
  if (num_empty > 0) {
    const double linear = num_registers * std::log(num_registers / num_empty);
    const bool is_small =
        is_corrected ? linear <= kLinearCountingMax[precision_ - 4] : raw <= 2.5 * num_registers;
    estimate = is_small ? linear : corrected();
  } else {
    estimate = corrected();
  }
  return static_cast<std::int64_t>(std::floor(estimate + 0.5));
}

}  // namespace stream
