// Side outputs: late rows of a stateful operator, bad records of a source; and what the outputs of
// one query share.
#include <libstream/connectors/bad_records.hpp>
#include <libstream/plans/analysis.hpp>
#include <libstream/plans/column_binding.hpp>
#include <libstream/plans/join_conditions.hpp>
#include <libstream/plans/typed_operator.hpp>
#include <libstream/plans/window_expressions.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

void collect_ids(const ResolvedPlan& plan, std::vector<AttributeId>& ids) {
  for (const Attribute& attribute : plan.output) ids.push_back(attribute.id);
  for (const PlanRef& input : plan.inputs) collect_ids(*input, ids);
}

/// What an operator compares with the watermark: by input, null where it takes all rows.
struct Lateness {
  std::vector<TypedExpr> times;
  bool is_evicting = true;
};

TypedExpr time_of(const Attribute* attribute) {
  return attribute ? reference_to(*attribute) : nullptr;
}

Lateness lateness_of(const AggregatePlan& aggregate, const ResolvedPlan& node) {
  const auto end = node.output.begin() + static_cast<std::ptrdiff_t>(aggregate.keys.size());
  const auto key = std::find_if(node.output.begin(), end, [&](const Attribute& a) {
    return a.event_time && (!aggregate.session || a.id == *aggregate.session);
  });
  if (key == end) return {{nullptr}};
  return {{time_of(find_attribute(node.inputs[0]->output, key->id))}};
}

Lateness lateness_of(const DeduplicatePlan& deduplicate, const ResolvedPlan& node) {
  const Attributes& input = node.inputs[0]->output;
  const Attribute* event_time = event_time_attribute(input);
  for (const AttributeId id : deduplicate.keys) {
    const Attribute* key = find_attribute(input, id);
    if (key && key->event_time && !deduplicate.is_within_watermark) event_time = key;
  }
  return {{time_of(event_time)}};
}

Lateness lateness_of(const JoinPlan& join, const ResolvedPlan& node) {
  const Attributes& left = node.inputs[0]->output;
  const Attributes& right = node.inputs[1]->output;
  const JoinConditions parts = split_join_condition(join.condition, left, right);
  return {{time_of(event_time_attribute(left)), time_of(event_time_attribute(right))},
          kept_bound(join.condition, parts, left, right, true).has_value() ||
              kept_bound(join.condition, parts, right, left, false).has_value()};
}

Lateness lateness_of(const TypedOperator& op, const ResolvedPlan& node) {
  const auto* groups = std::get_if<TypedGroupFunction>(&op.function);
  const auto* processor = std::get_if<TypedProcessor>(&op.function);
  const bool drops = (groups && groups->timeout == GroupTimeout::event_time) ||
                     (processor && processor->mode == TimeMode::event_time);
  return {{drops ? time_of(event_time_attribute(node.inputs[0]->output)) : nullptr}};
}

bool has_state(const ResolvedPlan& plan) {
  const auto* typed = plan.as<TypedOperatorPlan>();
  return plan.as<AggregatePlan>() || plan.as<DeduplicatePlan>() ||
         (plan.as<JoinPlan>() && plan.inputs[0]->is_streaming && plan.inputs[1]->is_streaming) ||
         (typed && !std::holds_alternative<TypedRowFunction>(typed->op->function));
}

Lateness lateness_of(const ResolvedPlan& plan) {
  if (const auto* aggregate = plan.as<AggregatePlan>()) return lateness_of(*aggregate, plan);
  if (const auto* deduplicate = plan.as<DeduplicatePlan>()) return lateness_of(*deduplicate, plan);
  if (const auto* join = plan.as<JoinPlan>()) return lateness_of(*join, plan);
  return lateness_of(*plan.as<TypedOperatorPlan>()->op, plan);
}

/// The one streaming input; null where there are none or several.
PlanRef streaming_input(const ResolvedPlan& plan) {
  PlanRef found;
  for (const PlanRef& input : plan.inputs) {
    if (!input->is_streaming) continue;
    if (found) return nullptr;
    found = input;
  }
  return found;
}

}  // namespace

void Analysis::begin_output() {
  first_of_output_ = last_id_;
  ids_of_output_.clear();
}

PlanRef Analysis::find_known(const RelationRef& relation, bool is_side) {
  const auto known = known_.find(relation);
  if (known == known_.end()) return nullptr;
  if (is_side) return known->second;
  std::vector<AttributeId> ids;
  collect_ids(*known->second, ids);
  const bool is_free = std::all_of(ids.begin(), ids.end(), [&](AttributeId id) {
    return id <= first_of_output_ && !ids_of_output_.contains(id);
  });
  if (!is_free) return nullptr;
  ids_of_output_.insert(ids.begin(), ids.end());
  return known->second;
}

