// An epoch's rows by key: what operators that call a function a key collect. One thread.
#pragma once

#include <libstream/operators/gather.hpp>
#include <libstream/operators/row_builder.hpp>
#include <libstream/state/row_keys.hpp>

namespace stream {

class KeyRows {
 public:
  explicit KeyRows(std::vector<std::size_t> key_columns) : key_columns_(std::move(key_columns)) {}

  void begin_epoch() {
    batches_.clear();
    keys_.clear();
    rows_.clear();
  }
  /// Row i belongs to number numbers[i].
  void add(Batch batch, std::span<const std::uint32_t> numbers) {
    const auto index = static_cast<std::uint32_t>(batches_.size());
    for (std::uint32_t row = 0; row < batch.num_rows(); ++row) {
      const std::uint32_t number = numbers[row];
      if (rows_.size() <= number) rows_.resize(number + 1);
      if (rows_[number].empty()) keys_.push_back(number);
      rows_[number].push_back({index, row});
    }
    batches_.push_back(std::move(batch));
  }

  /// Numbers with rows, in the order in which they first appeared.
  const std::vector<std::uint32_t>& keys() const { return keys_; }

  /// The rows of a number, as they came.
  std::vector<Batch> rows_of(std::uint32_t number, BlockPool& pool) const {
    std::vector<Batch> batches;
    const std::vector<Place>& places = rows_[number];
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
  struct Place {
    std::uint32_t batch;
    std::uint32_t row;
  };

  std::vector<std::size_t> key_columns_;
  std::vector<Batch> batches_;
  std::vector<std::uint32_t> keys_;
  std::vector<std::vector<Place>> rows_;  ///< by number
};

/// The key of a group as a batch of one row.
inline Batch key_batch(const RowKeys& keys, const RowKey& key,
                       const std::shared_ptr<const Schema>& schema, BlockPool& pool) {
  RowBuilder builder(schema, pool);
  keys.decode(key, builder.columns(0, keys.num_columns()));
  return builder.finish(1);
}

}  // namespace stream
