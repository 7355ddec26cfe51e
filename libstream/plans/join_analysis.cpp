// Joins, and set operations over whole rows.
#include <libstream/plans/scope.hpp>
#include <libstream/plans/select_resolver.hpp>
#include <libstream/plans/type_checks.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

JoinKind kind_of(JoinType type) {
  switch (type) {
    case JoinType::inner:
    case JoinType::cross:
      return JoinKind::inner;
    case JoinType::left_outer:
      return JoinKind::left_outer;
    case JoinType::right_outer:
      return JoinKind::right_outer;
    case JoinType::full_outer:
      return JoinKind::full_outer;
    case JoinType::left_semi:
      return JoinKind::left_semi;
    case JoinType::left_anti:
      return JoinKind::left_anti;
  }
  return JoinKind::inner;
}

Attributes join_output(JoinKind kind, const Attributes& left, const Attributes& right) {
  Attributes output = left;
  if (keeps_right(kind)) {
    for (Attribute& attribute : output) attribute.is_nullable = true;
  }
  if (is_left_only(kind)) return output;
  for (Attribute attribute : right) {
    attribute.is_nullable = attribute.is_nullable || keeps_left(kind);
    output.push_back(std::move(attribute));
  }
  return output;
}

struct UsingColumn {
  Attribute left;
  Attribute right;
};

Result<std::vector<UsingColumn>> using_columns(const JoinRelation& join, const Attributes& left,
                                               const Attributes& right, bool is_case_sensitive) {
  std::vector<std::string> names = join.using_columns;
  if (join.is_natural) {
    for (const Attribute& attribute : left) {
      const bool is_shared = std::any_of(right.begin(), right.end(), [&](const Attribute& other) {
        return !other.is_hidden && is_same_name(attribute.name, other.name, is_case_sensitive);
      });
      if (!attribute.is_hidden && is_shared) names.push_back(attribute.name);
    }
  }
  std::vector<UsingColumn> columns;
  for (const std::string& name : names) {
    STREAM_TRY(const ColumnMatch in_left, find_column(left, {name}, is_case_sensitive));
    STREAM_TRY(const ColumnMatch in_right, find_column(right, {name}, is_case_sensitive));
    if (!in_left.attribute || !in_right.attribute)
      return analysis_error(
          "UNRESOLVED_USING_COLUMN_FOR_JOIN",
          fmt::format("USING column `{}` cannot be resolved on the {} side of the join.", name,
                      in_left.attribute ? "right" : "left"));
    columns.push_back({*in_left.attribute, *in_right.attribute});
  }
  return columns;
}

/// The columns of USING first and once, the rest behind them; the sides' own keys stay reachable by
/// their qualified names.
Result<PlanRef> merge_using_columns(Analysis& analysis, const PlanRef& join, JoinKind kind,
                                    const std::vector<UsingColumn>& columns) {
  Attributes output;
  std::vector<TypedExpr> values;
  const auto is_using = [&](AttributeId id) {
    return std::any_of(columns.begin(), columns.end(),
                       [&](const UsingColumn& c) { return c.left.id == id || c.right.id == id; });
  };
  Attributes hidden;
  for (const UsingColumn& column : columns) {
    const Attribute* left = find_attribute(join->output, column.left.id);
    const Attribute* right = find_attribute(join->output, column.right.id);
    Attribute key = kind == JoinKind::right_outer && right ? *right : *left;
    if (kind == JoinKind::full_outer) {
      key = analysis.new_attribute(left->name, left->type, left->is_nullable && right->is_nullable);
      values.push_back(make_typed(
          left->type, key.is_nullable,
          LazyCall{LazyCall::Kind::coalesce, {reference_to(*left), reference_to(*right)}}));
      hidden.push_back(*left);
    } else {
      values.push_back(reference_to(key));
      if (key.id != left->id) hidden.push_back(*left);
    }
    if (right && key.id != right->id) hidden.push_back(*right);
    output.push_back(std::move(key));
  }
  for (const Attribute& attribute : join->output) {
    if (is_using(attribute.id)) continue;
    output.push_back(attribute);
    values.push_back(reference_to(attribute));
  }
  for (Attribute& attribute : hidden) {
    attribute.is_hidden = true;
    values.push_back(reference_to(attribute));
    output.push_back(std::move(attribute));
  }
  return make_plan(ProjectPlan{std::move(values)}, {join}, std::move(output));
}

}  // namespace

