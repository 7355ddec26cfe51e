// What one query runs: one output or several, each with its own sink, and their side outputs. What
// outputs share is read and computed once. Used by whatever starts a query.
#pragma once

#include <libstream/api/session_state.hpp>
#include <libstream/operators/evaluation_settings.hpp>
#include <libstream/plans/logical_plan.hpp>

namespace stream {

struct QueryOutput {
  /// Unlike the others'. State that no earlier output has is filed under it, but for the first
  /// output's, which so keeps its place when others are added.
  std::string name;
  RelationRef relation;
  OutputMode mode = OutputMode::append;
  std::shared_ptr<const Sink> sink;
  std::string late_rows = {};  ///< name of the session's sink that takes them; empty: none
};

/// Adds outputs for late rows and for the bad records of readers that name a sink. `is_streaming`:
/// else the query is bounded. Error: as Spark refuses one of the outputs, or no such sink.
Result<LogicalPlan> plan_outputs(SessionState& session, std::vector<QueryOutput> outputs,
                                 std::uint32_t parallelism, bool is_streaming = true);
/// The same without side outputs, of which nothing is opened: for explain.
Result<LogicalPlan> plan_main_outputs(const SessionState& session,
                                      const std::vector<QueryOutput>& outputs,
                                      std::uint32_t parallelism, bool is_streaming = true);

Result<std::unique_ptr<RunningQuery>> start_outputs(SessionState& session,
                                                    std::vector<QueryOutput> outputs,
                                                    QueryOptions options);

}  // namespace stream
