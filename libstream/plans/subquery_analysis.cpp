// WHERE, and subqueries: EXISTS and IN become semi and anti joins, scalar subqueries a join with
// their one row. Conditions of a subquery's WHERE that name columns of the enclosing query become
// conditions of that join.
#include <libstream/plans/column_binding.hpp>
#include <libstream/plans/scope.hpp>
#include <libstream/plans/select_resolver.hpp>

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>

namespace stream {
namespace {

bool is_call(const Expr& expression, const char* name) {
  const auto* call = expression->as<Call>();
  return call && strcasecmp(call->name.c_str(), name) == 0;
}

Exprs split_and(const Expr& expression) {
  if (!is_call(expression, "and")) return {expression};
  Exprs parts;
  for (const Expr& argument : expression->as<Call>()->arguments) {
    for (Expr& part : split_and(argument)) parts.push_back(std::move(part));
  }
  return parts;
}

bool reads_any(const TypedExpression& expression, const Attributes& attributes) {
  std::vector<AttributeId> ids;
  collect_attributes(expression, ids);
  return std::any_of(ids.begin(), ids.end(),
                     [&](AttributeId id) { return find_attribute(attributes, id) != nullptr; });
}

Error streaming_subquery() {
  return analysis_error("INVALID_SUBQUERY_EXPRESSION.STREAMING_QUERY",
                        "Invalid subquery: Streaming query is not allowed in subquery "
                        "expressions.");
}

/// The plan with attributes of its inputs that conditions outside of it read carried up to its
/// output.
PlanRef carry_up(const PlanRef& plan, const std::vector<AttributeId>& wanted) {
  std::vector<AttributeId> missing;
  for (const AttributeId id : wanted) {
    if (!find_attribute(plan->output, id)) missing.push_back(id);
  }
  if (missing.empty() || plan->inputs.empty()) return plan;
  auto copy = std::make_shared<ResolvedPlan>(*plan);
  for (PlanRef& input : copy->inputs) input = carry_up(input, missing);
  const auto add = [&](auto& node) {
    for (const PlanRef& input : copy->inputs) {
      for (const AttributeId id : missing) {
        const Attribute* attribute = find_attribute(input->output, id);
        if (!attribute || find_attribute(copy->output, id)) continue;
        Attribute hidden = *attribute;
        hidden.is_hidden = true;
        node(hidden);
      }
    }
  };
  if (auto* project = std::get_if<ProjectPlan>(&copy->kind)) {
    auto append = [&](const Attribute& a) {
      project->expressions.push_back(reference_to(a));
      copy->output.push_back(a);
    };
    add(append);
  } else if (auto* aggregate = std::get_if<AggregatePlan>(&copy->kind)) {
    // Grouped by what the condition compares: one row a value of it.
    auto append = [&](const Attribute& a) {
      copy->output.insert(
          copy->output.begin() + static_cast<std::ptrdiff_t>(aggregate->keys.size()), a);
      aggregate->keys.push_back(a.id);
    };
    add(append);
  } else if (!copy->as<UnionPlan>() && !copy->as<SetPlan>()) {
    auto append = [&](const Attribute& a) { copy->output.push_back(a); };
    add(append);
  }
  return copy;
}

/// The aggregation of all rows that gives the plan's rows, if one does: one row also for no input.
const ResolvedPlan* global_aggregate(const PlanRef& plan) {
  const ResolvedPlan* at = plan.get();
  while (at->as<ProjectPlan>()) at = at->inputs[0].get();
  const auto* aggregate = at->as<AggregatePlan>();
  if (!aggregate) return nullptr;
  // Keys that were carried up for a correlated condition are hidden.
  const bool is_global = std::all_of(
      at->output.begin(), at->output.begin() + static_cast<std::ptrdiff_t>(aggregate->keys.size()),
      [](const Attribute& key) { return key.is_hidden; });
  return is_global ? at : nullptr;
}

/// What the plan's column is when no row was aggregated: count gives 0 where others give null.
Value value_of_nothing(const PlanRef& plan, const Attribute& column) {
  const ResolvedPlan* aggregate = global_aggregate(plan);
  if (!aggregate) return {};
  TypedExpr value = reference_to(column);
  for (const ResolvedPlan* at = plan.get(); at->as<ProjectPlan>(); at = at->inputs[0].get())
    value = inline_projection(value, *at);
  const std::size_t num_keys = aggregate->as<AggregatePlan>()->keys.size();
  value = substitute(value, [&](const AttributeReference& reference) {
    for (std::size_t i = num_keys; i < aggregate->output.size(); ++i) {
      if (aggregate->output[i].id != reference.id) continue;
      const std::string& name = aggregate->as<AggregatePlan>()->aggregates[i - num_keys].name;
      const bool counts = name == "count" || name == "count_if" || name == "approx_count_distinct";
      return make_constant(counts ? Value{std::int64_t{0}} : Value{}, aggregate->output[i].type);
    }
    return make_constant({}, primitive(TypeKind::null));
  });
  if (!is_foldable(*value)) return {};
  BlockPool pool;
  const SqlSettings settings;
  EvaluationContext context{pool, settings};
  Result<Value> folded = fold(*value, context);
  return folded ? std::move(*folded) : Value{};
}

/// The column, or `otherwise` where it is null.
TypedExpr or_else(const Attribute& column, const Value& otherwise) {
  return make_typed(column.type, false,
                    LazyCall{LazyCall::Kind::coalesce,
                             {reference_to(column), make_constant(otherwise, column.type)}});
}

}  // namespace

Result<PlanRef> Analysis::analyze_lateral(const JoinRelation& join, const PlanRef& left,
                                          const EnvironmentRef& environment) {
  std::vector<TypedExpr> conditions;
  STREAM_TRY(PlanRef right, analyze_subquery(join.right, environment, left->output, conditions));
  JoinPlan plan;
  plan.kind = join.type == JoinType::left_outer ? JoinKind::left_outer : JoinKind::inner;
  // An aggregation of all rows gives a row for every left row.
  if (!conditions.empty() && global_aggregate(right)) plan.kind = JoinKind::left_outer;
  Attributes both = left->output;
  both.insert(both.end(), right->output.begin(), right->output.end());
  if (join.condition) {
    BlockResolver resolver(*this, both);
    STREAM_TRY(TypedExpr condition, resolver.resolve_condition(join.condition, "JOIN condition"));
    conditions.push_back(std::move(condition));
  }
  plan.condition = join_conjuncts(std::move(conditions));
  if (keeps_left(plan.kind)) {
    for (std::size_t i = left->output.size(); i < both.size(); ++i) both[i].is_nullable = true;
  }
  const PlanRef joined = make_plan(std::move(plan), {left, right}, both);
  if (!keeps_left(joined->as<JoinPlan>()->kind)) return joined;
  // Counts are 0, not null, where a left row met none.
  ProjectPlan filled;
  for (std::size_t i = 0; i < both.size(); ++i) {
    const Value otherwise = i < left->output.size()
                                ? Value{}
                                : value_of_nothing(right, right->output[i - left->output.size()]);
    if (otherwise.is_null()) {
      filled.expressions.push_back(reference_to(both[i]));
      continue;
    }
    filled.expressions.push_back(or_else(both[i], otherwise));
    Attribute value = new_attribute(both[i].name, both[i].type, false);
    value.qualifier = both[i].qualifier;
    value.is_hidden = both[i].is_hidden;
    both[i] = std::move(value);
  }
  return make_plan(std::move(filled), {joined}, std::move(both));
}

Result<PlanRef> Analysis::analyze_subquery(const RelationRef& relation,
                                           const EnvironmentRef& environment,
                                           const Attributes& outer,
                                           std::vector<TypedExpr>& correlated) {
  const Attributes* enclosing = std::exchange(outer_, &outer);
  std::vector<TypedExpr>* collected = std::exchange(correlated_, &correlated);
  const auto* windows = std::exchange(named_windows_, nullptr);
  Result<PlanRef> plan = analyze(relation, environment);
  outer_ = enclosing;
  correlated_ = collected;
  named_windows_ = windows;
  if (!plan) return plan;
  if ((*plan)->is_streaming) return streaming_subquery();
  std::vector<AttributeId> wanted;
  for (const TypedExpr& condition : correlated) collect_attributes(*condition, wanted);
  wanted.erase(std::remove_if(wanted.begin(), wanted.end(),
                              [&](AttributeId id) { return find_attribute(outer, id) != nullptr; }),
               wanted.end());
  return carry_up(*plan, wanted);
}

Result<PlanRef> Analysis::add_existence(const PlanRef& input, const Subquery& subquery,
                                        const EnvironmentRef& environment, Attribute& flag) {
  std::vector<TypedExpr> conditions;
  STREAM_TRY(const PlanRef inner,
             analyze_subquery(subquery.relation, environment, input->output, conditions));
  if (subquery.kind == Subquery::Kind::in) {
    BlockResolver resolver(*this, input->output);
    for (std::size_t i = 0; i < subquery.values.size(); ++i) {
      STREAM_TRY(const TypedExpr value, resolver.resolve(subquery.values[i]));
      if (i >= inner->output.size())
        return analysis_error("DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH",
                              "IN compares more values than the subquery has columns.");
      Attribute left = new_attribute("l", value->type, value->is_nullable);
      const Attribute& column = inner->output[i];
      const Attribute right{column.id, {'r'}, column.type, column.is_nullable, {}, {}, false};
      ExpressionResolver pair(catalog_, {left, right});
      Result<TypedExpr> compared =
          pair.resolve(make_call("=", {make_column("l"), make_column("r")}));
      if (!compared)
        return analysis_error(
            "DATATYPE_MISMATCH.IN_SUBQUERY_DATA_TYPE_MISMATCH",
            fmt::format("IN compares \"{}\" with \"{}\", the type of column {} of the subquery.",
                        value->type.to_string(), column.type.to_string(), i + 1));
      const TypedExpr equal = std::move(*compared);
      // The looked-for value in place of its stand-in.
      const std::function<TypedExpr(const TypedExpr&)> put = [&](const TypedExpr& e) -> TypedExpr {
        if (const auto* reference = e->as<AttributeReference>())
          return reference->id == left.id ? value : e;
        std::vector<TypedExpr> children = children_of(*e);
        for (TypedExpr& child : children) child = put(child);
        return with_children(*e, std::move(children));
      };
      conditions.push_back(put(equal));
    }
  }
  JoinPlan join;
  join.kind = JoinKind::existence;
  join.condition = join_conjuncts(std::move(conditions));
  flag = new_attribute("exists", primitive(TypeKind::boolean), false);
  flag.is_hidden = true;
  Attributes output = input->output;
  output.push_back(flag);
  return make_plan(std::move(join), {input, inner}, std::move(output));
}

Result<PlanRef> Analysis::add_scalar_subquery(const PlanRef& input, const Subquery& subquery,
                                              const EnvironmentRef& environment, Attribute& value) {
  std::vector<TypedExpr> conditions;
  STREAM_TRY(PlanRef inner,
             analyze_subquery(subquery.relation, environment, input->output, conditions));
  const auto num_columns = std::count_if(inner->output.begin(), inner->output.end(),
                                         [](const Attribute& a) { return !a.is_hidden; });
  if (num_columns != 1)
    return analysis_error(
        "INVALID_SUBQUERY_EXPRESSION."
        "SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN",
        fmt::format("Scalar subquery must return only one column, but returned "
                    "{}.",
                    num_columns));
  value = *std::find_if(inner->output.begin(), inner->output.end(),
                        [](const Attribute& a) { return !a.is_hidden; });
  value.is_hidden = true;
  value.is_nullable = true;
  value.qualifier.clear();
  JoinPlan join;
  join.kind = JoinKind::left_outer;
  join.condition = join_conjuncts(std::move(conditions));
  // A correlated subquery is grouped by what it is compared on; others give one row at most.
  if (!join.condition) inner = make_plan(SingleRowPlan{}, {inner}, inner->output);
  const Value otherwise = join.condition ? value_of_nothing(inner, value) : Value{};
  Attributes output = input->output;
  for (const Attribute& attribute : inner->output) {
    output.push_back(attribute);
    output.back().is_hidden = true;
    output.back().is_nullable = true;
  }
  const PlanRef joined = make_plan(std::move(join), {input, inner}, std::move(output));
  if (otherwise.is_null()) return joined;
  Attribute filled = new_attribute(value.name, value.type, false);
  filled.is_hidden = true;
  const TypedExpr or_that = or_else(value, otherwise);
  value = filled;
  return append_columns(joined, {filled}, {or_that});
}

Result<PlanRef> Analysis::filter_by(const PlanRef& input, const Expr& condition,
                                    const EnvironmentRef& environment, std::string_view clause) {
  PlanRef plan = input;
  std::vector<TypedExpr> conjuncts;
  for (const Expr& part : split_and(condition)) {
    const bool is_negated = is_call(part, "not") && contains_subquery(part);
    const Expr& inner = is_negated ? part->as<Call>()->arguments[0] : part;
    const auto* subquery = inner->as<Subquery>();
    if (subquery && subquery->kind != Subquery::Kind::scalar) {
      // Alone in a conjunct: a semi or anti join, without a flag.
      Attribute flag;
      STREAM_TRY(const PlanRef existence, add_existence(plan, *subquery, environment, flag));
      JoinPlan join = *existence->as<JoinPlan>();
      join.kind = is_negated ? JoinKind::left_anti : JoinKind::left_semi;
      join.is_null_aware = is_negated && subquery->kind == Subquery::Kind::in;
      plan = make_plan(std::move(join), existence->inputs, plan->output);
      continue;
    }
    std::vector<const Subquery*> found;
    const std::function<void(const Expr&)> collect = [&](const Expr& e) {
      if (const auto* nested = e->as<Subquery>()) found.push_back(nested);
      if (const auto* call = e->as<Call>()) {
        for (const Expr& argument : call->arguments) collect(argument);
      }
      if (const auto* cast = e->as<Cast>()) collect(cast->child);
    };
    collect(part);
    std::vector<std::pair<const Subquery*, Attribute>> values;
    for (const Subquery* nested : found) {
      Attribute value;
      if (nested->kind == Subquery::Kind::scalar) {
        STREAM_TRY(plan, add_scalar_subquery(plan, *nested, environment, value));
      } else {
        STREAM_TRY(plan, add_existence(plan, *nested, environment, value));
      }
      values.emplace_back(nested, value);
    }
    BlockResolver resolver(*this, plan->output);
    for (const auto& [nested, value] : values) resolver.add_subquery(nested, value);
    STREAM_TRY(TypedExpr typed, resolver.resolve_condition(part, clause));
    if (outer_ && correlated_ && reads_any(*typed, *outer_)) {
      correlated_->push_back(std::move(typed));
    } else {
      conjuncts.push_back(std::move(typed));
    }
  }
  if (TypedExpr all = join_conjuncts(std::move(conjuncts)))
    plan = make_plan(FilterPlan{std::move(all)}, {plan}, plan->output);
  return plan;
}

Result<PlanRef> Analysis::analyze_filter(const FilterRelation& filter,
                                         const EnvironmentRef& environment) {
  STREAM_TRY(const PlanRef input, analyze(filter.input, environment));
  return filter_by(input, filter.condition, environment, "WHERE condition");
}

}  // namespace stream
