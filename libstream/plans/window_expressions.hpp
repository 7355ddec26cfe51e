// The expressions that a time window is made of: its struct of start and end, and which rows are in
// it. Used by the relational planner.
#pragma once

#include <libstream/plans/resolved_plan.hpp>

namespace stream {

/// STRUCT<start, end> of the `index`-th newest window that may hold `time` (0: the newest). Null
/// where the time is.
TypedExpr window_of(const TimeWindowPlan& window, std::int64_t index);
/// How many windows may hold one time.
std::int64_t windows_per_row(const TimeWindowPlan& window);
/// BOOLEAN: the time is not null, and in the window `window`.
TypedExpr is_in_window(const TypedExpr& time, const TypedExpr& window);
/// STRUCT<time, time + gap>; null where the time or the gap is, or the gap is not positive.
TypedExpr session_of(const SessionWindowPlan& session);
TypedExpr is_not_null(const TypedExpr& value);

}  // namespace stream
