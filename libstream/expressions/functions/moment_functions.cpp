// Central moments of one column: variance, standard deviation, skewness, kurtosis.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/accumulators.hpp>

namespace stream {
namespace {

/// Count, mean and the sums of the 2nd to 4th powers of the distances from it, kept as values come
/// and joined as in Chan, Golub and LeVeque; the same steps as Spark's, so that results agree.
struct Moments {
  double count = 0;
  double mean = 0;
  double m2 = 0;
  double m3 = 0;
  double m4 = 0;
};

template <bool kHigher>
void add_value(Moments& moments, double value) {
  const double count = moments.count + 1;
  const double delta = value - moments.mean;
  const double step = delta / count;
  const double m2 = moments.m2 + delta * (delta - step);
  if constexpr (kHigher) {
    const double delta_squared = delta * delta;
    const double step_squared = step * step;
    const double m3 = moments.m3 - 3.0 * step * m2 + delta * (delta_squared - step_squared);
    moments.m4 = moments.m4 - 4.0 * step * m3 - 6.0 * step_squared * m2 +
                 delta * (delta * delta_squared - step * step_squared);
    moments.m3 = m3;
  }
  moments.mean += step;
  moments.m2 = m2;
  moments.count = count;
}

void join(Moments& left, const Moments& right) {
  const double n1 = left.count;
  const double n2 = right.count;
  const double count = n1 + n2;
  if (count == 0) return;
  const double delta = right.mean - left.mean;
  const double step = delta / count;
  const double m3 = left.m3 + right.m3 + step * step * delta * n1 * n2 * (n1 - n2) +
                    3.0 * step * (n1 * right.m2 - n2 * left.m2);
  left.m4 = left.m4 + right.m4 +
            step * step * step * delta * n1 * n2 * (n1 * n1 - n1 * n2 + n2 * n2) +
            6.0 * step * step * (n1 * n1 * right.m2 + n2 * n2 * left.m2) +
            4.0 * step * (n1 * right.m3 - n2 * left.m3);
  left.m3 = m3;
  left.m2 = left.m2 + right.m2 + delta * step * n1 * n2;
  left.mean += step * n2;
  left.count = count;
}

/// What is made of the moments; nullopt: NULL.
using FinishMoments = std::optional<double> (*)(const Moments&);

template <bool kHigher>
class MomentAccumulator final : public GroupedAccumulator<Moments> {
 public:
  explicit MomentAccumulator(FinishMoments finish) : finish_(finish) {}

  Result<void> update(std::span<const Operand> arguments, std::span<const std::uint32_t> groups,
                      EvaluationContext&) override {
    Moments* states = states_.data();
    for_each_value<double>(arguments[0], groups, [states](std::uint32_t group, double value) {
      add_value<kHigher>(states[group], value);
    });
    return {};
  }
  Result<void> merge(std::span<const Column> state,
                     std::span<const std::uint32_t> groups) override {
    for (std::size_t row = 0; row < groups.size(); ++row) {
      const auto at = [&](std::size_t field) { return state[field].data<double>()[row]; };
      Moments other{at(0), at(1), at(2)};
      if constexpr (kHigher) {
        other.m3 = at(3);
        other.m4 = at(4);
      }
      join(states_[groups[row]], other);
    }
    return {};
  }
  void append_state(std::span<const std::uint32_t> groups,
                    std::span<ColumnBuilder> builders) const override {
    for (const std::uint32_t group : groups) {
      const Moments& moments = states_[group];
      builders[0].append(moments.count);
      builders[1].append(moments.mean);
      builders[2].append(moments.m2);
      if constexpr (kHigher) {
        builders[3].append(moments.m3);
        builders[4].append(moments.m4);
      }
    }
  }
  Result<void> append_result(std::span<const std::uint32_t> groups, ColumnBuilder& builder,
                             EvaluationContext&) const override {
    for (const std::uint32_t group : groups) {
      const std::optional<double> result = finish_(states_[group]);
      if (result) {
        builder.append(*result);
      } else {
        builder.append_null();
      }
    }
    return {};
  }

 private:
  FinishMoments finish_;
};

std::optional<double> variance_of_population(const Moments& m) {
  if (m.count == 0) return std::nullopt;
  return m.m2 / m.count;
}
std::optional<double> variance_of_sample(const Moments& m) {
  if (m.count < 2) return std::nullopt;
  return m.m2 / (m.count - 1);
}
std::optional<double> deviation_of_population(const Moments& m) {
  if (m.count == 0) return std::nullopt;
  return std::sqrt(m.m2 / m.count);
}
std::optional<double> deviation_of_sample(const Moments& m) {
  if (m.count < 2) return std::nullopt;
  return std::sqrt(m.m2 / (m.count - 1));
}
std::optional<double> skewness(const Moments& m) {
  if (m.count == 0 || m.m2 == 0) return std::nullopt;
  return std::sqrt(m.count) * m.m3 / std::sqrt(m.m2 * m.m2 * m.m2);
}
std::optional<double> kurtosis(const Moments& m) {
  if (m.count == 0 || m.m2 == 0) return std::nullopt;
  return m.count * m.m4 / (m.m2 * m.m2) - 3.0;
}

template <bool kHigher>
void add_moment(FunctionRegistry& registry, std::string name, std::string usage,
                FinishMoments finish) {
  registry.add(AggregateFunction{
      name,
      std::move(usage),
      1,
      1,
      [name, finish](Arguments arguments, const AggregateModifiers&,
                     const SqlSettings&) -> Result<ResolvedAggregate> {
        if (!numeric_parameter(arguments[0].type))
          return wrong_argument(name, arguments, 0, "the \"DOUBLE\" type");
        const DataType number = primitive(TypeKind::float64);
        ResolvedAggregate moment;
        moment.parameter_types = {number};
        moment.type = number;
        moment.state = {{"n", number, false}, {"avg", number, false}, {"m2", number, false}};
        if (kHigher) {
          moment.state.push_back({"m3", number, false});
          moment.state.push_back({"m4", number, false});
        }
        moment.make = maker<MomentAccumulator<kHigher>>(finish);
        return moment;
      },
      {}});
}

}  // namespace

void add_moment_functions(FunctionRegistry& registry) {
  add_moment<false>(registry, "stddev_samp", "stddev_samp(x) - the standard deviation of a sample",
                    deviation_of_sample);
  registry.add_alias("stddev", "stddev_samp");
  registry.add_alias("std", "stddev_samp");
  add_moment<false>(registry, "stddev_pop",
                    "stddev_pop(x) - the standard deviation of the whole population",
                    deviation_of_population);
  add_moment<false>(registry, "var_samp", "var_samp(x) - the variance of a sample",
                    variance_of_sample);
  registry.add_alias("variance", "var_samp");
  add_moment<false>(registry, "var_pop", "var_pop(x) - the variance of the whole population",
                    variance_of_population);
  add_moment<true>(registry, "skewness", "skewness(x) - how lopsided the values lie", skewness);
  add_moment<true>(registry, "kurtosis",
                   "kurtosis(x) - how heavy the tails are, 0 for a normal one", kurtosis);
}

}  // namespace stream
