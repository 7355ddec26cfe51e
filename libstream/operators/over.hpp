// Window functions: OVER (PARTITION BY … ORDER BY … frame), over all rows of an epoch. Exchanged by
// the partition columns. Several calls that share partition and order are one operator.
#pragma once

#include <libstream/expressions/aggregate_function.hpp>
#include <libstream/expressions/window_function.hpp>
#include <libstream/operators/sort.hpp>

#include <variant>

namespace stream {

/// One end of a frame. `distance` of rows counts rows; of ranges it is a constant that is added to
/// (or taken from) the one order key, and `reach` computes that: see OverFrame.
struct OverBound {
  enum class Kind { unbounded_preceding, preceding, current_row, following, unbounded_following };
  Kind kind = Kind::current_row;
  std::int64_t num_rows = 0;  ///< ROWS only
  /// RANGE only: over the input row, the order key's value at which the frame ends (key ± distance,
  /// of the key's type).
  TypedExpr reach;
};
struct OverFrame {
  bool is_rows = false;
  OverBound start{OverBound::Kind::unbounded_preceding, 0, nullptr};
  OverBound end;
};

struct OverCall {
  std::variant<ResolvedAggregate, ResolvedWindowFunction> function;
  std::vector<TypedExpr> arguments;
  TypedExpr filter;  ///< aggregates; or nullptr
  OverFrame frame;   ///< aggregates
};

struct OverSpec {
  std::vector<TypedExpr> partition_by;
  std::vector<SortColumn> order_by;
  std::vector<OverCall> calls;
  std::vector<std::size_t> kept;         ///< input columns in front
  std::shared_ptr<const Schema> schema;  ///< kept columns, then a column a call
  EvaluationSettings evaluation;
};
OperatorFactory make_over(OverSpec spec);

}  // namespace stream
