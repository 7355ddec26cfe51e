// Hash aggregation of one epoch's rows: from rows to results, from rows to partial states, and from
// states to results. Output in the order in which groups first appeared.
#pragma once

#include <libstream/expressions/aggregate_function.hpp>
#include <libstream/operators/evaluation_settings.hpp>
#include <libstream/operators/operator.hpp>

namespace stream {

/// One aggregate of an aggregation.
struct AggregateCall {
  ResolvedAggregate function;
  std::vector<TypedExpr> arguments;  ///< of the parameter types; not looked at when merging
  TypedExpr filter;                  ///< FILTER (WHERE …), or nullptr
  bool is_distinct = false;          ///< make_aggregate only
};

/// Sliding windows by slices: a key that is the event time is cut into slices of which every row is
/// in one; a slice's partial state goes to all windows that hold it.
struct SlidingKey {
  std::size_t key = 0;      ///< which key; its expression is a TIMESTAMP (or TIMESTAMP_NTZ)
  std::int64_t size = 0;    ///< microseconds
  std::int64_t slide = 0;   ///< 0 < slide <= size
  std::int64_t offset = 0;  ///< start time, |offset| < slide
};

struct AggregateSpec {
  std::vector<TypedExpr> keys;
  std::vector<AggregateCall> calls;
  /// Of the results: keys, then a column a call. Partial output: see partial_schema.
  std::shared_ptr<const Schema> schema;
  EvaluationSettings evaluation;
  /// make_partial_aggregate only; rows with a null time are left out. The key's output is
  /// STRUCT<start, end>.
  std::optional<SlidingKey> sliding;
  /// Partial: above this many bytes the states are sent on early.
  std::size_t memory_limit = 128u << 20;
};

/// Rows to results. Without keys one row, also for no input.
OperatorFactory make_aggregate(AggregateSpec spec);

/// Rows to states, an epoch's worth a group where memory allows; hands rows on nearly as they come
/// where grouping does not reduce them. Output: partial_schema.
OperatorFactory make_partial_aggregate(AggregateSpec spec);

/// `hash` BIGINT of the keys, the keys, then the state columns of every call.
std::shared_ptr<const Schema> partial_schema(const AggregateSpec& spec);

/// States (partial_schema) to results; `keys` are only looked at for their types.
OperatorFactory make_merge_aggregate(AggregateSpec spec);

}  // namespace stream
