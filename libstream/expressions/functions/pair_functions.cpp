// Statistics of pairs of numbers: covariance, correlation, linear regression.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/accumulators.hpp>

namespace stream {
namespace {

/// Sums over the pairs in which neither is null: means, sums of squared distances, and of products
/// of distances. `a` is the first argument (y of the regressions), `b` the second.
struct PairMoments {
  double count = 0;
  double mean_a = 0;
  double mean_b = 0;
  double product = 0;
  double square_a = 0;
  double square_b = 0;
};

void add_pair(PairMoments& pairs, double a, double b) {
  const double count = pairs.count + 1;
  const double delta_a = a - pairs.mean_a;
  const double delta_b = b - pairs.mean_b;
  const double mean_a = pairs.mean_a + delta_a / count;
  const double mean_b = pairs.mean_b + delta_b / count;
  pairs.product += delta_a * (b - mean_b);
  pairs.square_a += delta_a * (a - mean_a);
  pairs.square_b += delta_b * (b - mean_b);
  pairs.mean_a = mean_a;
  pairs.mean_b = mean_b;
  pairs.count = count;
}

void join(PairMoments& left, const PairMoments& right) {
  const double n1 = left.count;
  const double n2 = right.count;
  const double count = n1 + n2;
  if (count == 0) return;
  const double delta_a = right.mean_a - left.mean_a;
  const double delta_b = right.mean_b - left.mean_b;
  const double step_a = delta_a / count;
  const double step_b = delta_b / count;
  left.mean_a += step_a * n2;
  left.mean_b += step_b * n2;
  left.product += right.product + delta_a * step_b * n1 * n2;
  left.square_a += right.square_a + delta_a * step_a * n1 * n2;
  left.square_b += right.square_b + delta_b * step_b * n1 * n2;
  left.count = count;
}

struct Outcome {
  Outcome(double number) : value(number) {}
  Outcome(std::nullopt_t) {}
  std::optional<double> value;
  bool divides_by_zero = false;
};
using FinishPairs = Outcome (*)(const PairMoments&);

class PairAccumulator final : public GroupedAccumulator<PairMoments> {
 public:
  PairAccumulator(FinishPairs finish, bool is_ansi) : finish_(finish), is_ansi_(is_ansi) {}

  Result<void> update(std::span<const Operand> arguments, std::span<const std::uint32_t> groups,
                      EvaluationContext&) override {
    const Operand& a = arguments[0];
    const Operand& b = arguments[1];
    const Storage<double>::Reader read_a(a.column);
    const Storage<double>::Reader read_b(b.column);
    for (std::size_t row = 0; row < groups.size(); ++row) {
      if (groups[row] == kNoGroup || a.is_null(row) || b.is_null(row)) continue;
      add_pair(states_[groups[row]], read_a(a.index(row)), read_b(b.index(row)));
    }
    return {};
  }
  Result<void> merge(std::span<const Column> state,
                     std::span<const std::uint32_t> groups) override {
    for (std::size_t row = 0; row < groups.size(); ++row) {
      const auto at = [&](std::size_t field) { return state[field].data<double>()[row]; };
      join(states_[groups[row]], {at(0), at(1), at(2), at(3), at(4), at(5)});
    }
    return {};
  }
  void append_state(std::span<const std::uint32_t> groups,
                    std::span<ColumnBuilder> builders) const override {
    for (const std::uint32_t group : groups) {
      const PairMoments& pairs = states_[group];
      builders[0].append(pairs.count);
      builders[1].append(pairs.mean_a);
      builders[2].append(pairs.mean_b);
      builders[3].append(pairs.product);
      builders[4].append(pairs.square_a);
      builders[5].append(pairs.square_b);
    }
  }
  Result<void> append_result(std::span<const std::uint32_t> groups, ColumnBuilder& builder,
                             EvaluationContext&) const override {
    for (const std::uint32_t group : groups) {
      const Outcome outcome = finish_(states_[group]);
      if (outcome.divides_by_zero && is_ansi_)
        return runtime_error("DIVIDE_BY_ZERO", "a column of pairs holds a single value");
      if (outcome.value) {
        builder.append(*outcome.value);
      } else {
        builder.append_null();
      }
    }
    return {};
  }

