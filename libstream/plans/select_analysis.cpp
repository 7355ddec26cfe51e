// SELECT lists, with and without GROUP BY.
#include <libstream/expressions/cast.hpp>
#include <libstream/plans/scope.hpp>
#include <libstream/plans/select_resolver.hpp>
#include <libstream/plans/time_windows.hpp>

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>

namespace stream {
namespace {

/// One column of the result.
struct Item {
  Expr expression;  ///< absent for a column that came of a star or a generator
  std::string name;
  TypedExpr value;
  std::optional<Attribute> attribute;  ///< passed on as it is
  bool has_alias = false;
};

/// The generator call of a select item, if it is one.
const Call* generator_of(const Expr& expression, const FunctionRegistry& functions) {
  const auto* alias = expression->as<Alias>();
  const auto* call = (alias ? alias->child : expression)->as<Call>();
  if (!call || call->over || functions.scalar(call->name) || functions.aggregate(call->name))
    return nullptr;
  return functions.generator(call->name) ? call : nullptr;
}

class SelectAnalysis {
 public:
  SelectAnalysis(Analysis& analysis, const EnvironmentRef& environment,
                 const std::vector<SortKey>& order)
      : analysis_(analysis), environment_(environment), order_(order) {}

  Result<PlanRef> run(const RelationRef& relation);

 private:
  Result<void> add_time_windows();
  Result<void> add_subqueries();
  Result<void> add_generator();
  Result<void> expand_items();
  Result<void> resolve_grouping();
  Result<Expr> grouping_expression(const Expr& key);
  Result<void> add_grouping_sets(Attributes& keys);
  std::vector<std::vector<bool>> chosen_sets();
  Result<void> resolve_items();
  Result<TypedExpr> replace_keys(const TypedExpr& expression) const;
  Result<void> replace_keys_everywhere();
  Result<PlanRef> finish();
  Result<void> resolve_order(Attributes& output, std::vector<SortColumn>& keys);
  Attribute attribute_of(const Item& item);

  std::vector<Expr> all_expressions() const;

  Analysis& analysis_;
  const EnvironmentRef& environment_;
  const std::vector<SortKey>& order_;

