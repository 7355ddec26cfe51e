// window(…) and session_window(…): from a call to the plan node that adds the window to every row.
// Used by the analyser.
#pragma once

#include <libstream/plans/analysis.hpp>

namespace stream {

/// `input` with the window of a call as a new hidden attribute, named `window` or `session_window`.
/// Error: sizes that Spark refuses.
Result<PlanRef> add_time_window(Analysis& analysis, const PlanRef& input, const Call& call,
                                Attribute& window);

/// A text that two calls share when they are written alike, arguments and all.
std::string call_key(const Call& call);

/// The mark that an expression hands on from the columns it is made of: a plain column keeps its
/// own, window_time its window's.
std::optional<EventTimeMark> event_time_of(const TypedExpression& expression,
                                           const Attributes& input);

}  // namespace stream
