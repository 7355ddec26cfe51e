// Late rows and bad records as outputs of a query: from the names of sinks, in a writer's option
// late_rows and a reader's option bad_records, to outputs. Used by output_set.
#pragma once

#include <libstream/api/output_set.hpp>
#include <libstream/plans/resolved_plan.hpp>

namespace stream {

/// Appends them; false: nobody wants any. `plans` are those of the outputs. A sink that refuses the
/// columns (one that writes text, or wants a `value`) gets each row as JSON in a column `value`.
Result<bool> add_side_outputs(SessionState& session, std::vector<QueryOutput>& outputs,
                              const std::vector<PlanRef>& plans, bool is_streaming);

/// The relation with the sink that takes its source's bad records. Error: it has no one source.
Result<RelationRef> with_bad_records(const RelationRef& relation, const std::string& sink);

}  // namespace stream
