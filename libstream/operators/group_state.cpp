#include <libstream/expressions/function.hpp>
#include <libstream/operators/add_hash.hpp>
#include <libstream/operators/group_state.hpp>
#include <libstream/operators/key_rows.hpp>
#include <libstream/operators/state_layout.hpp>
#include <libstream/operators/timeout_index.hpp>
#include <libstream/operators/watermark_times.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace stream {
namespace {

/// What is kept of a key.
struct KeptGroup {
  std::shared_ptr<void> object;
  std::optional<EpochMillis> timeout;
  bool is_used = false;  ///< has a state or a time-out
  bool is_dirty = false;
  bool is_sealed = false;
};

class CalledState final : public GroupState {
 public:
  CalledState(KeptGroup& group, GroupTimeout timeout, bool has_timed_out, EpochMillis batch_time,
              std::optional<EpochMillis> watermark)
      : group_(group),
        timeout_(timeout),
        has_timed_out_(has_timed_out),
        batch_time_(batch_time),
        watermark_(watermark) {}

  const std::shared_ptr<void>& object() const override { return group_.object; }
  void touch() override { is_changed_ = true; }
  void update(std::shared_ptr<void> object) override {
    group_.object = std::move(object);
    is_changed_ = true;
  }
  void remove() override {
    is_changed_ = is_changed_ || group_.object;
    group_.object.reset();
  }
  bool has_timed_out() const override { return has_timed_out_; }
  Result<void> set_timeout_duration(std::int64_t millis) override {
    if (timeout_ != GroupTimeout::processing_time)
      return user_code(
          "Cannot set timeout duration without enabling processing time timeout in "
          "[map|flatMap]GroupsWithState");
    if (millis <= 0) return user_code("Timeout duration must be positive");
    group_.timeout = batch_time_ + millis;
    return {};
  }
  Result<void> set_timeout_timestamp(std::int64_t millis) override {
    if (timeout_ != GroupTimeout::event_time)
      return user_code(
          "Cannot set timeout timestamp without enabling event time timeout in "
          "[map|flatMap]GroupsWithState");
    if (millis <= 0) return user_code("Timeout timestamp must be positive");
    if (watermark_ && millis < *watermark_)
      return user_code(
          fmt::format("Timeout timestamp ({}) cannot be earlier than the current watermark ({})",
                      millis, *watermark_));
    group_.timeout = millis;
    return {};
  }
  Result<EpochMillis> current_watermark() const override {
    if (!watermark_)
      return user_code(
          "Cannot get event time watermark timestamp without setting watermark before "
          "[map|flatMap]GroupsWithState");
    return *watermark_;
  }
  EpochMillis current_processing_time() const override { return batch_time_; }

  bool is_changed() const { return is_changed_; }

 private:
  KeptGroup& group_;
  GroupTimeout timeout_;
  bool has_timed_out_;
  EpochMillis batch_time_;
  std::optional<EpochMillis> watermark_;
  bool is_changed_ = false;
};

std::vector<DataType> types_of(const std::vector<Field>& fields) {
  std::vector<DataType> types;
  for (const Field& field : fields) types.push_back(field.type);
  return types;
}

class GroupStateOperator final : public Operator {
 public:
  explicit GroupStateOperator(const GroupStateSpec& spec)
      : spec_(spec), keys_(types_of(spec.key_fields)), rows_(spec.keys) {
    auto schema = std::make_shared<Schema>();
    schema->fields = spec_.key_fields;
    key_schema_ = std::move(schema);
    key_batch_columns_.resize(spec_.key_fields.size());
    std::iota(key_batch_columns_.begin(), key_batch_columns_.end(), std::size_t{0});
  }

  Result<void> open(const OperatorContext& context) override {
    context_.emplace(context);
    function_ = spec_.make_function();
    writer_.emplace(StateLayout{"groups",
                                spec_.key_fields,
                                {{"exists", primitive(TypeKind::boolean), false},
                                 {"state", spec_.state_type, true},
                                 {"timeout", primitive(TypeKind::int64), true}},
                                spec_.key_fields.size()},
                    context.pool);
    return {};
  }

  Result<void> begin(const EpochStart& start) override {
    start_ = start;
    watermark_ = at_input(start.watermark);
    rows_.begin_epoch();
    updated_ = removed_ = late_ = 0;
    next_key_ = 0;
    timed_out_.reset();
    initial_keys_.clear();
    if (start.epoch == 0 && spec_.initial_state) STREAM_TRY(take_initial_state());
    return {};
  }

