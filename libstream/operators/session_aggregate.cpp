#include <libstream/operators/aggregate_states.hpp>
#include <libstream/operators/evaluation_scope.hpp>
#include <libstream/operators/expiry_index.hpp>
#include <libstream/operators/late_groups.hpp>
#include <libstream/operators/row_order.hpp>
#include <libstream/operators/session_aggregate.hpp>
#include <libstream/operators/state_layout.hpp>

#include <algorithm>
#include <numeric>

namespace stream {
namespace {

struct Session {
  std::int64_t start = 0;
  std::int64_t end = 0;
  std::uint32_t key = 0;
  std::optional<std::int64_t> sealed_start;  ///< under which a checkpoint has it
  bool is_used = false;
  bool is_dirty = false;
  bool is_leaving = false;
};

std::vector<DataType> plain_key_types(const SessionAggregateSpec& spec) {
  std::vector<DataType> types;
  for (std::size_t i = 0; i < spec.aggregate.keys.size(); ++i) {
    if (i != spec.session_key) types.push_back(spec.aggregate.keys[i]->type);
  }
  return types;
}

StateLayout layout_of(const SessionAggregateSpec& spec) {
  StateLayout layout{"sessions", {}, {}, spec.aggregate.keys.size() - 1};
  for (std::size_t i = 0; i < spec.aggregate.keys.size(); ++i) {
    if (i == spec.session_key) continue;
    layout.keys.push_back(
        {spec.aggregate.schema->fields[i].name, spec.aggregate.keys[i]->type, true});
  }
  layout.keys.push_back({"start", primitive(TypeKind::timestamp), false});
  layout.values.push_back({"end", primitive(TypeKind::timestamp), false});
  for (const AggregateCall& call : spec.aggregate.calls)
    layout.values.insert(layout.values.end(), call.function.state.begin(),
                         call.function.state.end());
  return layout;
}

class SessionAggregateOperator final : public Operator {
 public:
  explicit SessionAggregateOperator(const SessionAggregateSpec& spec)
      : spec_(spec),
        scope_(spec.aggregate.evaluation),
        states_({}, {}, spec.aggregate.calls),
        keys_(plain_key_types(spec)),
        late_groups_(types_of(spec.aggregate.keys)) {}

  Result<void> open(const OperatorContext& context) override {
    context_.emplace(context);
    scope_.open(context);
    builder_.emplace(spec_.aggregate.schema, context.pool);
    writer_.emplace(layout_of(spec_), context.pool);
    return {};
  }

  Result<void> begin(const EpochStart& start) override {
    scope_.begin(start);
    if (!spec_.is_streaming) forget_all();
    if (needs_filing_) file_all();
    late_watermark_ = at_input(start.late_watermark);
    late_groups_.begin_epoch();
    batches_.clear();
    emitted_.reset();
    updated_ = removed_ = 0;
    return {};
  }

  Result<void> push(InputPlace place, Batch batch, Output&) override {
    if (batch.num_rows() == 0) return {};
    STREAM_TRY(std::vector<Column> keys,
               evaluate_columns(spec_.aggregate.keys, batch, scope_.context()));
    scope_.pass(batch.num_rows());
    const Column& ranges = keys[spec_.session_key];
    choose_rows(ranges, batch.num_rows());
    if (rows_.size() != batch.num_rows()) {
      batch = gather(batch, rows_, context_->pool);
      for (Column& key : keys) key = gather(key, rows_, context_->pool);
    }
    // Other than groups, sessions lose late rows in complete mode too.
    if (spec_.has_watermark &&
        rows_after(keys[spec_.session_key], batch.num_rows(), late_watermark_, rows_)) {
      late_groups_.add(keys, batch.num_rows(), rows_, place.partition, context_->pool);
      batch = gather(batch, rows_, context_->pool);
    }
    if (batch.num_rows() > 0) batches_.push_back(std::move(batch));
    return {};
  }

  Result<bool> end(const EpochStart& start, Output& output) override {
    if (!emitted_) {
      STREAM_TRY(add_epoch());
      find_old(at_input(start.watermark));
      choose_emitted();
      emitted_ = 0;
    }
    const std::size_t count = std::min(context_->batch_rows, emit_.size() - *emitted_);
    if (count > 0) {
      STREAM_TRY(emit(std::span<const std::uint32_t>(emit_).subspan(*emitted_, count), output));
      *emitted_ += count;
    }
    if (*emitted_ < emit_.size()) return false;
    for (const std::uint32_t session : old_) {
      remove(session);
      ++removed_;
    }
    old_.clear();
    return true;
  }

