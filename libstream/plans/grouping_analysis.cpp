// GROUP BY: keys, grouping sets, and what may stand beside aggregates.
#include <libstream/plans/scope.hpp>
#include <libstream/plans/select_analysis.hpp>
#include <libstream/plans/time_windows.hpp>

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>

namespace stream {

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
    const SelectItem& item = items_[static_cast<std::size_t>(ordinal) - 1];
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
      for (const SelectItem& item : items_) {
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
    for (const SelectItem& item : items_) {
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
  for (SelectItem& item : items_) {
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

}  // namespace stream
