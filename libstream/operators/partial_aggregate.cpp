#include <libstream/data/gather.hpp>
#include <libstream/operators/add_hash.hpp>
#include <libstream/operators/aggregate.hpp>
#include <libstream/operators/aggregate_states.hpp>
#include <libstream/operators/evaluation_scope.hpp>
#include <libstream/operators/row_builder.hpp>
#include <libstream/operators/slice_merge.hpp>

#include <algorithm>
#include <numeric>

namespace stream {
namespace {

class PartialAggregateOperator final : public Operator {
 public:
  explicit PartialAggregateOperator(const AggregateSpec& spec)
      : spec_(spec),
        scope_(spec.evaluation),
        states_(types_of(spec.keys), spec.calls),
        schema_(partial_schema(spec)) {
    if (!spec_.sliding) return;
    slices_.emplace(*spec_.sliding);
    windows_.emplace(spec_);
  }

  Result<void> open(const OperatorContext& context) override {
    scope_.open(context);
    batch_rows_ = context.batch_rows;
    builder_.emplace(schema_, context.pool);
    if (windows_) windows_->open(context.pool);
    return {};
  }

  Result<void> begin(const EpochStart& start) override {
    scope_.begin(start);
    start_anew();
    rows_seen_ = 0;
    is_reducing_ = true;
    return {};
  }

  Result<void> push(InputPlace, Batch batch, Output& output) override {
    if (batch.num_rows() == 0) return {};
    EvaluationContext& context = scope_.context();
    STREAM_TRY(std::vector<Column> keys, evaluate_columns(spec_.keys, batch, context));
    const std::size_t num_rows = batch.num_rows();
    if (slices_) {
      leave_out_null_times(keys, batch);
      if (batch.num_rows() == 0) return {};
      Column& times = keys[spec_.sliding->key];
      STREAM_TRY(times, slice_starts(times));
    }
    const auto groups = states_.group(keys, batch.num_rows());
    STREAM_TRY(states_.update(batch, groups, context));
    scope_.pass(num_rows);
    rows_seen_ += batch.num_rows();
    const bool is_full = states_.bytes() > spec_.memory_limit;
    // Where hardly two rows share a group, a table of an epoch would only cost memory.
    if (rows_seen_ >= kSampleRows && states_.size() * 10 > rows_seen_ * 9) is_reducing_ = false;
    if (is_full && states_.size() * 2 > rows_seen_) is_reducing_ = false;
    if (!is_reducing_ || is_full) return emit_all(output);
    return {};
  }

  Result<bool> end(const EpochStart&, Output& output) override { return emit_some(output); }

 private:
  static constexpr std::size_t kSampleRows = 262'144;

  void leave_out_null_times(std::vector<Column>& keys, Batch& batch) {
    const Column& times = keys[spec_.sliding->key];
    if (!times.validity) return;
    rows_.clear();
    for (std::uint32_t row = 0; row < batch.num_rows(); ++row) {
      if (!times.is_null(row)) rows_.push_back(row);
    }
    if (rows_.size() == batch.num_rows()) return;
    batch = gather(batch, rows_, scope_.context().pool);
    for (Column& key : keys) key = gather(key, rows_, scope_.context().pool);
  }

  Result<Column> slice_starts(const Column& times) {
    Column starts = times;
    starts.validity = {};
    starts.values = scope_.context().pool.allocate(times.num_rows * sizeof(std::int64_t) + 1);
    auto* to = reinterpret_cast<std::int64_t*>(starts.values.data());
    const auto* from = times.data<std::int64_t>();
    bool has_all = true;
    for (std::size_t row = 0; row < times.num_rows; ++row)
      has_all &= slices_->has_windows(from[row]);
    if (!has_all)
      return runtime_error(
          "ARITHMETIC_OVERFLOW",
          "window: a time lies so far off that its windows cannot be told; filter such rows out");
    for (std::size_t row = 0; row < times.num_rows; ++row) to[row] = slices_->slice_of(from[row]);
    return starts;
  }