Result<PlanRef> Analysis::analyze_join(const JoinRelation& join,
                                       const EnvironmentRef& environment) {
  STREAM_TRY(const PlanRef left, analyze(join.left, environment));
  if (join.is_lateral) {
    // LATERAL generator(…) sees the left side's columns.
    const auto* alias = join.right->as<AliasRelation>();
    const RelationRef& inner = alias ? alias->input : join.right;
    const auto* function = inner->as<TableFunction>();
    if (function && catalog_.functions().generator(function->call.name) && !join.condition)
      return generate(left, function->call, join.type == JoinType::left_outer,
                      alias ? alias->columns : std::vector<std::string>{},
                      alias ? alias->name : "");
    return analyze_lateral(join, left, environment);
  }
  STREAM_TRY(const PlanRef right, analyze(join.right, environment));
  const JoinKind kind = kind_of(join.type);
  JoinPlan plan;
  plan.kind = kind;
  Attributes both = left->output;
  both.insert(both.end(), right->output.begin(), right->output.end());
  STREAM_TRY(const std::vector<UsingColumn> columns,
             using_columns(join, left->output, right->output, is_case_sensitive()));
  BlockResolver resolver(*this, both);
  if (!columns.empty()) {
    std::vector<TypedExpr> conditions;
    for (const UsingColumn& column : columns) {
      // Resolved by position: both sides may have the same qualifier.
      const Attribute l{column.left.id, {'l'}, column.left.type, column.left.is_nullable, {}, {},
                        false};
      const Attribute r{
          column.right.id, {'r'}, column.right.type, column.right.is_nullable, {}, {}, false};
      ExpressionResolver pair(catalog_, {l, r});
      STREAM_TRY(TypedExpr equal,
                 pair.resolve(make_call("=", {make_column("l"), make_column("r")})));
      conditions.push_back(std::move(equal));
    }
    plan.condition = join_conjuncts(std::move(conditions));
  } else if (join.condition) {
    STREAM_TRY(plan.condition, resolver.resolve_condition(join.condition, "JOIN condition"));
  }
  PlanRef joined =
      make_plan(std::move(plan), {left, right}, join_output(kind, left->output, right->output));
  if (columns.empty()) return joined;
  return merge_using_columns(*this, joined, kind, columns);
}

Result<PlanRef> Analysis::analyze_set(const SetRelation& set, const EnvironmentRef& environment) {
  std::vector<PlanRef> inputs;
  for (const RelationRef& relation : set.inputs) {
    STREAM_TRY(const PlanRef input, analyze(relation, environment));
    inputs.push_back(without_hidden(input));
  }
  if (set.is_by_name) {
    Attributes wanted = inputs[0]->output;
    const auto find = [&](const PlanRef& input, const std::string& name) -> const Attribute* {
      const auto found = std::find_if(
          input->output.begin(), input->output.end(),
          [&](const Attribute& a) { return is_same_name(a.name, name, is_case_sensitive()); });
      return found == input->output.end() ? nullptr : &*found;
    };
    for (const PlanRef& input : inputs) {
      for (const Attribute& attribute : input->output) {
        const bool is_known =
            std::any_of(wanted.begin(), wanted.end(), [&](const Attribute& known) {
              return is_same_name(known.name, attribute.name, is_case_sensitive());
            });
        if (!is_known && set.allows_missing_columns) wanted.push_back(attribute);
      }
    }
    for (PlanRef& input : inputs) {
      Attributes output;
      std::vector<TypedExpr> values;
      for (const Attribute& column : wanted) {
        const Attribute* found = find(input, column.name);
        if (!found && !set.allows_missing_columns)
          return analysis_error("UNRESOLVED_COLUMN.WITH_SUGGESTION",
                                fmt::format("Cannot resolve column name `{}` among the columns of "
                                            "the other side of UNION BY NAME.",
                                            column.name));
        values.push_back(found ? reference_to(*found) : make_constant({}, column.type));
        output.push_back(found ? *found : new_attribute(column.name, column.type, true));
      }
      if (!set.allows_missing_columns && output.size() != input->output.size())
        return analysis_error("NUM_COLUMNS_MISMATCH",
                              "UNION BY NAME needs the same columns on both sides.");
      input = make_plan(ProjectPlan{std::move(values)}, {input}, std::move(output));
    }
  }
  const bool is_union =
      set.kind == SetRelation::Kind::union_all || set.kind == SetRelation::Kind::union_distinct;
  const bool is_except =
      set.kind == SetRelation::Kind::except || set.kind == SetRelation::Kind::except_all;
  STREAM_TRY(inputs, align_types(std::move(inputs), is_union    ? "UNION"
                                                    : is_except ? "EXCEPT"
                                                                : "INTERSECT"));
  Attributes output;
  for (std::size_t i = 0; i < inputs[0]->output.size(); ++i) {
    const Attribute& first = inputs[0]->output[i];
    Attribute attribute = new_attribute(first.name, first.type, first.is_nullable);
    attribute.event_time = first.event_time;
    for (const PlanRef& input : inputs) {
      attribute.is_nullable = attribute.is_nullable || input->output[i].is_nullable;
      if (!attribute.event_time) attribute.event_time = input->output[i].event_time;
    }
    output.push_back(std::move(attribute));
  }
  if (set.kind != SetRelation::Kind::union_all) STREAM_TRY(check_distinct(output));
  if (!is_union) {
    const bool is_all =
        set.kind == SetRelation::Kind::intersect_all || set.kind == SetRelation::Kind::except_all;
    PlanRef plan = inputs[0];
    for (std::size_t i = 1; i < inputs.size(); ++i)
      plan = make_plan(SetPlan{is_except, is_all}, {plan, inputs[i]}, output);
    return plan;
  }
  PlanRef plan = make_plan(UnionPlan{}, std::move(inputs), output);
  if (set.kind == SetRelation::Kind::union_all) return plan;
  AggregatePlan distinct;
  for (const Attribute& attribute : output) distinct.keys.push_back(attribute.id);
  return make_plan(std::move(distinct), {plan}, output);
}

}  // namespace stream
