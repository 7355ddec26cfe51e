// All rows of an epoch in order, equal ones as they came: in memory, and where that is not enough
// in sorted runs. Owned by the operator (sort, over), one thread.
#pragma once

#include <libstream/operators/evaluation_scope.hpp>
#include <libstream/operators/sort.hpp>
#include <libstream/operators/sorted_runs.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace stream {

class RowSorter {
 public:
  /// `scope` is the operator's and open. With `limit` only so many rows are kept.
  RowSorter(const std::vector<SortColumn>& keys, std::optional<std::size_t> limit,
            std::shared_ptr<EpochMemory> memory, EvaluationScope& scope, std::size_t batch_rows);
  ~RowSorter() { forget_held(); }
  RowSorter(const RowSorter&) = delete;
  RowSorter& operator=(const RowSorter&) = delete;

  /// Forgets all rows, for the next epoch.
  void clear();
  Result<void> add(const Batch& batch);
  /// After the last add: the next rows, at most `max_rows`, of runs a batch at most; none at the
  /// end.
  Result<Batch> take(std::size_t max_rows);
  bool is_empty() const { return batches_.empty() && runs_.is_empty(); }

 private:
  struct Sorted {
    Batch all;
    std::vector<Column> keys;
    std::vector<std::uint32_t> rows;  ///< in order, cut to the limit
  };

  BlockPool& pool() { return scope_.context().pool; }
  Result<Sorted> sort_held();
  Result<void> cut_to_limit();
  Result<void> hold(Batch batch);
  void forget_held();
  Result<void> put_run();
  Result<Batch> take_from_runs(std::size_t max_rows);
  Result<Batch> take_held(std::size_t max_rows);

  std::optional<std::size_t> limit_;
  std::shared_ptr<EpochMemory> memory_;
  EvaluationScope& scope_;
  std::size_t batch_rows_;
  std::vector<TypedExpr> expressions_;
  std::vector<RowOrder> orders_;
  std::vector<Batch> batches_;
  std::size_t num_rows_ = 0;
  std::size_t reserved_bytes_ = 0;
  std::optional<std::size_t> num_taken_;  ///< from what is held; unset until sorted
  SortedRuns runs_;                       ///< what was too much for the memory
  std::size_t num_from_runs_ = 0;
};

}  // namespace stream
