// Joins the rows of a stream with rows that are looked up by key outside: one question for the keys
// of a batch that are not remembered, answers kept for a while, "there is none" too. The answer is
// that of the moment it was asked: an epoch that runs again may get another.
#pragma once

#include <libstream/operators/evaluation_settings.hpp>
#include <libstream/operators/operator.hpp>

namespace stream {

/// Rows of `right_columns` whose keys equal a row of `keys` (no nulls, no repeats).
using KeyLookup = std::function<Result<Batch>(const Batch& keys)>;

struct LookupJoinSpec {
  bool keeps_left = false;  ///< left rows without a match come out with nulls
  std::vector<std::size_t> left_keys;
  std::vector<std::size_t> right_keys;  ///< columns of the looked-up rows, pairwise of one type
  std::vector<Field> left_columns;
  std::vector<Field> right_columns;
  TypedExpr condition;              ///< what else must be true, over left then right, or nullptr
  std::vector<std::size_t> output;  ///< columns handed on, by number among left, right
  std::shared_ptr<const Schema> schema;
  EvaluationSettings evaluation;
  std::function<Result<KeyLookup>(BlockPool& pool)> make_lookup;
  std::size_t max_keys = 0;     ///< remembered between batches
  std::int64_t ttl_millis = 0;  ///< by batch time
};
OperatorFactory make_lookup_join(LookupJoinSpec spec);

}  // namespace stream
