// explode and its like: many rows from one, beside chosen columns of the input row.
#pragma once

#include <libstream/expressions/function.hpp>
#include <libstream/operators/evaluation_settings.hpp>
#include <libstream/operators/operator.hpp>

namespace stream {

struct GenerateSpec {
  std::vector<std::size_t> kept;  ///< input columns in front of the generated ones
  ResolvedGenerator generator;
  std::vector<TypedExpr> arguments;      ///< of the generator's parameter types
  bool is_outer = false;                 ///< an input row that gives nothing gives a row of nulls
  std::shared_ptr<const Schema> schema;  ///< kept columns, then the generator's
  EvaluationSettings evaluation;
};
OperatorFactory make_generate(GenerateSpec spec);

}  // namespace stream
