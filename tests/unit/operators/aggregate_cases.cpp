#include <libstream/expressions/aggregate_function.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <tests/kit/catch.hpp>
#include <tests/unit/operators/aggregate_cases.hpp>

namespace stream::testing {

TypedExpr input(std::size_t index, DataType type) {
  return make_typed(std::move(type), true, InputColumn{index});
}

AggregateCall aggregate_call(const std::string& name, std::vector<TypedExpr> arguments) {
  std::vector<Argument> described;
  for (const TypedExpr& argument : arguments)
    described.push_back({argument->type, argument->is_nullable, {}, false, "x"});
  static const FunctionRegistry registry = [] {
    FunctionRegistry aggregates;
    add_count_functions(aggregates);
    add_sum_functions(aggregates);
    add_extreme_functions(aggregates);
    add_pick_functions(aggregates);
    return aggregates;
  }();
  const AggregateFunction* function = registry.aggregate(name);
  REQUIRE(function != nullptr);
  Result<ResolvedAggregate> resolved = function->resolve(described, {}, SqlSettings{});
  if (!resolved) FAIL(resolved.error().message());
  return {std::move(*resolved), std::move(arguments), nullptr, false};
}

}  // namespace stream::testing
