// The rule that moves filters towards the sources and derives filters from join conditions, as
// Spark's optimiser does (PushDownPredicates, InferFiltersFromConstraints, EliminateOuterJoin). It
// is not only about speed: a row that is filtered out below with_watermark does not move the
// watermark, and one below a join is not kept.
#pragma once

#include <libstream/plans/resolved_plan.hpp>

namespace stream {

PlanRef push_filters(const PlanRef& plan);
/// The plans of one query's outputs: what they share stays shared where nothing differs below it.
std::vector<PlanRef> push_filters(const std::vector<PlanRef>& plans);

}  // namespace stream
