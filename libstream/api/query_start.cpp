#include <libstream/api/query_start.hpp>
#include <libstream/connectors/memory/collect_sink.hpp>
#include <libstream/plans/analyzer.hpp>
#include <libstream/plans/resolved_plan.hpp>

namespace stream {
Result<std::string> explain_relation(const SessionState& session, const RelationRef& relation,
                                     OutputMode mode) {
  STREAM_TRY(const PlanRef plan, analyze(relation, session));
  QueryOutput output{"", relation, plan->is_streaming ? mode : OutputMode::complete,
                     std::make_shared<CollectSink>()};
  STREAM_TRY(
      const LogicalPlan logical,
      plan_main_outputs(session, {std::move(output)}, session.parallelism(), plan->is_streaming));
  STREAM_TRY(const PhysicalPlan physical, make_physical_plan(logical, session.parallelism()));
  return explain(logical) + "\n" + explain(physical);
}

Result<Schema> schema_of(const SessionState& session, const RelationRef& relation) {
  STREAM_TRY(const PlanRef plan, analyze(relation, session));
  return schema_of(plan->output);
}

Result<CollectedRows> collect(SessionState& session, const RelationRef& relation,
                              const BoundedOptions& options) {
  STREAM_TRY(Schema schema, schema_of(session, relation));
  const auto rows = std::make_shared<CollectSink>();
  QueryOutput output{"", relation, OutputMode::complete, options.sink ? options.sink : rows};
  STREAM_TRY(const LogicalPlan logical,
             plan_outputs(session, {std::move(output)}, options.parallelism, false));
  STREAM_TRY(PhysicalPlan physical, make_physical_plan(logical, options.parallelism));
  QueryOptions query;
  query.trigger = Trigger::available_now();
  query.parallelism = options.parallelism;
  query.batch_rows = options.batch_rows;
  if (options.files) query.files = options.files;
  STREAM_TRY(const auto running, session.runner().start(std::move(physical), std::move(query)));
  STREAM_TRY(running->await_termination(std::nullopt));
  CollectedRows collected{std::move(schema), {}};
  for (CollectedEpoch& epoch : rows->take()) {
    for (Batch& batch : epoch.batches) collected.batches.push_back(std::move(batch));
  }
  return collected;
}

Result<std::unique_ptr<RunningQuery>> start_streaming(SessionState& session,
                                                      const RelationRef& relation,
                                                      StreamingOptions options) {
  QueryOutput output{"", relation, options.mode, std::move(options.sink),
                     std::move(options.late_rows)};
  return start_outputs(session, {std::move(output)}, std::move(options.query));
}

}  // namespace stream
