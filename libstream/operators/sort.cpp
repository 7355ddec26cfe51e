#include <libstream/operators/evaluation_scope.hpp>
#include <libstream/operators/gather.hpp>
#include <libstream/operators/row_order.hpp>
#include <libstream/operators/sort.hpp>

#include <algorithm>

namespace stream {
namespace {

class SortOperator final : public Operator {
 public:
  explicit SortOperator(const SortSpec& spec) : spec_(spec), scope_(spec.evaluation) {
    for (const SortColumn& key : spec_.keys) {
      expressions_.push_back(key.expression);
      orders_.push_back({key.is_descending, key.nulls_first});
    }
  }

  Result<void> open(const OperatorContext& context) override {
    scope_.open(context);
    batch_rows_ = context.batch_rows;
    return {};
  }
  Result<void> begin(const EpochStart& start) override {
    scope_.begin(start);
    batches_.clear();
    num_rows_ = 0;
    sorted_.reset();
    return {};
  }
  Result<void> push(InputPlace, Batch batch, Output&) override {
    if (batch.num_rows() == 0) return {};
    num_rows_ += batch.num_rows();
    batches_.push_back(std::move(batch));
    // Rows beyond the limit are dropped early, so that a top-n needs little memory.
    if (spec_.limit && num_rows_ > 4 * (*spec_.limit + batch_rows_)) STREAM_TRY(cut_to_limit());
    return {};
  }
  Result<bool> end(const EpochStart&, Output& output) override {
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
    batches_.clear();
    return true;
  }

 private:
  /// All rows as one sorted batch, cut to the limit.
  Result<void> cut_to_limit() {
    BlockPool& pool = scope_.context().pool;
    const Batch all = concatenate(batches_, pool);
    STREAM_TRY(const std::vector<Column> keys,
               evaluate_columns(expressions_, all, scope_.context()));
    std::vector<std::uint32_t> rows = sorted_rows(keys, orders_, all.num_rows());
    if (spec_.limit && rows.size() > *spec_.limit) rows.resize(*spec_.limit);
    batches_.clear();
    batches_.push_back(compact_if_sparse(gather(all, rows, pool), pool));
    num_rows_ = rows.size();
    return {};
  }

  SortSpec spec_;
  EvaluationScope scope_;
  std::vector<TypedExpr> expressions_;
  std::vector<RowOrder> orders_;
  std::size_t batch_rows_ = 4096;
  std::vector<Batch> batches_;
  std::size_t num_rows_ = 0;
  std::optional<std::size_t> sorted_;  ///< rows handed on; unset until sorted
};

}  // namespace

OperatorFactory make_sort(SortSpec spec) {
  return [spec = std::move(spec)] { return std::make_unique<SortOperator>(spec); };
}

}  // namespace stream
