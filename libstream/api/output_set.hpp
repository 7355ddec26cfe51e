// One query with several outputs: what a statement set of SQL starts. A source that several outputs
// read is read once. Pure but for the start.
#pragma once

#include <libstream/api/query_start.hpp>
#include <libstream/plans/logical_plan.hpp>

namespace stream {

struct QueryOutput {
  std::string name;  ///< unlike the others'; state is filed under it
  RelationRef relation;
  OutputMode mode = OutputMode::append;
  std::shared_ptr<const Sink> sink;
};

/// Error: as Spark refuses one of the outputs.
Result<LogicalPlan> plan_outputs(const SessionState& session,
                                 const std::vector<QueryOutput>& outputs,
                                 std::uint32_t parallelism);

Result<std::unique_ptr<RunningQuery>> start_outputs(const SessionState& session,
                                                    const std::vector<QueryOutput>& outputs,
                                                    QueryOptions options);

}  // namespace stream
