// The rows behind the watermark that its operator uses for lateness; the others are
// left out. What a stateful operator over the same input drops, row by row.
#pragma once

#include <libstream/operators/evaluation_settings.hpp>
#include <libstream/operators/operator.hpp>

namespace stream {

struct LateRowsSpec {
  TypedExpr time;  ///< a TIMESTAMP, or a window struct, whose end counts
  WatermarkAtInput watermark;
  EvaluationSettings evaluation;
};
OperatorFactory make_late_rows(LateRowsSpec spec);

}  // namespace stream
