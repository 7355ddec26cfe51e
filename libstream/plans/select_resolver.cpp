#include <libstream/expressions/cast.hpp>
#include <libstream/plans/scope.hpp>
#include <libstream/plans/select_resolver.hpp>
#include <libstream/plans/time_windows.hpp>

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>

namespace stream {
namespace {

bool is_named(const Call& call, const char* name) {
  return strcasecmp(call.name.c_str(), name) == 0;
}

bool is_same_list(const std::vector<TypedExpr>& a, const std::vector<TypedExpr>& b) {
  return std::equal(
      a.begin(), a.end(), b.begin(), b.end(),
      [](const TypedExpr& x, const TypedExpr& y) { return is_same_expression(*x, *y); });
}

bool is_same_optional(const TypedExpr& a, const TypedExpr& b) {
  return (!a && !b) || (a && b && is_same_expression(*a, *b));
}

bool is_same_order(const std::vector<SortColumn>& a, const std::vector<SortColumn>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const SortColumn& x, const SortColumn& y) {
                      return is_same_expression(*x.expression, *y.expression) &&
                             x.is_descending == y.is_descending && x.nulls_first == y.nulls_first;
                    });
}

}  // namespace

Result<std::optional<TypedExpr>> BlockResolver::special(const Expr& expression) {
  const auto* subquery = expression->as<Subquery>();
  if (!subquery) return std::optional<TypedExpr>{};
  const auto found = subqueries_.find(subquery);
  if (found == subqueries_.end()) return std::optional<TypedExpr>{};
  return std::optional<TypedExpr>(reference_to(found->second));
}

Result<TypedExpr> BlockResolver::unknown_column(const std::vector<std::string>& parts) {
  if (const Attributes* outer = analysis_.outer()) {
    STREAM_TRY(const ColumnMatch match, find_column(*outer, parts, analysis_.is_case_sensitive()));
    if (match.attribute && match.num_parts == parts.size()) return reference_to(*match.attribute);
  }
  return ExpressionResolver::unknown_column(parts);
}

Result<std::optional<TypedExpr>> SelectResolver::special(const Expr& expression) {
  if (const auto* call = expression->as<Call>()) {
    if (is_named(*call, "window") || is_named(*call, "session_window")) {
      const auto window = time_windows_.find(call_key(*call));
      if (window != time_windows_.end())
        return std::optional<TypedExpr>(reference_to(window->second));
    }
    if (call->over) {
      STREAM_TRY(TypedExpr value, over(*call));
      return std::optional<TypedExpr>(std::move(value));
    }
    if (allows_aggregates_ && catalog().functions().aggregate(call->name)) {
      STREAM_TRY(TypedExpr value, aggregate(*call));
      return std::optional<TypedExpr>(std::move(value));
    }
    if (is_named(*call, "grouping") || is_named(*call, "grouping_id")) {
      STREAM_TRY(TypedExpr value, grouping(*call));
      return std::optional<TypedExpr>(std::move(value));
    }
  }
  return BlockResolver::special(expression);
}

Result<TypedExpr> SelectResolver::unknown_column(const std::vector<std::string>& parts) {
  if (grouping_id_ && parts.size() == 1 && parts[0] == grouping_id_->name)
    return reference_to(*grouping_id_);
  for (const auto& [name, value] : aliases_) {
    if (parts.size() == 1 && is_same_name(name, parts[0], analysis_.is_case_sensitive()))
      return value;
  }
  return BlockResolver::unknown_column(parts);
}

Result<SelectResolver::TypedCall> SelectResolver::type_arguments(const Call& call) {
  STREAM_TRY(const Exprs written, expand_arguments(call));
  TypedCall typed;
  for (const Expr& argument : written) {
    STREAM_TRY(TypedExpr resolved, resolve(argument));
    typed.described.push_back(describe(resolved, pretty_text(*argument)));
    typed.arguments.push_back(std::move(resolved));
  }
  return typed;
}

Result<ResolvedAggregate> SelectResolver::type_aggregate(const AggregateFunction& function,
                                                         const Call& call, TypedCall& typed) {
  AggregateModifiers modifiers;
  modifiers.is_distinct = call.is_distinct;
  modifiers.ignores_nulls = call.ignores_nulls.value_or(false);
  for (const SortKey& key : call.within_group) {
    STREAM_TRY(TypedExpr resolved, resolve(key.expression));
    typed.described.push_back(describe(resolved, pretty_text(*key.expression)));
    typed.arguments.push_back(std::move(resolved));
    modifiers.sort_descending.push_back(key.is_descending);
  }
  STREAM_TRY(check_argument_count(function.name, typed.arguments.size(), function.min_arguments,
                                  function.max_arguments));
  STREAM_TRY(ResolvedAggregate resolved,
             function.resolve(typed.described, modifiers, catalog().settings()));
  STREAM_TRY(typed.arguments, cast_arguments(std::move(typed.arguments), resolved.parameter_types));
  return resolved;
}

