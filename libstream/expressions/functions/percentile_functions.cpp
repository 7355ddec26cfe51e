// Exact percentiles: percentile, median, percentile_cont, percentile_disc. Every value of a group
// is kept, equal ones once with a count.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/accumulators.hpp>
#include <libstream/expressions/functions/percentages.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

struct Weighted {
  double value;
  std::int64_t count;
};

struct WeightedValues {
  std::vector<Weighted> values;
  std::size_t num_sorted = 0;  ///< the first ones, in order and each different
  std::size_t heap_bytes() const { return values.capacity() * sizeof(Weighted); }
};

/// Sorts and joins equal values.
void compact(WeightedValues& kept) {
  std::vector<Weighted>& values = kept.values;
  if (kept.num_sorted == values.size()) return;
  std::stable_sort(values.begin(), values.end(), [](const Weighted& a, const Weighted& b) {
    return compare_floats(a.value, b.value) < 0;
  });
  std::size_t num_kept = 0;
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (compare_floats(values[num_kept].value, values[i].value) == 0) {
      values[num_kept].count += values[i].count;
    } else {
      values[++num_kept] = values[i];
    }
  }
  values.resize(num_kept + 1);
  kept.num_sorted = values.size();
}

struct PercentileShape {
  Percentages percentages;
  bool is_discrete = false;
  bool is_descending = false;
  std::size_t value_argument = 0;
  std::optional<std::size_t> frequency_argument;
  TypeKind kind = TypeKind::float64;  ///< of the value argument: double or an interval
};

/// values[i] stands for ranks (sums[i - 1], sums[i]], counted from 1.
double value_at_rank(const std::vector<Weighted>& values, const std::vector<std::int64_t>& sums,
                     std::int64_t rank) {
  const auto it = std::lower_bound(sums.begin(), sums.end(), rank);
  return values[static_cast<std::size_t>(it - sums.begin())].value;
}

double percentile_of(const std::vector<Weighted>& values, const std::vector<std::int64_t>& sums,
                     double percentage, bool is_discrete) {
  const auto total = static_cast<double>(sums.back());
  if (is_discrete)
    return value_at_rank(values, sums, static_cast<std::int64_t>(std::ceil(total * percentage)));
  const double position = (total - 1) * percentage;
  const auto lower = static_cast<std::int64_t>(std::floor(position));
  const auto higher = static_cast<std::int64_t>(std::ceil(position));
  const double lower_value = value_at_rank(values, sums, lower + 1);
  if (lower == higher) return lower_value;
  const double higher_value = value_at_rank(values, sums, higher + 1);
  if (compare_floats(lower_value, higher_value) == 0) return lower_value;
  return (static_cast<double>(higher) - position) * lower_value +
         (position - static_cast<double>(lower)) * higher_value;
}

class PercentileAccumulator final : public GroupedAccumulator<WeightedValues> {
 public:
  explicit PercentileAccumulator(PercentileShape shape) : shape_(std::move(shape)) {}

  Result<void> update(std::span<const Operand> arguments, std::span<const std::uint32_t> groups,
                      EvaluationContext&) override {
    switch (shape_.kind) {
      case TypeKind::year_month_interval:
        return take_all<std::int32_t>(arguments, groups);
      case TypeKind::day_time_interval:
        return take_all<std::int64_t>(arguments, groups);
      default:
        return take_all<double>(arguments, groups);
    }
  }
  Result<void> merge(std::span<const Column> state,
                     std::span<const std::uint32_t> groups) override {
    const std::int64_t* offsets = state[0].data<std::int64_t>();
    for (std::size_t row = 0; row < groups.size(); ++row) {
      for (std::int64_t i = offsets[row]; i < offsets[row + 1]; ++i)
        take(groups[row], state[0].children[0].data<double>()[i],
             state[1].children[0].data<std::int64_t>()[i]);
    }
    return {};
  }
  void append_state(std::span<const std::uint32_t> groups,
                    std::span<ColumnBuilder> builders) const override {
    for (const std::uint32_t group : groups) {
      WeightedValues kept = states_[group];
      compact(kept);
      for (const Weighted& weighted : kept.values) {
        builders[0].child(0).append(weighted.value);
        builders[1].child(0).append(weighted.count);
      }
      builders[0].append_array();
      builders[1].append_array();
    }
  }
  Result<void> append_result(std::span<const std::uint32_t> groups, ColumnBuilder& builder,
                             EvaluationContext&) const override {
    for (const std::uint32_t group : groups) {
      if (states_[group].values.empty()) {
        builder.append_null();
        continue;
      }
      WeightedValues kept = states_[group];
      compact(kept);
      if (shape_.is_descending) std::reverse(kept.values.begin(), kept.values.end());
      std::vector<std::int64_t> sums;
      std::int64_t sum = 0;
      for (const Weighted& weighted : kept.values) sums.push_back(sum += weighted.count);
      ColumnBuilder& into = shape_.percentages.is_array ? builder.child(0) : builder;
      for (const double percentage : shape_.percentages.values)
        append_number(percentile_of(kept.values, sums, percentage, shape_.is_discrete), into);
      if (shape_.percentages.is_array) builder.append_array();
    }
    return {};
  }

