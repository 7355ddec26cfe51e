// count and count_if.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/accumulators.hpp>

#include <algorithm>

namespace stream {
namespace {

/// Counts rows whose arguments are all there; with `needs_true` those whose one argument is true.
class CountAccumulator final : public GroupedAccumulator<std::int64_t> {
 public:
  explicit CountAccumulator(bool needs_true) : needs_true_(needs_true) {}

  Result<void> update(std::span<const Operand> arguments, std::span<const std::uint32_t> groups,
                      EvaluationContext&) override {
    std::int64_t* counts = states_.data();
    if (needs_true_) {
      for_each_value<bool>(arguments[0], groups, [counts](std::uint32_t group, bool is_true) {
        counts[group] += static_cast<std::int64_t>(is_true);
      });
      return {};
    }
    const bool has_nulls = std::any_of(arguments.begin(), arguments.end(), [](const Operand& a) {
      return static_cast<bool>(a.column.validity);
    });
    const std::uint32_t* group = groups.data();
    for (std::size_t row = 0; row < groups.size(); ++row) {
      if (group[row] == kNoGroup) continue;
      if (has_nulls && std::any_of(arguments.begin(), arguments.end(),
                                   [row](const Operand& a) { return a.is_null(row); }))
        continue;
      ++counts[group[row]];
    }
    return {};
  }

  Result<void> merge(std::span<const Column> state,
                     std::span<const std::uint32_t> groups) override {
    const std::int64_t* partial = state[0].data<std::int64_t>();
    for (std::size_t row = 0; row < groups.size(); ++row) states_[groups[row]] += partial[row];
    return {};
  }

  void append_state(std::span<const std::uint32_t> groups,
                    std::span<ColumnBuilder> builders) const override {
    for (const std::uint32_t group : groups) builders[0].append(states_[group]);
  }

  Result<void> append_result(std::span<const std::uint32_t> groups, ColumnBuilder& builder,
                             EvaluationContext&) const override {
    for (const std::uint32_t group : groups) builder.append(states_[group]);
    return {};
  }

 private:
  bool needs_true_;
};

ResolvedAggregate count_of(std::vector<DataType> parameters, bool needs_true) {
  ResolvedAggregate count;
  count.parameter_types = std::move(parameters);
  count.type = primitive(TypeKind::int64);
  count.is_nullable = false;
  count.state = {{"count", primitive(TypeKind::int64), false}};
  count.make = maker<CountAccumulator>(needs_true);
  return count;
}

Result<ResolvedAggregate> resolve_count(Arguments arguments, const AggregateModifiers&,
                                        const SqlSettings&) {
  std::vector<DataType> parameters;
  for (const Argument& argument : arguments) parameters.push_back(argument.type);
  return count_of(std::move(parameters), false);
}

/// Pairs of numbers in which neither is null.
Result<ResolvedAggregate> resolve_pairs(Arguments arguments, const AggregateModifiers&,
                                        const SqlSettings&) {
  std::vector<DataType> parameters;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::optional<DataType> type = numeric_parameter(arguments[i].type);
    if (!type) return wrong_argument("regr_count", arguments, i, "the \"NUMERIC\" type");
    parameters.push_back(*type);
  }
  return count_of(std::move(parameters), false);
}

Result<ResolvedAggregate> resolve_count_if(Arguments arguments, const AggregateModifiers&,
                                           const SqlSettings&) {
  const TypeKind kind = arguments[0].type.kind;
  if (kind != TypeKind::boolean && kind != TypeKind::null && kind != TypeKind::string)
    return wrong_argument("count_if", arguments, 0, "the \"BOOLEAN\" type");
  return count_of({primitive(TypeKind::boolean)}, true);
}

}  // namespace

void add_count_functions(FunctionRegistry& registry) {
  registry.add(
      AggregateFunction{"count",
                        "count(*), count(x, …) - the rows, or those in which no argument is NULL",
                        1,
                        kAnyNumber,
                        resolve_count,
                        {}});
  registry.add(AggregateFunction{"count_if",
                                 "count_if(condition) - the rows for which it is true",
                                 1,
                                 1,
                                 resolve_count_if,
                                 {}});
  registry.add(AggregateFunction{"regr_count",
                                 "regr_count(y, x) - the rows in which neither is NULL",
                                 2,
                                 2,
                                 resolve_pairs,
                                 {}});
}

}  // namespace stream
