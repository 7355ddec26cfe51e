// Groups by key and the states of their aggregates: what all forms of hash aggregation are built
// from. Owned by one operator, one thread.
#pragma once

#include <libstream/operators/aggregate_columns.hpp>

namespace stream {

class AggregateStates : public AggregateColumns {
 public:
  /// Keys of the given types.
  AggregateStates(std::vector<DataType> key_types, std::vector<AggregateCall> calls);

  /// The groups of rows with these keys, made where missing. Valid until the next call.
  std::span<const std::uint32_t> group(std::span<const Column> keys, std::size_t num_rows);
  /// The rows of the last call of `group` for which it made groups, in order.
  std::span<const std::uint32_t> first_rows() const { return first_rows_; }

  void append_keys(std::span<const std::uint32_t> groups, std::span<ColumnBuilder> builders) const;

  /// Groups that there are now.
  std::size_t size() const { return table_.size(); }
  /// One more than the highest group number.
  std::size_t num_groups() const { return table_.num_groups(); }
  bool is_used(std::uint32_t group) const { return table_.is_used(group); }
  std::size_t bytes() const { return table_.bytes() + AggregateColumns::bytes(); }

  /// GroupTable::kNone: there is no such group.
  std::uint32_t find(const RowKey& key) const { return table_.find(key); }
  std::span<const RowKey> encode(std::span<const Column> keys, std::size_t num_rows) {
    return keys_.encode(keys, num_rows);
  }

  void erase(std::span<const std::uint32_t> groups);
  void erase(std::uint32_t group) { erase({&group, 1}); }
  void clear();

  std::size_t num_keys() const { return keys_.num_columns(); }

 private:
  RowKeys keys_;
  GroupTable table_;
  std::vector<std::uint32_t> groups_;
  std::span<const std::uint32_t> first_rows_;
};

}  // namespace stream
