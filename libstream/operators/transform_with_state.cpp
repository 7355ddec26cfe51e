#include <libstream/expressions/function.hpp>
#include <libstream/operators/add_hash.hpp>
#include <libstream/operators/key_rows.hpp>
#include <libstream/operators/processor_store.hpp>
#include <libstream/operators/transform_with_state.hpp>
#include <libstream/operators/watermark_times.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace stream {
namespace {

/// The variables of one key during a call.
class CurrentKey final : public ProcessorState {
 public:
  CurrentKey(ProcessorStore& store, std::uint32_t number, TimeMode mode, EpochMillis batch_time,
             EpochMillis watermark)
      : store_(store),
        number_(number),
        mode_(mode),
        batch_time_(batch_time),
        watermark_(watermark) {}

  bool exists(std::size_t variable) const override {
    for (const auto& [entry, kept] : store_.entries(number_, variable)) {
      if (is_live(kept)) return true;
    }
    return false;
  }
  void clear(std::size_t variable) override { store_.clear(number_, variable); }

  Value get(std::size_t variable) const override { return get(variable, only()); }
  Result<void> update(std::size_t variable, Value value) override {
    return update(variable, only(), std::move(value));
  }

  std::vector<Value> get_list(std::size_t variable) const override {
    std::vector<Value> values;
    for (const auto& [entry, kept] : store_.entries(number_, variable)) {
      if (is_live(kept)) values.push_back(kept.value);
    }
    return values;
  }
  Result<void> put_list(std::size_t variable, std::vector<Value> values) override {
    clear(variable);
    for (Value& value : values) STREAM_TRY(append(variable, std::move(value)));
    return {};
  }
  Result<void> append(std::size_t variable, Value value) override {
    const ProcessorStore::Entries& entries = store_.entries(number_, variable);
    const std::int64_t next = entries.empty() ? 0 : entries.rbegin()->first.as<std::int64_t>() + 1;
    return update(variable, Value{next}, std::move(value));
  }

  Value get(std::size_t variable, const Value& key) const override {
    const ProcessorStore::Entries& entries = store_.entries(number_, variable);
    const auto place = entries.find(key);
    return place == entries.end() || !is_live(place->second) ? Value{} : place->second.value;
  }
  Result<void> update(std::size_t variable, const Value& key, Value value) override {
    const StateVariable& described = store_.variables()[variable];
    if (value.is_null() || key.is_null())
      return user_code(
          fmt::format("[ILLEGAL_STATE_STORE_VALUE.NULL_VALUE] Illegal value provided to the State "
                      "Store: null values are not allowed for State variable {}.",
                      described.name));
    std::optional<EpochMillis> expires;
    if (described.ttl_millis) expires = batch_time_ + *described.ttl_millis;
    store_.put(number_, variable, key, std::move(value), expires);
    return {};
  }
  void remove(std::size_t variable, const Value& key) override {
    store_.erase(number_, variable, key);
  }
  std::vector<std::pair<Value, Value>> entries(std::size_t variable) const override {
    std::vector<std::pair<Value, Value>> pairs;
    for (const auto& [entry, kept] : store_.entries(number_, variable)) {
      if (is_live(kept)) pairs.emplace_back(entry, kept.value);
    }
    return pairs;
  }

  Result<void> register_timer(EpochMillis expiry) override {
    if (mode_ == TimeMode::none)
      return user_code(
          "[STATEFUL_PROCESSOR_CANNOT_PERFORM_OPERATION_WITH_INVALID_TIME_MODE] Failed to perform "
          "stateful processor operation=register_timer with invalid timeMode=None");
    store_.put(number_, store_.timers(), Value{expiry}, Value{true}, {});
    return {};
  }
  void delete_timer(EpochMillis expiry) override {
    store_.erase(number_, store_.timers(), Value{expiry});
  }
  std::vector<EpochMillis> timers() const override {
    std::vector<EpochMillis> times;
    for (const auto& [expiry, kept] : store_.entries(number_, store_.timers()))
      times.push_back(expiry.as<std::int64_t>());
    return times;
  }

  EpochMillis current_processing_time() const override { return batch_time_; }
  EpochMillis current_watermark() const override { return watermark_; }

