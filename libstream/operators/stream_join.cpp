#include <libstream/data/gather.hpp>
#include <libstream/operators/evaluation_scope.hpp>
#include <libstream/operators/join_side.hpp>
#include <libstream/operators/stream_join.hpp>
#include <libstream/operators/waiting_memory.hpp>
#include <libstream/state/epoch_buffer.hpp>

#include <algorithm>
#include <array>

namespace stream {
namespace {

class StreamJoinOperator final : public Operator {
 public:
  StreamJoinOperator(const StreamJoinSpec& spec, Result<std::shared_ptr<EpochMemory>> memory)
      : spec_(spec),
        scope_(spec.evaluation),
        memory_(std::move(memory)),
        sides_{
            JoinSide(spec.left, "left", keeps_left(spec.kind) || spec.kind == JoinKind::left_semi),
            JoinSide(spec.right, "right", keeps_right(spec.kind))} {
    auto joined = std::make_shared<Schema>();
    for (const StreamJoinSide* side : {&spec_.left, &spec_.right})
      joined->fields.insert(joined->fields.end(), side->columns.begin(), side->columns.end());
    joined_schema_ = std::move(joined);
  }

  Result<void> open(const OperatorContext& context) override {
    context_.emplace(context);
    scope_.open(context);
    STREAM_TRY(const std::shared_ptr<EpochMemory> memory, memory_);
    waiting_.emplace(memory, context.pool);
    for (std::size_t side = 0; side < 2; ++side) {
      sides_[side].open(context);
      auto schema = std::make_shared<Schema>();
      schema->fields = sides_[side].spec().columns;
      builders_.emplace_back(std::move(schema), context.pool);
    }
    return {};
  }

  Result<void> begin(const EpochStart& start) override {
    scope_.begin(start);
    for (JoinSide& side : sides_) side.end_restore();
    late_watermark_ = at_input(start.late_watermark);
    watermark_ = at_input(start.watermark);
    waiting_->clear();
    evicting_ = kLeft;
    has_old_ = false;
    updated_ = removed_ = late_ = 0;
    return {};
  }

  Result<void> push(InputPlace place, Batch batch, Output& output) override {
    if (batch.num_rows() == 0) return {};
    if (place.ordinal == kLeft) return process(kLeft, std::move(batch), output);
    return waiting_->append(batch);
  }

  Result<bool> end(const EpochStart&, Output& output) override {
    STREAM_TRY(std::optional<Batch> next, waiting_->take());
    if (next) {
      STREAM_TRY(process(kRight, std::move(*next), output));
      return false;
    }
    if (evicting_ == 2) return true;
    STREAM_TRY(const bool is_done, evict_some(evicting_, output));
    if (is_done) {
      ++evicting_;
      has_old_ = false;
    }
    return evicting_ == 2;
  }

  bool is_stateful() const override { return true; }
  Result<void> seal(std::vector<StatePiece>& pieces) override {
    for (JoinSide& side : sides_) side.seal(pieces);
    return {};
  }
  Result<void> drop_changes() override {
    for (JoinSide& side : sides_) side.drop_changes();
    return {};
  }
  Result<void> restore(const StatePiece& piece) override {
    for (JoinSide& side : sides_) STREAM_TRY(side.restore(piece));
    return {};
  }
  StateCounts state_counts() const override {
    return {
        static_cast<std::int64_t>(sides_[0].num_rows() + sides_[1].num_rows()), updated_, removed_,
        static_cast<std::int64_t>(sides_[0].bytes() + sides_[1].bytes()),       late_,    0};
  }

 private:
  static constexpr std::size_t kLeft = 0;
  static constexpr std::size_t kRight = 1;

  EpochMillis at_input(EpochMillis watermark) const {
    return spec_.watermark ? spec_.watermark(watermark) : watermark;
  }
  bool is_kept(std::size_t side) const {
    return side == kLeft ? keeps_left(spec_.kind) : keeps_right(spec_.kind);
  }

