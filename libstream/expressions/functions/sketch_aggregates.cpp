// Aggregates that make or unite sketches: hll_sketch_agg, hll_union_agg, theta_sketch_agg,
// theta_union_agg, theta_intersection_agg, kll_sketch_agg_… and kll_merge_agg_…, count_min_sketch.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/accumulators.hpp>
#include <libstream/expressions/functions/percentages.hpp>
#include <libstream/expressions/functions/sketches.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

enum class SketchInput { values, sketches, intersected_sketches };

template <class Sketch>
class SketchAccumulator final : public Accumulator {
 public:
  SketchAccumulator(Sketch empty, SketchInput input, std::string condition)
      : empty_(std::move(empty)), input_(input), condition_(std::move(condition)) {}

  void resize(std::size_t num_groups) override {
    states_.resize(num_groups, empty_);
    has_rows_.resize(num_groups, 0);
  }
  void clear(std::span<const std::uint32_t> groups) override {
    for (const std::uint32_t group : groups) {
      states_[group] = empty_;
      has_rows_[group] = 0;
    }
  }
  std::size_t bytes() const override {
    std::size_t bytes = states_.capacity() * sizeof(Sketch);
    for (const Sketch& state : states_) bytes += state.heap_bytes();
    return bytes;
  }
  Result<void> update(std::span<const Operand> arguments, std::span<const std::uint32_t> groups,
                      EvaluationContext&) override {
    const Operand& argument = arguments[0];
    for (std::size_t row = 0; row < groups.size(); ++row) {
      if (groups[row] == kNoGroup || argument.is_null(row)) continue;
      const std::size_t place = argument.index(row);
      if (input_ != SketchInput::values) {
        STREAM_TRY(take(groups[row], argument.column.string_at(place)));
      } else {
        states_[groups[row]].add(argument.column, place);
      }
    }
    return {};
  }
  Result<void> merge(std::span<const Column> state,
                     std::span<const std::uint32_t> groups) override {
    for (std::size_t row = 0; row < groups.size(); ++row) {
      if (!state[0].is_null(row)) STREAM_TRY(take(groups[row], state[0].string_at(row)));
    }
    return {};
  }
  void append_state(std::span<const std::uint32_t> groups,
                    std::span<ColumnBuilder> builders) const override {
    for (const std::uint32_t group : groups) {
      // An intersection of nothing is everything, not the empty sketch.
      if (input_ == SketchInput::intersected_sketches && has_rows_[group] == 0) {
        builders[0].append_null();
      } else {
        builders[0].append_string(states_[group].bytes());
      }
    }
  }
  Result<void> append_result(std::span<const std::uint32_t> groups, ColumnBuilder& builder,
                             EvaluationContext&) const override {
    for (const std::uint32_t group : groups) builder.append_string(states_[group].bytes());
    return {};
  }

 private:
  Result<void> take(std::uint32_t group, std::string_view bytes) {
    Sketch& state = states_[group];
    if constexpr (std::is_same_v<Sketch, ThetaSketch>) {
      if (input_ == SketchInput::intersected_sketches && has_rows_[group] != 0) {
        const std::optional<ThetaSketch> other = ThetaSketch::parse(bytes);
        if (!other) return invalid();
        state.intersect(*other);
        return {};
      }
    }
    has_rows_[group] = 1;
    if (!state.merge(bytes)) return invalid();
    return {};
  }
  Error invalid() const {
    return runtime_error(condition_, "a BINARY is not a sketch of this kind");
  }

  Sketch empty_;
  SketchInput input_;
  std::string condition_;
  std::vector<Sketch> states_;
  std::vector<std::uint8_t> has_rows_;
};

