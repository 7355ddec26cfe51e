// Sorted rows in temporary files, merged when they are read: a sort of more rows than memory holds.
// Owned by the operator, one thread.
#pragma once

#include <libstream/operators/row_builder.hpp>
#include <libstream/operators/row_order.hpp>
#include <libstream/state/batch_file.hpp>

#include <memory>
#include <vector>

namespace stream {

class SortedRuns {
 public:
  SortedRuns(std::shared_ptr<EpochMemory> memory, std::vector<RowOrder> orders, BlockPool& pool,
             std::size_t batch_rows);

  /// Adds rows[0], rows[1], … of `batch` as a run; they are in order by `keys`, which are columns
  /// of the batch's length. Equal rows of an earlier run come first. Nothing has been taken yet.
  Result<void> add(const Batch& batch, const std::vector<Column>& keys,
                   std::span<const std::uint32_t> rows);
  bool is_empty() const { return runs_.empty(); }
  /// The next rows in order, at most `max_rows` and a batch; none at the end.
  Result<Batch> take(std::size_t max_rows);
  void clear();

 private:
  struct Run {
    BatchFile file;
    std::size_t level = 0;  ///< how often its rows were merged
  };
  /// Where the merge is in one run.
  struct Cursor {
    std::size_t run = 0;
    Batch batch;
    std::vector<Column> keys;
    std::size_t row = 0;
  };

  Result<void> merge_newest(std::size_t count);
  Result<void> begin_merge(std::size_t first_run);
  Result<bool> load(Cursor& cursor);
  bool is_after(const Cursor& a, const Cursor& b) const;
  /// Rows with their keys behind them.
  Result<Batch> merge_some(std::size_t max_rows);

  std::shared_ptr<EpochMemory> memory_;
  std::vector<RowOrder> orders_;
  BlockPool& pool_;
  std::size_t batch_rows_;
  std::shared_ptr<const Schema> schema_;        ///< of the rows
  std::shared_ptr<const Schema> keyed_schema_;  ///< keys behind them
  std::vector<Run> runs_;                       ///< the oldest first; levels never rise
  std::vector<Cursor> cursors_;                 ///< a heap, the next row on top
  std::optional<RowBuilder> builder_;
  bool is_merging_ = false;
};

}  // namespace stream
