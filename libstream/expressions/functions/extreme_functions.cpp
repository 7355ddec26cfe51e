// min, max, min_by and max_by.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/kept_value.hpp>

namespace stream {
namespace {

/// Keeps the least (kSign = 1) or the greatest (kSign = -1) value.
template <class T, int kSign>
struct Extreme {
  template <class View>
  static bool takes(const KeptValue<T>& kept, const View& value) {
    return !kept.has_value || kSign * Storage<T>::compare(value, kept.value) < 0;
  }
  template <class View>
  static T next(const KeptValue<T>&, const View& value) {
    return T(value);
  }
};

struct ExtremeByState {
  Value value;
  Value rank;
  bool has_rank = false;
  std::size_t heap_bytes() const { return heap_bytes_of(value) + heap_bytes_of(rank); }
};

/// The value that stands beside the least (sign = 1) or greatest rank; of equal ranks the last one
/// counts.
class ExtremeByAccumulator final : public GroupedAccumulator<ExtremeByState> {
 public:
  explicit ExtremeByAccumulator(int sign) : sign_(sign) {}

  Result<void> update(std::span<const Operand> arguments, std::span<const std::uint32_t> groups,
                      EvaluationContext&) override {
    for (std::size_t row = 0; row < groups.size(); ++row) {
      if (groups[row] != kNoGroup)
        take(arguments[0].column, arguments[0].index(row), arguments[1].column,
             arguments[1].index(row), groups[row]);
    }
    return {};
  }
  Result<void> merge(std::span<const Column> state,
                     std::span<const std::uint32_t> groups) override {
    for (std::size_t row = 0; row < groups.size(); ++row)
      take(state[0], row, state[1], row, groups[row]);
    return {};
  }
  void append_state(std::span<const std::uint32_t> groups,
                    std::span<ColumnBuilder> builders) const override {
    for (const std::uint32_t group : groups) {
      append_value(builders[0], states_[group].value);
      append_value(builders[1], states_[group].rank);
    }
  }
  Result<void> append_result(std::span<const std::uint32_t> groups, ColumnBuilder& builder,
                             EvaluationContext&) const override {
    for (const std::uint32_t group : groups) append_value(builder, states_[group].value);
    return {};
  }

 private:
  void take(const Column& values, std::size_t value_row, const Column& ranks, std::size_t rank_row,
            std::uint32_t group) {
    if (ranks.is_null(rank_row)) return;
    ExtremeByState& state = states_[group];
    if (state.has_rank && sign_ * compare_to_value(ranks, rank_row, state.rank) > 0) return;
    heap_bytes_ -= state.heap_bytes();
    state = {value_at(values, value_row), value_at(ranks, rank_row), true};
    heap_bytes_ += state.heap_bytes();
  }

  int sign_;
};

Error not_orderable(std::string_view name, const Argument& argument) {
  return analysis_error(
      "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
      std::string(name) + ": values of type " + argument.type.to_string() + " have no order");
}

template <int kSign>
Result<ResolvedAggregate> resolve_extreme(std::string_view name, Arguments arguments) {
  const DataType& type = arguments[0].type;
  if (!is_orderable(type)) return not_orderable(name, arguments[0]);
  ResolvedAggregate extreme;
  extreme.parameter_types = {type};
  extreme.type = type;
  extreme.state = {{std::string(name), type, true}};
  extreme.make = visit_storage(type, []<class T>(std::type_identity<T>) {
    return maker<KeptValueAccumulator<T, Extreme<T, kSign>>>();
  });
  return extreme;
}

Result<ResolvedAggregate> resolve_extreme_by(std::string_view name, Arguments arguments, int sign) {
  if (!is_orderable(arguments[1].type)) return not_orderable(name, arguments[1]);
  ResolvedAggregate extreme;
  extreme.parameter_types = {arguments[0].type, arguments[1].type};
  extreme.type = arguments[0].type;
  extreme.state = {{"value", arguments[0].type, true}, {"rank", arguments[1].type, true}};
  extreme.make = maker<ExtremeByAccumulator>(sign);
  return extreme;
}

}  // namespace

void add_extreme_functions(FunctionRegistry& registry) {
  registry.add(
      AggregateFunction{"min",
                        "min(x) - the least value",
                        1,
                        1,
                        [](Arguments arguments, const AggregateModifiers&, const SqlSettings&) {
                          return resolve_extreme<1>("min", arguments);
                        },
                        {}});
  registry.add(
      AggregateFunction{"max",
                        "max(x) - the greatest value",
                        1,
                        1,
                        [](Arguments arguments, const AggregateModifiers&, const SqlSettings&) {
                          return resolve_extreme<-1>("max", arguments);
                        },
                        {}});
  registry.add(
      AggregateFunction{"min_by",
                        "min_by(x, y) - the x beside the least y",
                        2,
                        2,
                        [](Arguments arguments, const AggregateModifiers&, const SqlSettings&) {
                          return resolve_extreme_by("min_by", arguments, 1);
                        },
                        {}});
  registry.add(
      AggregateFunction{"max_by",
                        "max_by(x, y) - the x beside the greatest y",
                        2,
                        2,
                        [](Arguments arguments, const AggregateModifiers&, const SqlSettings&) {
                          return resolve_extreme_by("max_by", arguments, -1);
                        },
                        {}});
}

}  // namespace stream
