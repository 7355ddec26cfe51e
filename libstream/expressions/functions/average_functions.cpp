// avg and try_avg.
#include <libstream/data/decimal.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/accumulators.hpp>

#include <algorithm>

namespace stream {
namespace {

template <class Total>
struct AverageState {
  Total total{};
  std::int64_t count = 0;
};

template <class T>
class FloatAverage final : public GroupedAccumulator<AverageState<double>> {
 public:
  Result<void> update(std::span<const Operand> arguments, std::span<const std::uint32_t> groups,
                      EvaluationContext&) override {
    AverageState<double>* states = states_.data();
    for_each_value<T>(arguments[0], groups, [states](std::uint32_t group, T value) {
      states[group].total += static_cast<double>(value);
      ++states[group].count;
    });
    return {};
  }
  Result<void> merge(std::span<const Column> state,
                     std::span<const std::uint32_t> groups) override {
    const double* totals = state[0].data<double>();
    const std::int64_t* counts = state[1].data<std::int64_t>();
    for (std::size_t row = 0; row < groups.size(); ++row) {
      states_[groups[row]].total += totals[row];
      states_[groups[row]].count += counts[row];
    }
    return {};
  }
  void append_state(std::span<const std::uint32_t> groups,
                    std::span<ColumnBuilder> builders) const override {
    for (const std::uint32_t group : groups) {
      builders[0].append(states_[group].total);
      builders[1].append(states_[group].count);
    }
  }
  Result<void> append_result(std::span<const std::uint32_t> groups, ColumnBuilder& builder,
                             EvaluationContext&) const override {
    for (const std::uint32_t group : groups) {
      const AverageState<double>& state = states_[group];
      if (state.count == 0) {
        builder.append_null();
      } else {
        builder.append(state.total / static_cast<double>(state.count));
      }
    }
    return {};
  }
};

/// n / d rounded half away from zero; requires d > 0.
Int128 divide_half_up(Int128 n, Int128 d) {
  const Int128 rest = n % d;
  const Int128 distance = rest < 0 ? -rest : rest;
  return n / d + (distance >= d - distance ? (n < 0 ? -1 : 1) : 0);
}

/// The average of decimals and intervals, whose sums have bounds. T is what lies in the column.
template <class T>
class ExactAverage final : public GroupedAccumulator<AverageState<Int128>> {
 public:
  struct Bounds {
    Int128 total_max = 0;  ///< a larger sum is an overflow
    int extra_digits = 0;  ///< the result's scale less the argument's
    int precision = 0;     ///< of the result; 0: an interval
    bool is_null_on_overflow = false;
  };
  explicit ExactAverage(Bounds bounds) : bounds_(bounds) {}

  Result<void> update(std::span<const Operand> arguments, std::span<const std::uint32_t> groups,
                      EvaluationContext&) override {
    const Adder add{states_.data(), bounds_.total_max};
    bool overflows = false;
    for_each_value<T>(arguments[0], groups, [&](std::uint32_t group, T value) {
      overflows |= add(group, static_cast<Int128>(value), 1);
    });
    return checked(overflows);
  }
  Result<void> merge(std::span<const Column> state,
                     std::span<const std::uint32_t> groups) override {
    const Adder add{states_.data(), bounds_.total_max};
    bool overflows = false;
    for (std::size_t row = 0; row < groups.size(); ++row) {
      const std::int64_t count = state[1].data<std::int64_t>()[row];
      if (state[0].is_null(row)) {
        states_[groups[row]].count = kOverflowed;
      } else if (count > 0) {
        overflows |= add(groups[row], static_cast<Int128>(state[0].data<T>()[row]), count);
      }
    }
    return checked(overflows);
  }
  void append_state(std::span<const std::uint32_t> groups,
                    std::span<ColumnBuilder> builders) const override {
    for (const std::uint32_t group : groups) {
      if (states_[group].count == kOverflowed) {
        builders[0].append_null();
      } else {
        builders[0].append(static_cast<T>(states_[group].total));
      }
      builders[1].append(states_[group].count);
    }
  }
  Result<void> append_result(std::span<const std::uint32_t> groups, ColumnBuilder& builder,
                             EvaluationContext&) const override {
    for (const std::uint32_t group : groups) STREAM_TRY(append_average(states_[group], builder));
    return {};
  }

 private:
  static constexpr std::int64_t kOverflowed = -1;

  struct Adder {
    AverageState<Int128>* states;
    Int128 total_max;
    bool operator()(std::uint32_t group, Int128 value, std::int64_t count) const {
      AverageState<Int128>& state = states[group];
      if (state.count == kOverflowed) return false;
      state.total += value;  // both are at most total_max < 2^127 / 1.7 in size
      state.count += count;
      const bool is_over = state.total > total_max || state.total < -total_max - 1;
      if (is_over) state.count = kOverflowed;
      return is_over;
    }
  };

  Result<void> checked(bool overflows) const {
    if (!overflows || bounds_.is_null_on_overflow || bounds_.precision > 0) return {};
    return runtime_error("INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION",
                         "avg: the interval leaves its range; use try_avg");
  }

