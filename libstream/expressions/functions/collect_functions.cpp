// Aggregates that keep every value: collect_list, collect_set, mode.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/accumulators.hpp>
#include <libstream/expressions/functions/jvm_order.hpp>

#include <algorithm>
#include <unordered_map>

namespace stream {
namespace {

/// Values of a group in the order they came.
template <class T>
struct ListState {
  std::vector<T> values;
  std::size_t value_bytes = 0;
  std::size_t heap_bytes() const { return values.capacity() * sizeof(T) + value_bytes; }
};

template <class T>
class ListAccumulator final : public GroupedAccumulator<ListState<T>> {
  using Base = GroupedAccumulator<ListState<T>>;
  using Base::heap_bytes_;
  using Base::states_;

 public:
  Result<void> update(std::span<const Operand> arguments, std::span<const std::uint32_t> groups,
                      EvaluationContext&) override {
    for_each_value<T>(arguments[0], groups,
                      [this](std::uint32_t group, const auto& value) { take(group, value); });
    return {};
  }
  Result<void> merge(std::span<const Column> state,
                     std::span<const std::uint32_t> groups) override {
    const typename Storage<T>::Reader read(state[0].children[0]);
    const std::int64_t* offsets = state[0].data<std::int64_t>();
    for (std::size_t row = 0; row < groups.size(); ++row) {
      for (std::int64_t i = offsets[row]; i < offsets[row + 1]; ++i)
        take(groups[row], read(static_cast<std::size_t>(i)));
    }
    return {};
  }
  void append_state(std::span<const std::uint32_t> groups,
                    std::span<ColumnBuilder> builders) const override {
    append_lists(groups, builders[0]);
  }
  Result<void> append_result(std::span<const std::uint32_t> groups, ColumnBuilder& builder,
                             EvaluationContext&) const override {
    append_lists(groups, builder);
    return {};
  }

 private:
  void take(std::uint32_t group, const typename Storage<T>::View& value) {
    ListState<T>& state = states_[group];
    heap_bytes_ -= state.heap_bytes();
    state.values.emplace_back(value);
    state.value_bytes += Storage<T>::heap_bytes(state.values.back());
    heap_bytes_ += state.heap_bytes();
  }
  void append_lists(std::span<const std::uint32_t> groups, ColumnBuilder& builder) const {
    for (const std::uint32_t group : groups) {
      for (std::size_t i = 0; i < states_[group].values.size(); ++i)
        Storage<T>::append(builder.child(0), states_[group].values[i]);
      builder.append_array();
    }
  }
};

/// How often each value of a group came, in the order of first sight. Values are boxed: sets are
/// small beside the rows that made them.
struct CountedValues {
  std::vector<Value> values;
  std::vector<std::int64_t> counts;
  std::unordered_multimap<std::uint64_t, std::uint32_t> places;
  std::size_t value_bytes = 0;
  std::size_t heap_bytes() const {
    return values.size() * (sizeof(Value) + sizeof(std::int64_t) + 48) + value_bytes;
  }
};

/// What becomes of the counted values.
enum class CountedResult { set, any_mode, least_mode, greatest_mode };

class CountedAccumulator final : public GroupedAccumulator<CountedValues> {
 public:
  CountedAccumulator(CountedResult result, DataType type)
      : result_(result), type_(std::move(type)) {}

  Result<void> update(std::span<const Operand> arguments, std::span<const std::uint32_t> groups,
                      EvaluationContext&) override {
    const Operand& argument = arguments[0];
    hashes_.resize(argument.column.num_rows);
    hash_column(argument.column, hashes_);
    for_each_row(argument, groups, [&](std::uint32_t group, std::size_t row) {
      if (!argument.column.is_null(row)) take(group, argument.column, row, 1);
    });
    return {};
  }
  Result<void> merge(std::span<const Column> state,
                     std::span<const std::uint32_t> groups) override {
    const Column& values = state[0].children[0];
    hashes_.resize(values.num_rows);
    hash_column(values, hashes_);
    const std::int64_t* offsets = state[0].data<std::int64_t>();
    for (std::size_t row = 0; row < groups.size(); ++row) {
      for (std::int64_t i = offsets[row]; i < offsets[row + 1]; ++i)
        take(groups[row], values, static_cast<std::size_t>(i),
             state[1].children[0].data<std::int64_t>()[i]);
    }
    return {};
  }
  void append_state(std::span<const std::uint32_t> groups,
                    std::span<ColumnBuilder> builders) const override {
    for (const std::uint32_t group : groups) {
      for (const Value& value : states_[group].values) append_value(builders[0].child(0), value);
      builders[0].append_array();
      for (const std::int64_t count : states_[group].counts) builders[1].child(0).append(count);
      builders[1].append_array();
    }
  }
  Result<void> append_result(std::span<const std::uint32_t> groups, ColumnBuilder& builder,
                             EvaluationContext&) const override {
    for (const std::uint32_t group : groups) {
      const CountedValues& counted = states_[group];
      if (result_ == CountedResult::set) {
        for (const std::size_t place : scala_set_order(counted.values, type_))
          append_value(builder.child(0), counted.values[place]);
        builder.append_array();
      } else if (counted.values.empty()) {
        builder.append_null();
      } else {
        append_value(builder, counted.values[mode_of(counted)]);
      }
    }
    return {};
  }