  Result<void> emit_all(Output& output) {
    for (bool is_done = false; !is_done;) {
      STREAM_TRY(is_done, emit_some(output));
    }
    start_anew();
    rows_seen_ = is_reducing_ ? 0 : kSampleRows;
    return {};
  }

  void start_anew() {
    states_.clear();
    next_ = 0;
    is_merging_ = false;
  }

  /// A batch of states; true: there are no more.
  Result<bool> emit_some(Output& output) {
    if (next_ == states_.num_groups()) return true;
    std::size_t num_rows = 0;
    STREAM_TRY(std::vector<Column> columns,
               windows_ ? next_windows(num_rows) : next_states(num_rows));
    if (num_rows == 0) return true;
    Column hash;
    hash.type = primitive(TypeKind::int64);
    hash.num_rows = num_rows;
    hash.values = scope_.context().pool.allocate(num_rows * sizeof(std::uint64_t));
    columns.insert(columns.begin(), std::move(hash));
    const Batch batch(schema_, std::move(columns), num_rows);
    hash_keys(batch, batch.column(0));
    STREAM_TRY(output.push(batch));
    return next_ == states_.num_groups();
  }

  Result<std::vector<Column>> next_states(std::size_t& num_rows) {
    num_rows = std::min(batch_rows_, states_.num_groups() - next_);
    std::vector<std::uint32_t> groups(num_rows);
    std::iota(groups.begin(), groups.end(), next_);
    next_ += static_cast<std::uint32_t>(num_rows);
    const std::size_t num_keys = spec_.keys.size();
    const std::size_t num_states = states_.num_state_columns();
    states_.append_keys(groups, builder_->columns(1, num_keys));
    states_.append_states(groups, builder_->columns(1 + num_keys, num_states));
    return finish_columns(builder_->columns(1, num_keys + num_states));
  }

  Result<std::vector<Column>> next_windows(std::size_t& num_rows) {
    if (!std::exchange(is_merging_, true)) windows_->begin(states_);
    STREAM_TRY(std::vector<Column> columns, windows_->next(batch_rows_));
    num_rows = columns[spec_.sliding->key].num_rows;
    if (num_rows < batch_rows_) next_ = static_cast<std::uint32_t>(states_.num_groups());
    return columns;
  }

  /// The hashes of the keys, written into the batch's first column, which nobody else has yet.
  void hash_keys(const Batch& batch, Column hash) {
    std::vector<std::size_t> columns(spec_.keys.size());
    std::iota(columns.begin(), columns.end(), std::size_t{1});
    hash_rows(batch, columns,
              {reinterpret_cast<std::uint64_t*>(hash.values.data()), batch.num_rows()});
  }

  AggregateSpec spec_;
  EvaluationScope scope_;
  AggregateStates states_;
  std::shared_ptr<const Schema> schema_;
  std::optional<WindowSlices> slices_;
  std::optional<SliceMerge> windows_;
  std::size_t batch_rows_ = 4096;
  std::optional<RowBuilder> builder_;
  std::vector<std::uint32_t> rows_;
  std::size_t rows_seen_ = 0;
  bool is_reducing_ = true;
  std::uint32_t next_ = 0;  ///< group
  bool is_merging_ = false;
};

}  // namespace

std::shared_ptr<const Schema> partial_schema(const AggregateSpec& spec) {
  auto schema = std::make_shared<Schema>();
  schema->fields.push_back({"hash", primitive(TypeKind::int64), false});
  for (std::size_t i = 0; i < spec.keys.size(); ++i)
    schema->fields.push_back(spec.schema->fields[i]);
  for (const AggregateCall& call : spec.calls)
    schema->fields.insert(schema->fields.end(), call.function.state.begin(),
                          call.function.state.end());
  return schema;
}

OperatorFactory make_partial_aggregate(AggregateSpec spec) {
  return [spec = std::move(spec)] { return std::make_unique<PartialAggregateOperator>(spec); };
}

}  // namespace stream
