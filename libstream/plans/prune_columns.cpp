#include <libstream/plans/prune_columns.hpp>

#include <algorithm>
#include <set>

namespace stream {
namespace {

using Wanted = std::set<AttributeId>;

void want(Wanted& wanted, const TypedExpr& expression) {
  if (!expression) return;
  std::vector<AttributeId> ids;
  collect_attributes(*expression, ids);
  wanted.insert(ids.begin(), ids.end());
}

template <class Expressions>
void want_all(Wanted& wanted, const Expressions& expressions) {
  for (const TypedExpr& expression : expressions) want(wanted, expression);
}

void want_order(Wanted& wanted, const std::vector<SortColumn>& order) {
  for (const SortColumn& column : order) want(wanted, column.expression);
}

/// What carries a watermark: operators with state evict by it, whether it is read or not.
void want_event_times(Wanted& wanted, const Attributes& attributes) {
  for (const Attribute& attribute : attributes) {
    if (attribute.event_time) wanted.insert(attribute.id);
  }
}

Wanted all_of(const Attributes& attributes) {
  Wanted wanted;
  for (const Attribute& attribute : attributes) wanted.insert(attribute.id);
  return wanted;
}

/// What a node reads of its inputs itself.
void want_own(const ResolvedPlan& plan, Wanted& wanted) {
  if (const auto* filter = plan.as<FilterPlan>()) want(wanted, filter->condition);
  if (const auto* generate = plan.as<GeneratePlan>()) want_all(wanted, generate->arguments);
  if (const auto* watermark = plan.as<WatermarkPlan>()) wanted.insert(watermark->event_time);
  if (const auto* window = plan.as<TimeWindowPlan>()) want(wanted, window->time);
  if (const auto* session = plan.as<SessionWindowPlan>()) {
    want(wanted, session->time);
    want(wanted, session->gap);
  }
  if (const auto* window = plan.as<WindowPlan>()) {
    want_all(wanted, window->partition_by);
    want_order(wanted, window->order_by);
    for (const NamedOverCall& named : window->calls) {
      want_all(wanted, named.call.arguments);
      want(wanted, named.call.filter);
    }
  }
  if (const auto* join = plan.as<JoinPlan>()) {
    want(wanted, join->condition);
    if (plan.inputs[0]->is_streaming && plan.inputs[1]->is_streaming) {
      for (const PlanRef& input : plan.inputs) want_event_times(wanted, input->output);
    }
  }
  if (const auto* sort = plan.as<SortPlan>()) want_order(wanted, sort->keys);
  if (const auto* deduplicate = plan.as<DeduplicatePlan>()) {
    wanted.insert(deduplicate->keys.begin(), deduplicate->keys.end());
    want_event_times(wanted, plan.inputs[0]->output);
  }
  if (const auto* repartition = plan.as<RepartitionPlan>()) want_all(wanted, repartition->keys);
}

PlanRef prune(const PlanRef& plan, const Wanted& wanted);

PlanRef with(const ResolvedPlan& plan, std::vector<PlanRef> inputs, Attributes output) {
  auto copy = std::make_shared<ResolvedPlan>(plan);
  copy->inputs = std::move(inputs);
  copy->output = std::move(output);
  return copy;
}

/// Exactly the wanted columns, where there are others, too.
PlanRef narrowed(PlanRef plan, const Wanted& wanted) {
  ProjectPlan project;
  Attributes output;
  for (const Attribute& attribute : plan->output) {
    if (!wanted.contains(attribute.id)) continue;
    project.expressions.push_back(reference_to(attribute));
    output.push_back(attribute);
  }
  if (output.size() == plan->output.size() || output.empty()) return plan;
  return make_plan(std::move(project), {std::move(plan)}, std::move(output));
}

/// Nodes that pass on what their inputs have, perhaps with columns of their own.
PlanRef prune_passing(const PlanRef& plan, Wanted wanted) {
  want_own(*plan, wanted);
  std::vector<PlanRef> inputs;
  Wanted before;
  Wanted after;
  for (const PlanRef& input : plan->inputs) {
    before.merge(all_of(input->output));
    PlanRef pruned = prune(input, wanted);
    // Rows that a join keeps are as narrow as can be.
    if (plan->as<JoinPlan>()) pruned = narrowed(std::move(pruned), wanted);
    after.merge(all_of(pruned->output));
    inputs.push_back(std::move(pruned));
  }
  if (inputs == plan->inputs) return plan;
  Attributes output;
  for (const Attribute& attribute : plan->output) {
    if (after.contains(attribute.id) || !before.contains(attribute.id)) output.push_back(attribute);
  }
  return with(*plan, std::move(inputs), std::move(output));
}

/// Nodes that need all that their inputs have, or make something else of it.
PlanRef prune_below(const PlanRef& plan, const Wanted* wanted) {
  std::vector<PlanRef> inputs;
  for (const PlanRef& input : plan->inputs)
    inputs.push_back(prune(input, wanted ? *wanted : all_of(input->output)));
  return inputs == plan->inputs ? plan : with(*plan, std::move(inputs), plan->output);
}

/// The places of wanted columns of an output; one at least, so that rows are something.
std::vector<std::size_t> kept_places(const Attributes& output, const Wanted& wanted) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < output.size(); ++i) {
    if (wanted.contains(output[i].id)) places.push_back(i);
  }
  if (places.empty() && !output.empty()) places.push_back(0);
  return places;
}

