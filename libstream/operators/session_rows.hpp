// Rows on their way into session windows: kept until there are some thousand, or the epoch ends,
// then looked at in the order of their starts. One operator, one thread.
#pragma once

#include <libstream/data/batch.hpp>
#include <libstream/operators/row_order.hpp>

#include <numeric>

namespace stream {

class SessionRows {
 public:
  bool is_empty() const { return keys_.empty(); }
  std::size_t size() const { return keys_.size(); }

  /// `ranges`: STRUCT<start, end> of each row, none null. The numbers of the rows' keys are to be
  /// filled in.
  std::span<std::uint32_t> add(Batch batch, const Column& ranges) {
    const std::size_t num_rows = batch.num_rows();
    const auto* starts = ranges.children[0].data<std::int64_t>();
    const auto* ends = ranges.children[1].data<std::int64_t>();
    starts_.insert(starts_.end(), starts, starts + num_rows);
    ends_.insert(ends_.end(), ends, ends + num_rows);
    keys_.resize(keys_.size() + num_rows);
    batches_.push_back(std::move(batch));
    return std::span(keys_).last(num_rows);
  }

  /// When all are there, and there are some: places 0 … size() − 1 are in order from now on, rows
  /// of one start as they came.
  void sort(BlockPool& pool) {
    all_ = concatenate(batches_, pool);
    batches_.clear();
    order_.resize(keys_.size());
    std::iota(order_.begin(), order_.end(), 0u);
    sort_rows(order_, [this](std::uint32_t a, std::uint32_t b) { return starts_[a] < starts_[b]; });
  }
  std::uint32_t key(std::size_t place) const { return keys_[order_[place]]; }
  std::int64_t start(std::size_t place) const { return starts_[order_[place]]; }
  std::int64_t end(std::size_t place) const { return ends_[order_[place]]; }
  /// The rows of these places.
  Batch take(std::size_t begin, std::size_t end, BlockPool& pool) const {
    return gather(*all_, std::span(order_).subspan(begin, end - begin), pool);
  }

  void clear() {
    batches_.clear();
    all_.reset();
    keys_.clear();
    starts_.clear();
    ends_.clear();
    order_.clear();
  }

 private:
  std::vector<Batch> batches_;
  std::optional<Batch> all_;
  std::vector<std::uint32_t> keys_;   ///< by row of them all
  std::vector<std::int64_t> starts_;  ///< by row
  std::vector<std::int64_t> ends_;    ///< by row
  std::vector<std::uint32_t> order_;  ///< rows by place
};

}  // namespace stream
