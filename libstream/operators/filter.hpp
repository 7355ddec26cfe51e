// Keeps the rows for which a condition is true.
#pragma once

#include <libstream/operators/evaluation_settings.hpp>
#include <libstream/operators/operator.hpp>

namespace stream {

struct FilterSpec {
  TypedExpr condition;  ///< BOOLEAN over InputColumn
  EvaluationSettings evaluation;
};
OperatorFactory make_filter(FilterSpec spec);

}  // namespace stream