  Result<void> push(InputPlace, Batch batch, Output&) override {
    const bool filters_late = spec_.timeout == GroupTimeout::event_time && spec_.event_time;
    std::vector<std::uint32_t> kept;
    if (filters_late && rows_after(batch.column(*spec_.event_time), batch.num_rows(),
                                   at_input(start_.late_watermark), kept)) {
      late_ += static_cast<std::int64_t>(batch.num_rows() - kept.size());
      batch = gather(batch, kept, context_->pool);
    }
    std::vector<std::uint32_t> numbers(batch.num_rows());
    table_.find_or_insert(keys_.encode(rows_.key_columns(batch), batch.num_rows()), numbers);
    groups_.resize(table_.num_groups());
    rows_.add(std::move(batch), numbers);
    return {};
  }

  Result<bool> end(const EpochStart&, Output& output) override {
    STREAM_TRY(const bool is_done, call_some(output));
    STREAM_TRY(function_->flush(output));
    return is_done;
  }

  bool is_stateful() const override { return true; }

  Result<void> seal(std::vector<StatePiece>& pieces) override {
    for (const std::uint32_t key : dirty_) {
      KeptGroup& group = groups_[key];
      if (!group.is_used || !group.is_dirty) continue;
      group.is_dirty = false;
      group.is_sealed = true;
      keys_.decode(table_.key(key), writer_->keys());
      const auto values = writer_->values();
      values[0].append(static_cast<std::uint8_t>(group.object ? 1 : 0));
      if (group.object)
        spec_.codec.append(values[1], group.object.get());
      else
        values[1].append_null();
      append_value(values[2], group.timeout ? Value{*group.timeout} : Value{});
      writer_->end_live();
    }
    dirty_.clear();
    writer_->finish(pieces);
    return {};
  }

  Result<void> drop_changes() override {
    for (const std::uint32_t key : dirty_) groups_[key].is_dirty = false;
    dirty_.clear();
    return {};
  }

  Result<void> restore(const StatePiece& piece) override {
    STREAM_TRY(const auto rows, restored_rows(piece, writer_->layout(), context_->groups,
                                              context_->num_groups, context_->pool));
    if (!rows) return {};
    const std::size_t num_keys = spec_.key_fields.size();
    const std::span<const Column> deleted(rows->deleted.columns());
    for (const RowKey& key : keys_.encode(deleted.first(num_keys), rows->deleted.num_rows())) {
      if (const std::uint32_t number = table_.find(key); number != GroupTable::kNone) drop(number);
    }
    const std::span<const Column> live(rows->live.columns());
    const auto keys = keys_.encode(live.first(num_keys), rows->live.num_rows());
    for (std::size_t row = 0; row < keys.size(); ++row) {
      const std::uint32_t number = number_of(keys[row]);
      KeptGroup& group = groups_[number];
      if (!group.is_used) ++num_used_;
      group = KeptGroup{};
      group.is_used = group.is_sealed = true;
      if (live[num_keys].data<std::uint8_t>()[row] != 0)
        group.object = spec_.codec.read(live[num_keys + 1], row);
      if (!live[num_keys + 2].is_null(row)) {
        group.timeout = live[num_keys + 2].data<std::int64_t>()[row];
        timeouts_.add(*group.timeout, number);
      }
    }
    return {};
  }

  StateCounts state_counts() const override {
    return {num_used_,
            updated_,
            removed_,
            static_cast<std::int64_t>(table_.bytes() + groups_.capacity() * sizeof(KeptGroup) +
                                      timeouts_.bytes()),
            late_,
            0};
  }

 private:
  static constexpr std::size_t kKeysAtOnce = 1024;

  EpochMillis at_input(EpochMillis watermark) const {
    return spec_.watermark ? spec_.watermark(watermark) : watermark;
  }

  std::uint32_t number_of(const RowKey& key) {
    bool is_new = false;
    const std::uint32_t number = table_.find_or_insert(key, is_new);
    if (groups_.size() <= number) groups_.resize(number + 1);
    return number;
  }

  Result<void> take_initial_state() {
    const Batch& initial = *spec_.initial_state;
    const std::size_t num_keys = spec_.key_fields.size();
    std::vector<std::size_t> key_columns(num_keys);
    std::iota(key_columns.begin(), key_columns.end(), std::size_t{0});
    std::vector<std::uint64_t> hashes(initial.num_rows());
    hash_rows(initial, key_columns, hashes);
    const auto keys =
        keys_.encode(std::span(initial.columns()).first(num_keys), initial.num_rows());
    for (std::size_t row = 0; row < initial.num_rows(); ++row) {
      if (!context_->groups.contains(key_group_hash(hashes[row]), context_->num_groups)) continue;
      const std::uint32_t number = number_of(keys[row]);
      if (groups_[number].object)
        return user_code(fmt::format(
            "{}: the initial state has several rows for one key; give one row a key", spec_.name));
      groups_[number].object = spec_.codec.read(initial.column(num_keys), row);
      keep(number, true);
      if (spec_.calls_for_initial_keys) initial_keys_.push_back(number);
    }
    return {};
  }

