#include <libstream/data/compare.hpp>
#include <libstream/expressions/functions/quantile_summary.hpp>

#include <algorithm>
#include <cmath>

namespace stream {
namespace {
constexpr std::size_t kRecentMax = 50'000;
constexpr std::size_t kSamplesMax = 10'000;
}  // namespace

void QuantileSummary::add(double value) {
  recent_.push_back(value);
  if (recent_.size() < kRecentMax) return;
  insert_recent();
  if (samples_.size() >= kSamplesMax) thin_out();
}

void QuantileSummary::compress() {
  insert_recent();
  thin_out();
}

void QuantileSummary::insert_recent() {
  if (recent_.empty()) return;
  std::sort(recent_.begin(), recent_.end(),
            [](double a, double b) { return compare_floats(a, b) < 0; });
  std::vector<QuantileSample> merged;
  merged.reserve(samples_.size() + recent_.size());
  std::size_t next = 0;
  for (std::size_t i = 0; i < recent_.size(); ++i) {
    while (next < samples_.size() && samples_[next].value <= recent_[i])
      merged.push_back(samples_[next++]);
    ++count_;
    const bool is_extreme = merged.empty() || (next == samples_.size() && i + 1 == recent_.size());
    const double slack = is_extreme ? 0 : 2 * relative_error_ * static_cast<double>(count_);
    merged.push_back({recent_[i], 1, static_cast<std::int64_t>(std::floor(slack))});
  }
  merged.insert(merged.end(), samples_.begin() + static_cast<std::ptrdiff_t>(next), samples_.end());
  samples_ = std::move(merged);
  recent_.clear();
}

void QuantileSummary::thin_out() {
  if (samples_.size() < 2) return;
  const double threshold = 2 * relative_error_ * static_cast<double>(count_);
  std::vector<QuantileSample> kept;
  // From the greatest down; a sample joins the one above it while that stays exact enough.
  QuantileSample head = samples_.back();
  for (std::size_t i = samples_.size() - 2; i >= 1; --i) {
    const QuantileSample& sample = samples_[i];
    if (static_cast<double>(sample.num_ranks + head.num_ranks + head.rank_slack) < threshold) {
      head.num_ranks += sample.num_ranks;
    } else {
      kept.push_back(head);
      head = sample;
    }
  }
  kept.push_back(head);
  // The least one always stays.
  if (samples_.front().value <= head.value) kept.push_back(samples_.front());
  std::reverse(kept.begin(), kept.end());
  samples_ = std::move(kept);
}

void QuantileSummary::merge(const QuantileSummary& other) {
  if (other.is_empty()) return;
  compress();
  QuantileSummary right = other;
  right.compress();
  if (count_ == 0) {
    *this = std::move(right);
    return;
  }
  const auto slack_of = [](const QuantileSummary& summary) {
    return static_cast<std::int64_t>(
        std::floor(2 * summary.relative_error_ * static_cast<double>(summary.count_)));
  };
  // Between samples of the other side a rank is only known as well as that side knows it.
  const std::int64_t left_slack = slack_of(right);
  const std::int64_t right_slack = slack_of(*this);
  std::vector<QuantileSample> merged;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < samples_.size() && j < right.samples_.size()) {
    const bool is_left = samples_[i].value < right.samples_[j].value;
    QuantileSample sample = is_left ? samples_[i++] : right.samples_[j++];
    if (is_left ? j > 0 : i > 0) sample.rank_slack += is_left ? left_slack : right_slack;
    merged.push_back(sample);
  }
  merged.insert(merged.end(), samples_.begin() + static_cast<std::ptrdiff_t>(i), samples_.end());
  merged.insert(merged.end(), right.samples_.begin() + static_cast<std::ptrdiff_t>(j),
                right.samples_.end());
  samples_ = std::move(merged);
  count_ += right.count_;
  relative_error_ = std::max(relative_error_, right.relative_error_);
  thin_out();
}

double QuantileSummary::value_at(double percentage) const {
  if (percentage <= relative_error_ || samples_.size() == 1) return samples_.front().value;
  if (percentage >= 1 - relative_error_) return samples_.back().value;
  const auto rank = static_cast<std::int64_t>(std::ceil(percentage * static_cast<double>(count_)));
  std::int64_t error = 0;
  for (const QuantileSample& sample : samples_)
    error = std::max(error, sample.num_ranks + sample.rank_slack);
  error /= 2;
  std::int64_t rank_min = 0;
  for (std::size_t i = 0; i + 1 < samples_.size(); ++i) {
    rank_min += samples_[i].num_ranks;
    const std::int64_t rank_max = rank_min + samples_[i].rank_slack;
    if (rank_max - error <= rank && rank <= rank_min + error) return samples_[i].value;
  }
  return samples_.back().value;
}

}  // namespace stream
