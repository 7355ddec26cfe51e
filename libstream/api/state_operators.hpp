// update_state_by_key and map_with_state. Input: pairs (K, V), exchanged by key.
#pragma once

#include <libstream/api/keyed_state.hpp>
#include <libstream/api/typed_rows.hpp>

#include <array>

namespace stream {

/// every epoch, for every known key and every key with values, state = update(values,
/// state); nothing returned removes the key. Emits all (K, S).
template <class K, class V, class S, class Update>
class UpdateStateOperator final : public Operator {
 public:
  UpdateStateOperator(Update update, std::vector<std::pair<K, S>> initial, std::string name)
      : update_(std::move(update)), initial_(std::move(initial)), name_(std::move(name)) {}

  Result<void> open(const OperatorContext& context) override {
    state_.open(context);
    emitter_.emplace(context.pool, context.batch_rows);
    return {};
  }

  Result<void> begin(const EpochStart& start) override {
    state_.begin_epoch();
    position_ = 0;
    // Before the first epoch nothing can have been restored: the initial state counts once.
    if (start.epoch == 0) state_.load(initial_, [](const S& value) { return value; });
    return {};
  }

  Result<void> push(InputPlace, Batch batch, Output&) override {
    constexpr std::size_t kKeyColumn[] = {0};
    hashes_.resize(batch.num_rows());
    hash_rows(batch, kKeyColumn, hashes_);
    for (std::size_t row = 0; row < batch.num_rows(); ++row) {
      auto pair = read_row<std::pair<K, V>>(batch, row);
      auto& slot = state_.find_or_insert(pair.first, hashes_[row]);
      const auto number = static_cast<std::size_t>(&slot - state_.slots().data());
      if (values_.size() <= number) values_.resize(number + 1);
      values_[number].push_back(ValueTraits<V>::own(std::move(pair.second)));
    }
    return {};
  }

  Result<bool> end(const EpochStart&, Output& output) override {
    auto& slots = state_.slots();
    values_.resize(slots.size());
    STREAM_TRY(guard([&]() -> Result<void> {
      for (; position_ < slots.size() && !emitter_->is_full(); ++position_) update_slot(position_);
      return {};
    }));
    STREAM_TRY(emitter_->flush(output));
    return position_ == slots.size();
  }

  bool is_stateful() const override { return true; }
  Result<void> seal(std::vector<StatePiece>& pieces) override {
    state_.seal(pieces);
    return {};
  }
  Result<void> drop_changes() override {
    state_.drop_changes();
    return {};
  }
  Result<void> restore(const StatePiece& piece) override { return state_.restore(piece); }
  StateCounts state_counts() const override { return state_.counts(); }

 private:
  void update_slot(std::size_t number) {
    auto& slot = state_.slots()[number];
    if (!slot.is_used || (!slot.value && values_[number].empty())) return;
    std::vector<V> values = std::move(values_[number]);
    values_[number].clear();
    std::optional<S> next =
        call_user(name_, update_, std::as_const(values), std::as_const(slot.value));
    if (next) {
      emitter_->append(std::pair<const K&, const S&>(slot.key, *next));
      state_.set(slot, std::move(*next));
    } else {
      state_.remove(slot);
    }
  }

  Update update_;
  std::vector<std::pair<K, S>> initial_;
  std::string name_;
  KeyedState<K, S> state_{"state"};
  std::vector<std::vector<V>> values_;  // by slot number, of the running epoch
  std::vector<std::uint64_t> hashes_;
  std::size_t position_ = 0;
  std::optional<BatchEmitter<std::pair<K, S>>> emitter_;
};

/// What a map_with_state function sees of its key's state (Spark's State).
template <class S>
class State {
 public:
  State(std::optional<S>& value, bool is_timing_out)
      : value_(value), is_timing_out_(is_timing_out) {}

  bool exists() const { return value_.has_value(); }
  /// Throws when there is no state.
  const S& get() const {
    if (!value_) throw std::logic_error("State is not set");
    return *value_;
  }
  std::optional<S> get_option() const { return value_; }
  /// Throws after remove() and while timing out.
  void update(S value) {
    if (is_removed_) throw std::logic_error("Cannot update the state that has been removed");
    if (is_timing_out_) throw std::logic_error("Cannot update the state that is timing out");
    value_ = std::move(value);
    is_updated_ = true;
  }
  /// Throws when removed already and while timing out.
  void remove() {
    if (is_removed_)
      throw std::logic_error("Cannot remove the state that has already been removed");
    if (is_timing_out_) throw std::logic_error("Cannot remove the state that is timing out");
    value_.reset();
    is_removed_ = true;
    is_updated_ = false;
  }
  bool is_timing_out() const { return is_timing_out_; }

  bool is_updated() const { return is_updated_; }
  bool is_removed() const { return is_removed_; }