  Exprs outputs_;
  const AggregateRelation* grouped_ = nullptr;
  bool is_aggregate_ = false;
  PlanRef plan_;
  std::vector<std::pair<std::string, Attribute>> windows_;
  std::vector<std::pair<const Subquery*, Attribute>> subqueries_;
  std::map<const Expression*, Attributes> generated_;
  std::optional<SelectResolver> resolver_;
  std::vector<Item> items_;
  Exprs key_expressions_;
  std::vector<TypedExpr> typed_keys_;
  Attributes keys_;
  TypedExpr having_;
};

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
    if (!generated_.empty())
      return analysis_error("UNSUPPORTED_GENERATOR.MULTI_GENERATOR",
                            "Only one generator is allowed in a SELECT clause; put the others into "
                            "LATERAL VIEW.");
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

/// Columns that a struct's star stands for: s.*.
Result<bool> expand_struct_star(const Star& star, ExpressionResolver& resolver,
                                std::vector<Item>& items) {
  if (star.qualifier.empty()) return false;
  Result<TypedExpr> value = resolver.resolve(make_expr(ColumnName{star.qualifier}));
  if (!value || (*value)->type.kind != TypeKind::structure) return false;
  for (const Field& field : (*value)->type.children) {
    std::vector<std::string> parts = star.qualifier;
    parts.push_back(field.name);
    Item item;
    item.expression = make_expr(ColumnName{std::move(parts)});
    item.name = field.name;
    items.push_back(std::move(item));
  }
  return true;
}

Result<void> SelectAnalysis::expand_items() {
  for (const Expr& output : outputs_) {
    if (const auto found = generated_.find(output.get()); found != generated_.end()) {
      for (Attribute attribute : found->second) {
        attribute.is_hidden = false;
        Item item;
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
        Item item;
        item.name = column->name;
        item.attribute = *column;
        items_.push_back(std::move(item));
      }
      continue;
    }
    Item item;
    item.expression = output;
    item.name = output_name(output);
    item.has_alias = output->as<Alias>() != nullptr;
    items_.push_back(std::move(item));
  }
  return {};
}

Result<Expr> SelectAnalysis::grouping_expression(const Expr& key) {
  const auto is_aggregate = [&](const Call& call) {
    return is_aggregate_call(call, analysis_.catalog());
  };
  if (const auto* literal = key->as<Literal>(); literal && literal->type.kind == TypeKind::int32) {
    const std::int32_t ordinal = literal->value.as<std::int32_t>();
    if (ordinal < 1 || static_cast<std::size_t>(ordinal) > items_.size())
      return analysis_error("GROUP_BY_POS_OUT_OF_RANGE",
                            fmt::format("GROUP BY position {} is not in select list (valid range "
                                        "is [1, {}]).",
                                        ordinal, items_.size()));
    const Item& item = items_[static_cast<std::size_t>(ordinal) - 1];
    if (!item.expression) return make_expr(ColumnName{{item.name}});
    if (contains_call(item.expression, is_aggregate))
      return analysis_error("GROUP_BY_POS_AGGREGATE",
                            fmt::format("GROUP BY {} refers to an expression that contains an "
                                        "aggregate function.",
                                        ordinal));
    return item.expression;
  }
  // An input column comes before an alias of the select list.
  if (const auto* column = key->as<ColumnName>(); column && column->parts.size() == 1) {
    STREAM_TRY(const ColumnMatch match,
               find_column(plan_->output, column->parts, analysis_.is_case_sensitive()));
    if (!match.attribute) {
      for (const Item& item : items_) {
        if (item.has_alias &&
            is_same_name(item.name, column->parts[0], analysis_.is_case_sensitive()))
          return item.expression->as<Alias>()->child;
      }
    }
  }
  if (contains_call(key, is_aggregate))
    return analysis_error("GROUP_BY_AGGREGATE",
                          fmt::format("Aggregate functions are not allowed in GROUP BY, but found "
                                      "{}.",
                                      pretty_text(*key)));
  return key;
}

Result<void> SelectAnalysis::resolve_grouping() {
  if (grouped_ && grouped_->is_group_by_all) {
    const auto is_aggregate = [&](const Call& call) {
      return is_aggregate_call(call, analysis_.catalog());
    };
    for (const Item& item : items_) {
      if (!item.expression) {
        key_expressions_.push_back(make_expr(ColumnName{{item.name}}));
      } else if (!contains_call(item.expression, is_aggregate)) {
        key_expressions_.push_back(item.expression);
      }
    }
  } else if (grouped_) {
    Exprs written = grouped_->keys;
    if (grouped_->grouping == AggregateRelation::Grouping::sets && written.empty()) {
      for (const Exprs& set : grouped_->sets) written.insert(written.end(), set.begin(), set.end());
    }
    for (const Expr& key : written) {
      STREAM_TRY(Expr expression, grouping_expression(key));
      key_expressions_.push_back(std::move(expression));
    }
  }
  Attributes computed;
  std::vector<TypedExpr> computed_values;
  Exprs distinct_expressions;
  for (const Expr& expression : key_expressions_) {
    STREAM_TRY(TypedExpr typed, resolver_->resolve(expression));
    const bool is_known =
        std::any_of(typed_keys_.begin(), typed_keys_.end(),
                    [&](const TypedExpr& known) { return is_same_expression(*known, *typed); });
    if (is_known) continue;
    distinct_expressions.push_back(expression);
    if (const auto* reference = typed->as<AttributeReference>()) {
      const Attribute* attribute = find_attribute(plan_->output, reference->id);
      if (!attribute)
        return analysis_error("UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.CORRELATED_REFERENCE",
                              "A column of an enclosing query is not allowed in GROUP BY.");
      keys_.push_back(*attribute);
      keys_.back().is_hidden = false;
    } else {
      Attribute key =
          analysis_.new_attribute(output_name(expression), typed->type, typed->is_nullable);
      key.event_time = event_time_of(*typed, plan_->output);
      keys_.push_back(key);
      computed.push_back(std::move(key));
      computed_values.push_back(typed);
    }
    typed_keys_.push_back(std::move(typed));
  }
  key_expressions_ = std::move(distinct_expressions);
  plan_ = analysis_.append_columns(plan_, computed, computed_values);
  resolver_->allow_aggregates();
  if (grouped_ && grouped_->grouping != AggregateRelation::Grouping::plain) {
    STREAM_TRY(add_grouping_sets(keys_));
  }
  return {};
}

/// For each grouping set, which keys it keeps.
std::vector<std::vector<bool>> SelectAnalysis::chosen_sets() {
  const std::size_t num_keys = keys_.size();
  std::vector<std::vector<bool>> sets;
  switch (grouped_->grouping) {
    case AggregateRelation::Grouping::plain:
      break;
    case AggregateRelation::Grouping::rollup:
      for (std::size_t kept = num_keys + 1; kept-- > 0;) {
        std::vector<bool> set(num_keys, false);
        std::fill_n(set.begin(), kept, true);
        sets.push_back(std::move(set));
      }
      break;
    case AggregateRelation::Grouping::cube:
      for (std::size_t bits = std::size_t{1} << num_keys; bits-- > 0;) {
        std::vector<bool> set(num_keys);
        for (std::size_t i = 0; i < num_keys; ++i) set[i] = (bits >> (num_keys - 1 - i)) & 1u;
        sets.push_back(std::move(set));
      }
      break;
    case AggregateRelation::Grouping::sets:
      for (const Exprs& written : grouped_->sets) {
        std::vector<bool> set(num_keys, false);
        for (const Expr& key : written) {
          const Result<Expr> expression = grouping_expression(key);
          const Result<TypedExpr> typed =
              expression ? resolver_->resolve(*expression) : Result<TypedExpr>(expression.error());
          for (std::size_t i = 0; typed && i < num_keys; ++i)
            set[i] = set[i] || is_same_expression(*typed_keys_[i], **typed);
        }
        sets.push_back(std::move(set));
      }
      break;
  }
  return sets;
}

Result<void> SelectAnalysis::add_grouping_sets(Attributes& keys) {
  constexpr std::size_t kMaxKeys = 63;
  if (keys.size() > kMaxKeys ||
      (grouped_->grouping == AggregateRelation::Grouping::cube && keys.size() > 12))
    return analysis_error("GROUPING_SIZE_LIMIT_EXCEEDED",
                          fmt::format("Grouping sets size cannot be greater than {}.",
                                      keys.size() > kMaxKeys ? 64 : 12));
  const std::vector<std::vector<bool>> sets = chosen_sets();
  Attributes output = plan_->output;
  Attributes copies;
  for (const Attribute& key : keys) {
    Attribute copy = key;
    copy.id = analysis_.new_id();
    copy.is_nullable = true;
    copies.push_back(copy);
  }
  Attribute id = analysis_.new_attribute("spark_grouping_id", primitive(TypeKind::int64), false);
  output.insert(output.end(), copies.begin(), copies.end());
  output.push_back(id);
  ExpandPlan expand;
  for (const std::vector<bool>& set : sets) {
    std::vector<TypedExpr> projection;
    for (const Attribute& attribute : plan_->output) projection.push_back(reference_to(attribute));
    std::int64_t bits = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      bits = bits * 2 + (set[i] ? 0 : 1);
      projection.push_back(set[i] ? reference_to(keys[i]) : make_constant({}, keys[i].type));
    }
    projection.push_back(make_constant({bits}, primitive(TypeKind::int64)));
    expand.projections.push_back(std::move(projection));
  }
  plan_ = make_plan(std::move(expand), {plan_}, std::move(output));
  resolver_->set_grouping(id, typed_keys_);
  keys = std::move(copies);
  keys.push_back(id);
  typed_keys_.push_back(reference_to(id));
  return {};
}

Result<void> SelectAnalysis::resolve_items() {
  for (Item& item : items_) {
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

/// In an aggregation's output only keys and results of aggregates may stand.
Result<TypedExpr> SelectAnalysis::replace_keys(const TypedExpr& expression) const {
  for (std::size_t i = 0; i < typed_keys_.size(); ++i) {
    if (is_same_expression(*typed_keys_[i], *expression)) return reference_to(keys_[i]);
  }
  if (const auto* reference = expression->as<AttributeReference>()) {
    if (find_attribute(resolver_->aggregate_results(), reference->id) ||
        find_attribute(keys_, reference->id))
      return expression;
    for (const OverGroup& group : resolver_->over_groups()) {
      if (find_attribute(group.results, reference->id)) return expression;
    }
    return analysis_error(
        "MISSING_AGGREGATION",
        fmt::format("The non-aggregating expression \"{}\" is based on columns which are not "
                    "participating in the GROUP BY clause. Add them to it, or aggregate them, for "
                    "example with any_value.",
                    reference->name));
  }
  std::vector<TypedExpr> children = children_of(*expression);
  if (children.empty()) return expression;
  for (std::size_t i = 0; i < children.size(); ++i) {
    // A lambda's body sees its parameters and captures only.
    if (i == 0 && expression->as<LambdaFunction>()) continue;
    STREAM_TRY(children[i], replace_keys(children[i]));
  }
  return with_children(*expression, std::move(children));
}

Result<void> SelectAnalysis::replace_keys_everywhere() {
  for (Item& item : items_) {
    STREAM_TRY(item.value, replace_keys(item.value));
  }
  if (having_) {
    STREAM_TRY(having_, replace_keys(having_));
  }
  for (OverGroup& group : resolver_->over_groups()) {
    for (TypedExpr& e : group.plan.partition_by) {
      STREAM_TRY(e, replace_keys(e));
    }
    for (SortColumn& k : group.plan.order_by) {
      STREAM_TRY(k.expression, replace_keys(k.expression));
    }
    for (NamedOverCall& named : group.plan.calls) {
      for (TypedExpr& e : named.call.arguments) {
        STREAM_TRY(e, replace_keys(e));
      }
    }
  }
  return {};
}

Attribute SelectAnalysis::attribute_of(const Item& item) {
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
    Item item;
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
  for (const Item& item : items_) output.push_back(attribute_of(item));
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
  for (const Item& item : items_) project.expressions.push_back(item.value);
  plan_ = make_plan(std::move(project), {plan_}, output);
  if (order.empty()) return plan_;
  plan_ = make_plan(SortPlan{std::move(order), true}, {plan_}, plan_->output);
  if (output.size() == num_visible) return plan_;
  output.resize(num_visible);
  return analysis_.select_attributes(plan_, output);
}

}  // namespace

Result<PlanRef> Analysis::analyze_select(const RelationRef& relation,
                                         const EnvironmentRef& environment,
                                         const std::vector<SortKey>& order) {
  return SelectAnalysis(*this, environment, order).run(relation);
}

}  // namespace stream