/// A constant integer argument between bounds, or `otherwise` where it was left out.
Result<int> bounded(std::string_view name, Arguments arguments, std::size_t index, int otherwise,
                    int min, int max, std::string_view condition) {
  if (arguments.size() <= index) return otherwise;
  const Argument& argument = arguments[index];
  if (!is_integral(argument.type.kind))
    return wrong_argument(name, arguments, index, "the \"INT\" type");
  const auto number =
      argument.constant ? constant_number(*argument.constant, argument.type) : std::nullopt;
  if (!number)
    return analysis_error("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                          fmt::format("{}: argument {} must be a constant", name, index + 1));
  if (*number < min || *number > max)
    return runtime_error(
        condition, fmt::format("{}: argument {} must be from {} to {}", name, index + 1, min, max));
  return static_cast<int>(*number);
}

template <class Sketch>
ResolvedAggregate sketch_of(Arguments arguments, DataType parameter, Sketch empty,
                            SketchInput input, std::string condition) {
  ResolvedAggregate aggregate;
  aggregate.parameter_types.push_back(std::move(parameter));
  for (std::size_t i = 1; i < arguments.size(); ++i)
    aggregate.parameter_types.push_back(arguments[i].type);
  aggregate.type = primitive(TypeKind::binary);
  aggregate.is_nullable = false;
  aggregate.state = {{"sketch", aggregate.type, true}};
  aggregate.make = maker<SketchAccumulator<Sketch>>(std::move(empty), input, std::move(condition));
  return aggregate;
}

bool is_one_of(TypeKind kind, std::initializer_list<TypeKind> kinds) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

Result<ResolvedAggregate> resolve_hll(std::string_view name, SketchInput input,
                                      Arguments arguments) {
  const DataType& type = arguments[0].type;
  const bool is_fit = input == SketchInput::values
                          ? is_one_of(type.kind, {TypeKind::int32, TypeKind::int64,
                                                  TypeKind::string, TypeKind::binary})
                          : type.kind == TypeKind::binary;
  if (!is_fit)
    return wrong_argument(name, arguments, 0,
                          "the (\"INT\", \"BIGINT\", \"STRING\" or \"BINARY\") type");
  int lg_k = 12;
  if (input == SketchInput::values) {
    STREAM_TRY(lg_k, bounded(name, arguments, 1, 12, 4, 21, "HLL_INVALID_LG_K"));
  }
  return sketch_of(arguments, type, HllSketch(lg_k), input, "HLL_INVALID_INPUT_SKETCH_BUFFER");
}

Result<ResolvedAggregate> resolve_theta(std::string_view name, SketchInput input,
                                        Arguments arguments) {
  const DataType& type = arguments[0].type;
  const bool is_fit =
      input != SketchInput::values ? type.kind == TypeKind::binary : type.kind != TypeKind::null;
  if (!is_fit) return wrong_argument(name, arguments, 0, "the \"BINARY\" type");
  STREAM_TRY(const int lg_k,
             bounded(name, arguments, 1, 12, 4, 26, "THETA_INVALID_LG_NOM_ENTRIES"));
  return sketch_of(arguments, type, ThetaSketch(lg_k), input, "THETA_INVALID_INPUT_SKETCH_BUFFER");
}

Result<ResolvedAggregate> resolve_kll(std::string_view name, SketchInput input, TypeKind kind,
                                      Arguments arguments) {
  const DataType& type = arguments[0].type;
  const bool is_fit = input == SketchInput::values ? numeric_parameter(type).has_value()
                                                   : type.kind == TypeKind::binary;
  if (!is_fit) return wrong_argument(name, arguments, 0, "a number or a sketch");
  STREAM_TRY(const int k, bounded(name, arguments, 1, 200, 8, 65535, "KLL_INVALID_K"));
  return sketch_of(arguments, input == SketchInput::values ? primitive(kind) : type, KllSketch(k),
                   input, "KLL_INVALID_INPUT_SKETCH_BUFFER");
}

Result<ResolvedAggregate> resolve_count_min(Arguments arguments, const AggregateModifiers&,
                                            const SqlSettings&) {
  constexpr std::string_view kName = "count_min_sketch";
  constexpr double kMaxCells = 1 << 24;
  const DataType& type = arguments[0].type;
  if (!is_integral(type.kind) && !is_one_of(type.kind, {TypeKind::string, TypeKind::binary}))
    return wrong_argument(kName, arguments, 0, "the (\"INTEGRAL\", \"STRING\" or \"BINARY\") type");
  std::vector<double> numbers;
  for (std::size_t i = 1; i < 4; ++i) {
    const auto number = arguments[i].constant
                            ? constant_number(*arguments[i].constant, arguments[i].type)
                            : std::nullopt;
    if (!number)
      return analysis_error("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                            fmt::format("{}: argument {} must be a constant", kName, i + 1));
    numbers.push_back(*number);
  }
  const double cells = 2 / numbers[0] * std::ceil(-std::log1p(-numbers[1]) / std::log(2));
  if (!(numbers[0] > 0) || !(numbers[1] > 0 && numbers[1] < 1) || !(cells <= kMaxCells))
    return analysis_error("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                          "count_min_sketch: eps must be positive, the confidence between 0 and 1, "
                          "and the table not larger than 16 million counts");
  return sketch_of(arguments, type,
                   CountMinSketch(numbers[0], numbers[1], static_cast<std::int32_t>(numbers[2])),
                   SketchInput::values, "COUNT_MIN_SKETCH_INVALID_BUFFER");
}

using ResolveSketch = Result<ResolvedAggregate> (*)(std::string_view, SketchInput, Arguments);

void add_sketch(FunctionRegistry& registry, std::string name, std::string usage, SketchInput input,
                ResolveSketch resolve) {
  registry.add(AggregateFunction{
      name,
      std::move(usage),
      1,
      2,
      [name, input, resolve](Arguments arguments, const AggregateModifiers&, const SqlSettings&) {
        return resolve(name, input, arguments);
      },
      {}});
}

void add_kll(FunctionRegistry& registry, std::string name, std::string usage, SketchInput input,
             TypeKind kind) {
  registry.add(AggregateFunction{
      name,
      std::move(usage),
      1,
      2,
      [name, input, kind](Arguments arguments, const AggregateModifiers&, const SqlSettings&) {
        return resolve_kll(name, input, kind, arguments);
      },
      {}});
}

}  // namespace

void add_sketch_aggregates(FunctionRegistry& registry) {
  add_sketch(registry, "hll_sketch_agg", "hll_sketch_agg(x[, lg_k]) - a sketch of the values",
             SketchInput::values, resolve_hll);
  add_sketch(registry, "hll_union_agg", "hll_union_agg(sketch[, any_size]) - the sketches as one",
             SketchInput::sketches, resolve_hll);
  add_sketch(registry, "theta_sketch_agg", "theta_sketch_agg(x[, lg_k]) - a sketch of the values",
             SketchInput::values, resolve_theta);
  add_sketch(registry, "theta_union_agg", "theta_union_agg(sketch[, lg_k]) - the sketches as one",
             SketchInput::sketches, resolve_theta);
  add_sketch(registry, "theta_intersection_agg",
             "theta_intersection_agg(sketch) - a sketch of what is in all",
             SketchInput::intersected_sketches, resolve_theta);
  constexpr std::pair<const char*, TypeKind> kKinds[] = {
      {"bigint", TypeKind::int64}, {"float", TypeKind::float32}, {"double", TypeKind::float64}};
  for (const auto& [suffix, kind] : kKinds) {
    add_kll(registry, fmt::format("kll_sketch_agg_{}", suffix),
            fmt::format("kll_sketch_agg_{}(x[, k]) - a sketch of the values", suffix),
            SketchInput::values, kind);
    add_kll(registry, fmt::format("kll_merge_agg_{}", suffix),
            fmt::format("kll_merge_agg_{}(sketch[, k]) - the sketches as one", suffix),
            SketchInput::sketches, kind);
  }
  registry.add(
      AggregateFunction{"count_min_sketch",
                        "count_min_sketch(x, eps, confidence, seed) - how often values came",
                        4,
                        4,
                        resolve_count_min,
                        {}});
}

}  // namespace stream
