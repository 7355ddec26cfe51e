// Several projections of every row, for rollup, cube, grouping sets and several distinct
// aggregates.
#pragma once

#include <libstream/operators/evaluation_settings.hpp>
#include <libstream/operators/operator.hpp>

namespace stream {

struct ExpandSpec {
  std::vector<std::vector<TypedExpr>> projections;  ///< each of the output's types
  std::shared_ptr<const Schema> schema;
  EvaluationSettings evaluation;
};
OperatorFactory make_expand(ExpandSpec spec);

}  // namespace stream