Result<TypedExpr> SelectResolver::aggregate(const Call& call) {
  if (is_in_aggregate_)
    return analysis_error("NESTED_AGGREGATE_FUNCTION",
                          "It is not allowed to use an aggregate function in the argument of "
                          "another aggregate function. Use the inner one in a subquery.");
  const AggregateFunction& function = *catalog().functions().aggregate(call.name);
  if (function.rewrite) {
    STREAM_TRY(const Expr rewritten, function.rewrite(call));
    return resolve(rewritten);
  }
  is_in_aggregate_ = true;
  NamedAggregate named;
  named.name = function.name;
  const auto type_all = [&]() -> Result<void> {
    STREAM_TRY(TypedCall typed, type_arguments(call));
    STREAM_TRY(named.call.function, type_aggregate(function, call, typed));
    named.call.arguments = std::move(typed.arguments);
    if (call.filter) {
      STREAM_TRY(named.call.filter, resolve_condition(call.filter, "FILTER"));
    }
    return {};
  };
  Result<void> typed = type_all();
  is_in_aggregate_ = false;
  STREAM_TRY(std::move(typed));
  named.call.is_distinct = call.is_distinct;

  for (std::size_t i = 0; i < aggregates_.size(); ++i) {
    const NamedAggregate& known = aggregates_[i];
    if (known.name == named.name && known.call.is_distinct == named.call.is_distinct &&
        call.within_group.empty() && !call.ignores_nulls &&
        known.call.function.type == named.call.function.type &&
        is_same_list(known.call.arguments, named.call.arguments) &&
        is_same_optional(known.call.filter, named.call.filter))
      return reference_to(aggregate_results_[i]);
  }
  Attribute result = analysis_.new_attribute(
      pretty_text(*make_expr(call)), named.call.function.type, named.call.function.is_nullable);
  aggregates_.push_back(std::move(named));
  aggregate_results_.push_back(result);
  return reference_to(result);
}

Result<TypedExpr> SelectResolver::grouping(const Call& call) {
  if (!grouping_id_)
    return analysis_error("UNSUPPORTED_GROUPING_EXPRESSION",
                          "grouping()/grouping_id() can only be used with GROUPING SETS, CUBE or "
                          "ROLLUP.");
  const Expr id = make_expr(ColumnName{{grouping_id_->name}});
  if (is_named(call, "grouping_id")) return reference_to(*grouping_id_);
  STREAM_TRY(check_argument_count("grouping", call.arguments.size(), 1, 1));
  STREAM_TRY(const TypedExpr key, resolve(call.arguments[0]));
  for (std::size_t i = 0; i < grouping_keys_.size(); ++i) {
    if (!is_same_expression(*grouping_keys_[i], *key)) continue;
    const auto shift = static_cast<std::int32_t>(grouping_keys_.size() - 1 - i);
    // The last key is the lowest bit.
    Expr bit =
        make_call("&", {make_call(">>", {id, make_literal(shift)}), make_literal(std::int64_t{1})});
    return resolve(make_expr(Cast{std::move(bit), primitive(TypeKind::int8), false}));
  }
  return analysis_error("GROUPING_COLUMN_MISMATCH",
                        fmt::format("Column of grouping ({}) can't be found in the grouping "
                                    "columns.",
                                    pretty_text(*call.arguments[0])));
}

Result<OverBound> SelectResolver::bound(const FrameBound& written, bool is_rows,
                                        const WindowSpec& spec, bool is_start) {
  OverBound result;
  result.kind = static_cast<OverBound::Kind>(written.kind);
  const bool is_preceding = written.kind == FrameBound::Kind::preceding;
  if (!is_preceding && written.kind != FrameBound::Kind::following) return result;
  if (is_rows) {
    STREAM_TRY(const Value distance,
               resolve_constant(written.distance, primitive(TypeKind::int64), "A frame boundary"));
    if (distance.is_null())
      return analysis_error("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE",
                            "A frame boundary must not be null.");
    result.num_rows = distance.as<std::int64_t>();
    return result;
  }
  if (spec.order_by.size() != 1)
    return analysis_error(
        "DATATYPE_MISMATCH.RANGE_FRAME_MULTI_ORDER",
        fmt::format("A range window frame with value boundaries needs exactly one "
                    "ORDER BY expression; the {} boundary has one.",
                    is_start ? "lower" : "upper"));
  const SortKey& key = spec.order_by[0];
  const bool is_subtracted = is_preceding != key.is_descending;
  const Expr sum = make_call(is_subtracted ? "-" : "+", {key.expression, written.distance});
  STREAM_TRY(const TypedExpr order, resolve(key.expression));
  STREAM_TRY(result.reach, resolve(sum));
  STREAM_TRY(result.reach, cast_expression(result.reach, order->type, CastMode::ansi));
  return result;
}

