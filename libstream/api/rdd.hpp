// Rdd<T>: one epoch's rows of a stream in partitions, as transform, transform_with, slice and
// for_each_batch get it. A plain value; its operations work at once, in memory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <set>
#include <type_traits>
#include <utility>
#include <vector>

namespace stream {

template <class T>
class Rdd {
 public:
  Rdd() = default;
  explicit Rdd(std::vector<std::vector<T>> partitions) : partitions_(std::move(partitions)) {}
  /// One partition.
  static Rdd of(std::vector<T> elements) {
    std::vector<std::vector<T>> partitions;
    partitions.push_back(std::move(elements));
    return Rdd(std::move(partitions));
  }

  const std::vector<std::vector<T>>& partitions() const { return partitions_; }
  std::vector<std::vector<T>>& partitions() { return partitions_; }

  std::size_t count() const {
    std::size_t count = 0;
    for (const auto& partition : partitions_) count += partition.size();
    return count;
  }
  bool is_empty() const { return count() == 0; }

  std::vector<T> collect() const {
    std::vector<T> all;
    all.reserve(count());
    for (const auto& partition : partitions_)
      all.insert(all.end(), partition.begin(), partition.end());
    return all;
  }
  /// The first n elements.
  std::vector<T> take(std::size_t n) const {
    std::vector<T> all = collect();
    if (all.size() > n) all.erase(all.begin() + static_cast<std::ptrdiff_t>(n), all.end());
    return all;
  }
  /// The n largest elements, largest first.
  template <class Less = std::less<>>
  std::vector<T> top(std::size_t n, Less less = {}) const {
    std::vector<T> all = collect();
    std::stable_sort(all.begin(), all.end(), [&](const T& a, const T& b) { return less(b, a); });
    if (all.size() > n) all.erase(all.begin() + static_cast<std::ptrdiff_t>(n), all.end());
    return all;
  }

  template <class F>
  auto map(F function) const {
    using U = std::remove_cvref_t<std::invoke_result_t<F&, const T&>>;
    std::vector<std::vector<U>> mapped(partitions_.size());
    for (std::size_t p = 0; p < partitions_.size(); ++p) {
      for (const T& element : partitions_[p]) mapped[p].push_back(function(element));
    }
    return Rdd<U>(std::move(mapped));
  }
  template <class F>
  Rdd filter(F predicate) const {
    std::vector<std::vector<T>> kept(partitions_.size());
    for (std::size_t p = 0; p < partitions_.size(); ++p) {
      for (const T& element : partitions_[p]) {
        if (predicate(element)) kept[p].push_back(element);
      }
    }
    return Rdd(std::move(kept));
  }
  /// Each element once; T needs operator<.
  Rdd distinct() const {
    const std::vector<T> all = collect();
    const std::set<T> unique(all.begin(), all.end());
    return of(std::vector<T>(unique.begin(), unique.end()));
  }
  /// Sorted into one partition.
  template <class Less = std::less<>>
  Rdd sort(Less less = {}) const {
    std::vector<T> all = collect();
    std::stable_sort(all.begin(), all.end(), less);
    return of(std::move(all));
  }
  Rdd union_with(const Rdd& other) const {
    Rdd both = *this;
    both.partitions_.insert(both.partitions_.end(), other.partitions_.begin(),
                            other.partitions_.end());
    return both;
  }
  /// Elements that `other` does not have; T needs operator<.
  Rdd subtract(const Rdd& other) const {
    const std::vector<T> removed = other.collect();
    const std::set<T> gone(removed.begin(), removed.end());
    return filter([&](const T& element) { return gone.count(element) == 0; });
  }
  template <class F>
  T reduce(F function, T zero) const {
    for (const auto& partition : partitions_) {
      for (const T& element : partition) zero = function(zero, element);
    }
    return zero;
  }

 private:
  std::vector<std::vector<T>> partitions_;
};

}  // namespace stream