  bool is_stateful() const override { return spec_.is_streaming; }

  Result<void> seal(std::vector<StatePiece>& pieces) override {
    for (const std::uint32_t number : dirty_) {
      Session& session = sessions_[number];
      if (!session.is_used || !session.is_dirty) continue;
      session.is_dirty = false;
      session.sealed_start = session.start;
      append_sealed_key(session.key, session.start);
      const auto values = writer_->values();
      values[0].append(session.end);
      const std::uint32_t one[] = {number};
      states_.append_states(one, values.subspan(1));
      writer_->end_live();
    }
    dirty_.clear();
    writer_->finish(pieces);
    return {};
  }

  Result<void> drop_changes() override {
    for (const std::uint32_t number : dirty_) sessions_[number].is_dirty = false;
    dirty_.clear();
    return {};
  }

  Result<void> restore(const StatePiece& piece) override {
    STREAM_TRY(const auto rows, restored_rows(piece, writer_->layout(), context_->groups,
                                              context_->num_groups, context_->pool));
    if (!rows) return {};
    needs_filing_ = true;
    const std::size_t num_keys = keys_.num_columns();
    const std::span<const Column> deleted(rows->deleted.columns());
    std::span<const RowKey> keys = keys_.encode(deleted.first(num_keys), rows->deleted.num_rows());
    for (std::size_t row = 0; row < keys.size(); ++row) {
      const std::uint32_t key = table_.find(keys[row]);
      if (key == GroupTable::kNone) continue;
      if (const auto session = find(key, deleted[num_keys].data<std::int64_t>()[row]))
        drop(*session);
    }
    const std::span<const Column> live(rows->live.columns());
    keys = keys_.encode(live.first(num_keys), rows->live.num_rows());
    std::vector<std::uint32_t> groups(keys.size());
    for (std::size_t row = 0; row < keys.size(); ++row) {
      const std::uint32_t key = key_group(keys[row]);
      const std::int64_t start = live[num_keys].data<std::int64_t>()[row];
      const auto known = find(key, start);
      if (known) states_.reset(*known);
      groups[row] = known ? *known : make_session(key, start, start);
      Session& session = sessions_[groups[row]];
      session.end = live[num_keys + 1].data<std::int64_t>()[row];
      session.sealed_start = start;
    }
    return states_.merge(live.subspan(num_keys + 2), groups);
  }

  StateCounts state_counts() const override {
    return {static_cast<std::int64_t>(states_.size()),
            updated_,
            removed_,
            static_cast<std::int64_t>(states_.bytes() + table_.bytes() +
                                      sessions_.capacity() * sizeof(Session)),
            late_groups_.count(),
            0};
  }

 private:
  EpochMillis at_input(EpochMillis watermark) const {
    return spec_.watermark ? spec_.watermark(watermark) : watermark;
  }

  /// Rows with a range that is not empty.
  void choose_rows(const Column& ranges, std::size_t num_rows) {
    rows_.clear();
    const Column& starts = ranges.children[0];
    const Column& ends = ranges.children[1];
    for (std::uint32_t row = 0; row < num_rows; ++row) {
      if (ranges.is_null(row) || starts.is_null(row) || ends.is_null(row)) continue;
      if (starts.data<std::int64_t>()[row] < ends.data<std::int64_t>()[row]) rows_.push_back(row);
    }
  }

  /// The epoch's rows go into sessions in the order of their starts.
  Result<void> add_epoch() {
    if (batches_.empty()) return {};
    const Batch all = concatenate(batches_, context_->pool);
    batches_.clear();
    STREAM_TRY(std::vector<Column> keys,
               evaluate_columns(spec_.aggregate.keys, all, scope_.context()));
    const Column ranges = keys[spec_.session_key];
    keys.erase(keys.begin() + static_cast<std::ptrdiff_t>(spec_.session_key));
    std::vector<std::uint32_t> key_groups(all.num_rows());
    made_.clear();
    table_.find_or_insert(keys_.encode(keys, all.num_rows()), key_groups, made_);
    if (by_key_.size() < table_.num_groups()) by_key_.resize(table_.num_groups());
    const RowOrder ascending[] = {{}};
    const Column starts[] = {ranges.children[0]};
    const auto* start = ranges.children[0].data<std::int64_t>();
    const auto* end = ranges.children[1].data<std::int64_t>();
    rows_.clear();
    row_sessions_.clear();
    for (const std::uint32_t row : sorted_rows(starts, ascending, all.num_rows())) {
      STREAM_TRY(const std::uint32_t session,
                 session_for(key_groups[row], start[row], end[row], all));
      rows_.push_back(row);
      row_sessions_.push_back(session);
    }
    return add_rows(all);
  }

