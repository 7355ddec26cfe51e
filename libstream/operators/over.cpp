#include <libstream/data/compare.hpp>
#include <libstream/data/gather.hpp>
#include <libstream/operators/evaluation_scope.hpp>
#include <libstream/operators/over.hpp>
#include <libstream/operators/over_frames.hpp>
#include <libstream/operators/row_sorter.hpp>
#include <libstream/operators/waiting_memory.hpp>

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace stream {
namespace {

/// A call's arguments over all sorted rows.
struct CallColumns {
  std::vector<Column> arguments;
  std::vector<std::uint8_t> is_chosen;  ///< FILTER; empty: all rows
  std::optional<Column> start_reach;
  std::optional<Column> end_reach;
};

class OverOperator final : public Operator {
 public:
  OverOperator(const OverSpec& spec, Result<std::shared_ptr<EpochMemory>> memory)
      : spec_(spec), scope_(spec.evaluation), memory_(std::move(memory)) {
    for (const TypedExpr& key : spec_.partition_by) sort_keys_.push_back({key, false, true});
    for (const SortColumn& key : spec_.order_by) {
      sort_keys_.push_back(key);
      orders_.push_back({key.is_descending, key.nulls_first});
    }
  }

  Result<void> open(const OperatorContext& context) override {
    scope_.open(context);
    batch_rows_ = context.batch_rows;
    STREAM_TRY(const std::shared_ptr<EpochMemory> memory, memory_);
    sorter_.emplace(sort_keys_, std::nullopt, memory, scope_, batch_rows_);
    return {};
  }
  Result<void> begin(const EpochStart& start) override {
    scope_.begin(start);
    sorter_->clear();
    unfinished_.clear();
    result_.reset();
    return {};
  }
  Result<void> push(InputPlace, Batch batch, Output&) override { return sorter_->add(batch); }
  Result<bool> end(const EpochStart&, Output& output) override {
    if (result_) {
      STREAM_TRY(emit_some(output));
      return false;
    }
    STREAM_TRY(Batch sorted, sorter_->take(kAllRows));
    if (sorted.num_rows() > 0 && !sorter_->is_empty()) {
      STREAM_TRY(add_sorted(sorted));
      return false;
    }
    if (sorted.num_rows() > 0) unfinished_.push_back(std::move(sorted));
    if (unfinished_.empty()) return true;
    STREAM_TRY(compute(std::exchange(unfinished_, {})));
    return false;
  }

 private:
  BlockPool& pool() { return scope_.context().pool; }

  Result<void> emit_some(Output& output) {
    const std::size_t count = std::min(batch_rows_, result_->num_rows() - next_);
    if (count == result_->num_rows()) {
      STREAM_TRY(output.push(*result_));
    } else {
      STREAM_TRY(output.push(slice(*result_, next_, count)));
    }
    next_ += count;
    if (next_ == result_->num_rows()) result_.reset();
    return {};
  }

  Batch slice(const Batch& batch, std::size_t first, std::size_t count) {
    std::vector<std::uint32_t> rows(count);
    std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(first));
    return gather(batch, rows, pool());
  }

  /// Computes the partitions that end in a batch of sorted rows; the rows of its last one wait.
  Result<void> add_sorted(const Batch& sorted) {
    STREAM_TRY(std::vector<Column> keys,
               evaluate_columns(spec_.partition_by, sorted, scope_.context()));
    std::size_t first = sorted.num_rows() - 1;  // of the last partition
    while (first > 0 && are_equal(keys, first - 1, keys, first)) --first;
    const bool goes_on =
        first == 0 && !unfinished_.empty() && are_equal(unfinished_keys_, 0, keys, 0);
    std::vector<Batch> whole;
    if (!goes_on) {
      whole = std::exchange(unfinished_, {});
      if (first > 0) whole.push_back(slice(sorted, 0, first));
      const std::uint32_t one[] = {static_cast<std::uint32_t>(first)};
      unfinished_keys_.clear();
      for (const Column& key : keys) unfinished_keys_.push_back(gather(key, one, pool()));
    }
    unfinished_.push_back(first > 0 ? slice(sorted, first, sorted.num_rows() - first) : sorted);
    return whole.empty() ? Result<void>() : compute(whole);
  }

  static bool are_equal(std::span<const Column> a, std::size_t i, std::span<const Column> b,
                        std::size_t j) {
    for (std::size_t key = 0; key < a.size(); ++key) {
      if (compare_rows(a[key], i, b[key], j) != 0) return false;
    }
    return true;
  }

  /// Of whole partitions, in order.
  Result<void> compute(const std::vector<Batch>& batches) {
    const Batch sorted = concatenate(batches, pool());
    std::vector<TypedExpr> order_by;
    for (const SortColumn& key : spec_.order_by) order_by.push_back(key.expression);
    EvaluationContext& context = scope_.context();
    STREAM_TRY(const std::vector<Column> partition_keys,
               evaluate_columns(spec_.partition_by, sorted, context));
    STREAM_TRY(const std::vector<Column> order_keys, evaluate_columns(order_by, sorted, context));
    cut_partitions(partition_keys, order_keys, sorted.num_rows());
    std::vector<Column> columns;
    for (const std::size_t kept : spec_.kept) columns.push_back(sorted.column(kept));
    for (const OverCall& call : spec_.calls) {
      STREAM_TRY(CallColumns values, evaluate_call(call, sorted));
      const DataType& type =
          std::visit([](const auto& f) -> const DataType& { return f.type; }, call.function);
      ColumnBuilder builder(type, pool());
      for (std::size_t i = 0; i + 1 < starts_.size(); ++i) {
        const SortedPartition partition{
            starts_[i],
            std::span<const std::uint32_t>(peers_).subspan(starts_[i], starts_[i + 1] - starts_[i]),
            order_keys, orders_};
        STREAM_TRY(compute_partition(call, values, partition, builder));
      }
      columns.push_back(builder.finish());
    }
    scope_.pass(sorted.num_rows());
    result_ = Batch(spec_.schema, std::move(columns), sorted.num_rows());
    next_ = 0;
    return {};
  }

  void cut_partitions(std::span<const Column> partition_keys, std::span<const Column> order_keys,
                      std::size_t num_rows) {
    const std::vector<RowOrder> any(partition_keys.size());
    starts_.assign(1, 0);
    peers_.assign(num_rows, 0);
    for (std::size_t row = 1; row < num_rows; ++row) {
      if (compare_by(partition_keys, any, row - 1, row) != 0) {
        starts_.push_back(row);
        continue;
      }
      const bool is_peer = compare_by(order_keys, orders_, row - 1, row) == 0;
      peers_[row] = peers_[row - 1] + (is_peer ? 0 : 1);
    }
    starts_.push_back(num_rows);
  }

  Result<CallColumns> evaluate_call(const OverCall& call, const Batch& sorted) {
    EvaluationContext& context = scope_.context();
    CallColumns values;
    if (call.filter) {
      STREAM_TRY(const Operand condition, evaluate_operand(*call.filter, sorted, context));
      std::vector<std::uint32_t> rows;
      rows_where_true(condition, sorted.num_rows(), rows);
      values.is_chosen.resize(sorted.num_rows());
      for (const std::uint32_t row : rows) values.is_chosen[row] = 1;
    }
    STREAM_TRY(values.arguments, evaluate_columns(call.arguments, sorted, context));
    for (auto [bound, reach] : {std::pair{&call.frame.start, &values.start_reach},
                                std::pair{&call.frame.end, &values.end_reach}}) {
      if (!bound->reach) continue;
      STREAM_TRY(*reach, evaluate(*bound->reach, sorted, context));
    }
    return values;
  }

  Result<void> compute_partition(const OverCall& call, const CallColumns& values,
                                 const SortedPartition& partition, ColumnBuilder& builder) {
    if (const auto* function = std::get_if<ResolvedWindowFunction>(&call.function)) {
      std::vector<std::uint32_t> rows(partition.peers.size());
      std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(partition.first));
      std::vector<Column> arguments;
      for (const Column& argument : values.arguments)
        arguments.push_back(gather(argument, rows, pool()));
      return function->compute({arguments, rows.size(), partition.peers}, builder,
                               scope_.context());
    }
    const auto& aggregate = std::get<ResolvedAggregate>(call.function);
    const auto address = [](const std::optional<Column>& column) {
      return column ? &*column : nullptr;
    };
    const std::vector<FrameRows> frames =
        frames_of(call.frame, partition, address(values.start_reach), address(values.end_reach));
    const bool is_growing = std::all_of(frames.begin(), frames.end(),
                                        [](const FrameRows& rows) { return rows.begin == 0; });
    if (is_growing) return run_growing(aggregate, values, partition, frames, builder);
    return run_frames(aggregate, values, partition, frames, builder);
  }

  /// Frames that begin with the partition and only grow: one state, added to.
  Result<void> run_growing(const ResolvedAggregate& aggregate, const CallColumns& values,
                           const SortedPartition& partition, const std::vector<FrameRows>& frames,
                           ColumnBuilder& builder) {
    const std::unique_ptr<Accumulator> state = aggregate.make();
    state->resize(1);
    const std::uint32_t one[] = {0};
    std::size_t added = 0;
    for (const FrameRows& frame : frames) {
      clear_pairs();
      for (; added < frame.end; ++added) add_pair(values, partition, added, 0);
      STREAM_TRY(add_pairs(*state, values));
      STREAM_TRY(state->append_result(one, builder, scope_.context()));
    }
    return {};
  }

  /// Other frames: a state a row, many at a time.
  Result<void> run_frames(const ResolvedAggregate& aggregate, const CallColumns& values,
                          const SortedPartition& partition, const std::vector<FrameRows>& frames,
                          ColumnBuilder& builder) {
    const std::unique_ptr<Accumulator> states = aggregate.make();
    states->resize(std::min(frames.size(), kStates));
    for (std::size_t first = 0; first < frames.size(); first += kStates) {
      const std::size_t count = std::min(kStates, frames.size() - first);
      clear_pairs();
      for (std::uint32_t i = 0; i < count; ++i) {
        if (first > 0) states->clear({&i, 1});
        for (std::size_t row = frames[first + i].begin; row < frames[first + i].end; ++row) {
          add_pair(values, partition, row, i);
          if (pair_rows_.size() < kPairs) continue;
          STREAM_TRY(add_pairs(*states, values));
          clear_pairs();
        }
      }
      STREAM_TRY(add_pairs(*states, values));
      std::vector<std::uint32_t> groups(count);
      std::iota(groups.begin(), groups.end(), 0u);
      STREAM_TRY(states->append_result(groups, builder, scope_.context()));
    }
    return {};
  }

  void clear_pairs() {
    pair_rows_.clear();
    pair_groups_.clear();
  }
  void add_pair(const CallColumns& values, const SortedPartition& partition, std::size_t row,
                std::uint32_t group) {
    const std::size_t at = partition.first + row;
    if (!values.is_chosen.empty() && values.is_chosen[at] == 0) return;
    pair_rows_.push_back(static_cast<std::uint32_t>(at));
    pair_groups_.push_back(group);
  }
  Result<void> add_pairs(Accumulator& states, const CallColumns& values) {
    if (pair_rows_.empty()) return {};
    std::vector<Operand> arguments;
    for (const Column& argument : values.arguments)
      arguments.push_back({gather(argument, pair_rows_, pool()), false});
    return states.update(arguments, pair_groups_, scope_.context());
  }

  static constexpr std::size_t kAllRows = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t kStates = 1024;
  static constexpr std::size_t kPairs = 16'384;

  OverSpec spec_;
  EvaluationScope scope_;
  Result<std::shared_ptr<EpochMemory>> memory_;
  std::vector<SortColumn> sort_keys_;  ///< partition keys, then order keys
  std::vector<RowOrder> orders_;       ///< of the order keys
  std::size_t batch_rows_ = 4096;
  std::optional<RowSorter> sorter_;
  std::vector<Batch> unfinished_;  ///< sorted rows of a partition whose end was not seen
  std::vector<Column> unfinished_keys_;
  std::vector<std::size_t> starts_;   ///< of partitions, and the end
  std::vector<std::uint32_t> peers_;  ///< by sorted row
  std::vector<std::uint32_t> pair_rows_;
  std::vector<std::uint32_t> pair_groups_;
  std::optional<Batch> result_;
  std::size_t next_ = 0;
};

}  // namespace

OperatorFactory make_over(OverSpec spec) {
  auto memory = waiting_memory(spec.evaluation);
  return [spec = std::move(spec), memory = std::move(memory)] {
    return std::make_unique<OverOperator>(spec, memory);
  };
}

}  // namespace stream
