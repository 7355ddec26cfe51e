#include <libstream/api/output_set.hpp>
#include <libstream/api/pinned_parallelism.hpp>
#include <libstream/api/side_outputs.hpp>
#include <libstream/base/duration.hpp>
#include <libstream/plans/analyzer.hpp>
#include <libstream/plans/prune_columns.hpp>
#include <libstream/plans/push_filters.hpp>
#include <libstream/plans/relational_planner.hpp>
#include <libstream/plans/streaming_check.hpp>

#include <fmt/format.h>

#include <map>

namespace stream {
namespace {

constexpr const char* kWatermarkPolicy = "spark.sql.streaming.multipleWatermarkPolicy";
constexpr const char* kIdleTimeout = "spark.sql.streaming.idleSourceTimeout";
constexpr const char* kMaxAhead = "spark.sql.streaming.maxEventTimeAhead";
constexpr const char* kNoDataEpochs = "spark.sql.streaming.noDataMicroBatches.enabled";

Result<WatermarkPolicy> watermark_policy_of(const SessionState& session) {
  const std::string policy = session.settings().get(kWatermarkPolicy, "min");
  if (policy != "min" && policy != "max")
    return bad_option(
        fmt::format("[INVALID_CONF_VALUE.REQUIREMENT] The value '{}' in the config "
                    "\"{}\" is invalid. Valid values are 'min' and 'max'.",
                    policy, kWatermarkPolicy));
  return policy == "max" ? WatermarkPolicy::max : WatermarkPolicy::min;
}

/// A setting that is a duration; empty: it is not set.
Result<std::optional<std::int64_t>> millis_of(const SessionState& session, const char* key) {
  const std::string text = session.settings().get(key, "");
  if (text.empty()) return std::optional<std::int64_t>();
  auto time = parse_duration(text);
  if (!time) return std::move(time).error().with_context(key);
  if (time->count() <= 0) return bad_option(fmt::format("{}: must be more than zero", key));
  return std::optional<std::int64_t>(time->count());
}

std::vector<RelationRef> relations_of(const std::vector<QueryOutput>& outputs) {
  std::vector<RelationRef> relations;
  for (const QueryOutput& output : outputs) relations.push_back(output.relation);
  return relations;
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

Result<LogicalPlan> plan_analyzed(const SessionState& session,
                                  const std::vector<QueryOutput>& outputs,
                                  const std::vector<PlanRef>& plans, std::uint32_t parallelism,
                                  bool is_streaming) {
  LogicalPlan logical;
  RelationalOptions common;
  common.settings = std::make_shared<const SqlSettings>(session.settings());
  common.parallelism = parallelism;
  STREAM_TRY(common.max_ahead_millis, millis_of(session, kMaxAhead));
  std::vector<RelationalOptions> options;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    STREAM_TRY(is_streaming ? check_streaming(plans[i], outputs[i].mode, session.settings())
                            : check_bounded(plans[i]));
    STREAM_TRY(outputs[i].sink->check(schema_of(plans[i]->output)));
    options.push_back(common);
    options.back().mode = outputs[i].mode;
    if (i > 0) options.back().id_prefix = outputs[i].name + "-";
  }
  std::vector<PlanRef> pushed = push_filters(plans);
  // Outputs that share a source read it with all of its columns.
  if (pushed.size() == 1) pushed[0] = prune_columns(pushed[0]);
  STREAM_TRY(const std::vector<NodeId> nodes, plan_relations(pushed, options, logical));
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    LogicalNode sink;
    sink.name = "sink";
    sink.inputs = {nodes[i]};
    sink.kind = SinkNode{outputs[i].sink};
    logical.nodes.push_back(std::move(sink));
  }
  if (outputs.size() > 1) share_sources(logical);
  STREAM_TRY(logical.watermark_policy, watermark_policy_of(session));
  STREAM_TRY(const auto idle, millis_of(session, kIdleTimeout));
  logical.idle_timeout_millis = idle.value_or(0);
  return logical;
}

}  // namespace

Result<LogicalPlan> plan_main_outputs(const SessionState& session,
                                      const std::vector<QueryOutput>& outputs,
                                      std::uint32_t parallelism, bool is_streaming) {
  STREAM_TRY(const auto plans, analyze_outputs(relations_of(outputs), session));
  return plan_analyzed(session, outputs, plans, parallelism, is_streaming);
}

Result<LogicalPlan> plan_outputs(SessionState& session, std::vector<QueryOutput> outputs,
                                 std::uint32_t parallelism, bool is_streaming) {
  STREAM_TRY(auto plans, analyze_outputs(relations_of(outputs), session));
  STREAM_TRY(const bool has_sides, add_side_outputs(session, outputs, plans, is_streaming));
  if (has_sides) {
    STREAM_TRY(plans, analyze_outputs(relations_of(outputs), session));
  }
  return plan_analyzed(session, outputs, plans, parallelism, is_streaming);
}

Result<std::unique_ptr<RunningQuery>> start_outputs(SessionState& session,
                                                    std::vector<QueryOutput> outputs,
                                                    QueryOptions options) {
  STREAM_TRY(pin_parallelism(options));
  STREAM_TRY(const LogicalPlan logical,
             plan_outputs(session, std::move(outputs), options.parallelism));
  STREAM_TRY(PhysicalPlan physical, make_physical_plan(logical, options.parallelism));
  if (!options.checkpoint_interval) options.checkpoint_interval = Duration{0};
  options.no_data_epochs = session.settings().get_flag(kNoDataEpochs, true);
  return session.runner().start(std::move(physical), std::move(options));
}

}  // namespace stream