  /// Rows of one side meet what the other has kept, then are kept themselves.
  Result<void> process(std::size_t side, Batch batch, Output& output) {
    drop_null_keys(side, batch);
    drop_late(side, batch);
    STREAM_TRY(split_by_own_condition(side, batch, output));
    if (batch.num_rows() == 0) return {};
    const std::span<const RowKey> keys = sides_[side].encode_keys(batch);
    is_matched_.assign(batch.num_rows(), 0);
    input_rows_.clear();
    kept_rows_.clear();
    const JoinSide& other = sides_[1 - side];
    for (std::uint32_t row = 0; row < batch.num_rows(); ++row) {
      if (!matches_null_keys() && sides_[side].has_null_key(batch, row)) continue;
      for (std::uint32_t kept = other.first(keys[row]); kept != JoinSide::kNone;
           kept = other.next(kept)) {
        input_rows_.push_back(row);
        kept_rows_.push_back(kept);
        if (input_rows_.size() >= context_->batch_rows) STREAM_TRY(join_pairs(side, batch, output));
      }
    }
    STREAM_TRY(join_pairs(side, batch, output));
    keep(side, batch, keys);
    return {};
  }

  void take(Batch& batch) {
    if (rows_.size() != batch.num_rows()) batch = gather(batch, rows_, context_->pool);
  }

  /// Where both sides are kept nothing takes the null keys out, and they meet by their bytes.
  bool matches_null_keys() const { return is_kept(kLeft) && is_kept(kRight); }

  /// Null keys match nothing else; only rows that may come out with nulls are worth keeping
  ///
  void drop_null_keys(std::size_t side, Batch& batch) {
    if (is_kept(side)) return;
    rows_.clear();
    for (std::uint32_t row = 0; row < batch.num_rows(); ++row) {
      if (!sides_[side].has_null_key(batch, row)) rows_.push_back(row);
    }
    take(batch);
  }

  void drop_late(std::size_t side, Batch& batch) {
    const auto column = sides_[side].spec().event_time;
    if (!column || !rows_after(batch.column(*column), batch.num_rows(), late_watermark_, rows_))
      return;
    late_ += static_cast<std::int64_t>(batch.num_rows() - rows_.size());
    take(batch);
  }

  /// Rows that fail their own side's condition never match: out with nulls at once.
  Result<void> split_by_own_condition(std::size_t side, Batch& batch, Output& output) {
    const TypedExpr& condition = sides_[side].spec().own_condition;
    if (!condition || batch.num_rows() == 0) return {};
    STREAM_TRY(const Operand holds, evaluate_operand(*condition, batch, scope_.context()));
    rows_where_true(holds, batch.num_rows(), rows_);
    if (rows_.size() == batch.num_rows()) return {};
    if (is_kept(side)) {
      std::vector<std::uint32_t> failed;
      std::size_t next = 0;
      for (std::uint32_t row = 0; row < batch.num_rows(); ++row) {
        if (next < rows_.size() && rows_[next] == row)
          ++next;
        else
          failed.push_back(row);
      }
      STREAM_TRY(emit_with_nulls(side, gather(batch, failed, context_->pool).columns(),
                                 failed.size(), output));
    }
    take(batch);
    return {};
  }

  /// Joins the pairs found so far, applies the condition and hands on what is left.
  Result<void> join_pairs(std::size_t side, const Batch& batch, Output& output) {
    const std::size_t count = input_rows_.size();
    if (count == 0) return {};
    BlockPool& pool = context_->pool;
    RowBuilder& builder = builders_[1 - side];
    sides_[1 - side].decode(kept_rows_, builder.columns(0, sides_[1 - side].spec().columns.size()));
    const Batch kept = builder.finish(count);
    const Batch input = gather(batch, input_rows_, pool);
    const Batch& left = side == kLeft ? input : kept;
    const Batch& right = side == kLeft ? kept : input;
    std::vector<Column> columns = left.columns();
    columns.insert(columns.end(), right.columns().begin(), right.columns().end());
    Batch joined(joined_schema_, std::move(columns), count);
    rows_.clear();
    if (spec_.condition) {
      STREAM_TRY(const Operand holds, evaluate_operand(*spec_.condition, joined, scope_.context()));
      rows_where_true(holds, count, rows_);
    } else {
      for (std::uint32_t i = 0; i < count; ++i) rows_.push_back(i);
    }
    note_matches(side);
    input_rows_.clear();
    kept_rows_.clear();
    if (rows_.empty()) return {};
    const Batch result = select_columns(joined, spec_.output, spec_.schema);
    return output.push(rows_.size() == count ? result : gather(result, rows_, pool));
  }

  /// Marks both sides of the pairs in rows_; of a semi join only a left row's first pair stays.
  void note_matches(std::size_t side) {
    JoinSide& other = sides_[1 - side];
    std::size_t num_left = 0;
    for (const std::uint32_t pair : rows_) {
      bool is_first = true;
      if (spec_.kind == JoinKind::left_semi)
        is_first = side == kLeft ? is_matched_[input_rows_[pair]] == 0
                                 : !other.is_matched(kept_rows_[pair]);
      is_matched_[input_rows_[pair]] = 1;
      other.mark_matched(kept_rows_[pair]);
      if (is_first) rows_[num_left++] = pair;
    }
    rows_.resize(num_left);
  }

