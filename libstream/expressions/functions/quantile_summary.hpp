// An approximate order of a stream of numbers in little memory: Greenwald and Khanna, "Space-
// efficient Online Computation of Quantile Summaries", with Spark's constants and roundings so that
// percentile_approx agrees. Plain value, one thread.
#pragma once

#include <cstdint>
#include <vector>

namespace stream {

/// A kept number; it stands for `num_ranks` ranks, and its rank is known up to `rank_slack`.
struct QuantileSample {
  double value = 0;
  std::int64_t num_ranks = 0;
  std::int64_t rank_slack = 0;
};

class QuantileSummary {
 public:
  explicit QuantileSummary(double relative_error = 0.0001) : relative_error_(relative_error) {}
  QuantileSummary(double relative_error, std::vector<QuantileSample> samples, std::int64_t count)
      : relative_error_(relative_error), samples_(std::move(samples)), count_(count) {}

  void add(double value);
  void merge(const QuantileSummary& other);
  /// Brings what was added into the samples; the const members below require it.
  void compress();
  /// Requires 0 <= percentage <= 1 and count() > 0.
  double value_at(double percentage) const;

  std::int64_t count() const { return count_; }
  bool is_empty() const { return count_ == 0 && recent_.empty(); }
  const std::vector<QuantileSample>& samples() const { return samples_; }
  std::size_t heap_bytes() const {
    return samples_.capacity() * sizeof(QuantileSample) + recent_.capacity() * sizeof(double);
  }

 private:
  void insert_recent();
  void thin_out();

  double relative_error_;
  std::vector<QuantileSample> samples_;
  std::int64_t count_ = 0;      // of the samples
  std::vector<double> recent_;  // not in the samples yet
};

}  // namespace stream
