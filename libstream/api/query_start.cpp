#include <libstream/api/pinned_parallelism.hpp>
#include <libstream/api/query_start.hpp>
#include <libstream/connectors/memory/collect_sink.hpp>
#include <libstream/plans/analyzer.hpp>
#include <libstream/plans/prune_columns.hpp>
#include <libstream/plans/push_filters.hpp>
#include <libstream/plans/relational_planner.hpp>
#include <libstream/plans/streaming_check.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

constexpr const char* kWatermarkPolicy = "spark.sql.streaming.multipleWatermarkPolicy";
constexpr const char* kNoDataEpochs = "spark.sql.streaming.noDataMicroBatches.enabled";

Result<LogicalPlan> plan_logical(const SessionState& session, const PlanRef& plan, OutputMode mode,
                                 std::shared_ptr<const Sink> sink, std::uint32_t parallelism) {
  STREAM_TRY(sink->check(schema_of(plan->output)));
  RelationalOptions options;
  options.mode = mode;
  options.settings = std::make_shared<const SqlSettings>(session.settings());
  options.parallelism = parallelism;
  LogicalPlan logical;
  CachedNodes cached;
  STREAM_TRY(const NodeId last,
             plan_relation(prune_columns(push_filters(plan)), options, logical, cached));
  STREAM_TRY(logical.watermark_policy, watermark_policy_of(session));
  LogicalNode sink_node;
  sink_node.name = "sink";
  sink_node.inputs = {last};
  sink_node.kind = SinkNode{std::move(sink)};
  logical.nodes.push_back(std::move(sink_node));
  return logical;
}

Result<PhysicalPlan> plan_query(const SessionState& session, const PlanRef& plan, OutputMode mode,
                                std::shared_ptr<const Sink> sink, std::uint32_t parallelism) {
  STREAM_TRY(const LogicalPlan logical,
             plan_logical(session, plan, mode, std::move(sink), parallelism));
  return make_physical_plan(logical, parallelism);
}

}  // namespace

Result<WatermarkPolicy> watermark_policy_of(const SessionState& session) {
  const std::string policy = session.settings().get(kWatermarkPolicy, "min");
  if (policy != "min" && policy != "max")
    return bad_option(
        fmt::format("[INVALID_CONF_VALUE.REQUIREMENT] The value '{}' in the config "
                    "\"{}\" is invalid. Valid values are 'min' and 'max'.",
                    policy, kWatermarkPolicy));
  return policy == "max" ? WatermarkPolicy::max : WatermarkPolicy::min;
}

Result<std::string> explain_relation(const SessionState& session, const RelationRef& relation,
                                     OutputMode mode) {
  STREAM_TRY(const PlanRef plan, analyze(relation, session));
  STREAM_TRY(const LogicalPlan logical,
             plan_logical(session, plan, plan->is_streaming ? mode : OutputMode::complete,
                          std::make_shared<CollectSink>(), session.parallelism()));
  STREAM_TRY(const PhysicalPlan physical, make_physical_plan(logical, session.parallelism()));
  return explain(logical) + "\n" + explain(physical);
}

Result<Schema> schema_of(const SessionState& session, const RelationRef& relation) {
  STREAM_TRY(const PlanRef plan, analyze(relation, session));
  return schema_of(plan->output);
}

Result<CollectedRows> collect(const SessionState& session, const RelationRef& relation,
                              const BoundedOptions& options) {
  STREAM_TRY(const PlanRef plan, analyze(relation, session));
  STREAM_TRY(check_bounded(plan));
  const auto rows = std::make_shared<CollectSink>();
  const std::shared_ptr<const Sink> sink = options.sink ? options.sink : rows;
  STREAM_TRY(PhysicalPlan physical,
             plan_query(session, plan, OutputMode::complete, sink, options.parallelism));
  QueryOptions query;
  query.trigger = Trigger::available_now();
  query.parallelism = options.parallelism;
  query.batch_rows = options.batch_rows;
  if (options.files) query.files = options.files;
  STREAM_TRY(const auto running, session.runner().start(std::move(physical), std::move(query)));
  STREAM_TRY(running->await_termination(std::nullopt));
  CollectedRows collected{schema_of(plan->output), {}};
  for (CollectedEpoch& epoch : rows->take()) {
    for (Batch& batch : epoch.batches) collected.batches.push_back(std::move(batch));
  }
  return collected;
}

Result<std::unique_ptr<RunningQuery>> start_streaming(const SessionState& session,
                                                      const RelationRef& relation,
                                                      StreamingOptions options) {
  STREAM_TRY(const PlanRef plan, analyze(relation, session));
  STREAM_TRY(check_streaming(plan, options.mode, session.settings()));
  STREAM_TRY(pin_parallelism(options.query));
  STREAM_TRY(PhysicalPlan physical, plan_query(session, plan, options.mode, std::move(options.sink),
                                               options.query.parallelism));
  if (!options.query.checkpoint_interval) options.query.checkpoint_interval = Duration{0};
  options.query.no_data_epochs = session.settings().get_flag(kNoDataEpochs, true);
  return session.runner().start(std::move(physical), std::move(options.query));
}

}  // namespace stream
