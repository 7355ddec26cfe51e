// Aggregates that fold values of one type with an operator of that type: bool_and, bool_or,
// bit_and, bit_or, bit_xor.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/accumulators.hpp>

namespace stream {
namespace {

struct And {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(a & b);
  }
};
struct Or {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(a | b);
  }
};
struct Xor {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(a ^ b);
  }
};

template <class T>
struct FoldState {
  T value{};
  bool has_value = false;
};

template <class T, class Fold>
class FoldAccumulator final : public GroupedAccumulator<FoldState<T>> {
  using GroupedAccumulator<FoldState<T>>::states_;

 public:
  Result<void> update(std::span<const Operand> arguments, std::span<const std::uint32_t> groups,
                      EvaluationContext&) override {
    take(arguments[0].column, arguments[0].is_constant, groups);
    return {};
  }
  Result<void> merge(std::span<const Column> state,
                     std::span<const std::uint32_t> groups) override {
    take(state[0], false, groups);
    return {};
  }
  void append_state(std::span<const std::uint32_t> groups,
                    std::span<ColumnBuilder> builders) const override {
    append_values(groups, builders[0]);
  }
  Result<void> append_result(std::span<const std::uint32_t> groups, ColumnBuilder& builder,
                             EvaluationContext&) const override {
    append_values(groups, builder);
    return {};
  }

 private:
  void take(const Column& column, bool is_constant, std::span<const std::uint32_t> groups) {
    FoldState<T>* states = states_.data();
    for_each_value<T>(column, is_constant, groups, [states](std::uint32_t group, T value) {
      FoldState<T>& state = states[group];
      state.value = state.has_value ? Fold{}(state.value, value) : value;
      state.has_value = true;
    });
  }
  void append_values(std::span<const std::uint32_t> groups, ColumnBuilder& builder) const {
    for (const std::uint32_t group : groups) {
      if (states_[group].has_value) {
        Storage<T>::append(builder, states_[group].value);
      } else {
        builder.append_null();
      }
    }
  }
};

template <class Fold>
ResolvedAggregate fold_of(const DataType& type) {
  ResolvedAggregate fold;
  fold.parameter_types = {type};
  fold.type = type;
  fold.state = {{"value", type, true}};
  switch (type.kind) {
    case TypeKind::boolean:
      fold.make = maker<FoldAccumulator<bool, Fold>>();
      break;
    case TypeKind::int8:
      fold.make = maker<FoldAccumulator<std::int8_t, Fold>>();
      break;
    case TypeKind::int16:
      fold.make = maker<FoldAccumulator<std::int16_t, Fold>>();
      break;
    case TypeKind::int32:
      fold.make = maker<FoldAccumulator<std::int32_t, Fold>>();
      break;
    default:
      fold.make = maker<FoldAccumulator<std::int64_t, Fold>>();
  }
  return fold;
}

template <class Fold>
void add_logical(FunctionRegistry& registry, std::string name, std::string usage) {
  registry.add(AggregateFunction{
      name,
      std::move(usage),
      1,
      1,
      [name](Arguments arguments, const AggregateModifiers&,
             const SqlSettings&) -> Result<ResolvedAggregate> {
        const TypeKind kind = arguments[0].type.kind;
        if (kind != TypeKind::boolean && kind != TypeKind::null && kind != TypeKind::string)
          return wrong_argument(name, arguments, 0, "the \"BOOLEAN\" type");
        return fold_of<Fold>(primitive(TypeKind::boolean));
      },
      {}});
}

template <class Fold>
void add_bitwise(FunctionRegistry& registry, std::string name, std::string usage) {
  registry.add(AggregateFunction{name,
                                 std::move(usage),
                                 1,
                                 1,
                                 [name](Arguments arguments, const AggregateModifiers&,
                                        const SqlSettings&) -> Result<ResolvedAggregate> {
                                   const TypeKind kind = arguments[0].type.kind;
                                   if (is_integral(kind)) return fold_of<Fold>(arguments[0].type);
                                   if (kind == TypeKind::null)
                                     return fold_of<Fold>(primitive(TypeKind::int32));
                                   if (kind == TypeKind::string)
                                     return fold_of<Fold>(primitive(TypeKind::int64));
                                   return wrong_argument(name, arguments, 0,
                                                         "the \"INTEGRAL\" type");
                                 },
                                 {}});
}

}  // namespace

void add_fold_functions(FunctionRegistry& registry) {
  add_logical<And>(registry, "bool_and", "bool_and(condition) - true where all are true");
  add_logical<Or>(registry, "bool_or", "bool_or(condition) - true where one is true");
  registry.add_alias("every", "bool_and");
  registry.add_alias("some", "bool_or");
  registry.add_alias("any", "bool_or");
  add_bitwise<And>(registry, "bit_and", "bit_and(x) - the bitwise AND of the values");
  add_bitwise<Or>(registry, "bit_or", "bit_or(x) - the bitwise OR of the values");
  add_bitwise<Xor>(registry, "bit_xor", "bit_xor(x) - the bitwise XOR of the values");
}

}  // namespace stream
