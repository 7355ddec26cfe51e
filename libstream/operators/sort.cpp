#include <libstream/operators/evaluation_scope.hpp>
#include <libstream/operators/gather.hpp>
#include <libstream/operators/row_order.hpp>
#include <libstream/operators/sort.hpp>
#include <libstream/operators/sorted_runs.hpp>
#include <libstream/operators/waiting_memory.hpp>

#include <algorithm>

namespace stream {
namespace {

class SortOperator final : public Operator {
 public:
  SortOperator(const SortSpec& spec, Result<std::shared_ptr<EpochMemory>> memory)
      : spec_(spec), scope_(spec.evaluation), made_memory_(std::move(memory)) {
    for (const SortColumn& key : spec_.keys) {
      expressions_.push_back(key.expression);
      orders_.push_back({key.is_descending, key.nulls_first});
    }
  }

  ~SortOperator() override {
    if (memory_) forget_held();
  }

  Result<void> open(const OperatorContext& context) override {
    scope_.open(context);
    STREAM_TRY(memory_, made_memory_);
    runs_.emplace(memory_, orders_, context.pool, context.batch_rows);
    batch_rows_ = context.batch_rows;
    return {};
  }
  Result<void> begin(const EpochStart& start) override {
    scope_.begin(start);
    forget_held();
    runs_->clear();
    num_from_runs_ = 0;
    sorted_.reset();
    return {};
  }
  Result<void> push(InputPlace, Batch batch, Output&) override {
    if (batch.num_rows() == 0) return {};
    STREAM_TRY(hold(compact_if_sparse(batch, scope_.context().pool)));
    // Rows beyond the limit are dropped early, so that a top-n needs little memory.
    if (spec_.limit && num_rows_ > 4 * (*spec_.limit + batch_rows_)) STREAM_TRY(cut_to_limit());
    return {};
  }
  Result<bool> end(const EpochStart&, Output& output) override {
    if (!runs_->is_empty()) return emit_from_runs(output);
    if (batches_.empty()) return true;
    if (!sorted_) {
      STREAM_TRY(cut_to_limit());
      sorted_ = 0;
    }
    const Batch& all = batches_[0];
    const std::size_t count = std::min(batch_rows_, all.num_rows() - *sorted_);
    std::vector<std::uint32_t> rows(count);
    for (std::size_t i = 0; i < count; ++i) rows[i] = static_cast<std::uint32_t>(*sorted_ + i);
    if (count == all.num_rows()) {
      STREAM_TRY(output.push(all));
    } else if (count > 0) {
      STREAM_TRY(output.push(gather(all, rows, scope_.context().pool)));
    }
    *sorted_ += count;
    if (*sorted_ < all.num_rows()) return false;
    forget_held();
    return true;
  }

 private:
  struct Sorted {
    Batch all;
    std::vector<Column> keys;
    std::vector<std::uint32_t> rows;  ///< in order, cut to the limit
  };

  Result<Sorted> sort_held() {
    Sorted sorted;
    sorted.all = concatenate(batches_, scope_.context().pool);
    batches_.clear();
    STREAM_TRY(sorted.keys, evaluate_columns(expressions_, sorted.all, scope_.context()));
    sorted.rows = sorted_rows(sorted.keys, orders_, sorted.all.num_rows());
    if (spec_.limit && sorted.rows.size() > *spec_.limit) sorted.rows.resize(*spec_.limit);
    return sorted;
  }

  /// All rows as one sorted batch, cut to the limit.
  Result<void> cut_to_limit() {
    BlockPool& pool = scope_.context().pool;
    STREAM_TRY(const Sorted sorted, sort_held());
    forget_held();
    return hold(compact_if_sparse(gather(sorted.all, sorted.rows, pool), pool));
  }

  /// A batch that is larger than all of the memory is held by itself.
  Result<void> hold(Batch batch) {
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

  void forget_held() {
    batches_.clear();
    num_rows_ = 0;
    memory_->release(std::exchange(reserved_bytes_, 0));
  }

  Result<void> put_run() {
    STREAM_TRY(const Sorted sorted, sort_held());
    scope_.pass(sorted.all.num_rows());
    forget_held();
    return runs_->add(sorted.all, sorted.keys, sorted.rows);
  }

  Result<bool> emit_from_runs(Output& output) {
    if (!batches_.empty()) STREAM_TRY(put_run());
    const std::size_t left = spec_.limit ? *spec_.limit - num_from_runs_ : batch_rows_;
    STREAM_TRY(Batch rows, runs_->take(left));
    if (rows.num_rows() == 0) {
      runs_->clear();
      return true;
    }
    num_from_runs_ += rows.num_rows();
    STREAM_TRY(output.push(std::move(rows)));
    return false;
  }

  SortSpec spec_;
  EvaluationScope scope_;
  Result<std::shared_ptr<EpochMemory>> made_memory_;
  std::shared_ptr<EpochMemory> memory_;
  std::vector<TypedExpr> expressions_;
  std::vector<RowOrder> orders_;
  std::size_t batch_rows_ = 4096;
  std::vector<Batch> batches_;
  std::size_t num_rows_ = 0;
  std::size_t reserved_bytes_ = 0;
  std::optional<std::size_t> sorted_;  ///< rows handed on; unset until sorted
  std::optional<SortedRuns> runs_;     ///< what was too much for the memory
  std::size_t num_from_runs_ = 0;      ///< rows handed on
};

}  // namespace

OperatorFactory make_sort(SortSpec spec) {
  auto memory = waiting_memory(spec.evaluation);
  return [spec = std::move(spec), memory = std::move(memory)] {
    return std::make_unique<SortOperator>(spec, memory);
  };
}

}  // namespace stream
