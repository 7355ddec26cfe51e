#include <libstream/data/gather.hpp>
#include <libstream/operators/row_sorter.hpp>

#include <algorithm>
#include <numeric>
#include <utility>

namespace stream {
namespace {

std::vector<RowOrder> orders_of(const std::vector<SortColumn>& keys) {
  std::vector<RowOrder> orders;
  for (const SortColumn& key : keys) orders.push_back({key.is_descending, key.nulls_first});
  return orders;
}

}  // namespace

RowSorter::RowSorter(const std::vector<SortColumn>& keys, std::optional<std::size_t> limit,
                     std::shared_ptr<EpochMemory> memory, EvaluationScope& scope,
                     std::size_t batch_rows)
    : limit_(limit),
      memory_(std::move(memory)),
      scope_(scope),
      batch_rows_(batch_rows),
      orders_(orders_of(keys)),
      runs_(memory_, orders_, scope.context().pool, batch_rows) {
  for (const SortColumn& key : keys) expressions_.push_back(key.expression);
}

void RowSorter::clear() {
  forget_held();
  runs_.clear();
  num_from_runs_ = 0;
  num_taken_.reset();
}

Result<void> RowSorter::add(const Batch& batch) {
  if (batch.num_rows() == 0) return {};
  STREAM_TRY(hold(compact_if_sparse(batch, pool())));
  // Rows beyond the limit are dropped early, so that a top-n needs little memory.
  if (limit_ && num_rows_ > 4 * (*limit_ + batch_rows_)) STREAM_TRY(cut_to_limit());
  return {};
}

Result<Batch> RowSorter::take(std::size_t max_rows) {
  return runs_.is_empty() ? take_held(max_rows) : take_from_runs(max_rows);
}

Result<Batch> RowSorter::take_held(std::size_t max_rows) {
  if (batches_.empty()) return Batch();
  if (!num_taken_) {
    STREAM_TRY(cut_to_limit());
    num_taken_ = 0;
  }
  const Batch all = batches_[0];
  const std::size_t count = std::min(max_rows, all.num_rows() - *num_taken_);
  std::vector<std::uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(*num_taken_));
  *num_taken_ += count;
  if (*num_taken_ == all.num_rows()) forget_held();
  if (count == all.num_rows()) return all;
  return gather(all, rows, pool());
}

Result<Batch> RowSorter::take_from_runs(std::size_t max_rows) {
  if (!batches_.empty()) STREAM_TRY(put_run());
  const std::size_t left = limit_ ? *limit_ - num_from_runs_ : max_rows;
  STREAM_TRY(Batch rows, runs_.take(std::min(left, max_rows)));
  num_from_runs_ += rows.num_rows();
  if (rows.num_rows() == 0) runs_.clear();
  return rows;
}

Result<RowSorter::Sorted> RowSorter::sort_held() {
  Sorted sorted;
  sorted.all = concatenate(batches_, pool());
  batches_.clear();
  STREAM_TRY(sorted.keys, evaluate_columns(expressions_, sorted.all, scope_.context()));
  sorted.rows = sorted_rows(sorted.keys, orders_, sorted.all.num_rows());
  if (limit_ && sorted.rows.size() > *limit_) sorted.rows.resize(*limit_);
  return sorted;
}

/// All held rows as one sorted batch, cut to the limit.
Result<void> RowSorter::cut_to_limit() {
  STREAM_TRY(const Sorted sorted, sort_held());
  forget_held();
  return hold(compact_if_sparse(gather(sorted.all, sorted.rows, pool()), pool()));
}

/// A batch that is larger than all of the memory is held by itself.
Result<void> RowSorter::hold(Batch batch) {
  const std::size_t bytes = batch.retained_bytes();
  bool has_room = memory_->reserve(bytes);
  if (!has_room && !batches_.empty()) {
    STREAM_TRY(put_run());
    has_room = memory_->reserve(bytes);
  }
  if (has_room) reserved_bytes_ += bytes;
  num_rows_ += batch.num_rows();
  batches_.push_back(std::move(batch));
  return {};
}

void RowSorter::forget_held() {
  batches_.clear();
  num_rows_ = 0;
  memory_->release(std::exchange(reserved_bytes_, 0));
}

Result<void> RowSorter::put_run() {
  STREAM_TRY(const Sorted sorted, sort_held());
  scope_.pass(sorted.all.num_rows());
  forget_held();
  return runs_.add(sorted.all, sorted.keys, sorted.rows);
}

}  // namespace stream