  /// Adds the rows collected so far to their sessions' states.
  Result<void> add_rows(const Batch& all) {
    if (rows_.empty()) return {};
    const Batch rows = gather(all, rows_, context_->pool);
    STREAM_TRY(states_.update(rows, row_sessions_, scope_.context()));
    rows_.clear();
    row_sessions_.clear();
    return {};
  }

  /// The session that holds [start, end) from now on: new, longer, or merged from several.
  Result<std::uint32_t> session_for(std::uint32_t key, std::int64_t start, std::int64_t end,
                                    const Batch& all) {
    std::vector<std::uint32_t>& of_key = by_key_[key];
    // Sessions of a key are apart, in the order of time: those that touch stand in a row.
    const auto first =
        std::partition_point(of_key.begin(), of_key.end(),
                             [&](std::uint32_t number) { return sessions_[number].end < start; });
    const auto last = std::partition_point(
        first, of_key.end(), [&](std::uint32_t number) { return sessions_[number].start <= end; });
    if (first == last) return touch(make_session(key, start, end));
    const std::uint32_t kept = *first;
    if (last - first > 1) {
      STREAM_TRY(add_rows(all));
      const std::vector<std::uint32_t> others(first + 1, last);
      for (const std::uint32_t other : others) {
        end = std::max(end, sessions_[other].end);
        STREAM_TRY(merge_states(other, kept));
        remove(other);
      }
    }
    sessions_[kept].start = std::min(sessions_[kept].start, start);
    sessions_[kept].end = std::max(sessions_[kept].end, end);
    return touch(kept);
  }

  Result<void> merge_states(std::uint32_t from, std::uint32_t to) {
    std::vector<ColumnBuilder> builders;
    for (const AggregateCall& call : spec_.aggregate.calls) {
      for (const Field& field : call.function.state)
        builders.emplace_back(field.type, context_->pool);
    }
    const std::uint32_t source[] = {from};
    states_.append_states(source, builders);
    std::vector<Column> columns;
    for (ColumnBuilder& builder : builders) columns.push_back(builder.finish());
    const std::uint32_t target[] = {to};
    return states_.merge(columns, target);
  }

  std::uint32_t key_group(const RowKey& key) {
    bool is_new = false;
    const std::uint32_t group = table_.find_or_insert(key, is_new);
    if (by_key_.size() <= group) by_key_.resize(group + 1);
    return group;
  }

  std::optional<std::uint32_t> find(std::uint32_t key, std::int64_t start) const {
    for (const std::uint32_t number : by_key_[key]) {
      if (sessions_[number].start == start) return number;
    }
    return std::nullopt;
  }

  std::uint32_t make_session(std::uint32_t key, std::int64_t start, std::int64_t end) {
    const std::uint32_t number = states_.add_group();
    if (sessions_.size() <= number) sessions_.resize(number + 1);
    sessions_[number] = Session{start, end, key, {}, true, false, false};
    std::vector<std::uint32_t>& of_key = by_key_[key];
    of_key.insert(
        std::partition_point(of_key.begin(), of_key.end(),
                             [&](std::uint32_t other) { return sessions_[other].start < start; }),
        number);
    return number;
  }

  std::uint32_t touch(std::uint32_t number) {
    Session& session = sessions_[number];
    if (!session.is_dirty) {
      session.is_dirty = true;
      dirty_.push_back(number);
    }
    // Where a session began earlier than sealed, the old row goes.
    if (session.sealed_start && *session.sealed_start != session.start) unseal(session);
    changed_.push_back(number);
    return number;
  }

  void append_sealed_key(std::uint32_t key, std::int64_t start) {
    const auto columns = writer_->keys();
    keys_.decode(table_.key(key), columns.first(keys_.num_columns()));
    columns.back().append(start);
  }

  void unseal(Session& session) {
    append_sealed_key(session.key, *session.sealed_start);
    writer_->end_deleted();
    session.sealed_start.reset();
  }

  void remove(std::uint32_t number) {
    if (sessions_[number].sealed_start) unseal(sessions_[number]);
    drop(number);
  }

  void drop(std::uint32_t number) {
    const std::uint32_t key = sessions_[number].key;
    std::erase(by_key_[key], number);
    if (by_key_[key].empty()) table_.erase(key);
    states_.erase(number);
    sessions_[number] = Session{};
  }