 private:
  FinishPairs finish_;
  bool is_ansi_;
};

Outcome covariance_of_population(const PairMoments& p) {
  if (p.count == 0) return std::nullopt;
  return p.product / p.count;
}
Outcome covariance_of_sample(const PairMoments& p) {
  if (p.count < 2) return std::nullopt;
  return p.product / (p.count - 1);
}
Outcome correlation(const PairMoments& p) {
  if (p.count < 2) return std::nullopt;
  const double scale = std::sqrt(p.square_a * p.square_b);
  if (scale == 0) {
    Outcome nothing = std::nullopt;
    nothing.divides_by_zero = true;
    return nothing;
  }
  return p.product / scale;
}
Outcome mean_of_b(const PairMoments& p) {
  if (p.count == 0) return std::nullopt;
  return p.mean_b;
}
Outcome mean_of_a(const PairMoments& p) {
  if (p.count == 0) return std::nullopt;
  return p.mean_a;
}
Outcome determination(const PairMoments& p) {
  if (p.square_a == 0) return std::nullopt;
  if (p.square_b == 0) return 1.0;
  const double correlation_of_pairs = p.product / std::sqrt(p.square_a * p.square_b);
  return correlation_of_pairs * correlation_of_pairs;
}
Outcome squares_of_b(const PairMoments& p) {
  if (p.count == 0) return std::nullopt;
  return p.square_b;
}
Outcome squares_of_a(const PairMoments& p) {
  if (p.count == 0) return std::nullopt;
  return p.square_a;
}
Outcome products(const PairMoments& p) {
  if (p.count == 0) return std::nullopt;
  return p.product;
}
Outcome slope(const PairMoments& p) {
  if (p.square_b == 0) return std::nullopt;
  return p.product / p.square_b;
}
Outcome intercept(const PairMoments& p) {
  if (p.square_b == 0) return std::nullopt;
  return p.mean_a - p.product / p.square_b * p.mean_b;
}

void add_pair_function(FunctionRegistry& registry, std::string name, std::string usage,
                       FinishPairs finish) {
  registry.add(AggregateFunction{
      name,
      std::move(usage),
      2,
      2,
      [name, finish](Arguments arguments, const AggregateModifiers&,
                     const SqlSettings& settings) -> Result<ResolvedAggregate> {
        for (std::size_t i = 0; i < 2; ++i) {
          if (!numeric_parameter(arguments[i].type))
            return wrong_argument(name, arguments, i, "the \"DOUBLE\" type");
        }
        const DataType number = primitive(TypeKind::float64);
        ResolvedAggregate statistic;
        statistic.parameter_types = {number, number};
        statistic.type = number;
        for (const char* field : {"n", "avg_a", "avg_b", "product", "square_a", "square_b"})
          statistic.state.push_back({field, number, false});
        statistic.make = maker<PairAccumulator>(finish, settings.is_ansi);
        return statistic;
      },
      {}});
}

}  // namespace

void add_pair_functions(FunctionRegistry& registry) {
  add_pair_function(registry, "covar_pop", "covar_pop(a, b) - the covariance of the population",
                    covariance_of_population);
  add_pair_function(registry, "covar_samp", "covar_samp(a, b) - the covariance of a sample",
                    covariance_of_sample);
  add_pair_function(registry, "corr", "corr(a, b) - Pearson's coefficient of correlation",
                    correlation);
  add_pair_function(registry, "regr_avgx", "regr_avgx(y, x) - the average of x", mean_of_b);
  add_pair_function(registry, "regr_avgy", "regr_avgy(y, x) - the average of y", mean_of_a);
  add_pair_function(registry, "regr_r2", "regr_r2(y, x) - the coefficient of determination",
                    determination);
  add_pair_function(registry, "regr_sxx", "regr_sxx(y, x) - the count times var_pop(x)",
                    squares_of_b);
  add_pair_function(registry, "regr_syy", "regr_syy(y, x) - the count times var_pop(y)",
                    squares_of_a);
  add_pair_function(registry, "regr_sxy", "regr_sxy(y, x) - the count times covar_pop(y, x)",
                    products);
  add_pair_function(registry, "regr_slope", "regr_slope(y, x) - the regression line's slope",
                    slope);
  add_pair_function(registry, "regr_intercept",
                    "regr_intercept(y, x) - the regression line's value at x = 0", intercept);
}

}  // namespace stream