  /// False: there is more to call.
  Result<bool> call_some(Output& output) {
    for (const std::uint32_t key : std::exchange(initial_keys_, {})) {
      const auto& keys = rows_.keys();
      if (std::find(keys.begin(), keys.end(), key) == keys.end())
        STREAM_TRY(call(key, {}, false, output));
    }
    for (std::size_t done = 0; next_key_ < rows_.keys().size(); ++next_key_, ++done) {
      if (done == kKeysAtOnce) return false;
      STREAM_TRY(call(rows_.keys()[next_key_], rows_.places_of(next_key_), false, output));
    }
    if (!timed_out_) find_timed_out();
    for (std::size_t done = 0; !timed_out_->empty(); ++done) {
      if (done == kKeysAtOnce) return false;
      const std::uint32_t key = timed_out_->back();
      timed_out_->pop_back();
      STREAM_TRY(call(key, {}, true, output));
    }
    return true;
  }

  Result<void> call(std::uint32_t number, std::span<const RowPlace> places, bool has_timed_out,
                    Output& output) {
    KeptGroup& group = groups_[number];
    const std::optional<EpochMillis> timeout_before = std::exchange(group.timeout, {});
    CalledState state(group, spec_.timeout, has_timed_out, start_.batch_time,
                      spec_.has_watermark ? std::optional(watermark_) : std::nullopt);
    const GroupRows rows{rows_.batches(), places};
    Result<void> called;
    if (places.empty()) {
      const Batch key = key_batch(keys_, table_.key(number), key_schema_, context_->pool);
      called = function_->call({key, 0, key_batch_columns_}, rows, state, output);
    } else {
      const RowPlace first = places.front();
      called =
          function_->call({rows.batches[first.batch], first.row, spec_.keys}, rows, state, output);
    }
    if (!called) return std::move(called).error().with_context(spec_.name);
    if (group.timeout && group.timeout != timeout_before) timeouts_.add(*group.timeout, number);
    keep(number, state.is_changed() || group.timeout != timeout_before);
    return {};
  }

  /// After a group may have changed: without state and time-out it goes.
  void keep(std::uint32_t number, bool is_changed) {
    KeptGroup& group = groups_[number];
    if (!group.object && !group.timeout) {
      if (group.is_sealed) {
        keys_.decode(table_.key(number), writer_->keys());
        writer_->end_deleted();
      }
      if (group.is_used) ++removed_;
      drop(number);
      return;
    }
    if (!group.is_used) ++num_used_;
    group.is_used = true;
    if (!is_changed) return;
    ++updated_;
    if (group.is_dirty) return;
    group.is_dirty = true;
    dirty_.push_back(number);
  }

  void drop(std::uint32_t number) {
    if (groups_[number].is_used) --num_used_;
    groups_[number] = KeptGroup{};
    table_.erase(number);
  }

  /// what was called with rows has set its time-out anew, so it lies ahead.
  void find_timed_out() {
    timed_out_.emplace();
    if (spec_.timeout == GroupTimeout::none) return;
    const EpochMillis threshold =
        spec_.timeout == GroupTimeout::event_time ? watermark_ : start_.batch_time;
    const auto is_current = [&](EpochMillis timeout, std::uint32_t number) {
      return groups_[number].is_used && groups_[number].timeout == timeout;
    };
    timeouts_.take_before(threshold, is_current, *timed_out_);
    timeouts_.compact(num_used_, is_current);
    // By number, to be taken from the back.
    std::sort(timed_out_->rbegin(), timed_out_->rend());
    timed_out_->erase(std::unique(timed_out_->begin(), timed_out_->end()), timed_out_->end());
  }

  GroupStateSpec spec_;
  RowKeys keys_;
  KeyRows rows_;
  std::shared_ptr<const Schema> key_schema_;
  std::vector<std::size_t> key_batch_columns_;  ///< 0, 1, …
  std::unique_ptr<GroupFunction> function_;
  TimeoutIndex timeouts_;
  std::optional<OperatorContext> context_;
  std::optional<StateWriter> writer_;
  GroupTable table_;
  std::vector<KeptGroup> groups_;
  std::vector<std::uint32_t> dirty_;
  EpochStart start_;
  EpochMillis watermark_ = 0;
  std::vector<std::uint32_t> initial_keys_;
  std::size_t next_key_ = 0;
  std::optional<std::vector<std::uint32_t>> timed_out_;
  std::int64_t num_used_ = 0;
  std::int64_t updated_ = 0, removed_ = 0, late_ = 0;
};

}  // namespace

OperatorFactory make_group_state(GroupStateSpec spec) {
  return [spec = std::move(spec)] { return std::make_unique<GroupStateOperator>(spec); };
}

}  // namespace stream
