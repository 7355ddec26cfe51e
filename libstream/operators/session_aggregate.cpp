#include <libstream/operators/aggregate_columns.hpp>
#include <libstream/operators/evaluation_scope.hpp>
#include <libstream/operators/late_groups.hpp>
#include <libstream/operators/session_aggregate.hpp>
#include <libstream/operators/session_expiry.hpp>
#include <libstream/operators/session_rows.hpp>
#include <libstream/operators/state_layout.hpp>

#include <algorithm>

namespace stream {
namespace {

constexpr std::uint32_t kNone = KeySessions::kNone;
using Session = KeySessions::Session;

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
        states_(spec.aggregate.calls),
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
    if (std::exchange(is_restored_, false)) expiry_.watch_all();
    late_watermark_ = at_input(start.late_watermark);
    late_groups_.begin_epoch();
    held_.clear();
    emitted_.reset();
    updated_ = removed_ = 0;
    return {};
  }

  Result<void> push(InputPlace place, Batch batch, Output&) override {
    if (batch.num_rows() == 0) return {};
    STREAM_TRY(std::vector<Column> keys,
               evaluate_columns(spec_.aggregate.keys, batch, scope_.context()));
    scope_.pass(batch.num_rows());
    if (!choose_rows(keys[spec_.session_key], batch.num_rows())) keep_rows(keys, batch);
    // Other than groups, sessions lose late rows in complete mode too.
    if (spec_.has_watermark &&
        rows_after(keys[spec_.session_key], batch.num_rows(), late_watermark_, rows_)) {
      late_groups_.add(keys, batch.num_rows(), rows_, place.partition, context_->pool);
      keep_rows(keys, batch);
    }
    if (batch.num_rows() > 0) hold(std::move(batch), std::move(keys));
    return held_.size() < kHeldRows ? Result<void>() : add_held();
  }

