// approx_count_distinct and percentile_approx.
#include <libstream/data/decimal.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/accumulators.hpp>
#include <libstream/expressions/functions/distinct_count.hpp>
#include <libstream/expressions/functions/percentages.hpp>
#include <libstream/expressions/functions/quantile_summary.hpp>
#include <libstream/expressions/functions/row_hash.hpp>

namespace stream {
namespace {

class DistinctCountAccumulator final : public Accumulator {
 public:
  explicit DistinctCountAccumulator(int precision) : precision_(precision) {}

  void resize(std::size_t num_groups) override {
    states_.resize(num_groups, DistinctCount(precision_));
  }
  void clear(std::span<const std::uint32_t> groups) override {
    for (const std::uint32_t group : groups) states_[group] = DistinctCount(precision_);
  }
  std::size_t bytes() const override {
    std::size_t bytes = states_.capacity() * sizeof(DistinctCount);
    for (const DistinctCount& state : states_) bytes += state.registers().capacity();
    return bytes;
  }

  Result<void> update(std::span<const Operand> arguments, std::span<const std::uint32_t> groups,
                      EvaluationContext&) override {
    const Column& column = arguments[0].column;
    hashes_.assign(groups.size(), kHashSeed);
    xxhash64_rows(arguments[0], hashes_);
    for_each_row(arguments[0], groups, [&](std::uint32_t group, std::size_t row) {
      if (!column.is_null(row)) states_[group].add(static_cast<std::uint64_t>(hashes_[row]));
    });
    return {};
  }
  Result<void> merge(std::span<const Column> state,
                     std::span<const std::uint32_t> groups) override {
    for (std::size_t row = 0; row < groups.size(); ++row) {
      const std::string_view bytes = state[0].string_at(row);
      states_[groups[row]].merge({bytes.begin(), bytes.end()});
    }
    return {};
  }
  void append_state(std::span<const std::uint32_t> groups,
                    std::span<ColumnBuilder> builders) const override {
    for (const std::uint32_t group : groups) {
      const std::vector<std::uint8_t>& registers = states_[group].registers();
      builders[0].append_string(
          {reinterpret_cast<const char*>(registers.data()), registers.size()});
    }
  }
  Result<void> append_result(std::span<const std::uint32_t> groups, ColumnBuilder& builder,
                             EvaluationContext&) const override {
    for (const std::uint32_t group : groups) builder.append(states_[group].estimate());
    return {};
  }

 private:
  int precision_;
  std::vector<DistinctCount> states_;
  std::vector<std::int64_t> hashes_;
};

struct PercentileApproxShape {
  Percentages percentages;
  double relative_error = 0.0001;
  DataType type;  ///< of the values
};

class PercentileApproxAccumulator final : public Accumulator {
 public:
  explicit PercentileApproxAccumulator(PercentileApproxShape shape) : shape_(std::move(shape)) {}

  void resize(std::size_t num_groups) override {
    states_.resize(num_groups, QuantileSummary(shape_.relative_error));
  }
  void clear(std::span<const std::uint32_t> groups) override {
    for (const std::uint32_t group : groups)
      states_[group] = QuantileSummary(shape_.relative_error);
  }
  std::size_t bytes() const override {
    std::size_t bytes = states_.capacity() * sizeof(QuantileSummary);
    for (const QuantileSummary& state : states_) bytes += state.heap_bytes();
    return bytes;
  }

  Result<void> update(std::span<const Operand> arguments, std::span<const std::uint32_t> groups,
                      EvaluationContext&) override {
    visit_storage(shape_.type, [&]<class T>(std::type_identity<T>) {
      if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, Int128>) {
        for_each_value<T>(arguments[0], groups, [this](std::uint32_t group, T value) {
          if constexpr (std::is_same_v<T, Int128>) {
            states_[group].add(decimal_to_double(value, shape_.type.scale));
          } else {
            states_[group].add(static_cast<double>(value));
          }
        });
      }
    });
    return {};
  }
  Result<void> merge(std::span<const Column> state,
                     std::span<const std::uint32_t> groups) override {
    const std::int64_t* offsets = state[0].data<std::int64_t>();
    for (std::size_t row = 0; row < groups.size(); ++row) {
      std::vector<QuantileSample> samples;
      for (std::int64_t i = offsets[row]; i < offsets[row + 1]; ++i)
        samples.push_back({state[0].children[0].data<double>()[i],
                           state[1].children[0].data<std::int64_t>()[i],
                           state[2].children[0].data<std::int64_t>()[i]});
      states_[groups[row]].merge(QuantileSummary(shape_.relative_error, std::move(samples),
                                                 state[3].data<std::int64_t>()[row]));
    }
    return {};
  }
  void append_state(std::span<const std::uint32_t> groups,
                    std::span<ColumnBuilder> builders) const override {
    for (const std::uint32_t group : groups) {
      QuantileSummary summary = states_[group];
      summary.compress();
      for (const QuantileSample& sample : summary.samples()) {
        builders[0].child(0).append(sample.value);
        builders[1].child(0).append(sample.num_ranks);
        builders[2].child(0).append(sample.rank_slack);
      }
      for (std::size_t i = 0; i < 3; ++i) builders[i].append_array();
      builders[3].append(summary.count());
    }
  }
  Result<void> append_result(std::span<const std::uint32_t> groups, ColumnBuilder& builder,
                             EvaluationContext&) const override {
    const bool is_array = shape_.percentages.is_array;
    for (const std::uint32_t group : groups) {
      if (states_[group].is_empty() || shape_.percentages.values.empty()) {
        builder.append_null();
        continue;
      }
      QuantileSummary summary = states_[group];
      summary.compress();
      for (const double percentage : shape_.percentages.values)
        append_number(summary.value_at(percentage), is_array ? builder.child(0) : builder);
      if (is_array) builder.append_array();
    }
    return {};
  }

