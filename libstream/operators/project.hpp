// A list of expressions over each batch. Plain input columns are passed on without a copy.
#pragma once

#include <libstream/operators/evaluation_settings.hpp>
#include <libstream/operators/operator.hpp>

namespace stream {

struct ProjectSpec {
  std::vector<TypedExpr> expressions;    ///< over InputColumn
  std::shared_ptr<const Schema> schema;  ///< of the output, a field an expression
  EvaluationSettings evaluation;
};
OperatorFactory make_project(ProjectSpec spec);

}  // namespace stream