 private:
  void append_number(double value, ColumnBuilder& into) const {
    switch (shape_.kind) {
      case TypeKind::year_month_interval:
        return into.append(static_cast<std::int32_t>(value));
      case TypeKind::day_time_interval:
        return into.append(static_cast<std::int64_t>(value));
      default:
        return into.append(value);
    }
  }
  template <class T>
  Result<void> take_all(std::span<const Operand> arguments, std::span<const std::uint32_t> groups) {
    const Operand& values = arguments[shape_.value_argument];
    const typename Storage<T>::Reader read(values.column);
    for (std::size_t row = 0; row < groups.size(); ++row) {
      if (groups[row] == kNoGroup || values.is_null(row)) continue;
      std::int64_t count = 1;
      if (shape_.frequency_argument) {
        const Operand& frequency = arguments[*shape_.frequency_argument];
        if (frequency.is_null(row)) continue;
        count = frequency.column.data<std::int64_t>()[frequency.index(row)];
        if (count < 0)
          return runtime_error("NEGATIVE_VALUES_IN_FREQUENCY_EXPRESSION",
                               "percentile: a frequency is negative");
        if (count == 0) continue;
      }
      take(groups[row], static_cast<double>(read(values.index(row))), count);
    }
    return {};
  }
  void take(std::uint32_t group, double value, std::int64_t count) {
    constexpr std::size_t kCompactAt = 1024;
    WeightedValues& kept = states_[group];
    heap_bytes_ -= kept.heap_bytes();
    kept.values.push_back({value, count});
    if (kept.values.size() >= kCompactAt && kept.values.size() >= 2 * kept.num_sorted)
      compact(kept);
    heap_bytes_ += kept.heap_bytes();
  }

  PercentileShape shape_;
};

Result<ResolvedAggregate> resolve_shape(std::string_view name, Arguments arguments,
                                        PercentileShape shape) {
  const Argument& argument = arguments[shape.value_argument];
  ResolvedAggregate percentile;
  for (const Argument& other : arguments) percentile.parameter_types.push_back(other.type);
  DataType type;
  if (argument.type.kind == TypeKind::year_month_interval) {
    type = year_month_interval();
    shape.kind = argument.type.kind;
  } else if (argument.type.kind == TypeKind::day_time_interval) {
    type = day_time_interval();
    shape.kind = argument.type.kind;
  } else if (numeric_parameter(argument.type)) {
    type = primitive(TypeKind::float64);
    percentile.parameter_types[shape.value_argument] = type;
  } else {
    return wrong_argument(name, arguments, shape.value_argument,
                          "the (\"NUMERIC\" or \"ANSI INTERVAL\") type");
  }
  if (shape.frequency_argument)
    percentile.parameter_types[*shape.frequency_argument] = primitive(TypeKind::int64);
  percentile.type = shape.percentages.is_array ? array_of(type, false) : type;
  percentile.state = {{"values", array_of(primitive(TypeKind::float64), false), false},
                      {"counts", array_of(primitive(TypeKind::int64), false), false}};
  percentile.make = maker<PercentileAccumulator>(shape);
  return percentile;
}

Result<ResolvedAggregate> resolve_percentile(Arguments arguments, const AggregateModifiers&,
                                             const SqlSettings&) {
  PercentileShape shape;
  STREAM_TRY(shape.percentages, percentages_of("percentile", arguments, 1));
  if (arguments.size() == 3) {
    if (!is_integral(arguments[2].type.kind))
      return wrong_argument("percentile", arguments, 2, "the \"INTEGRAL\" type");
    shape.frequency_argument = 2;
  }
  return resolve_shape("percentile", arguments, std::move(shape));
}

Result<ResolvedAggregate> resolve_median(Arguments arguments, const AggregateModifiers&,
                                         const SqlSettings&) {
  PercentileShape shape;
  shape.percentages = {{0.5}, false};
  return resolve_shape("median", arguments, std::move(shape));
}

/// percentile_cont and percentile_disc: (percentage) WITHIN GROUP (ORDER BY value).
Result<ResolvedAggregate> resolve_inverse(std::string_view name, bool is_discrete,
                                          Arguments arguments,
                                          const AggregateModifiers& modifiers) {
  if (modifiers.sort_descending.empty())
    return analysis_error("INVALID_WITHIN_GROUP_EXPRESSION.WITHIN_GROUP_MISSING",
                          fmt::format("{}: WITHIN GROUP (ORDER BY …) is missing", name));
  if (modifiers.sort_descending.size() != 1 || arguments.size() != 2)
    return analysis_error("INVALID_WITHIN_GROUP_EXPRESSION.WRONG_NUM_ORDERINGS",
                          fmt::format("{}: takes one percentage and one ORDER BY key", name));
  PercentileShape shape;
  STREAM_TRY(shape.percentages, percentages_of(name, arguments, 0));
  shape.is_discrete = is_discrete;
  shape.is_descending = modifiers.sort_descending[0];
  shape.value_argument = 1;
  return resolve_shape(name, arguments, std::move(shape));
}

}  // namespace

void add_percentile_functions(FunctionRegistry& registry) {
  registry.add(AggregateFunction{
      "percentile",
      "percentile(x, percentage[, frequency]) - the exact percentile, or percentiles",
      2,
      3,
      resolve_percentile,
      {}});
  registry.add(
      AggregateFunction{"median", "median(x) - the exact median", 1, 1, resolve_median, {}});
  registry.add(AggregateFunction{
      "percentile_cont",
      "percentile_cont(percentage) WITHIN GROUP (ORDER BY x) - the interpolated percentile",
      1,
      2,
      [](Arguments arguments, const AggregateModifiers& modifiers, const SqlSettings&) {
        return resolve_inverse("percentile_cont", false, arguments, modifiers);
      },
      {}});
  registry.add(AggregateFunction{
      "percentile_disc",
      "percentile_disc(percentage) WITHIN GROUP (ORDER BY x) - the percentile among the values",
      1,
      2,
      [](Arguments arguments, const AggregateModifiers& modifiers, const SqlSettings&) {
        return resolve_inverse("percentile_disc", true, arguments, modifiers);
      },
      {}});
}

}  // namespace stream