  void keep(std::size_t side, const Batch& batch, std::span<const RowKey> keys) {
    JoinSide& kept = sides_[side];
    for (std::uint32_t row = 0; row < batch.num_rows(); ++row) {
      const bool is_matched = is_matched_[row] != 0;
      if (side == kLeft) {
        if (spec_.kind == JoinKind::left_semi && is_matched) continue;
      } else if (kept.is_old(batch, row, watermark_) && (is_matched || !is_kept(kRight))) {
        // All left rows of the epoch have been seen, so nothing can meet it any more.
        continue;
      }
      kept.add(batch, row, keys[row], is_matched);
      ++updated_;
    }
  }

  Result<void> emit_with_nulls(std::size_t side, std::vector<Column> columns, std::size_t num_rows,
                               Output& output) {
    std::vector<Column> nulls;
    for (const Field& field : sides_[1 - side].spec().columns)
      nulls.push_back(null_column(field.type, num_rows, context_->pool));
    std::vector<Column>& left = side == kLeft ? columns : nulls;
    std::vector<Column>& right = side == kLeft ? nulls : columns;
    left.insert(left.end(), right.begin(), right.end());
    const Batch joined(joined_schema_, std::move(left), num_rows);
    return output.push(select_columns(joined, spec_.output, spec_.schema));
  }

  /// Removes old rows, a batch at a time; those that never matched come out with nulls.
  Result<bool> evict_some(std::size_t side, Output& output) {
    JoinSide& kept = sides_[side];
    if (!has_old_) {
      old_.clear();
      next_old_ = 0;
      kept.take_old(watermark_, old_);
      has_old_ = true;
    }
    const std::size_t count = std::min(context_->batch_rows, old_.size() - next_old_);
    const auto rows = std::span<const std::uint32_t>(old_).subspan(next_old_, count);
    next_old_ += count;
    if (is_kept(side)) {
      std::vector<std::uint32_t> unmatched;
      std::copy_if(rows.begin(), rows.end(), std::back_inserter(unmatched),
                   [&](std::uint32_t row) { return !kept.is_matched(row); });
      if (!unmatched.empty()) {
        kept.decode(unmatched, builders_[side].columns(0, kept.spec().columns.size()));
        STREAM_TRY(emit_with_nulls(side, builders_[side].finish(unmatched.size()).columns(),
                                   unmatched.size(), output));
      }
    } else {
      removed_ += static_cast<std::int64_t>(count);
    }
    for (const std::uint32_t row : rows) kept.remove(row);
    return next_old_ == old_.size();
  }

  StreamJoinSpec spec_;
  EvaluationScope scope_;
  Result<std::shared_ptr<EpochMemory>> memory_;
  std::array<JoinSide, 2> sides_;
  std::shared_ptr<const Schema> joined_schema_;
  std::optional<OperatorContext> context_;
  std::vector<RowBuilder> builders_;
  EpochMillis late_watermark_ = 0;
  EpochMillis watermark_ = 0;
  std::optional<EpochBuffer> waiting_;  ///< right rows of the running epoch
  std::size_t evicting_ = 0;
  bool has_old_ = false;
  std::vector<std::uint32_t> old_;
  std::size_t next_old_ = 0;
  std::vector<std::uint32_t> rows_;
  std::vector<std::uint32_t> input_rows_;  ///< pairs: row of the input, row kept by the other side
  std::vector<std::uint32_t> kept_rows_;
  std::vector<std::uint8_t> is_matched_;
  std::int64_t updated_ = 0, removed_ = 0, late_ = 0;
};

}  // namespace

OperatorFactory make_stream_join(StreamJoinSpec spec) {
  auto memory = waiting_memory(spec.evaluation);
  return [spec = std::move(spec), memory = std::move(memory)] {
    return std::make_unique<StreamJoinOperator>(spec, memory);
  };
}

EpochMillis output_watermark(const StreamJoinSpec& spec, EpochMillis at_input) {
  EpochMillis least = at_input;
  for (const StreamJoinSide* side : {&spec.left, &spec.right}) {
    if (side->bound) least = std::min(least, at_input + side->bound->offset_millis);
  }
  return least;
}

}  // namespace stream
