// sum and try_sum of integers, floating-point numbers, decimals and intervals.
#include <libstream/data/decimal.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/accumulators.hpp>

#include <algorithm>

namespace stream {
namespace {

/// What a sum does that leaves its type.
enum class Overflow { error, wrap, null };

template <class Total>
struct SumState {
  Total total{};
  bool has_value = false;
  bool has_overflowed = false;
};

/// The sum of T in the integer type Total. Overflow::null keeps it in a second state column.
template <class T, class Total>
class IntegerSum final : public GroupedAccumulator<SumState<Total>> {
  using GroupedAccumulator<SumState<Total>>::states_;

 public:
  IntegerSum(Overflow overflow, bool is_interval)
      : overflow_(overflow), is_interval_(is_interval) {}

  Result<void> update(std::span<const Operand> arguments, std::span<const std::uint32_t> groups,
                      EvaluationContext&) override {
    SumState<Total>* states = states_.data();
    bool overflows = false;
    for_each_value<T>(arguments[0], groups, [states, &overflows](std::uint32_t group, T value) {
      SumState<Total>& state = states[group];
      state.has_value = true;
      if (__builtin_add_overflow(state.total, static_cast<Total>(value), &state.total)) [[unlikely]]
        state.has_overflowed = overflows = true;
    });
    return checked(overflows);
  }

  Result<void> merge(std::span<const Column> state,
                     std::span<const std::uint32_t> groups) override {
    SumState<Total>* states = states_.data();
    bool overflows = false;
    for_each_value<Total>(state[0], false, groups, [&](std::uint32_t group, Total value) {
      const bool is_over = __builtin_add_overflow(states[group].total, value, &states[group].total);
      states[group].has_value = true;
      states[group].has_overflowed |= is_over;
      overflows |= is_over;
    });
    if (overflow_ == Overflow::null) {
      for_each_value<bool>(state[1], false, groups, [states](std::uint32_t group, bool is_over) {
        states[group].has_overflowed |= is_over;
      });
    }
    return checked(overflows);
  }

  void append_state(std::span<const std::uint32_t> groups,
                    std::span<ColumnBuilder> builders) const override {
    for (const std::uint32_t group : groups) {
      const SumState<Total>& state = states_[group];
      if (state.has_value) {
        builders[0].append(state.total);
      } else {
        builders[0].append_null();
      }
      if (overflow_ == Overflow::null)
        builders[1].append(static_cast<std::uint8_t>(state.has_overflowed));
    }
  }

  Result<void> append_result(std::span<const std::uint32_t> groups, ColumnBuilder& builder,
                             EvaluationContext&) const override {
    for (const std::uint32_t group : groups) {
      const SumState<Total>& state = states_[group];
      if (state.has_value && !(state.has_overflowed && overflow_ == Overflow::null)) {
        builder.append(state.total);
      } else {
        builder.append_null();
      }
    }
    return {};
  }

 private:
  Result<void> checked(bool overflows) const {
    if (!overflows || overflow_ != Overflow::error) return {};
    if (is_interval_)
      return runtime_error("INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION",
                           "sum: the interval leaves its range; use try_sum");
    return runtime_error("ARITHMETIC_OVERFLOW", "sum: long overflow; use try_sum");
  }

  Overflow overflow_;
  bool is_interval_;
};

template <class T>
class FloatSum final : public GroupedAccumulator<SumState<double>> {
 public:
  Result<void> update(std::span<const Operand> arguments, std::span<const std::uint32_t> groups,
                      EvaluationContext&) override {
    add<T>(arguments[0].column, arguments[0].is_constant, groups);
    return {};
  }
  Result<void> merge(std::span<const Column> state,
                     std::span<const std::uint32_t> groups) override {
    add<double>(state[0], false, groups);
    return {};
  }
  void append_state(std::span<const std::uint32_t> groups,
                    std::span<ColumnBuilder> builders) const override {
    append_totals(groups, builders[0]);
  }
  Result<void> append_result(std::span<const std::uint32_t> groups, ColumnBuilder& builder,
                             EvaluationContext&) const override {
    append_totals(groups, builder);
    return {};
  }

 private:
  template <class Number>
  void add(const Column& column, bool is_constant, std::span<const std::uint32_t> groups) {
    SumState<double>* states = states_.data();
    for_each_value<Number>(column, is_constant, groups,
                           [states](std::uint32_t group, Number value) {
                             states[group].total += static_cast<double>(value);
                             states[group].has_value = true;
                           });
  }
  void append_totals(std::span<const std::uint32_t> groups, ColumnBuilder& builder) const {
    for (const std::uint32_t group : groups) {
      if (states_[group].has_value) {
        builder.append(states_[group].total);
      } else {
        builder.append_null();
      }
    }
  }
};

/// Spark checks a decimal's sum when it gives the result: a sum beyond 38 digits is lost, and then
/// an error in ANSI mode, else null.
class DecimalSum final : public GroupedAccumulator<SumState<Int128>> {
 public:
  DecimalSum(int precision, Overflow overflow) : precision_(precision), overflow_(overflow) {}

