#include <libstream/operators/aggregate_states.hpp>
#include <libstream/operators/evaluation_scope.hpp>
#include <libstream/operators/expiry_index.hpp>
#include <libstream/operators/late_groups.hpp>
#include <libstream/operators/state_layout.hpp>
#include <libstream/operators/streaming_aggregate.hpp>

#include <algorithm>
#include <numeric>

namespace stream {
namespace {

StateLayout layout_of(const AggregateSpec& spec) {
  StateLayout layout{"groups", {}, {}, spec.keys.size()};
  for (std::size_t i = 0; i < spec.keys.size(); ++i)
    layout.keys.push_back({spec.schema->fields[i].name, spec.keys[i]->type, true});
  for (const AggregateCall& call : spec.calls)
    layout.values.insert(layout.values.end(), call.function.state.begin(),
                         call.function.state.end());
  return layout;
}

class StreamingAggregateOperator final : public Operator {
 public:
  explicit StreamingAggregateOperator(const StreamingAggregateSpec& spec)
      : spec_(spec),
        scope_(spec.aggregate.evaluation),
        states_(types_of(spec.aggregate.keys), spec.aggregate.calls),
        late_groups_(types_of(spec.aggregate.keys)) {}

  Result<void> open(const OperatorContext& context) override {
    context_.emplace(context);
    scope_.open(context);
    builder_.emplace(spec_.aggregate.schema, context.pool);
    writer_.emplace(layout_of(spec_.aggregate), context.pool);
    return {};
  }

  Result<void> begin(const EpochStart& start) override {
    scope_.begin(start);
    if (needs_filing_) file_all();
    late_watermark_ = at_input(start.late_watermark);
    late_groups_.begin_epoch();
    for (const std::uint32_t group : touched_)
      flags_[group] &= static_cast<std::uint8_t>(~kTouched);
    touched_.clear();
    emitted_.reset();
    updated_ = removed_ = 0;
    return {};
  }

  Result<void> push(InputPlace place, Batch batch, Output&) override {
    if (batch.num_rows() == 0) return {};
    const std::size_t num_input_rows = batch.num_rows();
    std::vector<Column> keys;
    if (spec_.merges_partials) {
      keys.assign(batch.columns().begin() + 1,
                  batch.columns().begin() + 1 + static_cast<std::ptrdiff_t>(num_keys()));
    } else {
      STREAM_TRY(keys, evaluate_columns(spec_.aggregate.keys, batch, scope_.context()));
    }
    leave_out_late(place.partition, keys, batch);
    if (batch.num_rows() > 0) STREAM_TRY(add(keys, batch));
    scope_.pass(num_input_rows);
    return {};
  }

  Result<bool> end(const EpochStart& start, Output& output) override {
    if (!emitted_) {
      if (num_keys() == 0) touch(states_.group({}, 1));
      find_old(at_input(start.watermark));
      choose_emitted();
      emitted_ = 0;
    }
    const std::size_t count = std::min(context_->batch_rows, emit_.size() - *emitted_);
    const auto groups = emit_.subspan(*emitted_, count);
    if (count > 0) {
      states_.append_keys(groups, builder_->columns(0, num_keys()));
      STREAM_TRY(states_.append_results(groups, builder_->columns(num_keys(), states_.num_calls()),
                                        scope_.context()));
      STREAM_TRY(output.push(builder_->finish(count)));
      *emitted_ += count;
    }
    if (*emitted_ < emit_.size()) return false;
    remove_old();
    return true;
  }

  bool is_stateful() const override { return true; }

  Result<void> seal(std::vector<StatePiece>& pieces) override {
    std::vector<std::uint32_t> changed;
    for (const std::uint32_t group : dirty_) {
      if (!states_.is_used(group) || (flags_[group] & kDirty) == 0) continue;
      flags_[group] = static_cast<std::uint8_t>((flags_[group] & ~kDirty) | kSealed);
      changed.push_back(group);
    }
    dirty_.clear();
    constexpr std::size_t kRowsAtOnce = 4096;
    for (std::size_t first = 0; first < changed.size(); first += kRowsAtOnce) {
      const std::size_t count = std::min(kRowsAtOnce, changed.size() - first);
      const auto groups = std::span<const std::uint32_t>(changed).subspan(first, count);
      states_.append_keys(groups, writer_->keys());
      states_.append_states(groups, writer_->values());
      writer_->end_live(count);
    }
    writer_->finish(pieces);
    return {};
  }