 private:
  std::optional<S>& value_;
  bool is_timing_out_;
  bool is_updated_ = false;
  bool is_removed_ = false;
};

/// R-207 … R-209: the function is called per record; with a time-out also once for every key idle
/// longer than it, looked for in every tenth interval. Emits what the function returns.
template <class K, class V, class S, class Out, class Map>
class MapWithStateOperator final : public Operator {
 public:
  MapWithStateOperator(Map map, std::vector<std::pair<K, S>> initial, Duration timeout,
                       std::string name)
      : map_(std::move(map)),
        initial_(std::move(initial)),
        timeout_(timeout),
        name_(std::move(name)) {}

  Result<void> open(const OperatorContext& context) override {
    state_.open(context);
    emitter_.emplace(context.pool, context.batch_rows);
    return {};
  }

  Result<void> begin(const EpochStart& start) override {
    state_.begin_epoch();
    position_ = 0;
    batch_time_ = start.batch_time;
    if (start.epoch == 0)
      state_.load(initial_, [&](const S& value) { return std::pair{value, batch_time_}; });
    return {};
  }

  Result<void> push(InputPlace, Batch batch, Output& output) override {
    constexpr std::size_t kKeyColumn[] = {0};
    hashes_.resize(batch.num_rows());
    hash_rows(batch, kKeyColumn, hashes_);
    emitter_->writer().adopt(batch);
    STREAM_TRY(for_each_row(batch, [&](std::size_t row) {
      if (row % kGroup == 0) look_up(batch, row);
      auto pair = read_row<std::pair<K, V>>(batch, row);
      auto& slot = state_.slots()[numbers_[row % kGroup]];
      std::optional<S> value;
      if (slot.value) value = std::move(slot.value->first);
      State<S> state(value, false);
      call(pair.first, std::optional<V>(ValueTraits<V>::own(std::move(pair.second))), state);
      store(slot, state, std::move(value));
    }));
    return emitter_->flush(output);
  }

  Result<bool> end(const EpochStart& start, Output& output) override {
    auto& slots = state_.slots();
    if (timeout_.count() == 0 || start.interval % kTimeoutIntervals != 0) return true;
    STREAM_TRY(guard([&]() -> Result<void> {
      for (; position_ < slots.size() && !emitter_->is_full(); ++position_) {
        auto& slot = slots[position_];
        if (!slot.value || slot.value->second >= batch_time_ - timeout_.count()) continue;
        std::optional<S> value = slot.value->first;
        State<S> state(value, true);
        call(slot.key, std::optional<V>(), state);
        state_.remove(slot);
      }
      return {};
    }));
    STREAM_TRY(emitter_->flush(output));
    return position_ == slots.size();
  }

  bool is_stateful() const override { return true; }
  Result<void> seal(std::vector<StatePiece>& pieces) override {
    state_.seal(pieces);
    return {};
  }
  Result<void> drop_changes() override {
    state_.drop_changes();
    return {};
  }
  Result<void> restore(const StatePiece& piece) override { return state_.restore(piece); }
  StateCounts state_counts() const override { return state_.counts(); }

 private:
  static constexpr std::int64_t kTimeoutIntervals = 10;
  static constexpr std::size_t kGroup = 64;

  /// Finds the slots of the next rows together, so that the waits for memory overlap.
  void look_up(const Batch& batch, std::size_t begin) {
    const std::size_t end = std::min(begin + kGroup, batch.num_rows());
    for (std::size_t row = begin; row < end; ++row)
      state_.prefetch(ValueTraits<K>::read(batch.column(0), row));
    for (std::size_t row = begin; row < end; ++row) {
      auto& slot = state_.find_or_insert(ValueTraits<K>::read(batch.column(0), row), hashes_[row]);
      numbers_[row - begin] = static_cast<std::uint32_t>(&slot - state_.slots().data());
      __builtin_prefetch(&slot);
    }
  }

  template <class Key>
  void call(const Key& key, std::optional<V> value, State<S>& state) {
    auto result = call_user(name_, map_, key, std::move(value), state);
    if constexpr (std::is_same_v<OwnedOf<decltype(result)>, std::optional<Out>>) {
      if (result) emitter_->append(*result);
    } else {
      emitter_->append(result);
    }
  }

  template <class Slot>
  void store(Slot& slot, const State<S>& state, std::optional<S> value) {
    if (state.is_removed() || !value) {
      state_.remove(slot);
      return;
    }
    // Touching a key renews its idle clock only where there is a time-out.
    const bool is_renewed = timeout_.count() > 0 || state.is_updated();
    const EpochMillis touched = is_renewed ? batch_time_ : slot.value->second;
    if (is_renewed)
      state_.set(slot, {std::move(*value), touched});
    else
      slot.value->first = std::move(*value);
  }

  Map map_;
  std::vector<std::pair<K, S>> initial_;
  Duration timeout_;
  std::string name_;
  KeyedState<K, std::pair<S, EpochMillis>> state_{"state"};
  std::vector<std::uint64_t> hashes_;
  std::array<std::uint32_t, kGroup> numbers_{};  // slots of the rows looked up together
  std::size_t position_ = 0;
  EpochMillis batch_time_ = 0;
  std::optional<BatchEmitter<Out>> emitter_;
};

}  // namespace stream
