// Aggregates that fold values of one type with an operator of that type: bool_and, bool_or,
// bit_and, bit_or, bit_xor.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/kept_value.hpp>

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

template <class T, class Operator>
struct Fold {
  static bool takes(const KeptValue<T>&, T) { return true; }
  static T next(const KeptValue<T>& kept, T value) {
    return kept.has_value ? Operator{}(kept.value, value) : value;
  }
};
template <class T, class Operator>
using FoldAccumulator = KeptValueAccumulator<T, Fold<T, Operator>>;

template <class Operator>
ResolvedAggregate fold_of(const DataType& type) {
  ResolvedAggregate fold;
  fold.parameter_types = {type};
  fold.type = type;
  fold.state = {{"value", type, true}};
  switch (type.kind) {
    case TypeKind::boolean:
      fold.make = maker<FoldAccumulator<bool, Operator>>();
      break;
    case TypeKind::int8:
      fold.make = maker<FoldAccumulator<std::int8_t, Operator>>();
      break;
    case TypeKind::int16:
      fold.make = maker<FoldAccumulator<std::int16_t, Operator>>();
      break;
    case TypeKind::int32:
      fold.make = maker<FoldAccumulator<std::int32_t, Operator>>();
      break;
    default:
      fold.make = maker<FoldAccumulator<std::int64_t, Operator>>();
  }
  return fold;
}

template <class Operator>
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
        return fold_of<Operator>(primitive(TypeKind::boolean));
      },
      {}});
}

template <class Operator>
void add_bitwise(FunctionRegistry& registry, std::string name, std::string usage) {
  registry.add(AggregateFunction{name,
                                 std::move(usage),
                                 1,
                                 1,
                                 [name](Arguments arguments, const AggregateModifiers&,
                                        const SqlSettings&) -> Result<ResolvedAggregate> {
                                   const TypeKind kind = arguments[0].type.kind;
                                   if (is_integral(kind))
                                     return fold_of<Operator>(arguments[0].type);
                                   if (kind == TypeKind::null)
                                     return fold_of<Operator>(primitive(TypeKind::int32));
                                   if (kind == TypeKind::string)
                                     return fold_of<Operator>(primitive(TypeKind::int64));
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