 private:
  static Value only() { return {std::int64_t{0}}; }
  bool is_live(const ProcessorStore::Entry& kept) const {
    return !kept.expires || batch_time_ < *kept.expires;
  }

  ProcessorStore& store_;
  std::uint32_t number_;
  TimeMode mode_;
  EpochMillis batch_time_;
  EpochMillis watermark_;
};

/// Hands rows on unless their event time lies behind the watermark.
class CheckedOutput final : public Output {
 public:
  CheckedOutput(Output& output, std::optional<std::size_t> column, EpochMillis watermark)
      : output_(output), column_(column), watermark_(watermark) {}
  Result<void> push(Batch batch) override {
    for (std::size_t row = 0; column_ && row < batch.num_rows(); ++row) {
      if (is_passed(batch.column(*column_), row, watermark_))
        return runtime_error("EMITTING_ROWS_OLDER_THAN_WATERMARK_NOT_ALLOWED",
                             fmt::format("Previous node emitted a row with eventTime older than "
                                         "current_watermark_value={}",
                                         watermark_));
    }
    return output_.push(std::move(batch));
  }

 private:
  Output& output_;
  std::optional<std::size_t> column_;
  EpochMillis watermark_;
};

class TransformOperator final : public Operator {
 public:
  explicit TransformOperator(const TransformWithStateSpec& spec)
      : spec_(spec), processor_(spec.make_processor()), rows_(spec.keys) {
    auto schema = std::make_shared<Schema>();
    schema->fields = spec_.key_fields;
    key_schema_ = std::move(schema);
  }

  Result<void> open(const OperatorContext& context) override {
    context_.emplace(context);
    STREAM_TRY(std::vector<StateVariable> variables, processor_->variables(spec_.mode));
    for (const StateVariable& variable : variables) {
      if (variable.ttl_millis && spec_.mode != TimeMode::processing_time)
        return user_code(fmt::format(
            "[STATEFUL_PROCESSOR_INCORRECT_TIME_MODE_TO_ASSIGN_TTL] Cannot use TTL for state={} in "
            "a time mode other than ProcessingTime",
            variable.name));
      if (variable.ttl_millis && *variable.ttl_millis <= 0)
        return user_code(
            fmt::format("[STATEFUL_PROCESSOR_TTL_DURATION_MUST_BE_POSITIVE] TTL "
                        "duration must be greater than zero for state={}",
                        variable.name));
    }
    store_.emplace(spec_.key_fields, std::move(variables));
    store_->open(context);
    return {};
  }

  Result<void> begin(const EpochStart& start) override {
    start_ = start;
    watermark_ = at_input(start.watermark);
    rows_.begin_epoch();
    store_->begin_epoch();
    late_ = 0;
    next_key_ = 0;
    due_.reset();
    if (start.epoch == 0 && spec_.initial_state) STREAM_TRY(take_initial_state());
    return {};
  }

  Result<void> push(InputPlace, Batch batch, Output&) override {
    std::vector<std::uint32_t> kept;
    if (spec_.mode == TimeMode::event_time && spec_.event_time &&
        rows_after(batch.column(*spec_.event_time), batch.num_rows(),
                   at_input(start_.late_watermark), kept)) {
      late_ += static_cast<std::int64_t>(batch.num_rows() - kept.size());
      batch = gather(batch, kept, context_->pool);
    }
    std::vector<std::uint32_t> numbers;
    for (const RowKey& key : store_->encode(rows_.key_columns(batch), batch.num_rows()))
      numbers.push_back(store_->number_of(key));
    rows_.add(std::move(batch), numbers);
    return {};
  }

  Result<bool> end(const EpochStart&, Output& output) override {
    CheckedOutput checked(output, spec_.output_event_time, watermark_);
    for (std::size_t done = 0; next_key_ < rows_.keys().size(); ++next_key_, ++done) {
      if (done == kKeysAtOnce) return false;
      const std::uint32_t number = rows_.keys()[next_key_];
      CurrentKey state = current(number);
      STREAM_TRY(named(processor_->rows(key_of(number), rows_.rows_of(next_key_, context_->pool),
                                        state, checked)));
    }
    if (!due_) find_due();
    for (std::size_t done = 0; !due_->empty(); ++done) {
      if (done == kKeysAtOnce) return false;
      const auto [expiry, number] = due_->back();
      due_->pop_back();
      STREAM_TRY(fire(expiry, number, checked));
    }
    for (const std::uint32_t number : rows_.keys()) {
      if (store_->is_used(number)) store_->drop_if_empty(number);
    }
    store_->remove_expired(start_.batch_time);
    return true;
  }