Result<OverFrame> SelectResolver::frame(const WindowSpec& spec,
                                        const std::vector<SortColumn>& order) {
  OverFrame result;
  if (!spec.frame) {
    if (order.empty()) result.end.kind = OverBound::Kind::unbounded_following;
    return result;
  }
  result.is_rows = spec.frame->is_rows;
  STREAM_TRY(result.start, bound(spec.frame->start, result.is_rows, spec, true));
  STREAM_TRY(result.end, bound(spec.frame->end, result.is_rows, spec, false));
  return result;
}

Result<TypedExpr> SelectResolver::over(const Call& call) {
  WindowSpec spec = *call.over;
  if (!spec.name.empty()) {
    const auto* windows = analysis_.named_windows();
    const auto found = windows ? windows->find(spec.name) : decltype(windows->begin()){};
    if (!windows || found == windows->end())
      return analysis_error("MISSING_WINDOW_SPECIFICATION",
                            fmt::format("Window specification is not defined in the WINDOW clause "
                                        "for `{}`.",
                                        spec.name));
    spec = found->second;
  }
  WindowPlan plan;
  for (const Expr& expression : spec.partition_by) {
    STREAM_TRY(TypedExpr resolved, resolve(expression));
    plan.partition_by.push_back(std::move(resolved));
  }
  for (const SortKey& key : spec.order_by) {
    STREAM_TRY(TypedExpr resolved, resolve(key.expression));
    plan.order_by.push_back(
        {std::move(resolved), key.is_descending, key.nulls_first.value_or(!key.is_descending)});
  }
  NamedOverCall named;
  named.name = call.name;
  DataType type;
  bool is_nullable = true;
  Call plain = call;
  plain.over = nullptr;
  STREAM_TRY(TypedCall typed, type_arguments(plain));
  if (const WindowFunction* function = catalog().functions().window(call.name)) {
    if (plan.order_by.empty())
      return analysis_error("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WITHOUT_ORDER",
                            fmt::format("Window function {}() requires window to be ordered, "
                                        "please add ORDER BY clause.",
                                        call.name));
    STREAM_TRY(check_argument_count(function->name, typed.arguments.size(), function->min_arguments,
                                    function->max_arguments));
    STREAM_TRY(ResolvedWindowFunction resolved,
               function->resolve(typed.described, call.ignores_nulls.value_or(false),
                                 catalog().settings()));
    STREAM_TRY(typed.arguments,
               cast_arguments(std::move(typed.arguments), resolved.parameter_types));
    type = resolved.type;
    is_nullable = resolved.is_nullable;
    named.call.function = std::move(resolved);
  } else if (const AggregateFunction* aggregate_function =
                 catalog().functions().aggregate(call.name)) {
    if (aggregate_function->rewrite) {
      // Each aggregate of the rewritten form gets the same OVER.
      return analysis_error("UNSUPPORTED_EXPR_FOR_WINDOW",
                            fmt::format("{} is not supported with OVER.", call.name));
    }
    if (call.is_distinct)
      return analysis_error("DISTINCT_WINDOW_FUNCTION_UNSUPPORTED",
                            fmt::format("Distinct window functions are not supported: {}.",
                                        pretty_text(*make_expr(call))));
    STREAM_TRY(ResolvedAggregate resolved, type_aggregate(*aggregate_function, plain, typed));
    type = resolved.type;
    is_nullable = resolved.is_nullable;
    named.call.function = std::move(resolved);
    if (call.filter) {
      STREAM_TRY(named.call.filter, resolve_condition(call.filter, "FILTER"));
    }
  } else {
    return analysis_error("UNSUPPORTED_EXPR_FOR_WINDOW",
                          fmt::format("Expression \"{}\" not supported within a window function.",
                                      pretty_text(*make_expr(plain))));
  }
  named.call.arguments = std::move(typed.arguments);
  STREAM_TRY(named.call.frame, frame(spec, plan.order_by));

  Attribute result =
      analysis_.new_attribute(pretty_text(*make_expr(call)), std::move(type), is_nullable);
  auto group = std::find_if(over_groups_.begin(), over_groups_.end(), [&](const OverGroup& known) {
    return is_same_list(known.plan.partition_by, plan.partition_by) &&
           is_same_order(known.plan.order_by, plan.order_by);
  });
  if (group == over_groups_.end()) {
    over_groups_.push_back({std::move(plan), {}});
    group = over_groups_.end() - 1;
  }
  group->plan.calls.push_back(std::move(named));
  group->results.push_back(result);
  return reference_to(result);
}

}  // namespace stream