  Result<bool> end(const EpochStart& start, Output& output) override {
    if (!emitted_) {
      STREAM_TRY(add_held());
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
    remove_old();
    return true;
  }

  bool is_stateful() const override { return spec_.is_streaming; }

  Result<void> seal(std::vector<StatePiece>& pieces) override {
    for (const std::uint32_t number : dirty_) {
      Session& session = sessions_[number];
      if (!session.is_used || !session.is_dirty) continue;
      session.is_dirty = false;
      sessions_.set_sealed(number, session.start);
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
    is_restored_ = true;
    const std::size_t num_keys = keys_.num_columns();
    const std::span<const Column> deleted(rows->deleted.columns());
    std::span<const RowKey> keys = keys_.encode(deleted.first(num_keys), rows->deleted.num_rows());
    for (std::size_t row = 0; row < keys.size(); ++row) {
      const std::uint32_t key = table_.find(keys[row]);
      if (key == GroupTable::kNone) continue;
      const std::int64_t start = deleted[num_keys].data<std::int64_t>()[row];
      const std::uint32_t session = sessions_.seek(key, start);
      if (session == kNone || sessions_[session].start != start) continue;
      drop(session);
      states_.reset(session);
    }
    const std::span<const Column> live(rows->live.columns());
    keys = keys_.encode(live.first(num_keys), rows->live.num_rows());
    std::vector<std::uint32_t> key_numbers(keys.size());
    number_keys(keys, key_numbers);
    std::vector<std::uint32_t> groups(keys.size());
    for (std::size_t row = 0; row < keys.size(); ++row) {
      const std::int64_t start = live[num_keys].data<std::int64_t>()[row];
      std::uint32_t number = sessions_.seek(key_numbers[row], start);
      if (number == kNone || sessions_[number].start != start) {
        number = sessions_.insert(key_numbers[row], number, start, start);
      } else {
        states_.make_room(sessions_.num_numbers());
        states_.reset(number);
      }
      groups[row] = number;
      sessions_[number].end = live[num_keys + 1].data<std::int64_t>()[row];
      sessions_.set_sealed(number, start);
    }
    states_.make_room(sessions_.num_numbers());
    return states_.merge(live.subspan(num_keys + 2), groups);
  }

  StateCounts state_counts() const override {
    return {static_cast<std::int64_t>(sessions_.size()),
            updated_,
            removed_,
            static_cast<std::int64_t>(states_.bytes() + table_.bytes() + sessions_.bytes()),
            late_groups_.count(),
            0};
  }

 private:
  static constexpr std::size_t kHeldRows = 4096;    ///< so many are sorted at a time
  static constexpr std::size_t kKeyAhead = 32;      ///< rows whose keys' places are fetched early
  static constexpr std::size_t kSessionAhead = 16;  ///< and the sessions that they name

  EpochMillis at_input(EpochMillis watermark) const {
    return spec_.watermark ? spec_.watermark(watermark) : watermark;
  }

  /// Rows with a range that is not empty. True: all.
  bool choose_rows(const Column& ranges, std::size_t num_rows) {
    rows_.clear();
    const Column& starts = ranges.children[0];
    const Column& ends = ranges.children[1];
    const auto* start = starts.data<std::int64_t>();
    const auto* end = ends.data<std::int64_t>();
    if (!ranges.validity && !starts.validity && !ends.validity) {
      bool are_ranges = true;
      for (std::size_t row = 0; row < num_rows; ++row) are_ranges &= start[row] < end[row];
      if (are_ranges) return true;
    }
    for (std::uint32_t row = 0; row < num_rows; ++row) {
      if (ranges.is_null(row) || starts.is_null(row) || ends.is_null(row)) continue;
      if (start[row] < end[row]) rows_.push_back(row);
    }
    return rows_.size() == num_rows;
  }

  void keep_rows(std::vector<Column>& keys, Batch& batch) {
    batch = gather(batch, rows_, context_->pool);
    for (Column& key : keys) key = gather(key, rows_, context_->pool);
  }

  /// The numbers of all keys; new ones get theirs.
  void number_keys(std::span<const RowKey> keys, std::span<std::uint32_t> numbers) {
    table_.find_or_insert(keys, numbers);
    sessions_.make_room(table_.num_groups());
  }

  /// Keeps the rows, with their keys' numbers and their ranges.
  void hold(Batch batch, std::vector<Column> keys) {
    const std::size_t num_rows = batch.num_rows();
    const auto session = keys.begin() + static_cast<std::ptrdiff_t>(spec_.session_key);
    const std::span<std::uint32_t> numbers = held_.add(std::move(batch), *session);
    keys.erase(session);
    if (keys.empty()) {
      const RowKey only;
      for (std::uint32_t& number : numbers) number_keys({&only, 1}, {&number, 1});
    } else {
      number_keys(keys_.encode(keys, num_rows), numbers);
    }
  }

  /// The rows go into sessions in the order of their starts.
  Result<void> add_held() {
    if (held_.is_empty()) return {};
    held_.sort(context_->pool);
    const std::size_t num_rows = held_.size();
    row_sessions_.resize(num_rows);
    num_added_ = 0;
    for (std::size_t place = 0; place < num_rows; ++place) {
      if (place + kKeyAhead < num_rows) sessions_.prefetch_key(held_.key(place + kKeyAhead));
      if (place + kSessionAhead < num_rows)
        sessions_.prefetch_session(held_.key(place + kSessionAhead));
      const std::uint32_t growing = grow(place);
      if (growing != kNone) {
        row_sessions_[place] = growing;
      } else {
        STREAM_TRY(row_sessions_[place], session_for(place));
      }
    }
    STREAM_TRY(add_rows(num_rows));
    held_.clear();
    return {};
  }

  /// Adds the rows before the place `end` that are not yet in their sessions' states.
  Result<void> add_rows(std::size_t end) {
    const std::size_t begin = std::exchange(num_added_, end);
    if (begin == end) return {};
    states_.make_room(sessions_.num_numbers());
    return states_.update(held_.take(begin, end, context_->pool),
                          std::span(row_sessions_).subspan(begin, end - begin), scope_.context());
  }

  /// The usual case of session_for: the key's last session, that other rows of the epoch have
  /// touched, grows at its end. kNone: it is another case.
  std::uint32_t grow(std::size_t place) {
    const std::uint32_t number = sessions_.last_seen(held_.key(place));
    if (number == kNone) return kNone;
    Session& session = sessions_[number];
    const std::int64_t start = held_.start(place);
    if (session.after != kNone || start < session.start || start > session.end ||
        !session.is_dirty || !session.is_changed)
      return kNone;
    session.end = std::max(session.end, held_.end(place));
    return number;
  }

  /// The session that holds the range of the row at `place` from now on: new, longer, or merged
  /// from several.
  Result<std::uint32_t> session_for(std::size_t place) {
    const std::uint32_t key = held_.key(place);
    const std::int64_t start = held_.start(place);
    const std::int64_t end = held_.end(place);
    // Sessions that touch [start, end) stand in a row: perhaps the one before, some that follow.
    const std::uint32_t before = sessions_.seek(key, start);
    std::uint32_t kept = before;
    if (before == kNone || sessions_[before].end < start) {
      kept = before == kNone ? sessions_.first(key) : sessions_[before].after;
      if (kept == kNone || sessions_[kept].start > end)
        return touch(sessions_.insert(key, before, start, end));
    }
    std::int64_t last = end;
    for (std::uint32_t other = sessions_[kept].after;
         other != kNone && sessions_[other].start <= end; other = sessions_[kept].after) {
      STREAM_TRY(add_rows(place));
      last = std::max(last, sessions_[other].end);
      STREAM_TRY(merge_states(other, kept));
      remove(other);
      states_.reset(other);
    }
    sessions_[kept].start = std::min(sessions_[kept].start, start);
    sessions_[kept].end = std::max(sessions_[kept].end, last);
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
    const std::uint32_t target[] = {to};
    return states_.merge(finish_columns(builders), target);
  }

  std::uint32_t touch(std::uint32_t number) {
    Session& session = sessions_[number];
    if (!session.is_dirty) {
      session.is_dirty = true;
      dirty_.push_back(number);
    }
    // Where a session began earlier than sealed, the old row goes.
    if (session.is_sealed && sessions_.sealed_start(number) != session.start) unseal(number);
    if (!session.is_changed) {
      session.is_changed = true;
      changed_.push_back(number);
    }
    return number;
  }

  void append_sealed_key(std::uint32_t key, std::int64_t start) {
    const auto columns = writer_->keys();
    keys_.decode(table_.key(key), columns.first(keys_.num_columns()));
    columns.back().append(start);
  }

  void unseal(std::uint32_t number) {
    append_sealed_key(sessions_[number].key, sessions_.sealed_start(number));
    writer_->end_deleted();
    sessions_[number].is_sealed = false;
  }

  void remove(std::uint32_t number) {
    if (sessions_[number].is_sealed) unseal(number);
    drop(number);
  }

  /// Its state is left to be reset.
  void drop(std::uint32_t number) {
    const std::uint32_t key = sessions_[number].key;
    sessions_.erase(number);
    if (!sessions_.has_sessions(key)) table_.erase(key);
  }

  void prefetch_sessions(std::span<const std::uint32_t> numbers, std::size_t at) const {
    if (at < numbers.size()) sessions_.prefetch(numbers[at]);
  }

  void remove_old() {
    for (std::size_t i = 0; i < old_.size(); ++i) {
      prefetch_sessions(old_, i + 3 * kKeyAhead);
      if (i + 2 * kKeyAhead < old_.size()) {
        const std::uint32_t key = sessions_[old_[i + 2 * kKeyAhead]].key;
        table_.prefetch_key(key);
        sessions_.prefetch_key(key);
      }
      if (i + kKeyAhead < old_.size()) table_.prefetch(sessions_[old_[i + kKeyAhead]].key);
      remove(old_[i]);
    }
    states_.reset(old_);
    removed_ += static_cast<std::int64_t>(old_.size());
    old_.clear();
  }

  void find_old(EpochMillis watermark) {
    const bool evicts =
        spec_.is_streaming && spec_.has_watermark && spec_.mode != OutputMode::complete;
    if (evicts) expiry_.take_old(watermark, old_);
    for (std::size_t i = 0; i < changed_.size(); ++i) {
      prefetch_sessions(changed_, i + kKeyAhead);
      const std::uint32_t number = changed_[i];
      Session& session = sessions_[number];
      if (!session.is_changed) continue;  // merged into another
      session.is_changed = false;
      ++updated_;
      if (evicts) expiry_.add(number, watermark, old_);
    }
    changed_.clear();
  }

  void choose_emitted() {
    emit_ = old_;
    if (spec_.is_streaming && spec_.mode != OutputMode::complete) return;
    emit_.clear();
    for (std::uint32_t number = 0; number < sessions_.num_numbers(); ++number) {
      if (sessions_[number].is_used) emit_.push_back(number);
    }
  }

  Result<void> emit(std::span<const std::uint32_t> sessions, Output& output) {
    const std::size_t num_keys = spec_.aggregate.keys.size();
    emitted_keys_.clear();
    ColumnBuilder& windows = builder_->column(spec_.session_key);
    for (std::size_t i = 0; i < sessions.size(); ++i) {
      prefetch_sessions(sessions, i + 2 * kKeyAhead);
      if (i + kKeyAhead < sessions.size())
        table_.prefetch_key(sessions_[sessions[i + kKeyAhead]].key);
      const Session& session = sessions_[sessions[i]];
      emitted_keys_.push_back(table_.key(session.key));
      windows.child(0).append(session.start);
      windows.child(1).append(session.end);
      windows.append_struct();
    }
    std::vector<ColumnBuilder> plain;
    for (const DataType& type : keys_.types()) plain.emplace_back(type, context_->pool);
    keys_.decode(emitted_keys_, plain);
    std::vector<Column> columns = finish_columns(plain);
    columns.insert(columns.begin() + static_cast<std::ptrdiff_t>(spec_.session_key),
                   windows.finish());
    const auto results = builder_->columns(num_keys, states_.num_calls());
    STREAM_TRY(states_.append_results(sessions, results, scope_.context()));
    for (ColumnBuilder& result : results) columns.push_back(result.finish());
    return output.push(Batch(spec_.aggregate.schema, std::move(columns), sessions.size()));
  }

  void forget_all() {
    states_.reset_all(sessions_.num_numbers());
    table_.clear();
    sessions_.clear();
    dirty_.clear();
    changed_.clear();
  }

  SessionAggregateSpec spec_;
  EvaluationScope scope_;
  AggregateColumns states_;  ///< by number of session
  RowKeys keys_;             ///< without the session
  GroupTable table_;
  LateGroups late_groups_;
  std::optional<OperatorContext> context_;
  std::optional<RowBuilder> builder_;
  std::optional<StateWriter> writer_;
  EpochMillis late_watermark_ = 0;
  KeySessions sessions_;
  SessionExpiry expiry_{sessions_};
  bool is_restored_ = false;
  SessionRows held_;
  std::vector<std::uint32_t> row_sessions_;  ///< by place of held_
  std::size_t num_added_ = 0;                ///< places whose rows are in the states
  std::vector<RowKey> emitted_keys_;
  std::vector<std::uint32_t> rows_;
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
