// What a function of (flat_)map_groups_with_state sees of its key's state, with C++ types. Spark's
// GroupState. Used during the call only.
#pragma once

#include <libstream/api/typed_values.hpp>
#include <libstream/operators/group_state.hpp>

#include <optional>

namespace stream {

template <class S>
class TypedGroupState {
 public:
  explicit TypedGroupState(GroupState& state) : state_(state) {}

  bool exists() const { return state_.exists(); }
  /// Throws when there is no state.
  S get() const { return from_value<S>(value_or_throw(state_.get())); }
  std::optional<S> get_option() const { return exists() ? std::optional(get()) : std::nullopt; }
  void update(const S& value) { value_or_throw(state_.update(to_value(value))); }
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

}  // namespace stream
