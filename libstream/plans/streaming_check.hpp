// What Spark refuses of streaming queries (UnsupportedOperationChecker). Used when a query starts.
#pragma once

#include <libstream/operators/evaluation_settings.hpp>
#include <libstream/plans/resolved_plan.hpp>

namespace stream {

/// Error bad_plan, with Spark's condition: the plan cannot run as a streaming query in this mode.
Result<void> check_streaming(const PlanRef& plan, OutputMode mode, const SqlSettings& settings);

/// Error: a bounded query reads a stream.
Result<void> check_bounded(const PlanRef& plan);

}  // namespace stream
