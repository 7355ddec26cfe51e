// The rule that leaves out columns nobody reads, down to the sources, which then do not even
// convert them (Spark's ColumnPruning). It shows in results as there: a malformed value in a column
// that is not read is no malformed record. Used where a query is planned, after push_filters.
#pragma once

#include <libstream/plans/resolved_plan.hpp>

namespace stream {

/// The same rows; the root's output stays as it is.
PlanRef prune_columns(const PlanRef& plan);

}  // namespace stream