  bool is_stateful() const override { return true; }
  Result<void> seal(std::vector<StatePiece>& pieces) override {
    store_->seal(pieces);
    return {};
  }
  Result<void> drop_changes() override {
    store_->drop_changes();
    return {};
  }
  Result<void> restore(const StatePiece& piece) override { return store_->restore(piece); }
  StateCounts state_counts() const override {
    StateCounts counts = store_->counts();
    counts.dropped_by_watermark = late_;
    return counts;
  }

 private:
  static constexpr std::size_t kKeysAtOnce = 1024;

  EpochMillis at_input(EpochMillis watermark) const {
    return spec_.watermark ? spec_.watermark(watermark) : watermark;
  }
  CurrentKey current(std::uint32_t number) {
    return {*store_, number, spec_.mode, start_.batch_time, watermark_};
  }
  Batch key_of(std::uint32_t number) {
    return key_batch(store_->keys(), store_->key(number), key_schema_, context_->pool);
  }
  Result<void> named(Result<void> result) const {
    if (!result) return std::move(result).error().with_context(spec_.name);
    return result;
  }

  Result<void> take_initial_state() {
    const Batch& initial = *spec_.initial_state;
    const std::size_t num_keys = spec_.key_fields.size();
    std::vector<std::size_t> key_columns(num_keys);
    std::iota(key_columns.begin(), key_columns.end(), std::size_t{0});
    std::vector<std::uint64_t> hashes(initial.num_rows());
    hash_rows(initial, key_columns, hashes);
    const auto keys =
        store_->encode(std::span(initial.columns()).first(num_keys), initial.num_rows());
    for (std::uint32_t row = 0; row < initial.num_rows(); ++row) {
      if (!context_->groups.contains(key_group_hash(hashes[row]), context_->num_groups)) continue;
      const std::uint32_t number = store_->number_of(keys[row]);
      CurrentKey state = current(number);
      const std::uint32_t one[] = {row};
      STREAM_TRY(named(
          processor_->initial_state(key_of(number), gather(initial, one, context_->pool), state)));
    }
    return {};
  }

  /// Timers at or before now, to be taken from the back: the earliest last.
  void find_due() {
    due_.emplace();
    if (spec_.mode == TimeMode::none) return;
    const EpochMillis now = spec_.mode == TimeMode::event_time ? watermark_ : start_.batch_time;
    for (const std::uint32_t number : store_->take_with_timers(now)) {
      for (const auto& [expiry, kept] : store_->entries(number, store_->timers())) {
        if (expiry.as<std::int64_t>() > now) break;
        due_->emplace_back(expiry.as<std::int64_t>(), number);
      }
    }
    std::sort(due_->rbegin(), due_->rend());
  }

  Result<void> fire(EpochMillis expiry, std::uint32_t number, Output& output) {
    // A call before may have deleted it.
    if (!store_->is_used(number) ||
        !store_->entries(number, store_->timers()).contains(Value{expiry}))
      return {};
    CurrentKey state = current(number);
    STREAM_TRY(named(processor_->timer(key_of(number), expiry, state, output)));
    state.delete_timer(expiry);
    store_->drop_if_empty(number);
    return {};
  }

  TransformWithStateSpec spec_;
  std::unique_ptr<StatefulProcessor> processor_;
  KeyRows rows_;
  std::shared_ptr<const Schema> key_schema_;
  std::optional<OperatorContext> context_;
  std::optional<ProcessorStore> store_;
  EpochStart start_;
  EpochMillis watermark_ = 0;
  std::size_t next_key_ = 0;
  std::optional<std::vector<std::pair<EpochMillis, std::uint32_t>>> due_;
  std::int64_t late_ = 0;
};

}  // namespace

OperatorFactory make_transform_with_state(TransformWithStateSpec spec) {
  return [spec = std::move(spec)] { return std::make_unique<TransformOperator>(spec); };
}

}  // namespace stream