  Result<void> append_average(const AverageState<Int128>& state, ColumnBuilder& builder) const {
    if (state.count == kOverflowed) {
      if (!bounds_.is_null_on_overflow)
        return runtime_error("ARITHMETIC_OVERFLOW", "Overflow in sum of decimals; use try_avg");
      builder.append_null();
      return {};
    }
    if (state.count == 0) {
      builder.append_null();
      return {};
    }
    // In two steps: total * 10^extra_digits may not fit.
    const Int128 scale = power_of_ten(bounds_.extra_digits);
    const Int128 whole = state.total / state.count;
    const Int128 rest = state.total % state.count;
    Int128 average = 0;
    const bool is_over =
        __builtin_mul_overflow(whole, scale, &average) ||
        __builtin_add_overflow(average, divide_half_up(rest * scale, state.count), &average) ||
        (bounds_.precision > 0 && !fits_precision(average, bounds_.precision));
    if (is_over && !bounds_.is_null_on_overflow)
      return runtime_error("NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION",
                           "avg: the average leaves its type; use try_avg");
    if (is_over) {
      builder.append_null();
    } else {
      builder.append(static_cast<T>(average));
    }
    return {};
  }

  Bounds bounds_;
};

ResolvedAggregate float_average(const DataType& argument) {
  ResolvedAggregate average;
  average.parameter_types = {argument};
  average.type = primitive(TypeKind::float64);
  average.state = {{"sum", average.type, false}, {"count", primitive(TypeKind::int64), false}};
  switch (argument.kind) {
    case TypeKind::int8:
      average.make = maker<FloatAverage<std::int8_t>>();
      break;
    case TypeKind::int16:
      average.make = maker<FloatAverage<std::int16_t>>();
      break;
    case TypeKind::int32:
      average.make = maker<FloatAverage<std::int32_t>>();
      break;
    case TypeKind::int64:
      average.make = maker<FloatAverage<std::int64_t>>();
      break;
    case TypeKind::float32:
      average.make = maker<FloatAverage<float>>();
      break;
    default:
      average.make = maker<FloatAverage<double>>();
  }
  return average;
}

ResolvedAggregate decimal_average(const DataType& argument, bool is_null_on_overflow) {
  constexpr int kMax = kMaxDecimalPrecision;
  ResolvedAggregate average;
  const int precision = std::min(argument.precision + 4, kMax);
  const int scale = std::min(argument.scale + 4, kMax);
  const int sum_precision = std::min(argument.precision + 10, kMax);
  average.parameter_types = {argument};
  average.type = decimal_of(precision, scale);
  average.state = {{"sum", decimal_of(sum_precision, argument.scale), true},
                   {"count", primitive(TypeKind::int64), false}};
  ExactAverage<Int128>::Bounds bounds;
  bounds.total_max = power_of_ten(sum_precision) - 1;
  bounds.extra_digits = scale - argument.scale;
  bounds.precision = precision;
  bounds.is_null_on_overflow = is_null_on_overflow;
  average.make = maker<ExactAverage<Int128>>(bounds);
  return average;
}

template <class T>
ResolvedAggregate interval_average(DataType argument, DataType type, bool is_try) {
  ResolvedAggregate average;
  average.type = std::move(type);
  average.state = {{"sum", average.type, true}, {"count", primitive(TypeKind::int64), false}};
  average.parameter_types = {std::move(argument)};
  typename ExactAverage<T>::Bounds bounds;
  bounds.total_max = std::numeric_limits<T>::max();
  bounds.is_null_on_overflow = is_try;
  average.make = maker<ExactAverage<T>>(bounds);
  return average;
}

Result<ResolvedAggregate> resolve_average(std::string_view name, Arguments arguments, bool is_try,
                                          bool is_ansi) {
  const DataType& argument = arguments[0].type;
  if (argument.kind == TypeKind::year_month_interval)
    return interval_average<std::int32_t>(argument, year_month_interval(), is_try);
  if (argument.kind == TypeKind::day_time_interval)
    return interval_average<std::int64_t>(argument, day_time_interval(), is_try);
  const std::optional<DataType> type = summed_type(argument);
  if (!type)
    return wrong_argument(name, arguments, 0, "the (\"NUMERIC\" or \"ANSI INTERVAL\") type");
  if (type->kind == TypeKind::decimal) return decimal_average(*type, is_try || !is_ansi);
  return float_average(*type);
}

}  // namespace

void add_average_functions(FunctionRegistry& registry) {
  registry.add(AggregateFunction{
      "avg",
      "avg(x) - the average of the values that are not NULL",
      1,
      1,
      [](Arguments arguments, const AggregateModifiers&, const SqlSettings& settings) {
        return resolve_average("avg", arguments, false, settings.is_ansi);
      },
      {}});
  registry.add_alias("mean", "avg");
  registry.add(AggregateFunction{
      "try_avg",
      "try_avg(x) - the average, NULL where the sum leaves its type",
      1,
      1,
      [](Arguments arguments, const AggregateModifiers&, const SqlSettings& settings) {
        return resolve_average("try_avg", arguments, true, settings.is_ansi);
      },
      {}});
}

}  // namespace stream
