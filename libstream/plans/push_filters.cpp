#include <libstream/plans/column_binding.hpp>
#include <libstream/plans/null_rejection.hpp>
#include <libstream/plans/push_filters.hpp>
#include <libstream/plans/window_expressions.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace stream {
namespace {

using Conditions = std::vector<TypedExpr>;

bool reads_only(const TypedExpression& condition, const Attributes& attributes) {
  std::vector<AttributeId> ids;
  collect_attributes(condition, ids);
  return std::all_of(ids.begin(), ids.end(),
                     [&](AttributeId id) { return find_attribute(attributes, id) != nullptr; });
}

bool reads_nothing(const TypedExpression& condition) {
  std::vector<AttributeId> ids;
  collect_attributes(condition, ids);
  return ids.empty();
}

void add_new(Conditions& conditions, TypedExpr condition) {
  const bool is_known =
      std::any_of(conditions.begin(), conditions.end(),
                  [&](const TypedExpr& known) { return is_same_expression(*known, *condition); });
  if (!is_known) conditions.push_back(std::move(condition));
}

PlanRef filtered(PlanRef plan, Conditions conditions) {
  TypedExpr condition = join_conjuncts(std::move(conditions));
  if (!condition) return plan;
  Attributes output = plan->output;
  return make_plan(FilterPlan{std::move(condition)}, {std::move(plan)}, std::move(output));
}

PlanRef with_inputs(const ResolvedPlan& plan, std::vector<PlanRef> inputs) {
  auto copy = std::make_shared<ResolvedPlan>(plan);
  copy->inputs = std::move(inputs);
  return copy;
}

/// Conditions that hold for every row of a plan, over its output.
Conditions constraints_of(const ResolvedPlan& plan) {
  Conditions found;
  if (const auto* filter = plan.as<FilterPlan>()) {
    found = split_conjuncts(filter->condition);
    for (TypedExpr& below : constraints_of(*plan.inputs[0])) add_new(found, std::move(below));
  } else if (const auto* project = plan.as<ProjectPlan>()) {
    // Through columns that are passed on, under their new numbers.
    const Conditions below = constraints_of(*plan.inputs[0]);
    for (const TypedExpr& condition : below) {
      bool is_kept = true;
      TypedExpr renamed = substitute(condition, [&](const AttributeReference& reference) {
        for (std::size_t i = 0; i < plan.output.size(); ++i) {
          const auto* passed = project->expressions[i]->as<AttributeReference>();
          if (passed && passed->id == reference.id) return reference_to(plan.output[i]);
        }
        is_kept = false;
        return TypedExpr();
      });
      if (is_kept) found.push_back(std::move(renamed));
    }
  } else if (plan.as<WatermarkPlan>() || plan.as<TimeWindowPlan>() ||
             plan.as<SessionWindowPlan>() || plan.as<DeduplicatePlan>()) {
    found = constraints_of(*plan.inputs[0]);
  }
  return found;
}

/// From a = b and a condition on a, the same condition on b.
void add_by_equality(Conditions& constraints) {
  const Conditions known = constraints;
  for (const TypedExpr& equality : known) {
    const auto* call = equality->as<FunctionCall>();
    if (!call || (call->name != "=" && call->name != "==") || call->arguments.size() != 2) continue;
    const auto* left = call->arguments[0]->as<AttributeReference>();
    const auto* right = call->arguments[1]->as<AttributeReference>();
    if (!left || !right) continue;
    const auto add = [&](AttributeId from, const TypedExpr& to) {
      for (const TypedExpr& condition : known) {
        if (condition == equality || !is_deterministic(*condition)) continue;
        bool is_changed = false;
        TypedExpr other = substitute(condition, [&](const AttributeReference& reference) {
          if (reference.id != from) return TypedExpr();
          is_changed = true;
          return to;
        });
        if (is_changed) add_new(constraints, std::move(other));
      }
    };
    add(left->id, call->arguments[1]);
    add(right->id, call->arguments[0]);
  }
}

void add_not_null(Conditions& constraints, const Attributes& attributes) {
  std::vector<AttributeId> ids;
  for (const TypedExpr& condition : Conditions(constraints)) collect_not_null(*condition, ids);
  for (const AttributeId id : ids) {
    const Attribute* attribute = find_attribute(attributes, id);
    if (attribute && attribute->is_nullable)
      add_new(constraints, is_not_null(reference_to(*attribute)));
  }
}

/// What the join lets us demand of the rows of its inputs.
void infer_from_join(const ResolvedPlan& plan, const Conditions& condition, Conditions& left,
                     Conditions& right) {
  const JoinKind kind = plan.as<JoinPlan>()->kind;
  const bool demands_left =
      kind == JoinKind::inner || kind == JoinKind::left_semi || kind == JoinKind::right_outer;
  const bool demands_right = kind == JoinKind::inner || kind == JoinKind::left_semi ||
                             kind == JoinKind::left_outer || kind == JoinKind::left_anti;
  if (plan.as<JoinPlan>()->is_null_aware) return;
  Conditions all = condition;
  for (const PlanRef& input : plan.inputs) {
    for (TypedExpr& constraint : constraints_of(*input)) add_new(all, std::move(constraint));
  }
  for (const TypedExpr& pushed : left) add_new(all, pushed);
  for (const TypedExpr& pushed : right) add_new(all, pushed);
  add_by_equality(all);
  Attributes both = plan.inputs[0]->output;
  both.insert(both.end(), plan.inputs[1]->output.begin(), plan.inputs[1]->output.end());
  add_not_null(all, both);
  const auto demand = [&](std::size_t side, Conditions& demanded) {
    const Conditions known = constraints_of(*plan.inputs[side]);
    for (const TypedExpr& constraint : all) {
      if (reads_nothing(*constraint) || !is_deterministic(*constraint) ||
          !reads_only(*constraint, plan.inputs[side]->output))
        continue;
      const bool is_known = std::any_of(known.begin(), known.end(), [&](const TypedExpr& k) {
        return is_same_expression(*k, *constraint);
      });
      if (!is_known) add_new(demanded, constraint);
    }
  };
  if (demands_left) demand(0, left);
  if (demands_right) demand(1, right);
}

/// What was pushed already: parts that outputs share stay one object.
using Pushed = std::map<std::pair<PlanRef, Conditions>, PlanRef>;

PlanRef push(const PlanRef& plan, Conditions conditions, Pushed& pushed);

PlanRef push_into_join(const ResolvedPlan& plan, Conditions conditions, Pushed& pushed) {
  JoinPlan join = *plan.as<JoinPlan>();
  const Attributes& left_output = plan.inputs[0]->output;
  const Attributes& right_output = plan.inputs[1]->output;
  // An outer join whose rows of nulls are filtered out is none.
  bool rejects_left = false;
  bool rejects_right = false;
  for (const TypedExpr& condition : conditions) {
    rejects_left = rejects_left || rejects_nulls(*condition, left_output);
    rejects_right = rejects_right || rejects_nulls(*condition, right_output);
  }
  if (join.kind == JoinKind::full_outer && (rejects_left || rejects_right)) {
    join.kind = rejects_left && rejects_right ? JoinKind::inner
                : rejects_left                ? JoinKind::left_outer
                                              : JoinKind::right_outer;
  } else if ((join.kind == JoinKind::left_outer && rejects_right) ||
             (join.kind == JoinKind::right_outer && rejects_left)) {
    join.kind = JoinKind::inner;
  }
  Conditions left;
  Conditions right;
  Conditions above;
  Conditions within = split_conjuncts(join.condition);
  for (TypedExpr& condition : conditions) {
    const bool is_movable = is_deterministic(*condition) && !reads_nothing(*condition);
    const bool keeps_left_rows =
        join.kind != JoinKind::right_outer && join.kind != JoinKind::full_outer;
    const bool keeps_right_rows =
        join.kind == JoinKind::inner || join.kind == JoinKind::right_outer;
    if (is_movable && keeps_left_rows && reads_only(*condition, left_output)) {
      left.push_back(std::move(condition));
    } else if (is_movable && keeps_right_rows && reads_only(*condition, right_output)) {
      right.push_back(std::move(condition));
    } else if (is_movable && join.kind == JoinKind::inner) {
      within.push_back(std::move(condition));
    } else {
      above.push_back(std::move(condition));
    }
  }
  if (!join.is_null_aware && join.kind != JoinKind::existence) {
    Conditions rest;
    const bool cuts_left = join.kind == JoinKind::inner || join.kind == JoinKind::left_semi ||
                           join.kind == JoinKind::right_outer;
    const bool cuts_right = join.kind != JoinKind::right_outer && join.kind != JoinKind::full_outer;
    auto copy = std::make_shared<ResolvedPlan>(plan);
    copy->kind = join;
    infer_from_join(*copy, within, left, right);
    for (TypedExpr& condition : within) {
      const bool is_movable = is_deterministic(*condition) && !reads_nothing(*condition);
      if (is_movable && cuts_left && reads_only(*condition, left_output)) {
        add_new(left, std::move(condition));
      } else if (is_movable && cuts_right && reads_only(*condition, right_output)) {
        add_new(right, std::move(condition));
      } else {
        rest.push_back(std::move(condition));
      }
    }
    within = std::move(rest);
  }
  join.condition = join_conjuncts(std::move(within));
  auto copy = std::make_shared<ResolvedPlan>(plan);
  copy->kind = std::move(join);
  copy->inputs = {push(plan.inputs[0], std::move(left), pushed),
                  push(plan.inputs[1], std::move(right), pushed)};
  return filtered(std::move(copy), std::move(above));
}

/// Splits conditions into those that may go below and those that stay.
template <class MayPass>
PlanRef push_through(const PlanRef& plan_ref, Conditions conditions, Pushed& pushed,
                     MayPass may_pass) {
  const ResolvedPlan& plan = *plan_ref;
  Conditions below;
  Conditions above;
  for (TypedExpr& condition : conditions) {
    const bool is_movable = is_deterministic(*condition) && !reads_nothing(*condition);
    (is_movable && may_pass(*condition) ? below : above).push_back(std::move(condition));
  }
  if (!above.empty()) return filtered(push(plan_ref, std::move(below), pushed), std::move(above));
  return with_inputs(plan, {push(plan.inputs[0], std::move(below), pushed)});
}

PlanRef push_through_project(const ResolvedPlan& plan, Conditions conditions, Pushed& pushed) {
  const auto& expressions = plan.as<ProjectPlan>()->expressions;
  const bool is_movable = std::all_of(expressions.begin(), expressions.end(),
                                      [](const TypedExpr& e) { return is_deterministic(*e); });
  if (!is_movable)
    return filtered(with_inputs(plan, {push(plan.inputs[0], {}, pushed)}), std::move(conditions));
  Conditions below;
  for (const TypedExpr& condition : conditions) below.push_back(inline_projection(condition, plan));
  return with_inputs(plan, {push(plan.inputs[0], std::move(below), pushed)});
}

PlanRef push_through_union(const ResolvedPlan& plan, const Conditions& conditions, Pushed& pushed) {
  std::vector<PlanRef> inputs;
  for (const PlanRef& input : plan.inputs) {
    Conditions below;
    for (const TypedExpr& condition : conditions) {
      below.push_back(substitute(condition, [&](const AttributeReference& reference) -> TypedExpr {
        for (std::size_t i = 0; i < plan.output.size(); ++i) {
          if (plan.output[i].id == reference.id) return reference_to(input->output[i]);
        }
        return nullptr;
      }));
    }
    inputs.push_back(push(input, std::move(below), pushed));
  }
  return with_inputs(plan, std::move(inputs));
}

/// Rows without a time are in no window; that is known below too.
void demand_time(const ResolvedPlan& plan, Conditions& conditions) {
  TypedExpr time;
  if (const auto* window = plan.as<TimeWindowPlan>()) time = window->time;
  if (const auto* session = plan.as<SessionWindowPlan>()) time = session->time;
  if (time && time->is_nullable && is_deterministic(*time)) add_new(conditions, is_not_null(time));
}

PlanRef push_anew(const PlanRef& plan_ref, Conditions conditions, Pushed& pushed) {
  const ResolvedPlan& plan = *plan_ref;
  if (const auto* filter = plan.as<FilterPlan>()) {
    Conditions all = split_conjuncts(filter->condition);
    for (TypedExpr& condition : conditions) add_new(all, std::move(condition));
    return push(plan.inputs[0], std::move(all), pushed);
  }
  if (plan.as<ProjectPlan>()) return push_through_project(plan, std::move(conditions), pushed);
  if (plan.as<JoinPlan>()) return push_into_join(plan, std::move(conditions), pushed);
  if (plan.as<UnionPlan>()) return push_through_union(plan, conditions, pushed);
  if (const auto* watermark = plan.as<WatermarkPlan>()) {
    return push_through(
        plan_ref, std::move(conditions), pushed, [&](const TypedExpression& condition) {
          std::vector<AttributeId> ids;
          collect_attributes(condition, ids);
          return std::find(ids.begin(), ids.end(), watermark->event_time) == ids.end();
        });
  }
  if (const auto* aggregate = plan.as<AggregatePlan>()) {
    return push_through(
        plan_ref, std::move(conditions), pushed, [&](const TypedExpression& condition) {
          std::vector<AttributeId> ids;
          collect_attributes(condition, ids);
          return !ids.empty() && std::all_of(ids.begin(), ids.end(), [&](AttributeId id) {
            return id != aggregate->session.value_or(0) &&
                   std::find(aggregate->keys.begin(), aggregate->keys.end(), id) !=
                       aggregate->keys.end();
          });
        });
  }
  if (plan.as<GeneratePlan>() || plan.as<TimeWindowPlan>() || plan.as<SessionWindowPlan>() ||
      plan.as<SortPlan>() || plan.as<RepartitionPlan>() || plan.as<ExpandPlan>()) {
    const Attributes& below = plan.inputs[0]->output;
    demand_time(plan, conditions);
    return push_through(
        plan_ref, std::move(conditions), pushed,
        [&](const TypedExpression& condition) { return reads_only(condition, below); });
  }
  std::vector<PlanRef> inputs;
  for (const PlanRef& input : plan.inputs) inputs.push_back(push(input, {}, pushed));
  return filtered(with_inputs(plan, std::move(inputs)), std::move(conditions));
}

PlanRef push(const PlanRef& plan, Conditions conditions, Pushed& pushed) {
  std::pair key{plan, conditions};
  if (const auto known = pushed.find(key); known != pushed.end()) return known->second;
  PlanRef made = push_anew(plan, std::move(conditions), pushed);
  pushed.emplace(std::move(key), made);
  return made;
}

}  // namespace

PlanRef push_filters(const PlanRef& plan) { return push_filters(std::vector{plan})[0]; }

std::vector<PlanRef> push_filters(const std::vector<PlanRef>& plans) {
  Pushed pushed;
  std::vector<PlanRef> made;
  for (const PlanRef& plan : plans) made.push_back(push(plan, {}, pushed));
  return made;
}

}  // namespace stream