 private:
  void append_number(double value, ColumnBuilder& into) const {
    visit_storage(shape_.type, [&]<class T>(std::type_identity<T>) {
      if constexpr (std::is_same_v<T, Int128>) {
        into.append(decimal_from_double(value, shape_.type.scale).value_or(0));
      } else if constexpr (std::is_same_v<T, std::int64_t>) {
        into.append(value >= 9223372036854775807.0 ? std::numeric_limits<std::int64_t>::max()
                                                   : static_cast<std::int64_t>(value));
      } else if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
        into.append(static_cast<T>(value));
      }
    });
  }

  PercentileApproxShape shape_;
  std::vector<QuantileSummary> states_;
};

Result<ResolvedAggregate> resolve_distinct(Arguments arguments, const AggregateModifiers&,
                                           const SqlSettings&) {
  double deviation = 0.05;
  ResolvedAggregate distinct;
  for (const Argument& argument : arguments) distinct.parameter_types.push_back(argument.type);
  if (arguments.size() == 2) {
    const auto given = arguments[1].constant
                           ? constant_number(*arguments[1].constant, arguments[1].type)
                           : std::nullopt;
    if (!given)
      return analysis_error("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                            "approx_count_distinct: the deviation must be a constant number");
    deviation = *given;
  }
  const bool is_positive = deviation > 1e-9;
  const int precision = is_positive ? DistinctCount::precision_for(deviation) : 0;
  if (precision < 4 || precision > 24)
    return analysis_error("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                          "approx_count_distinct: the deviation must be from 0.0003 to 0.39");
  distinct.type = primitive(TypeKind::int64);
  distinct.is_nullable = false;
  distinct.state = {{"registers", primitive(TypeKind::binary), false}};
  distinct.make = maker<DistinctCountAccumulator>(precision);
  return distinct;
}

Result<ResolvedAggregate> resolve_percentile_approx(Arguments arguments, const AggregateModifiers&,
                                                    const SqlSettings&) {
  constexpr std::string_view kName = "percentile_approx";
  PercentileApproxShape shape;
  STREAM_TRY(shape.percentages, percentages_of(kName, arguments, 1));
  shape.type = arguments[0].type;
  const TypeKind kind = shape.type.kind;
  if (kind == TypeKind::null || kind == TypeKind::string) {
    shape.type = primitive(TypeKind::float64);
  } else if (!is_numeric(kind) && kind != TypeKind::date && kind != TypeKind::timestamp &&
             kind != TypeKind::timestamp_ntz && kind != TypeKind::year_month_interval &&
             kind != TypeKind::day_time_interval) {
    return wrong_argument(kName, arguments, 0,
                          "the (\"NUMERIC\", \"DATE\", \"TIMESTAMP\" or \"ANSI INTERVAL\") type");
  }
  if (arguments.size() == 3) {
    if (!is_integral(arguments[2].type.kind))
      return wrong_argument(kName, arguments, 2, "the \"INTEGRAL\" type");
    if (!arguments[2].constant)
      return analysis_error("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                            "percentile_approx: the accuracy must be a constant");
    const auto accuracy = constant_number(*arguments[2].constant, arguments[2].type);
    if (!accuracy)
      return analysis_error("DATATYPE_MISMATCH.UNEXPECTED_NULL",
                            "percentile_approx: the accuracy must not be NULL");
    if (*accuracy <= 0 || *accuracy > 2147483647.0)
      return analysis_error("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                            "percentile_approx: the accuracy must be from 1 to 2147483647");
    shape.relative_error = 1.0 / *accuracy;
  }
  ResolvedAggregate percentile;
  for (const Argument& argument : arguments) percentile.parameter_types.push_back(argument.type);
  percentile.parameter_types[0] = shape.type;
  percentile.type = shape.percentages.is_array ? array_of(shape.type, false) : shape.type;
  const DataType ranks = array_of(primitive(TypeKind::int64), false);
  percentile.state = {{"values", array_of(primitive(TypeKind::float64), false), false},
                      {"ranks", ranks, false},
                      {"slacks", ranks, false},
                      {"count", primitive(TypeKind::int64), false}};
  percentile.make = maker<PercentileApproxAccumulator>(shape);
  return percentile;
}

}  // namespace

void add_approximate_functions(FunctionRegistry& registry) {
  registry.add(AggregateFunction{
      "approx_count_distinct",
      "approx_count_distinct(x[, deviation]) - about how many different values there are",
      1,
      2,
      resolve_distinct,
      {}});
  registry.add(AggregateFunction{
      "percentile_approx",
      "percentile_approx(x, percentage[, accuracy]) - a value near the percentile, or several",
      2,
      3,
      resolve_percentile_approx,
      {}});
  registry.add_alias("approx_percentile", "percentile_approx");
}

}  // namespace stream
