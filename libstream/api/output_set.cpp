#include <libstream/api/output_set.hpp>
#include <libstream/api/pinned_parallelism.hpp>
#include <libstream/plans/analyzer.hpp>
#include <libstream/plans/push_filters.hpp>
#include <libstream/plans/relational_planner.hpp>
#include <libstream/plans/streaming_check.hpp>

#include <map>

namespace stream {
namespace {

constexpr const char* kNoDataEpochs = "spark.sql.streaming.noDataMicroBatches.enabled";

Result<void> plan_output(const SessionState& session, const QueryOutput& output,
                         const RelationalOptions& options, LogicalPlan& logical,
                         CachedNodes& cached) {
  STREAM_TRY(const PlanRef plan, analyze(output.relation, session));
  STREAM_TRY(check_streaming(plan, output.mode, session.settings()));
  STREAM_TRY(output.sink->check(schema_of(plan->output)));
  const std::size_t first = logical.nodes.size();
  STREAM_TRY(const NodeId last, plan_relation(push_filters(plan), options, logical, cached));
  // Stateful operators are numbered in each output for itself.
  for (std::size_t i = first; i < logical.nodes.size(); ++i) {
    std::string& id = logical.nodes[i].id;
    if (!id.empty()) id = output.name + "-" + id;
  }
  LogicalNode sink;
  sink.name = "sink";
  sink.inputs = {last};
  sink.kind = SinkNode{output.sink};
  logical.nodes.push_back(std::move(sink));
  return {};
}

/// Readers of one source read the first of its nodes; the others have no user then.
void share_sources(LogicalPlan& logical) {
  std::map<const Source*, NodeId> first_of;
  std::vector<NodeId> stand_in(logical.nodes.size());
  for (NodeId id = 0; id < logical.nodes.size(); ++id) {
    LogicalNode& node = logical.nodes[id];
    const auto* source = std::get_if<SourceNode>(&node.kind);
    stand_in[id] = source ? first_of.try_emplace(source->source.get(), id).first->second : id;
    for (NodeId& input : node.inputs) input = stand_in[input];
  }
}

}  // namespace

Result<LogicalPlan> plan_outputs(const SessionState& session,
                                 const std::vector<QueryOutput>& outputs,
                                 std::uint32_t parallelism) {
  RelationalOptions options;
  options.settings = std::make_shared<const SqlSettings>(session.settings());
  options.parallelism = parallelism;
  LogicalPlan logical;
  CachedNodes cached;
  for (const QueryOutput& output : outputs) {
    options.mode = output.mode;
    STREAM_TRY(plan_output(session, output, options, logical, cached));
  }
  share_sources(logical);
  STREAM_TRY(logical.watermark_policy, watermark_policy_of(session));
  return logical;
}

Result<std::unique_ptr<RunningQuery>> start_outputs(const SessionState& session,
                                                    const std::vector<QueryOutput>& outputs,
                                                    QueryOptions options) {
  STREAM_TRY(pin_parallelism(options));
  STREAM_TRY(const LogicalPlan logical, plan_outputs(session, outputs, options.parallelism));
  STREAM_TRY(PhysicalPlan physical, make_physical_plan(logical, options.parallelism));
  if (!options.checkpoint_interval) options.checkpoint_interval = Duration{0};
  options.no_data_epochs = session.settings().get_flag(kNoDataEpochs, true);
  return session.runner().start(std::move(physical), std::move(options));
}

}  // namespace stream