  Result<void> update(std::span<const Operand> arguments, std::span<const std::uint32_t> groups,
                      EvaluationContext&) override {
    add(arguments[0].column, arguments[0].is_constant, groups);
    return {};
  }
  Result<void> merge(std::span<const Column> state,
                     std::span<const std::uint32_t> groups) override {
    add(state[0], false, groups);
    SumState<Int128>* states = states_.data();
    for_each_value<bool>(state[1], false, groups, [states](std::uint32_t group, bool is_over) {
      states[group].has_overflowed |= is_over;
    });
    return {};
  }
  void append_state(std::span<const std::uint32_t> groups,
                    std::span<ColumnBuilder> builders) const override {
    for (const std::uint32_t group : groups) {
      const SumState<Int128>& state = states_[group];
      const bool is_over = has_overflowed(state);
      if (state.has_value && !is_over) {
        builders[0].append(state.total);
      } else {
        builders[0].append_null();
      }
      builders[1].append(static_cast<std::uint8_t>(is_over));
    }
  }
  Result<void> append_result(std::span<const std::uint32_t> groups, ColumnBuilder& builder,
                             EvaluationContext&) const override {
    for (const std::uint32_t group : groups) {
      const SumState<Int128>& state = states_[group];
      if (has_overflowed(state)) {
        if (overflow_ == Overflow::error)
          return runtime_error("ARITHMETIC_OVERFLOW", "Overflow in sum of decimals; use try_sum");
        builder.append_null();
      } else if (state.has_value) {
        builder.append(state.total);
      } else {
        builder.append_null();
      }
    }
    return {};
  }

 private:
  bool has_overflowed(const SumState<Int128>& state) const {
    return state.has_overflowed || !fits_precision(state.total, precision_);
  }
  void add(const Column& column, bool is_constant, std::span<const std::uint32_t> groups) {
    SumState<Int128>* states = states_.data();
    const Int128 bound = power_of_ten(precision_);
    for_each_value<Int128>(column, is_constant, groups,
                           [states, bound](std::uint32_t group, Int128 value) {
                             SumState<Int128>& state = states[group];
                             // Both are below 10^38 in size, or the state has overflowed already:
                             // no wrap-around.
                             state.has_overflowed |= state.total >= bound || state.total <= -bound;
                             if (!state.has_overflowed) state.total += value;
                             state.has_value = true;
                           });
  }

  int precision_;
  Overflow overflow_;
};

ResolvedAggregate integer_sum(const DataType& argument, Overflow overflow) {
  ResolvedAggregate sum;
  const bool is_interval = !is_integral(argument.kind);
  sum.parameter_types = {argument};
  sum.type = is_interval ? argument : primitive(TypeKind::int64);
  sum.state = {{"sum", sum.type, true}};
  if (overflow == Overflow::null)
    sum.state.push_back({"has_overflowed", primitive(TypeKind::boolean), false});
  switch (argument.kind) {
    case TypeKind::int8:
      sum.make = maker<IntegerSum<std::int8_t, std::int64_t>>(overflow, false);
      break;
    case TypeKind::int16:
      sum.make = maker<IntegerSum<std::int16_t, std::int64_t>>(overflow, false);
      break;
    case TypeKind::int32:
      sum.make = maker<IntegerSum<std::int32_t, std::int64_t>>(overflow, false);
      break;
    case TypeKind::year_month_interval:
      sum.make = maker<IntegerSum<std::int32_t, std::int32_t>>(overflow, true);
      break;
    default:
      sum.make = maker<IntegerSum<std::int64_t, std::int64_t>>(overflow, is_interval);
  }
  return sum;
}

ResolvedAggregate float_sum(const DataType& argument) {
  ResolvedAggregate sum;
  sum.parameter_types = {argument};
  sum.type = primitive(TypeKind::float64);
  sum.state = {{"sum", sum.type, true}};
  sum.make =
      argument.kind == TypeKind::float32 ? maker<FloatSum<float>>() : maker<FloatSum<double>>();
  return sum;
}

ResolvedAggregate decimal_sum(const DataType& argument, Overflow overflow) {
  ResolvedAggregate sum;
  const int precision = std::min(argument.precision + 10, static_cast<int>(kMaxDecimalPrecision));
  sum.parameter_types = {argument};
  sum.type = decimal_of(precision, argument.scale);
  sum.state = {{"sum", sum.type, true}, {"has_overflowed", primitive(TypeKind::boolean), false}};
  sum.make = maker<DecimalSum>(precision, overflow);
  return sum;
}

Result<ResolvedAggregate> resolve_sum(std::string_view name, Arguments arguments, bool is_try,
                                      bool is_ansi) {
  const Argument& argument = arguments[0];
  const bool is_interval = argument.type.kind == TypeKind::year_month_interval ||
                           argument.type.kind == TypeKind::day_time_interval;
  if (is_interval) return integer_sum(argument.type, is_try ? Overflow::null : Overflow::error);
  const std::optional<DataType> type = summed_type(argument.type);
  if (!type)
    return wrong_argument(name, arguments, 0, "the (\"NUMERIC\" or \"ANSI INTERVAL\") type");
  if (is_floating(type->kind)) return float_sum(*type);
  const Overflow overflow = is_try ? Overflow::null : (is_ansi ? Overflow::error : Overflow::wrap);
  if (type->kind == TypeKind::decimal) return decimal_sum(*type, overflow);
  return integer_sum(*type, overflow);
}

}  // namespace

void add_sum_functions(FunctionRegistry& registry) {
  registry.add(AggregateFunction{
      "sum",
      "sum(x) - the sum of the values that are not NULL",
      1,
      1,
      [](Arguments arguments, const AggregateModifiers&, const SqlSettings& settings) {
        return resolve_sum("sum", arguments, false, settings.is_ansi);
      },
      {}});
  registry.add(AggregateFunction{
      "try_sum",
      "try_sum(x) - the sum, NULL where it leaves its type",
      1,
      1,
      [](Arguments arguments, const AggregateModifiers&, const SqlSettings& settings) {
        return resolve_sum("try_sum", arguments, true, settings.is_ansi);
      },
      {}});
}

}  // namespace stream
