// Sorts all rows of an epoch; with a limit keeps the first ones only. Stable. Runs as a single task
// for a global order.
#pragma once

#include <libstream/operators/evaluation_settings.hpp>
#include <libstream/operators/operator.hpp>

namespace stream {

struct SortColumn {
  TypedExpr expression;  ///< over InputColumn, of an orderable type
  bool is_descending = false;
  bool nulls_first = true;
};

struct SortSpec {
  std::vector<SortColumn> keys;
  std::optional<std::size_t> limit;
  EvaluationSettings evaluation;
};
OperatorFactory make_sort(SortSpec spec);

}  // namespace stream