  void file_all() {
    needs_filing_ = false;
    by_end_.clear();
    for (std::uint32_t number = 0; number < sessions_.size(); ++number) {
      if (sessions_[number].is_used) by_end_.add(sessions_[number].end, number);
    }
  }

  void find_old(EpochMillis watermark) {
    std::sort(changed_.begin(), changed_.end());
    changed_.erase(std::unique(changed_.begin(), changed_.end()), changed_.end());
    std::erase_if(changed_, [&](std::uint32_t number) { return !sessions_[number].is_used; });
    updated_ = static_cast<std::int64_t>(changed_.size());
    const bool evicts =
        spec_.is_streaming && spec_.has_watermark && spec_.mode != OutputMode::complete;
    if (evicts) {
      for (const std::uint32_t number : changed_) by_end_.add(sessions_[number].end, number);
      std::vector<std::uint32_t> filed;
      by_end_.take_through(watermark, filed);
      // A session may be filed under ends that it no longer has, its number under another's.
      for (const std::uint32_t number : filed) {
        Session& session = sessions_[number];
        if (!session.is_used || session.is_leaving || session.end > watermark_micros(watermark))
          continue;
        session.is_leaving = true;
        old_.push_back(number);
      }
    }
    changed_.clear();
  }

  void choose_emitted() {
    emit_ = old_;
    if (spec_.is_streaming && spec_.mode != OutputMode::complete) return;
    emit_.clear();
    for (std::uint32_t number = 0; number < sessions_.size(); ++number) {
      if (sessions_[number].is_used) emit_.push_back(number);
    }
  }

  Result<void> emit(std::span<const std::uint32_t> sessions, Output& output) {
    const std::size_t num_keys = spec_.aggregate.keys.size();
    RowBuilder plain(plain_key_schema(), context_->pool);
    ColumnBuilder& windows = builder_->column(spec_.session_key);
    for (const std::uint32_t number : sessions) {
      const Session& session = sessions_[number];
      keys_.decode(table_.key(session.key), plain.columns(0, num_keys - 1));
      windows.child(0).append(session.start);
      windows.child(1).append(session.end);
      windows.append_struct();
    }
    STREAM_TRY(states_.append_results(sessions, builder_->columns(num_keys, states_.num_calls()),
                                      scope_.context()));
    const Batch plain_keys = plain.finish(sessions.size());
    for (std::size_t i = 0, from = 0; i < num_keys; ++i) {
      if (i == spec_.session_key) continue;
      for (std::size_t row = 0; row < sessions.size(); ++row)
        append_from(builder_->column(i), plain_keys.column(from), row);
      ++from;
    }
    return output.push(builder_->finish(sessions.size()));
  }

  std::shared_ptr<const Schema> plain_key_schema() const {
    auto schema = std::make_shared<Schema>();
    for (const DataType& type : keys_.types()) schema->fields.push_back({"", type, true});
    return schema;
  }

  void forget_all() {
    states_.clear();
    table_.clear();
    sessions_.clear();
    by_key_.clear();
    dirty_.clear();
    changed_.clear();
  }

  SessionAggregateSpec spec_;
  EvaluationScope scope_;
  AggregateStates states_;
  RowKeys keys_;  ///< without the session
  GroupTable table_;
  LateGroups late_groups_;
  std::optional<OperatorContext> context_;
  std::optional<RowBuilder> builder_;
  std::optional<StateWriter> writer_;
  EpochMillis late_watermark_ = 0;
  std::vector<Session> sessions_;                   ///< by number of their state
  std::vector<std::vector<std::uint32_t>> by_key_;  ///< sessions of a key, by start
  ExpiryIndex by_end_;
  bool needs_filing_ = false;
  std::vector<Batch> batches_;
  std::vector<std::uint32_t> rows_;
  std::vector<std::uint32_t> row_sessions_;
  std::vector<std::uint32_t> made_;
  std::vector<std::uint32_t> changed_;
  std::vector<std::uint32_t> dirty_;
  std::vector<std::uint32_t> old_;
  std::vector<std::uint32_t> emit_;
  std::optional<std::size_t> emitted_;
  std::int64_t updated_ = 0, removed_ = 0;
};

}  // namespace

OperatorFactory make_session_aggregate(SessionAggregateSpec spec) {
  return [spec = std::move(spec)] { return std::make_unique<SessionAggregateOperator>(spec); };
}

}  // namespace stream
