// Symmetric hash join of two streams (0: left, 1: right) with both sides' rows kept in state until
// the watermark bounds them (R-080 … R-093). Both inputs are exchanged by add_hash of their keys.
// An epoch's left rows are processed before its right rows, so right rows wait for the end.
#pragma once

#include <libstream/operators/evaluation_settings.hpp>
#include <libstream/operators/join_kind.hpp>
#include <libstream/operators/operator.hpp>

namespace stream {

/// A side's rows are removed once `column` is at or before the watermark plus `offset_millis`.
struct StateBound {
  std::size_t column = 0;  ///< of that side: a key, or the column the range condition bounds
  std::int64_t offset_millis = 0;
};

struct StreamJoinSide {
  std::vector<std::size_t> keys;          ///< at least one; pairwise of one type with the other's
  std::vector<Field> columns;             ///< of the input
  std::optional<std::size_t> event_time;  ///< with a watermark: late rows are dropped
  std::optional<StateBound> bound;        ///< none: rows stay for ever
  /// The part of the condition that looks at this side only, over its columns; or nullptr. A row
  /// that fails it matches nothing and is not kept.
  TypedExpr own_condition;
};

struct StreamJoinSpec {
  JoinKind kind = JoinKind::inner;  ///< inner, the outer joins, left_semi
  StreamJoinSide left;
  StreamJoinSide right;
  TypedExpr condition;  ///< the rest, over left columns followed by right columns; or nullptr
  std::vector<std::size_t> output;       ///< columns handed on, by number among left, right
  std::shared_ptr<const Schema> schema;  ///< of the output
  WatermarkAtInput watermark;
  EvaluationSettings evaluation;
};
OperatorFactory make_stream_join(StreamJoinSpec spec);

/// The watermark that the join passes on, given the one at its input.
EpochMillis output_watermark(const StreamJoinSpec& spec, EpochMillis at_input);

}  // namespace stream
