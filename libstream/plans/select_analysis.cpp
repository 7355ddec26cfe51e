// SELECT lists, with and without GROUP BY.
#include <libstream/plans/scope.hpp>
#include <libstream/plans/select_analysis.hpp>
#include <libstream/plans/time_windows.hpp>
#include <libstream/plans/type_checks.hpp>

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>

namespace stream {
namespace {

/// The generator call of a select item, if it is one.
const Call* generator_of(const Expr& expression, const FunctionRegistry& functions) {
  const auto* alias = expression->as<Alias>();
  const auto* call = (alias ? alias->child : expression)->as<Call>();
  if (!call || call->over || functions.scalar(call->name) || functions.aggregate(call->name))
    return nullptr;
  return functions.generator(call->name) ? call : nullptr;
}

/// Columns that a struct's star stands for: s.*.
Result<bool> expand_struct_star(const Star& star, ExpressionResolver& resolver,
                                std::vector<SelectItem>& items) {
  if (star.qualifier.empty()) return false;
  Result<TypedExpr> value = resolver.resolve(make_expr(ColumnName{star.qualifier}));
  if (!value || (*value)->type.kind != TypeKind::structure) return false;
  for (const Field& field : (*value)->type.children) {
    std::vector<std::string> parts = star.qualifier;
    parts.push_back(field.name);
    SelectItem item;
    item.expression = make_expr(ColumnName{std::move(parts)});
    item.name = field.name;
    items.push_back(std::move(item));
  }
  return true;
}

}  // namespace

std::vector<Expr> SelectAnalysis::all_expressions() const {
  std::vector<Expr> all = outputs_;
  if (grouped_) {
    all.insert(all.end(), grouped_->keys.begin(), grouped_->keys.end());
    for (const Exprs& set : grouped_->sets) all.insert(all.end(), set.begin(), set.end());
    if (grouped_->having) all.push_back(grouped_->having);
  }
  for (const SortKey& key : order_) all.push_back(key.expression);
  return all;
}

Result<PlanRef> SelectAnalysis::run(const RelationRef& relation) {
  RelationRef input;
  if (const auto* project = relation->as<ProjectRelation>()) {
    outputs_ = project->expressions;
    input = project->input;
  } else {
    grouped_ = relation->as<AggregateRelation>();
    outputs_ = grouped_->output;
    input = grouped_->input;
  }
  STREAM_TRY(plan_, analysis_.analyze(input, environment_));
  STREAM_TRY(add_time_windows());
  STREAM_TRY(add_subqueries());
  const auto is_aggregate = [&](const Call& call) {
    return is_aggregate_call(call, analysis_.catalog());
  };
  const std::vector<Expr> all = all_expressions();
  is_aggregate_ = grouped_ != nullptr || std::any_of(all.begin(), all.end(), [&](const Expr& e) {
                    return contains_call(e, is_aggregate);
                  });
  STREAM_TRY(add_generator());
  resolver_.emplace(analysis_, plan_->output);
  for (const auto& [text, attribute] : windows_) resolver_->add_time_window(text, attribute);
  for (const auto& [subquery, value] : subqueries_) resolver_->add_subquery(subquery, value);
  STREAM_TRY(expand_items());
  if (is_aggregate_) {
    STREAM_TRY(resolve_grouping());
  }
  STREAM_TRY(resolve_items());
  return finish();
}

Result<void> SelectAnalysis::add_time_windows() {
  std::vector<const Call*> calls;
  for (const Expr& expression : all_expressions()) {
    contains_call(expression, [&](const Call& call) {
      if (strcasecmp(call.name.c_str(), "window") == 0 ||
          strcasecmp(call.name.c_str(), "session_window") == 0)
        calls.push_back(&call);
      return false;
    });
  }
  for (const Call* call : calls) {
    const std::string text = call_key(*call);
    const bool is_known = std::any_of(windows_.begin(), windows_.end(),
                                      [&](const auto& known) { return known.first == text; });
    if (is_known) continue;
    if (!windows_.empty())
      return analysis_error("_LEGACY_ERROR_TEMP_1039",
                            "Multiple time/session window expressions would result in a cartesian "
                            "product of rows, therefore they are currently not supported.");
    Attribute window;
    STREAM_TRY(plan_, add_time_window(analysis_, plan_, *call, window));
    windows_.emplace_back(text, window);
  }
  return {};
}

Result<void> SelectAnalysis::add_subqueries() {
  std::vector<const Subquery*> found;
  const std::function<void(const Expr&)> collect = [&](const Expr& expression) {
    if (!expression) return;
    if (const auto* subquery = expression->as<Subquery>()) found.push_back(subquery);
    if (const auto* call = expression->as<Call>()) {
      for (const Expr& argument : call->arguments) collect(argument);
    }
    if (const auto* cast = expression->as<Cast>()) collect(cast->child);
    if (const auto* alias = expression->as<Alias>()) collect(alias->child);
  };
  for (const Expr& expression : all_expressions()) collect(expression);
  for (const Subquery* subquery : found) {
    Attribute value;
    if (subquery->kind == Subquery::Kind::scalar) {
      STREAM_TRY(plan_, analysis_.add_scalar_subquery(plan_, *subquery, environment_, value));
    } else {
      STREAM_TRY(plan_, analysis_.add_existence(plan_, *subquery, environment_, value));
    }
    subqueries_.emplace_back(subquery, value);
  }
  return {};
}

Result<void> SelectAnalysis::add_generator() {
  for (const Expr& output : outputs_) {
    const Call* call = generator_of(output, analysis_.catalog().functions());
    if (!call) continue;
    if (is_aggregate_)
      return analysis_error("UNSUPPORTED_GENERATOR.OUTSIDE_SELECT",
                            "A generator beside aggregates is not supported; put the aggregation "
                            "into a subquery.");
    const auto* alias = output->as<Alias>();
    const std::size_t before = plan_->output.size();
    STREAM_TRY(plan_, analysis_.generate(plan_, *call, false,
                                         alias ? alias->names : std::vector<std::string>{}, ""));
    Attributes generated(plan_->output.begin() + static_cast<std::ptrdiff_t>(before),
                         plan_->output.end());
    // Not part of `*` beside it.
    Attributes output_attributes = plan_->output;
    for (std::size_t i = before; i < output_attributes.size(); ++i)
      output_attributes[i].is_hidden = true;
    plan_ = with_output(plan_, std::move(output_attributes));
    generated_.emplace(output.get(), std::move(generated));
  }
  return {};
}

Result<void> SelectAnalysis::expand_items() {
  for (const Expr& output : outputs_) {
    if (const auto found = generated_.find(output.get()); found != generated_.end()) {
      for (Attribute attribute : found->second) {
        attribute.is_hidden = false;
        SelectItem item;
        item.name = attribute.name;
        item.attribute = attribute;
        items_.push_back(std::move(item));
      }
      continue;
    }
    if (const auto* star = output->as<Star>()) {
      STREAM_TRY(const std::vector<const Attribute*> columns, resolver_->expand_star(*star));
      if (columns.empty() && !star->qualifier.empty()) {
        STREAM_TRY(const bool is_struct, expand_struct_star(*star, *resolver_, items_));
        if (!is_struct) return unresolved_column(star->qualifier, plan_->output);
        continue;
      }
      for (const Attribute* column : columns) {
        const bool is_window =
            std::any_of(windows_.begin(), windows_.end(),
                        [&](const auto& window) { return window.second.id == column->id; });
        if (is_window) continue;
        SelectItem item;
        item.name = column->name;
        item.attribute = *column;
        items_.push_back(std::move(item));
      }
      continue;
    }
    SelectItem item;
    item.expression = output;
    STREAM_TRY(item.name, name_of(output));
    item.has_alias = output->as<Alias>() != nullptr;
    items_.push_back(std::move(item));
  }
  return {};
}

/// A call shows the columns that a star in it stands for, and what its named window is.
Result<std::string> SelectAnalysis::name_of(const Expr& output) const {
  const auto* call = output->as<Call>();
  if (call == nullptr) return output_name(output);
  Call shown = *call;
  STREAM_TRY(shown.arguments, resolver_->expand_arguments(*call));
  const auto* windows = analysis_.named_windows();
  if (shown.over && windows != nullptr) {
    const auto found = windows->find(shown.over->name);
    if (found != windows->end()) shown.over = std::make_shared<WindowSpec>(found->second);
  }
  return output_name(make_expr(std::move(shown)));
}

Result<void> SelectAnalysis::resolve_items() {
  for (SelectItem& item : items_) {
    if (item.attribute) {
      item.value = reference_to(*item.attribute);
    } else {
      STREAM_TRY(item.value, resolver_->resolve(item.expression));
    }
    if (item.has_alias) resolver_->add_alias(item.name, item.value);
  }
  if (grouped_ && grouped_->having) {
    STREAM_TRY(having_, resolver_->resolve_condition(grouped_->having, "HAVING"));
  }
  return {};
}

Attribute SelectAnalysis::attribute_of(const SelectItem& item) {
  Attribute attribute;
  if (item.attribute) return *item.attribute;
  attribute = analysis_.new_attribute(item.name, item.value->type, item.value->is_nullable);
  attribute.event_time = event_time_of(*item.value, plan_->output);
  const auto* reference = item.value->as<AttributeReference>();
  if (!reference || item.has_alias) return attribute;
  if (const Attribute* from = find_attribute(plan_->output, reference->id)) {
    attribute.id = from->id;
    attribute.qualifier = from->qualifier;
  }
  return attribute;
}

Result<void> SelectAnalysis::resolve_order(Attributes& output, std::vector<SortColumn>& keys) {
  const Attributes visible = output;
  BlockResolver over_output(analysis_, visible);
  for (const SortKey& key : order_) {
    SortColumn column{nullptr, key.is_descending, key.nulls_first.value_or(!key.is_descending)};
    const auto* literal = key.expression->as<Literal>();
    if (literal && literal->type.kind == TypeKind::int32) {
      const std::int32_t ordinal = literal->value.as<std::int32_t>();
      if (ordinal < 1 || static_cast<std::size_t>(ordinal) > visible.size())
        return analysis_error("ORDER_BY_POS_OUT_OF_RANGE",
                              fmt::format("ORDER BY position {} is not in select list (valid "
                                          "range is [1, {}]).",
                                          ordinal, visible.size()));
      column.expression = reference_to(visible[static_cast<std::size_t>(ordinal) - 1]);
      keys.push_back(std::move(column));
      continue;
    }
    Result<TypedExpr> named = over_output.resolve(key.expression);
    if (named) {
      column.expression = std::move(*named);
      keys.push_back(std::move(column));
      continue;
    }
    // Not of the output: computed beside it and dropped after the sort.
    Result<TypedExpr> beside = resolver_->resolve(key.expression);
    if (!beside) return beside.error();
    SelectItem item;
    item.name = pretty_text(*key.expression);
    item.value = std::move(*beside);
    item.has_alias = true;
    items_.push_back(item);
    output.push_back(analysis_.new_attribute(item.name, item.value->type, item.value->is_nullable));
    column.expression = reference_to(output.back());
    keys.push_back(std::move(column));
  }
  return {};
}

Result<PlanRef> SelectAnalysis::finish() {
  // Names of the output do not depend on the plan below, so the order can be resolved first: it may
  // add aggregates.
  Attributes output;
  for (const SelectItem& item : items_) output.push_back(attribute_of(item));
  const std::size_t num_visible = output.size();
  std::vector<SortColumn> order;
  STREAM_TRY(resolve_order(output, order));
  if (is_aggregate_) {
    STREAM_TRY(replace_keys_everywhere());
    AggregatePlan aggregate;
    Attributes aggregated = keys_;
    for (const Attribute& key : keys_) {
      aggregate.keys.push_back(key.id);
      for (const auto& [text, window] : windows_) {
        if (window.id == key.id && text.rfind("session_window", 0) == 0) aggregate.session = key.id;
      }
    }
    aggregate.aggregates = resolver_->aggregates();
    const Attributes& results = resolver_->aggregate_results();
    aggregated.insert(aggregated.end(), results.begin(), results.end());
    plan_ = make_plan(std::move(aggregate), {plan_}, std::move(aggregated));
    if (having_) plan_ = make_plan(FilterPlan{having_}, {plan_}, plan_->output);
  }
  for (OverGroup& group : resolver_->over_groups()) {
    Attributes with_results = plan_->output;
    with_results.insert(with_results.end(), group.results.begin(), group.results.end());
    plan_ = make_plan(std::move(group.plan), {plan_}, std::move(with_results));
  }
  ProjectPlan project;
  for (const SelectItem& item : items_) project.expressions.push_back(item.value);
  plan_ = make_plan(std::move(project), {plan_}, output);
  if (order.empty()) return plan_;
  STREAM_TRY(check_sort_keys(order));
  plan_ = make_plan(SortPlan{std::move(order), true}, {plan_}, plan_->output);
  if (output.size() == num_visible) return plan_;
  output.resize(num_visible);
  return analysis_.select_attributes(plan_, output);
}

Result<PlanRef> Analysis::analyze_select(const RelationRef& relation,
                                         const EnvironmentRef& environment,
                                         const std::vector<SortKey>& order) {
  return SelectAnalysis(*this, environment, order).run(relation);
}

}  // namespace stream