Result<PlanRef> Analysis::analyze_main(const RelationRef& relation) {
  if (PlanRef known = find_known(relation, true)) return known;
  // It stands on its own, as a view does.
  const Attributes* outer = std::exchange(outer_, nullptr);
  const auto* windows = std::exchange(named_windows_, nullptr);
  Result<PlanRef> plan = analyze(relation, nullptr);
  outer_ = outer;
  named_windows_ = windows;
  return plan;
}

PlanRef Analysis::with_new_ids(const PlanRef& plan, Attributes output,
                               std::vector<TypedExpr> columns) {
  for (Attribute& attribute : output) {
    attribute.id = new_id();
    attribute.event_time.reset();
  }
  return make_plan(ProjectPlan{std::move(columns)}, {plan}, std::move(output));
}

Result<PlanRef> Analysis::analyze_late_rows(const LateRowsRelation& late) {
  STREAM_TRY(PlanRef at, analyze_main(late.input));
  if (!at->is_streaming)
    return bad_plan("late_rows: only a stream has late rows; this relation is bounded");
  while (!has_state(*at)) {
    const PlanRef below = streaming_input(*at);
    if (!below)
      return bad_plan(
          "late_rows: no operator here drops late rows; take them of an aggregation, a join of two "
          "streams, drop_duplicates or a function with state");
    at = below;
  }
  const Lateness lateness = lateness_of(*at);
  std::vector<PlanRef> frames;
  std::vector<TypedExpr> times = lateness.times;
  for (std::size_t i = 0; i < at->inputs.size(); ++i) {
    PlanRef frame = at->inputs[i];
    // Keys and windows that were added for the operator are written into what is compared.
    for (; !is_frame(frame); frame = frame->inputs[0]) {
      const ResolvedPlan& node = *frame;
      const auto* window = node.as<TimeWindowPlan>();
      const auto* session = node.as<SessionWindowPlan>();
      if (!window && !session && !node.as<ProjectPlan>()) break;
      if (!times[i]) continue;
      if (node.as<ProjectPlan>()) {
        times[i] = inline_projection(times[i], node);
        continue;
      }
      // A row that is late for its newest window is late for all.
      const TypedExpr made = window ? window_of(*window, 0) : session_of(*session);
      times[i] = substitute(times[i], [&](const AttributeReference& reference) {
        return reference.id == node.output.back().id ? made : nullptr;
      });
    }
    frames.push_back(std::move(frame));
  }
  std::vector<PlanRef> parts;
  Attributes output;
  for (const PlanRef& frame : frames) {
    std::copy_if(frame->output.begin(), frame->output.end(), std::back_inserter(output),
                 [](const Attribute& a) { return !a.is_hidden; });
  }
  if (frames.size() > 1) {
    for (Attribute& attribute : output) attribute.is_nullable = true;
  }
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (!times[i]) continue;
    PlanRef rows =
        make_plan(LateRowsPlan{i, times[i], lateness.is_evicting}, frames, frames[i]->output);
    std::vector<TypedExpr> columns;
    for (const Attribute& attribute : output) {
      const Attribute* own = find_attribute(frames[i]->output, attribute.id);
      columns.push_back(own ? reference_to(*own) : make_constant({}, attribute.type));
    }
    parts.push_back(with_new_ids(rows, output, std::move(columns)));
  }
  if (parts.empty())
    return bad_plan(
        "late_rows: the operator drops no late rows: it has no column with a watermark to compare; "
        "call with_watermark before it and group by the time or its window");
  if (parts.size() == 1) return parts[0];
  Attributes all = parts[0]->output;
  for (Attribute& attribute : all) attribute.id = new_id();
  return make_plan(UnionPlan{}, std::move(parts), std::move(all));
}

Result<PlanRef> Analysis::analyze_bad_records(const BadRecordsRelation& bad) {
  STREAM_TRY(PlanRef at, analyze_main(bad.input));
  while (at->inputs.size() == 1) at = at->inputs[0];
  const auto* scan = at->as<ScanPlan>();
  if (!scan)
    return bad_plan("bad_records: take them of what a reader gives, before joins and unions");
  if (const std::string why = scan->source->why_no_bad_records(); !why.empty())
    return bad_plan(
        fmt::format("bad_records: {} keeps none aside: {}; give the reader the option bad_records "
                    "= drop, which takes them out of its rows",
                    scan->source->description(), why));
  Attributes output;
  for (const Field& field : bad_record_schema()->fields)
    output.push_back(new_attribute(field.name, field.type, field.is_nullable));
  auto plan = std::make_shared<ResolvedPlan>(
      *make_plan(BadRecordsPlan{scan->source}, {}, std::move(output)));
  plan->is_streaming = at->is_streaming;
  return PlanRef(std::move(plan));
}

}  // namespace stream
