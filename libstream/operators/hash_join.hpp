// Joins all rows of an epoch of two inputs (0: left, 1: right) without state: bounded joins, and
// stream-static joins, whose static side comes again in every epoch. The build side is kept
// in a table, or gone through row by row where there are no equality keys; the probe side waits for
// it.
#pragma once

#include <libstream/operators/evaluation_settings.hpp>
#include <libstream/operators/join_kind.hpp>
#include <libstream/operators/operator.hpp>

namespace stream {

struct HashJoinSpec {
  JoinKind kind = JoinKind::inner;
  bool builds_right = true;  ///< else the left input is the table
  /// Equality keys: columns of each input, pairwise of one type. Partitioned inputs are exchanged
  /// by add_hash of these.
  std::vector<std::size_t> left_keys;
  std::vector<std::size_t> right_keys;
  std::vector<bool> is_null_safe;  ///< by key: `<=>`, null matches null; may be shorter
  /// What else must be true, over InputColumn 0 … of left columns followed by right columns; or
  /// nullptr.
  TypedExpr condition;
  std::vector<Field> left_columns;  ///< of the inputs, for rows of nulls
  std::vector<Field> right_columns;
  /// Columns handed on, by number among left, right (and for `existence` the flag as the last one
  /// after both).
  std::vector<std::size_t> output;
  std::shared_ptr<const Schema> schema;  ///< of the output
  EvaluationSettings evaluation;
};
OperatorFactory make_hash_join(HashJoinSpec spec);

}  // namespace stream
