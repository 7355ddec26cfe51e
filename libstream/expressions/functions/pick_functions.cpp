// first, last and any_value, with and without NULLs.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/accumulators.hpp>

namespace stream {
namespace {

template <class T>
struct PickState {
  T value{};
  bool has_row = false;
  bool is_null = true;
  std::size_t heap_bytes() const { return Storage<T>::heap_bytes(value); }
};

/// Keeps the first or the last row's value of each group; rows come in order.
template <class T, bool kLast>
class PickAccumulator final : public GroupedAccumulator<PickState<T>> {
  using Base = GroupedAccumulator<PickState<T>>;
  using Base::heap_bytes_;
  using Base::states_;

 public:
  explicit PickAccumulator(bool ignores_nulls) : ignores_nulls_(ignores_nulls) {}

  Result<void> update(std::span<const Operand> arguments, std::span<const std::uint32_t> groups,
                      EvaluationContext&) override {
    const Column& column = arguments[0].column;
    const typename Storage<T>::Reader read(column);
    for_each_row(arguments[0], groups,
                 [&](std::uint32_t group, std::size_t row) { take(group, column, row, read); });
    return {};
  }
  Result<void> merge(std::span<const Column> state,
                     std::span<const std::uint32_t> groups) override {
    const typename Storage<T>::Reader read(state[0]);
    const auto* has_row = state[1].data<std::uint8_t>();
    for (std::size_t row = 0; row < groups.size(); ++row) {
      if (has_row[row] != 0) take(groups[row], state[0], row, read);
    }
    return {};
  }
  void append_state(std::span<const std::uint32_t> groups,
                    std::span<ColumnBuilder> builders) const override {
    append_values(groups, builders[0]);
    for (const std::uint32_t group : groups)
      builders[1].append(static_cast<std::uint8_t>(states_[group].has_row));
  }
  Result<void> append_result(std::span<const std::uint32_t> groups, ColumnBuilder& builder,
                             EvaluationContext&) const override {
    append_values(groups, builder);
    return {};
  }

 private:
  void take(std::uint32_t group, const Column& column, std::size_t row,
            const typename Storage<T>::Reader& read) {
    PickState<T>& state = states_[group];
    if (!kLast && state.has_row) return;
    const bool is_null = column.is_null(row);
    if (is_null && ignores_nulls_) return;
    heap_bytes_ -= state.heap_bytes();
    state.has_row = true;
    state.is_null = is_null;
    if (!is_null) state.value = read(row);
    heap_bytes_ += state.heap_bytes();
  }
  void append_values(std::span<const std::uint32_t> groups, ColumnBuilder& builder) const {
    for (const std::uint32_t group : groups) {
      if (states_[group].is_null) {
        builder.append_null();
      } else {
        Storage<T>::append(builder, states_[group].value);
      }
    }
  }

  bool ignores_nulls_;
};

/// The second argument of first(x, ignoresNulls), a constant.
Result<bool> flag_of(std::string_view name, Arguments arguments) {
  if (arguments.size() < 2) return false;
  const std::optional<Value>& flag = arguments[1].constant;
  if (!flag)
    return analysis_error("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                          std::string(name) + ": the second argument must be a constant");
  if (!std::holds_alternative<bool>(flag->content))
    return wrong_argument(name, arguments, 1, "the \"BOOLEAN\" type");
  return flag->as<bool>();
}

template <bool kLast>
Result<ResolvedAggregate> resolve_pick(std::string_view name, Arguments arguments,
                                       const AggregateModifiers& modifiers) {
  STREAM_TRY(const bool flag, flag_of(name, arguments));
  const bool ignores_nulls = flag || modifiers.ignores_nulls;
  const DataType& type = arguments[0].type;
  ResolvedAggregate pick;
  for (const Argument& argument : arguments) pick.parameter_types.push_back(argument.type);
  pick.type = type;
  pick.state = {{"value", type, true}, {"has_row", primitive(TypeKind::boolean), false}};
  pick.make = visit_storage(type, [ignores_nulls]<class T>(std::type_identity<T>) {
    return maker<PickAccumulator<T, kLast>>(ignores_nulls);
  });
  return pick;
}

}  // namespace

void add_pick_functions(FunctionRegistry& registry) {
  for (const char* name : {"first", "first_value", "any_value"}) {
    registry.add(AggregateFunction{
        name,
        std::string(name) + "(x[, ignores_nulls]) - the first value",
        1,
        2,
        [name](Arguments arguments, const AggregateModifiers& modifiers, const SqlSettings&) {
          return resolve_pick<false>(name, arguments, modifiers);
        },
        {}});
  }
  for (const char* name : {"last", "last_value"}) {
    registry.add(AggregateFunction{
        name,
        std::string(name) + "(x[, ignores_nulls]) - the last value",
        1,
        2,
        [name](Arguments arguments, const AggregateModifiers& modifiers, const SqlSettings&) {
          return resolve_pick<true>(name, arguments, modifiers);
        },
        {}});
  }
}

}  // namespace stream
