#include <libstream/data/compare.hpp>
#include <libstream/data/gather.hpp>
#include <libstream/operators/sorted_runs.hpp>

#include <algorithm>

namespace stream {
namespace {

/// As many runs of one level become one of the next: it bounds the files that are open.
constexpr std::size_t kRunsAtOnce = 16;

}  // namespace

SortedRuns::SortedRuns(std::shared_ptr<EpochMemory> memory, std::vector<RowOrder> orders,
                       BlockPool& pool, std::size_t batch_rows)
    : memory_(std::move(memory)),
      orders_(std::move(orders)),
      pool_(pool),
      batch_rows_(batch_rows) {}

Result<void> SortedRuns::add(const Batch& batch, const std::vector<Column>& keys,
                             std::span<const std::uint32_t> rows) {
  if (!schema_) {
    schema_ = batch.shared_schema();
    auto keyed = std::make_shared<Schema>(*schema_);
    for (const Column& key : keys) keyed->fields.push_back({"key", key.type, true});
    keyed_schema_ = std::move(keyed);
    builder_.emplace(keyed_schema_, pool_);
  }
  std::vector<Column> columns = batch.columns();
  columns.insert(columns.end(), keys.begin(), keys.end());
  const Batch keyed(keyed_schema_, std::move(columns), batch.num_rows());
  STREAM_TRY(SpillFile made, memory_->make_file());
  Run run{BatchFile(std::move(made))};
  for (std::size_t first = 0; first < rows.size(); first += batch_rows_) {
    const std::size_t count = std::min(batch_rows_, rows.size() - first);
    STREAM_TRY(run.file.append(gather(keyed, rows.subspan(first, count), pool_)));
  }
  runs_.push_back(std::move(run));
  while (runs_.size() >= kRunsAtOnce &&
         runs_[runs_.size() - kRunsAtOnce].level == runs_.back().level)
    STREAM_TRY(merge_newest(kRunsAtOnce));
  return {};
}

Result<void> SortedRuns::merge_newest(std::size_t count) {
  const std::size_t first = runs_.size() - count;
  STREAM_TRY(SpillFile made, memory_->make_file());
  Run merged{BatchFile(std::move(made)), runs_.back().level + 1};
  STREAM_TRY(begin_merge(first));
  while (true) {
    STREAM_TRY(const Batch batch, merge_some(batch_rows_));
    if (batch.num_rows() == 0) break;
    STREAM_TRY(merged.file.append(batch));
  }
  runs_.erase(runs_.begin() + static_cast<std::ptrdiff_t>(first), runs_.end());
  runs_.push_back(std::move(merged));
  return {};
}

Result<Batch> SortedRuns::take(std::size_t max_rows) {
  if (!is_merging_) {
    is_merging_ = true;
    STREAM_TRY(begin_merge(0));
  }
  STREAM_TRY(const Batch keyed, merge_some(std::min(max_rows, batch_rows_)));
  const std::span<const Column> columns = std::span(keyed.columns()).first(schema_->fields.size());
  return Batch(schema_, {columns.begin(), columns.end()}, keyed.num_rows());
}

void SortedRuns::clear() {
  cursors_.clear();
  runs_.clear();
  schema_.reset();
  is_merging_ = false;
}

bool SortedRuns::is_after(const Cursor& a, const Cursor& b) const {
  for (std::size_t i = 0; i < orders_.size(); ++i) {
    const Column& left = a.keys[i];
    const Column& right = b.keys[i];
    const bool is_left_null = left.is_null(a.row);
    const bool is_right_null = right.is_null(b.row);
    if (is_left_null || is_right_null) {
      if (is_left_null == is_right_null) continue;
      return is_left_null != orders_[i].nulls_first;
    }
    const int order = compare_rows(left, a.row, right, b.row);
    if (order != 0) return orders_[i].is_descending ? order < 0 : order > 0;
  }
  return a.run > b.run;
}

Result<bool> SortedRuns::load(Cursor& cursor) {
  STREAM_TRY(std::optional<Batch> next, runs_[cursor.run].file.take(pool_));
  if (!next) return false;
  cursor.batch = std::move(*next);
  cursor.row = 0;
  const std::span<const Column> columns(cursor.batch.columns());
  const std::span<const Column> keys = columns.last(orders_.size());
  cursor.keys.assign(keys.begin(), keys.end());
  return true;
}

Result<void> SortedRuns::begin_merge(std::size_t first_run) {
  cursors_.clear();
  for (std::size_t run = first_run; run < runs_.size(); ++run) {
    Cursor cursor{run, {}, {}, 0};
    STREAM_TRY(const bool has_rows, load(cursor));
    if (has_rows) cursors_.push_back(std::move(cursor));
  }
  std::make_heap(cursors_.begin(), cursors_.end(),
                 [this](const Cursor& a, const Cursor& b) { return is_after(a, b); });
  return {};
}

Result<Batch> SortedRuns::merge_some(std::size_t max_rows) {
  const auto later = [this](const Cursor& a, const Cursor& b) { return is_after(a, b); };
  std::size_t count = 0;
  for (; count < max_rows && !cursors_.empty(); ++count) {
    std::pop_heap(cursors_.begin(), cursors_.end(), later);
    Cursor& next = cursors_.back();
    for (std::size_t i = 0; i < next.batch.num_columns(); ++i)
      append_from(builder_->column(i), next.batch.column(i), next.row);
    bool has_more = ++next.row < next.batch.num_rows();
    if (!has_more) {
      STREAM_TRY(has_more, load(next));
    }
    if (has_more)
      std::push_heap(cursors_.begin(), cursors_.end(), later);
    else
      cursors_.pop_back();
  }
  return builder_->finish(count);
}

}  // namespace stream