  Result<void> drop_changes() override {
    for (const std::uint32_t group : dirty_) flags_[group] &= static_cast<std::uint8_t>(~kDirty);
    dirty_.clear();
    return {};
  }

  Result<void> restore(const StatePiece& piece) override {
    STREAM_TRY(const auto rows, restored_rows(piece, writer_->layout(), context_->groups,
                                              context_->num_groups, context_->pool));
    if (!rows) return {};
    const std::span<const Column> deleted(rows->deleted.columns());
    for (const RowKey& key : states_.encode(deleted.first(num_keys()), rows->deleted.num_rows())) {
      if (const std::uint32_t group = states_.find(key); group != GroupTable::kNone) forget(group);
    }
    const std::span<const Column> live(rows->live.columns());
    const auto keys = live.first(num_keys());
    const auto groups = states_.group(keys, rows->live.num_rows());
    make_room();
    for (std::size_t row = 0; row < groups.size(); ++row) {
      if ((flags_[groups[row]] & kSealed) != 0) states_.reset(groups[row]);
      flags_[groups[row]] = kSealed;
    }
    needs_filing_ = true;
    return states_.merge(live.subspan(num_keys()), groups);
  }

  StateCounts state_counts() const override {
    return {static_cast<std::int64_t>(states_.size()),
            updated_,
            removed_,
            static_cast<std::int64_t>(states_.bytes()),
            late_groups_.count(),
            0};
  }

 private:
  static constexpr std::uint8_t kTouched = 1;  ///< in the running epoch
  static constexpr std::uint8_t kDirty = 2;    ///< since the last seal
  static constexpr std::uint8_t kSealed = 4;   ///< a checkpoint has it

  std::size_t num_keys() const { return states_.num_keys(); }
  EpochMillis at_input(EpochMillis watermark) const {
    return spec_.watermark ? spec_.watermark(watermark) : watermark;
  }
  /// Complete mode keeps everything.
  bool has_event_time() const { return spec_.event_time_key && spec_.mode != OutputMode::complete; }

  void leave_out_late(std::uint32_t partition, std::vector<Column>& keys, Batch& batch) {
    if (!has_event_time()) return;
    if (!rows_after(keys[*spec_.event_time_key], batch.num_rows(), late_watermark_, rows_)) return;
    late_groups_.add(keys, batch.num_rows(), rows_, partition, context_->pool);
    batch = gather(batch, rows_, context_->pool);
    for (Column& key : keys) key = gather(key, rows_, context_->pool);
  }

  Result<void> add(const std::vector<Column>& keys, const Batch& batch) {
    const auto groups = states_.group(keys, batch.num_rows());
    touch(groups);
    file_by_time(keys, groups, states_.first_rows());
    if (!spec_.merges_partials) return states_.update(batch, groups, scope_.context());
    return states_.merge(std::span<const Column>(batch.columns()).subspan(1 + num_keys()), groups);
  }

  void make_room() {
    if (flags_.size() < states_.num_groups()) flags_.resize(states_.num_groups());
  }

  void touch(std::span<const std::uint32_t> groups) {
    make_room();
    constexpr std::size_t kAtOnce = 64;
    for (; groups.size() > kAtOnce; groups = groups.subspan(kAtOnce))
      touch_some(groups.first(kAtOnce));
    touch_some(groups);
  }

