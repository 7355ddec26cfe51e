// Counts late rows as Spark does: those of one source partition, epoch and group as one.
// One thread.
#pragma once

#include <libstream/data/gather.hpp>
#include <libstream/state/row_keys.hpp>

namespace stream {

class LateGroups {
 public:
  explicit LateGroups(const std::vector<DataType>& key_types) : keys_(with_partition(key_types)) {}

  void begin_epoch() { table_.clear(); }
  std::int64_t count() const { return static_cast<std::int64_t>(table_.size()); }

  /// The rows of `keys` that are not in `kept` (ascending) are late.
  void add(std::span<const Column> keys, std::size_t num_rows, std::span<const std::uint32_t> kept,
           std::uint32_t partition, BlockPool& pool) {
    std::vector<std::uint32_t> late;
    std::size_t next = 0;
    for (std::uint32_t row = 0; row < num_rows; ++row) {
      if (next < kept.size() && kept[next] == row)
        ++next;
      else
        late.push_back(row);
    }
    std::vector<Column> columns(1);
    columns[0].type = primitive(TypeKind::int32);
    columns[0].num_rows = late.size();
    columns[0].values = pool.allocate(late.size() * sizeof(partition) + 1);
    auto* partitions = reinterpret_cast<std::uint32_t*>(columns[0].values.data());
    std::fill_n(partitions, late.size(), partition);
    for (const Column& key : keys) columns.push_back(gather(key, late, pool));
    bool is_new = false;
    for (const RowKey& key : keys_.encode(columns, late.size())) table_.find_or_insert(key, is_new);
  }

 private:
  static std::vector<DataType> with_partition(std::vector<DataType> types) {
    types.insert(types.begin(), primitive(TypeKind::int32));
    return types;
  }

  RowKeys keys_;
  GroupTable table_;
};

}  // namespace stream
