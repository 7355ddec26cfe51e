// Side outputs, and what the outputs of one query share.
#include <libstream/operators/late_rows.hpp>
#include <libstream/plans/planning.hpp>

#include <algorithm>

namespace stream {
namespace {

/// Does the output mode decide what operators of the plan do?
bool depends_on_mode(const ResolvedPlan& plan) {
  return plan.as<AggregatePlan>() || plan.as<LimitPlan>() ||
         std::any_of(plan.inputs.begin(), plan.inputs.end(),
                     [](const PlanRef& input) { return depends_on_mode(*input); });
}

}  // namespace

void RelationalPlanner::begin_output(const RelationalOptions& options) {
  shared_.insert(planned_.begin(), planned_.end());
  planned_.clear();
  options_ = options;
  num_stateful_ = 0;
}

std::optional<Planned> RelationalPlanner::find_shared(const PlanRef& plan) const {
  const auto found = shared_.find(plan);
  if (found == shared_.end()) return std::nullopt;
  const auto& [mode, planned] = found->second;
  if (mode != options_.mode && depends_on_mode(*plan)) return std::nullopt;
  return planned;
}

Result<Planned> RelationalPlanner::plan(const PlanRef& node) {
  if (auto known = find_shared(node)) return std::move(*known);
  STREAM_TRY(Planned made, plan_anew(node));
  planned_.try_emplace(node, options_.mode, made);
  return made;
}

Result<Planned> RelationalPlanner::late_rows(const ResolvedPlan& node, const LateRowsPlan& late) {
  std::vector<Planned> inputs;
  std::vector<WatermarkAtInput> watermarks;
  for (const PlanRef& input : node.inputs) {
    STREAM_TRY(Planned planned, plan(input));
    // Also within this output: the late rows of a join's two sides come from the same two inputs.
    shared_.try_emplace(input, options_.mode, planned);
    if (planned.watermark) watermarks.push_back(planned.watermark);
    inputs.push_back(std::move(planned));
  }
  LateRowsSpec spec;
  Planned& input = inputs[late.input];
  STREAM_TRY(spec.time, bind(late.time, input.columns));
  if (!watermarks.empty()) {
    spec.watermark = [watermarks](EpochMillis global) {
      EpochMillis least = watermarks[0](global);
      for (const WatermarkAtInput& at : watermarks) least = std::min(least, at(global));
      return least;
    };
  }
  spec.evaluation = evaluation();
  return add("late_rows", input,
             {make_late_rows(std::move(spec)), Exchange::forward, 0,
              late.is_evicting ? when_moved() : NoDataEpochs::never},
             input.columns, input.schema);
}

Planned RelationalPlanner::bad_records(const ResolvedPlan& node, const BadRecordsPlan& bad) {
  LogicalNode source;
  source.name = "scan";
  source.kind = SourceNode{bad.source};
  logical_.nodes.push_back(std::move(source));
  LogicalNode records;
  records.name = "bad_records";
  records.inputs = {static_cast<NodeId>(logical_.nodes.size() - 1)};
  records.kind = BadRecordsNode{};
  logical_.nodes.push_back(std::move(records));
  return {static_cast<NodeId>(logical_.nodes.size() - 1),
          ids_of(node.output),
          schema_of(node.output),
          {}};
}

}  // namespace stream