  void touch_some(std::span<const std::uint32_t> groups) {
    std::uint8_t* flags = flags_.data();
    // With few keys they soon are all known.
    unsigned known = kTouched | kDirty;
    for (const std::uint32_t group : groups) known &= flags[group];
    if (known == (kTouched | kDirty)) return;
    std::size_t num_touched = touched_.size();
    std::size_t num_dirty = dirty_.size();
    touched_.resize(num_touched + groups.size());
    dirty_.resize(num_dirty + groups.size());
    // Without branches: with many keys nobody can guess which row brings a new one.
    for (const std::uint32_t group : groups) {
      const std::uint8_t before = flags[group];
      touched_[num_touched] = group;
      dirty_[num_dirty] = group;
      num_touched += (before & kTouched) == 0;
      num_dirty += (before & kDirty) == 0;
      flags[group] = static_cast<std::uint8_t>(before | kTouched | kDirty);
    }
    updated_ += static_cast<std::int64_t>(num_touched + groups.size() - touched_.size());
    touched_.resize(num_touched);
    dirty_.resize(num_dirty);
  }

  /// Files the groups of these rows under their event time.
  void file_by_time(std::span<const Column> keys, std::span<const std::uint32_t> groups,
                    std::span<const std::uint32_t> rows) {
    if (!has_event_time()) return;
    const Column& times = keys[*spec_.event_time_key];
    for (const std::uint32_t row : rows) {
      if (const auto micros = event_micros(times, row)) by_time_.add(*micros, groups[row]);
    }
  }

  void find_old(EpochMillis watermark) {
    old_.clear();
    if (!has_event_time()) return;
    by_time_.take_through(watermark, old_);
  }

  void choose_emitted() {
    switch (spec_.mode) {
      case OutputMode::append:
        emit_ = old_;
        return;
      case OutputMode::update:
        emit_ = touched_;
        return;
      case OutputMode::complete:
        all_.clear();
        for (std::uint32_t group = 0; group < states_.num_groups(); ++group) {
          if (states_.is_used(group)) all_.push_back(group);
        }
        emit_ = all_;
    }
  }

  void remove_old() {
    for (const std::uint32_t group : old_) {
      if ((flags_[group] & kSealed) != 0) {
        const std::uint32_t one[] = {group};
        states_.append_keys(one, writer_->keys());
        writer_->end_deleted();
      }
      // The list of touched groups may still name it; its flags are those of a new group.
      flags_[group] = 0;
    }
    removed_ += static_cast<std::int64_t>(old_.size());
    states_.erase(old_);
    old_.clear();
  }

  /// While restoring: a group that a later piece deletes.
  void forget(std::uint32_t group) {
    states_.erase(group);
    flags_[group] = 0;
  }

  /// After a restore.
  void file_all() {
    needs_filing_ = false;
    by_time_.clear();
    if (!has_event_time()) return;
    std::vector<std::uint32_t> groups;
    for (std::uint32_t group = 0; group < states_.num_groups(); ++group) {
      if (states_.is_used(group)) groups.push_back(group);
    }
    states_.append_keys(groups, builder_->columns(0, num_keys()));
    std::vector<std::uint32_t> rows(groups.size());
    std::iota(rows.begin(), rows.end(), 0u);
    file_by_time(finish_columns(builder_->columns(0, num_keys())), groups, rows);
  }

  StreamingAggregateSpec spec_;
  EvaluationScope scope_;
  AggregateStates states_;
  LateGroups late_groups_;
  std::optional<OperatorContext> context_;
  std::optional<RowBuilder> builder_;
  std::optional<StateWriter> writer_;
  EpochMillis late_watermark_ = 0;
  LargeArray<std::uint8_t> flags_;  ///< by group
  LargeArray<std::uint32_t> touched_;
  LargeArray<std::uint32_t> dirty_;
  ExpiryIndex by_time_;
  bool needs_filing_ = false;
  std::vector<std::uint32_t> old_;
  std::vector<std::uint32_t> all_;
  std::span<const std::uint32_t> emit_;  ///< of one of the three lists
  std::optional<std::size_t> emitted_;
  std::vector<std::uint32_t> rows_;
  std::int64_t updated_ = 0;
  std::int64_t removed_ = 0;
};

}  // namespace

OperatorFactory make_streaming_aggregate(StreamingAggregateSpec spec) {
  return [spec = std::move(spec)] { return std::make_unique<StreamingAggregateOperator>(spec); };
}

}  // namespace stream
