// Accumulators whose state is one value of the argument's own type, which the next value replaces
// or is folded into: min, max, bool_and, bit_or and their like.
#pragma once

#include <libstream/expressions/functions/accumulators.hpp>

namespace stream {

template <class T>
struct KeptValue {
  T value{};
  bool has_value = false;
  std::size_t heap_bytes() const { return Storage<T>::heap_bytes(value); }
};

/// `Rule` has `bool takes(const KeptValue<T>&, const View&)`, asked for each value, and, of those
/// it takes, `T next(const KeptValue<T>&, const View&)`.
template <class T, class Rule>
class KeptValueAccumulator final : public GroupedAccumulator<KeptValue<T>> {
  using Base = GroupedAccumulator<KeptValue<T>>;
  using Base::heap_bytes_;
  using Base::states_;

 public:
  Result<void> update(std::span<const Operand> arguments, std::span<const std::uint32_t> groups,
                      EvaluationContext&) override {
    take(arguments[0].column, arguments[0].is_constant, groups);
    return {};
  }
  Result<void> merge(std::span<const Column> state,
                     std::span<const std::uint32_t> groups) override {
    take(state[0], false, groups);
    return {};
  }
  void append_state(std::span<const std::uint32_t> groups,
                    std::span<ColumnBuilder> builders) const override {
    append_values(groups, builders[0]);
  }
  Result<void> append_result(std::span<const std::uint32_t> groups, ColumnBuilder& builder,
                             EvaluationContext&) const override {
    append_values(groups, builder);
    return {};
  }

 private:
  void take(const Column& column, bool is_constant, std::span<const std::uint32_t> groups) {
    KeptValue<T>* states = states_.data();
    std::size_t* heap_bytes = &heap_bytes_;
    for_each_value<T>(column, is_constant, groups,
                      [states, heap_bytes](std::uint32_t group, const auto& value) {
                        KeptValue<T>& state = states[group];
                        if (!Rule::takes(state, value)) return;
                        *heap_bytes -= state.heap_bytes();
                        state.value = Rule::next(state, value);
                        state.has_value = true;
                        *heap_bytes += state.heap_bytes();
                      });
  }
  void append_values(std::span<const std::uint32_t> groups, ColumnBuilder& builder) const {
    for (const std::uint32_t group : groups) {
      if (states_[group].has_value) {
        Storage<T>::append(builder, states_[group].value);
      } else {
        builder.append_null();
      }
    }
  }
};

}  // namespace stream