template <class Items>
Items pick(const Items& items, const std::vector<std::size_t>& places) {
  Items picked;
  for (const std::size_t place : places) picked.push_back(items[place]);
  return picked;
}

PlanRef prune_project(const ResolvedPlan& plan, const ProjectPlan& project, const Wanted& wanted) {
  const auto places = kept_places(plan.output, wanted);
  ProjectPlan kept{pick(project.expressions, places)};
  Wanted below;
  want_all(below, kept.expressions);
  return make_plan(std::move(kept), {prune(plan.inputs[0], below)}, pick(plan.output, places));
}

PlanRef prune_expand(const ResolvedPlan& plan, const ExpandPlan& expand, const Wanted& wanted) {
  const auto places = kept_places(plan.output, wanted);
  ExpandPlan kept;
  Wanted below;
  for (const auto& projection : expand.projections) {
    kept.projections.push_back(pick(projection, places));
    want_all(below, kept.projections.back());
  }
  return make_plan(std::move(kept), {prune(plan.inputs[0], below)}, pick(plan.output, places));
}

PlanRef prune_union(const ResolvedPlan& plan, const Wanted& wanted) {
  const auto places = kept_places(plan.output, wanted);
  std::vector<PlanRef> inputs;
  for (const PlanRef& input : plan.inputs) {
    const Attributes columns = pick(input->output, places);
    ProjectPlan project;
    for (const Attribute& column : columns) project.expressions.push_back(reference_to(column));
    PlanRef pruned = prune(input, all_of(columns));
    const bool is_exact =
        std::equal(columns.begin(), columns.end(), pruned->output.begin(), pruned->output.end(),
                   [](const Attribute& one, const Attribute& other) { return one.id == other.id; });
    inputs.push_back(is_exact ? pruned : make_plan(std::move(project), {pruned}, columns));
  }
  return with(plan, std::move(inputs), pick(plan.output, places));
}

PlanRef prune_aggregate(const PlanRef& plan, const AggregatePlan& aggregate) {
  Wanted wanted(aggregate.keys.begin(), aggregate.keys.end());
  for (const NamedAggregate& named : aggregate.aggregates) {
    want_all(wanted, named.call.arguments);
    want(wanted, named.call.filter);
  }
  return prune_below(plan, &wanted);
}

PlanRef prune_scan(const PlanRef& plan, const ScanPlan& scan, const Wanted& wanted) {
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < plan->output.size(); ++i) {
    if (wanted.contains(plan->output[i].id)) columns.push_back(i);
  }
  if (columns.size() == plan->output.size()) return plan;
  auto source = scan.source->with_columns(columns);
  if (!source) return plan;
  auto copy = std::make_shared<ResolvedPlan>(*plan);
  copy->kind = ScanPlan{std::move(source)};
  copy->output = pick(plan->output, columns);
  return copy;
}

PlanRef prune(const PlanRef& plan, const Wanted& wanted) {
  if (const auto* scan = plan->as<ScanPlan>()) return prune_scan(plan, *scan, wanted);
  if (const auto* project = plan->as<ProjectPlan>()) return prune_project(*plan, *project, wanted);
  if (const auto* expand = plan->as<ExpandPlan>()) return prune_expand(*plan, *expand, wanted);
  if (const auto* aggregate = plan->as<AggregatePlan>()) return prune_aggregate(plan, *aggregate);
  if (plan->as<UnionPlan>()) return prune_union(*plan, wanted);
  // All readers of a cached relation must find the same columns.
  if (plan->as<LateRowsPlan>() || plan->as<BadRecordsPlan>() || plan->as<RowsPlan>() ||
      plan->as<SetPlan>() || plan->as<TypedOperatorPlan>() || plan->as<CachePlan>())
    return prune_below(plan, nullptr);
  return prune_passing(plan, wanted);
}

}  // namespace

PlanRef prune_columns(const PlanRef& plan) { return prune(plan, all_of(plan->output)); }

}  // namespace stream
