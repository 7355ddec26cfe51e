// An epoch's rows by key: what operators that call a function a key collect. One thread.
#pragma once

#include <libstream/data/gather.hpp>
#include <libstream/operators/row_builder.hpp>
#include <libstream/state/row_keys.hpp>

namespace stream {

/// A row of one of an epoch's batches.
struct RowPlace {
  std::uint32_t batch = 0;
  std::uint32_t row = 0;
};

class KeyRows {
 public:
  explicit KeyRows(std::vector<std::size_t> key_columns) : key_columns_(std::move(key_columns)) {}

  void begin_epoch() {
    for (const std::uint32_t number : keys_) index_of_[number] = kNone;
    batches_.clear();
    keys_.clear();
    rows_.clear();
    starts_.clear();
  }
  /// Row i belongs to number numbers[i].
  void add(Batch batch, std::span<const std::uint32_t> numbers) {
    const auto index = static_cast<std::uint32_t>(batches_.size());
    for (std::uint32_t row = 0; row < batch.num_rows(); ++row) {
      const std::uint32_t number = numbers[row];
      if (index_of_.size() <= number) index_of_.resize(number + 1, kNone);
      if (index_of_[number] == kNone) {
        index_of_[number] = static_cast<std::uint32_t>(keys_.size());
        keys_.push_back(number);
      }
      rows_.push_back({index_of_[number], {index, row}});
    }
    batches_.push_back(std::move(batch));
    starts_.clear();
  }

  /// Numbers with rows, in the order in which they first appeared.
  const std::vector<std::uint32_t>& keys() const { return keys_; }
  const std::vector<Batch>& batches() const { return batches_; }

  /// The rows of keys()[index], as they came. Valid until the next add.
  std::span<const RowPlace> places_of(std::size_t index) {
    if (starts_.empty()) arrange();
    return std::span(places_).subspan(starts_[index], starts_[index + 1] - starts_[index]);
  }
  std::vector<Batch> rows_of(std::size_t index, BlockPool& pool) {
    std::vector<Batch> batches;
    const std::span<const RowPlace> places = places_of(index);
    for (std::size_t i = 0; i < places.size();) {
      std::vector<std::uint32_t> rows;
      const std::uint32_t batch = places[i].batch;
      for (; i < places.size() && places[i].batch == batch; ++i) rows.push_back(places[i].row);
      batches.push_back(gather(batches_[batch], rows, pool));
    }
    return batches;
  }

  std::vector<Column> key_columns(const Batch& batch) const {
    std::vector<Column> columns;
    for (const std::size_t index : key_columns_) columns.push_back(batch.column(index));
    return columns;
  }

 private:
  static constexpr std::uint32_t kNone = 0xffffffffu;
  struct Row {
    std::uint32_t index;  ///< of its key in keys_
    RowPlace place;
  };

  /// A counting sort by key.
  void arrange() {
    starts_.assign(keys_.size() + 1, 0);
    for (const Row& row : rows_) ++starts_[row.index + 1];
    for (std::size_t i = 1; i < starts_.size(); ++i) starts_[i] += starts_[i - 1];
    std::vector<std::size_t> next(starts_.begin(), starts_.end() - 1);
    places_.resize(rows_.size());
    for (const Row& row : rows_) places_[next[row.index]++] = row.place;
  }

  std::vector<std::size_t> key_columns_;
  std::vector<Batch> batches_;
  std::vector<std::uint32_t> keys_;
  std::vector<std::uint32_t> index_of_;  ///< in keys_, by number
  std::vector<Row> rows_;                ///< as they came
  std::vector<RowPlace> places_;         ///< by key
  std::vector<std::size_t> starts_;      ///< of each key's in places_; empty: not arranged yet
};

/// The key of a group as a batch of one row.
inline Batch key_batch(const RowKeys& keys, const RowKey& key,
                       const std::shared_ptr<const Schema>& schema, BlockPool& pool) {
  RowBuilder builder(schema, pool);
  keys.decode(key, builder.columns(0, keys.num_columns()));
  return builder.finish(1);
}

}  // namespace stream