 private:
  void take(std::uint32_t group, const Column& column, std::size_t row, std::int64_t count) {
    CountedValues& counted = states_[group];
    Value value = value_at(column, row);
    const auto [begin, end] = counted.places.equal_range(hashes_[row]);
    for (auto it = begin; it != end; ++it) {
      if (compare_values(counted.values[it->second], value) == 0) {
        counted.counts[it->second] += count;
        return;
      }
    }
    heap_bytes_ -= counted.heap_bytes();
    counted.places.emplace(hashes_[row], static_cast<std::uint32_t>(counted.values.size()));
    counted.value_bytes += heap_bytes_of(value);
    counted.values.push_back(std::move(value));
    counted.counts.push_back(count);
    heap_bytes_ += counted.heap_bytes();
  }

  std::size_t mode_of(const CountedValues& counted) const {
    const std::int64_t most = *std::max_element(counted.counts.begin(), counted.counts.end());
    std::optional<std::size_t> best;
    for (const std::size_t place : open_hash_map_order(counted.values, type_)) {
      if (counted.counts[place] != most) continue;
      if (!best) {
        best = place;
        if (result_ == CountedResult::any_mode) break;
        continue;
      }
      const int order = compare_values(counted.values[place], counted.values[*best]);
      if (result_ == CountedResult::least_mode ? order < 0 : order > 0) best = place;
    }
    return *best;
  }

  CountedResult result_;
  DataType type_;
  std::vector<std::uint64_t> hashes_;
};

Result<ResolvedAggregate> resolve_list(Arguments arguments, const AggregateModifiers&,
                                       const SqlSettings&) {
  const DataType& type = arguments[0].type;
  ResolvedAggregate list;
  list.parameter_types = {type};
  list.type = array_of(type, false);
  list.is_nullable = false;
  list.state = {{"values", list.type, false}};
  list.make = visit_storage(type, []<class T>(std::type_identity<T>) {
    if constexpr (std::is_same_v<T, bool>) {
      return maker<ListAccumulator<Value>>();
    } else {
      return maker<ListAccumulator<T>>();
    }
  });
  return list;
}

ResolvedAggregate counted_of(const DataType& type, CountedResult result) {
  ResolvedAggregate counted;
  counted.parameter_types = {type};
  counted.state = {{"values", array_of(type, false), false},
                   {"counts", array_of(primitive(TypeKind::int64), false), false}};
  counted.make = maker<CountedAccumulator>(result, type);
  return counted;
}

bool contains_map(const DataType& type) {
  return type.kind == TypeKind::map ||
         std::any_of(type.children.begin(), type.children.end(),
                     [](const Field& field) { return contains_map(field.type); });
}

Result<ResolvedAggregate> resolve_set(Arguments arguments, const AggregateModifiers&,
                                      const SqlSettings&) {
  const DataType& type = arguments[0].type;
  if (contains_map(type) || type.kind == TypeKind::variant)
    return analysis_error("DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE",
                          "collect_set: values must not be or hold maps or variants");
  ResolvedAggregate set = counted_of(type, CountedResult::set);
  set.type = array_of(type, false);
  set.is_nullable = false;
  return set;
}

Result<ResolvedAggregate> resolve_mode(Arguments arguments, const AggregateModifiers& modifiers,
                                       const SqlSettings&) {
  const DataType& type = arguments[0].type;
  CountedResult result = CountedResult::any_mode;
  if (!modifiers.sort_descending.empty()) {
    result =
        modifiers.sort_descending[0] ? CountedResult::greatest_mode : CountedResult::least_mode;
  } else if (arguments.size() == 2) {
    const std::optional<Value>& flag = arguments[1].constant;
    if (!flag)
      return analysis_error("NON_FOLDABLE_ARGUMENT",
                            "mode: the argument deterministic must be a constant");
    if (flag->is_null())
      return analysis_error("DATATYPE_MISMATCH.UNEXPECTED_NULL",
                            "mode: the argument deterministic must not be NULL");
    if (!std::holds_alternative<bool>(flag->content))
      return wrong_argument("mode", arguments, 1, "the \"BOOLEAN\" type");
    if (flag->as<bool>()) result = CountedResult::least_mode;
  }
  ResolvedAggregate mode = counted_of(type, result);
  mode.type = type;
  for (std::size_t i = 1; i < arguments.size(); ++i)
    mode.parameter_types.push_back(arguments[i].type);
  return mode;
}

}  // namespace

void add_collect_functions(FunctionRegistry& registry) {
  registry.add(AggregateFunction{
      "collect_list", "collect_list(x) - an array of all values", 1, 1, resolve_list, {}});
  registry.add_alias("array_agg", "collect_list");
  registry.add(AggregateFunction{
      "collect_set", "collect_set(x) - an array of the different values", 1, 1, resolve_set, {}});
  registry.add(AggregateFunction{
      "mode",
      "mode(x[, deterministic]), mode() WITHIN GROUP (ORDER BY x) - the commonest value",
      1,
      2,
      resolve_mode,
      {}});
}

}  // namespace stream
