#include <libstream/execution/split_queue.hpp>

#include <algorithm>

namespace stream {

SplitQueue::SplitQueue(const std::vector<Split>& splits, std::size_t num_tasks, bool is_shared)
    : dealt_(num_tasks), is_shared_(is_shared) {
  for (const Split& split : splits) dealt_[split.index % num_tasks].splits.push_back(split);
  for (Dealt& dealt : dealt_) dealt.end = dealt.splits.size();
}

std::optional<Split> SplitQueue::take(std::size_t task) {
  const std::lock_guard lock(mutex_);
  Dealt& own = dealt_[task];
  if (own.begin < own.end) return std::move(own.splits[own.begin++]);
  if (!is_shared_) return std::nullopt;
  const auto most = std::max_element(
      dealt_.begin(), dealt_.end(),
      [](const Dealt& a, const Dealt& b) { return a.num_spare() < b.num_spare(); });
  if (most->num_spare() == 0) return std::nullopt;
  return std::move(most->splits[--most->end]);
}

DealtSplits::DealtSplits(const std::vector<Split>& splits)
    : queue_(std::make_shared<SplitQueue>(splits, 1, false)) {}

std::vector<Split> DealtSplits::take_all() const {
  std::vector<Split> splits;
  while (auto split = take()) splits.push_back(std::move(*split));
  return splits;
}

}  // namespace stream
