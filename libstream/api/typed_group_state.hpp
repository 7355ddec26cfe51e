// What a function of (flat_)map_groups_with_state sees of its key's state, with C++ types. Spark's
// GroupState. Used during the call only.
#pragma once

#include <libstream/api/typed_values.hpp>
#include <libstream/operators/group_state.hpp>

#include <numeric>
#include <optional>
#include <utility>

namespace stream {

template <class S>
class TypedGroupState {
 public:
  static StateCodec codec() {
    return {[](ColumnBuilder& builder, const void* object) {
              ValueTraits<S>::append(builder, *static_cast<const S*>(object));
            },
            [](const Column& column, std::size_t row) -> std::shared_ptr<void> {
              return std::make_shared<S>(ValueTraits<S>::own(ValueTraits<S>::read(column, row)));
            }};
  }

  explicit TypedGroupState(GroupState& state) : state_(state) {}

  bool exists() const { return state_.object() != nullptr; }
  /// Throws when there is no state. Valid until the state is updated or removed.
  const S& get() const {
    if (!exists()) throw user_code("State is either not defined or has already been removed");
    return *static_cast<const S*>(state_.object().get());
  }
  std::optional<S> get_option() const { return exists() ? std::optional(get()) : std::nullopt; }
  /// The state, to be changed in place: an update without copies. Made when there is none.
  S& modify() {
    if (exists())
      state_.touch();
    else
      state_.update(std::make_shared<S>());
    return *static_cast<S*>(state_.object().get());
  }
  void update(S value) {
    if constexpr (ValueTraits<S>::kIsNullable) {
      if (!value) throw user_code("'null' is not a valid state value");
    }
    modify() = std::move(value);
  }
  void remove() { state_.remove(); }
  bool has_timed_out() const { return state_.has_timed_out(); }
  /// From the epoch's time on; processing time only.
  void set_timeout_duration(Duration duration) {
    value_or_throw(state_.set_timeout_duration(duration.count()));
  }
  /// When the watermark has passed it; event time only.
  void set_timeout_timestamp(EpochMillis millis) {
    value_or_throw(state_.set_timeout_timestamp(millis));
  }
  EpochMillis current_watermark() const { return value_or_throw(state_.current_watermark()); }
  EpochMillis current_processing_time() const { return state_.current_processing_time(); }

 private:
  GroupState& state_;
};

/// A function of (flat_)map_groups_with_state as the operator sees it. The fields of the rows lie
/// from `first_column` on.
template <class Key, class T, class State, class Out, class F>
class TypedGroupFunctionAdapter final : public GroupFunction {
 public:
  TypedGroupFunctionAdapter(F function, std::size_t first_column)
      : function_(std::move(function)), columns_(row_schema<T>()->num_fields()) {
    std::iota(columns_.begin(), columns_.end(), first_column);
  }

  Result<void> call(const GroupKey& key, const GroupRows& rows, GroupState& state,
                    Output& output) override {
    return guard([&]() -> Result<void> {
      rows_.clear();
      for (const RowPlace place : rows.places)
        rows_.push_back(
            owned_row<T>(ChosenColumns{rows.batches[place.batch], columns_}, place.row));
      TypedGroupState<State> typed_state(state);
      Collector<Out> collector(emitter_, output);
      function_(owned_row<Key>(ChosenColumns{key.batch, key.columns}, key.row),
                std::as_const(rows_), typed_state, collector);
      return {};
    });
  }
  Result<void> flush(Output& output) override { return emitter_.flush(output); }

 private:
  static constexpr std::size_t kRowsAtOnce = 1024;

  F function_;
  std::vector<std::size_t> columns_;
  std::vector<T> rows_;  ///< of the call; kept for its memory
  BlockPool pool_;
  BatchEmitter<Out> emitter_{pool_, kRowsAtOnce};
};

}  // namespace stream
