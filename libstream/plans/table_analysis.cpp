// Relations that are no SELECT and no join: VALUES, table functions, generators, pivots, columns
// changed in place, watermarks, deduplication.
#include <libstream/connectors/range_source.hpp>
#include <libstream/expressions/cast.hpp>
#include <libstream/expressions/type_coercion.hpp>
#include <libstream/plans/scope.hpp>
#include <libstream/plans/select_resolver.hpp>
#include <libstream/plans/time_windows.hpp>

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <set>

namespace stream {
namespace {

CastMode cast_mode(const Catalog& catalog) {
  return catalog.settings().is_ansi ? CastMode::ansi : CastMode::legacy;
}

/// The names of columns that an expression mentions.
void collect_names(const Expr& expression, std::set<std::string>& names) {
  if (!expression) return;
  if (const auto* column = expression->as<ColumnName>()) names.insert(column->parts.back());
  if (const auto* call = expression->as<Call>()) {
    for (const Expr& argument : call->arguments) collect_names(argument, names);
    collect_names(call->filter, names);
  }
  if (const auto* cast = expression->as<Cast>()) collect_names(cast->child, names);
  if (const auto* alias = expression->as<Alias>()) collect_names(alias->child, names);
}

/// The expression with every aggregate call restricted to the rows of `condition`.
Expr filter_aggregates(const Expr& expression, const Expr& condition, const Catalog& catalog) {
  if (const auto* call = expression->as<Call>()) {
    Call copy = *call;
    if (is_aggregate_call(*call, catalog)) {
      copy.filter = call->filter ? make_call("and", {call->filter, condition}) : condition;
    } else {
      for (Expr& argument : copy.arguments)
        argument = filter_aggregates(argument, condition, catalog);
    }
    return make_expr(std::move(copy), expression->span);
  }
  if (const auto* cast = expression->as<Cast>()) {
    Cast copy = *cast;
    copy.child = filter_aggregates(cast->child, condition, catalog);
    return make_expr(std::move(copy), expression->span);
  }
  if (const auto* alias = expression->as<Alias>())
    return filter_aggregates(alias->child, condition, catalog);
  return expression;
}

}  // namespace

Result<PlanRef> Analysis::analyze_inline_table(const InlineTable& table) {
  const std::size_t num_columns = table.rows.empty() ? 0 : table.rows[0].size();
  ExpressionResolver resolver(catalog_, {});
  BlockPool pool;
  std::vector<std::vector<TypedExpr>> cells;
  for (const Exprs& row : table.rows) {
    if (row.size() != num_columns)
      return analysis_error("INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH",
                            fmt::format("Inline table expected {} columns but found {} columns in "
                                        "row {}.",
                                        num_columns, row.size(), cells.size()));
    cells.emplace_back();
    for (const Expr& cell : row) {
      STREAM_TRY(TypedExpr typed, resolver.resolve(cell));
      if (!is_foldable(*typed) && is_deterministic(*typed))
        return analysis_error("INVALID_INLINE_TABLE.CANNOT_EVALUATE_EXPRESSION_IN_INLINE_TABLE",
                              fmt::format("Cannot evaluate the expression {} in inline table "
                                          "definition.",
                                          pretty_text(*cell)));
      cells.back().push_back(std::move(typed));
    }
  }
  Attributes output;
  RowsPlan plan;
  plan.rows.resize(cells.size());
  EvaluationContext context{pool, catalog_.settings()};
  for (std::size_t column = 0; column < num_columns; ++column) {
    DataType type = cells[0][column]->type;
    bool is_nullable = false;
    for (const auto& row : cells) {
      // Spark's older rules, whatever the mode.
      const std::optional<DataType> common = common_type_but_texts(type, row[column]->type, false);
      if (!common)
        return analysis_error("INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE",
                              fmt::format("Found incompatible types in the column `col{}` for "
                                          "inline table.",
                                          column + 1));
      type = *common;
      is_nullable = is_nullable || row[column]->is_nullable;
    }
    for (std::size_t row = 0; row < cells.size(); ++row) {
      STREAM_TRY(const TypedExpr cast,
                 cast_expression(cells[row][column], type, cast_mode(catalog_)));
      STREAM_TRY(Value value, fold(*cast, context));
      plan.rows[row].push_back(std::move(value));
    }
    output.push_back(
        new_attribute("col" + std::to_string(column + 1), std::move(type), is_nullable));
  }
  return make_plan(std::move(plan), {}, std::move(output));
}

Result<PlanRef> Analysis::analyze_table_function(const TableFunction& function) {
  const Call& call = function.call;
  if (strcasecmp(call.name.c_str(), "range") != 0) {
    const PlanRef one_row = make_plan(RowsPlan{{{}}}, {}, {});
    if (!catalog_.functions().generator(call.name))
      return analysis_error(
          "UNRESOLVABLE_TABLE_VALUED_FUNCTION",
          fmt::format("Could not resolve `{}` to a table-valued function. Please make sure that "
                      "it is defined and that all required parameters are provided correctly.",
                      call.name));
    return generate(one_row, call, false, {}, "");
  }
  STREAM_TRY(check_argument_count("range", call.arguments.size(), 1, 4));
  ExpressionResolver resolver(catalog_, {});
  std::vector<std::int64_t> bounds;
  for (const Expr& argument : call.arguments) {
    STREAM_TRY(const Value value,
               resolver.resolve_constant(argument, primitive(TypeKind::int64), "range"));
    if (value.is_null())
      return analysis_error("UNEXPECTED_INPUT_TYPE", "An argument of range must not be null.");
    bounds.push_back(value.as<std::int64_t>());
  }
  const std::int64_t start = bounds.size() == 1 ? 0 : bounds[0];
  const std::int64_t end = bounds.size() == 1 ? bounds[0] : bounds[1];
  const std::int64_t step = bounds.size() < 3 ? 1 : bounds[2];
  if (step == 0) return analysis_error("INVALID_PARAMETER_VALUE", "step (0) cannot be 0.");
  return make_plan(ScanPlan{range_source({start, end, step})}, {},
                   {new_attribute("id", primitive(TypeKind::int64), false)});
}

Result<PlanRef> Analysis::generate(const PlanRef& input, const Call& call, bool is_outer,
                                   const std::vector<std::string>& names,
                                   const std::string& qualifier) {
  const GeneratorFunction* function = catalog_.functions().generator(call.name);
  if (!function)
    return analysis_error("UNRESOLVED_ROUTINE",
                          fmt::format("Cannot resolve routine `{}` as a generator.", call.name));
  BlockResolver resolver(*this, input->output);
  STREAM_TRY(const Exprs written, resolver.expand_arguments(call));
  STREAM_TRY(check_argument_count(function->name, written.size(), function->min_arguments,
                                  function->max_arguments));
  GeneratePlan plan;
  plan.name = function->name;
  plan.is_outer = is_outer;
  std::vector<Argument> described;
  for (const Expr& argument : written) {
    STREAM_TRY(TypedExpr typed, resolver.resolve(argument));
    described.push_back(resolver.describe(typed, pretty_text(*argument)));
    plan.arguments.push_back(std::move(typed));
  }
  STREAM_TRY(plan.generator, function->resolve(described, catalog_.settings()));
  STREAM_TRY(plan.arguments,
             resolver.cast_arguments(std::move(plan.arguments), plan.generator.parameter_types));
  const std::vector<Field>& columns = plan.generator.columns;
  if (!names.empty() && names.size() != columns.size())
    return analysis_error("UDTF_ALIAS_NUMBER_MISMATCH",
                          fmt::format("The number of aliases supplied in the AS clause does not "
                                      "match the number of columns output by {}: expected {} "
                                      "aliases, but got {}.",
                                      call.name, columns.size(), names.size()));
  Attributes output = input->output;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    Attribute attribute = new_attribute(names.empty() ? columns[i].name : names[i], columns[i].type,
                                        columns[i].is_nullable || is_outer);
    if (!qualifier.empty()) attribute.qualifier = {qualifier};
    output.push_back(std::move(attribute));
  }
  return make_plan(std::move(plan), {input}, std::move(output));
}

Result<PlanRef> Analysis::analyze_generate(const GenerateRelation& relation,
                                           const EnvironmentRef& environment) {
  STREAM_TRY(const PlanRef input, analyze(relation.input, environment));
  return generate(input, relation.generator, relation.is_outer, relation.columns, relation.table);
}

Result<PlanRef> Analysis::analyze_watermark(const RelationRef& relation,
                                            const EnvironmentRef& environment) {
  const auto& watermark = *relation->as<WatermarkRelation>();
  STREAM_TRY(PlanRef input, analyze(watermark.input, environment));
  STREAM_TRY(const std::int64_t delay,
             parse_duration_micros(watermark.delay, 31, "watermark delay"));
  if (delay < 0)
    return analysis_error("_LEGACY_ERROR_TEMP_3068",
                          fmt::format("requirement failed: delay threshold ({}) should not be "
                                      "negative.",
                                      watermark.delay));
  BlockResolver resolver(*this, input->output);
  STREAM_TRY(const TypedExpr time, resolver.resolve(watermark.event_time));
  AttributeId id = 0;
  if (const auto* reference = time->as<AttributeReference>();
      reference && !watermark.event_time->as<Alias>()) {
    id = reference->id;
  } else {
    const Attribute attribute =
        new_attribute(output_name(watermark.event_time), time->type, time->is_nullable);
    id = attribute.id;
    input = append_columns(input, {attribute}, {time});
  }
  const bool is_window = time->type.kind == TypeKind::structure &&
                         time->type.children.size() == 2 && time->type.children[1].name == "end" &&
                         time->type.children[1].type.kind == TypeKind::timestamp;
  if (time->type.kind != TypeKind::timestamp && !is_window)
    return analysis_error("EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE",
                          fmt::format("The event time `{}` has the invalid type \"{}\", but "
                                      "expected \"TIMESTAMP\".",
                                      output_name(watermark.event_time), time->type.to_string()));
  // A bounded relation has no watermark.
  if (!input->is_streaming) return input;
  const std::int64_t delay_millis = delay / 1000;
  Attributes output = input->output;
  for (Attribute& attribute : output) {
    if (attribute.id == id) attribute.event_time = EventTimeMark{delay_millis};
  }
  return make_plan(WatermarkPlan{id, delay_millis, relation}, {input}, std::move(output));
}

Result<PlanRef> Analysis::analyze_deduplicate(const DeduplicateRelation& deduplicate,
                                              const EnvironmentRef& environment) {
  STREAM_TRY(PlanRef input, analyze(deduplicate.input, environment));
  if (deduplicate.columns.empty()) input = without_hidden(input);
  if (deduplicate.is_within_watermark && !input->is_streaming)
    return analysis_error("_LEGACY_ERROR_TEMP_3102",
                          "dropDuplicatesWithinWatermark is not supported with batch "
                          "DataFrames/DataSets;");
  DeduplicatePlan plan;
  plan.is_within_watermark = deduplicate.is_within_watermark;
  if (deduplicate.columns.empty()) {
    for (const Attribute& attribute : input->output) plan.keys.push_back(attribute.id);
  }
  for (const std::string& name : deduplicate.columns) {
    STREAM_TRY(const ColumnMatch match, find_column(input->output, {name}, is_case_sensitive()));
    if (!match.attribute) return unresolved_column({name}, input->output);
    plan.keys.push_back(match.attribute->id);
  }
  return make_plan(std::move(plan), {input}, input->output);
}

Result<PlanRef> Analysis::analyze_changed_columns(const ChangeColumnsRelation& change,
                                                  const EnvironmentRef& environment) {
  STREAM_TRY(PlanRef input, analyze(change.input, environment));
  Attributes output;
  std::vector<TypedExpr> values;
  const auto is_same = [&](const std::string& a, const std::string& b) {
    return is_same_name(a, b, is_case_sensitive());
  };
  BlockResolver resolver(*this, input->output);
  std::vector<bool> is_used(change.set.size(), false);
  const auto add_set = [&](std::size_t i) -> Result<void> {
    is_used[i] = true;
    STREAM_TRY(TypedExpr value, resolver.resolve(change.set[i].second));
    output.push_back(new_attribute(change.set[i].first, value->type, value->is_nullable));
    output.back().event_time = event_time_of(*value, input->output);
    values.push_back(std::move(value));
    return {};
  };
  for (const Attribute& attribute : input->output) {
    if (attribute.is_hidden) continue;
    const bool is_dropped =
        std::any_of(change.dropped.begin(), change.dropped.end(),
                    [&](const std::string& name) { return is_same(name, attribute.name); });
    if (is_dropped) continue;
    const auto set = std::find_if(change.set.begin(), change.set.end(), [&](const auto& entry) {
      return is_same(entry.first, attribute.name);
    });
    if (set != change.set.end()) {
      STREAM_TRY(add_set(static_cast<std::size_t>(set - change.set.begin())));
      continue;
    }
    output.push_back(attribute);
    for (const auto& [from, to] : change.renamed) {
      if (!is_same(from, attribute.name)) continue;
      output.back().name = to;
      output.back().id = new_id();
    }
    values.push_back(reference_to(attribute));
  }
  for (std::size_t i = 0; i < change.set.size(); ++i) {
    if (!is_used[i]) {
      STREAM_TRY(add_set(i));
    }
  }
  return make_plan(ProjectPlan{std::move(values)}, {input}, std::move(output));
}

Result<PlanRef> Analysis::analyze_pivot(const PivotRelation& pivot,
                                        const EnvironmentRef& environment) {
  STREAM_TRY(const PlanRef input, analyze(pivot.input, environment));
  AggregateRelation aggregate;
  aggregate.input = pivot.input;
  aggregate.keys = pivot.keys;
  if (pivot.keys.empty()) {
    std::set<std::string> used;
    for (const Expr& expression : pivot.aggregates) collect_names(expression, used);
    for (const Expr& expression : pivot.columns) collect_names(expression, used);
    for (const Attribute& attribute : input->output) {
      if (!attribute.is_hidden && !used.contains(attribute.name))
        aggregate.keys.push_back(make_column(attribute.name));
    }
  }
  aggregate.output = aggregate.keys;
  for (const auto& [value, name] : pivot.values) {
    Expr condition;
    if (pivot.columns.size() == 1) {
      condition = make_call("<=>", {pivot.columns[0], value});
    } else {
      condition = make_call("<=>", {make_call("struct", pivot.columns), value});
    }
    std::string value_name = name;
    if (value_name.empty()) value_name = pretty_text(*value);
    for (const Expr& written : pivot.aggregates) {
      const auto* alias = written->as<Alias>();
      const std::string aggregate_name = alias ? alias->names[0] : pretty_text(*written);
      // A group without rows of this value has null, also where the aggregate would give 0.
      Call count{"count", {make_literal(std::int32_t{1})}, {}, false, {}, condition, {}, nullptr};
      const Expr is_there =
          make_call(">", {make_expr(std::move(count)), make_literal(std::int64_t{0})});
      const Expr filtered = filter_aggregates(written, condition, catalog_);
      aggregate.output.push_back(make_alias(
          make_call("case", {is_there, filtered}),
          pivot.aggregates.size() == 1 ? value_name : value_name + "_" + aggregate_name));
    }
  }
  return analyze(make_relation(std::move(aggregate)), environment);
}

Result<PlanRef> Analysis::analyze_unpivot(const UnpivotRelation& unpivot,
                                          const EnvironmentRef& environment) {
  STREAM_TRY(const PlanRef input, analyze(unpivot.input, environment));
  BlockResolver resolver(*this, input->output);
  // One row of values an entry, of common types column by column.
  std::vector<std::vector<TypedExpr>> entries;
  std::set<AttributeId> used;
  for (const auto& [written, name] : unpivot.values) {
    entries.emplace_back();
    for (const Expr& expression : written) {
      STREAM_TRY(TypedExpr value, resolver.resolve(expression));
      if (const auto* reference = value->as<AttributeReference>()) used.insert(reference->id);
      entries.back().push_back(std::move(value));
    }
    if (entries.back().size() != unpivot.value_columns.size())
      return analysis_error("UNPIVOT_VALUE_SIZE_MISMATCH",
                            "All unpivot value columns must have the same size as there are value "
                            "column names.");
  }
  if (entries.empty())
    return analysis_error("UNPIVOT_REQUIRES_VALUE_COLUMNS",
                          "At least one value column needs to be specified for UNPIVOT.");
  Attributes output;
  std::vector<TypedExpr> kept;
  if (unpivot.keys.empty()) {
    for (const Attribute& attribute : input->output) {
      if (attribute.is_hidden || used.contains(attribute.id)) continue;
      output.push_back(attribute);
      kept.push_back(reference_to(attribute));
    }
  }
  for (const Expr& key : unpivot.keys) {
    STREAM_TRY(TypedExpr value, resolver.resolve(key));
    output.push_back(new_attribute(output_name(key), value->type, value->is_nullable));
    kept.push_back(std::move(value));
  }
  output.push_back(new_attribute(unpivot.name_column, primitive(TypeKind::string), false));
  for (std::size_t i = 0; i < unpivot.value_columns.size(); ++i) {
    DataType type = entries[0][i]->type;
    for (const auto& entry : entries) {
      const std::optional<DataType> common =
          common_type(type, entry[i]->type, catalog_.settings().is_ansi);
      if (!common)
        return analysis_error("UNPIVOT_VALUE_DATA_TYPE_MISMATCH",
                              fmt::format("Unpivot value columns must share a least common type, "
                                          "some types do not: \"{}\", \"{}\".",
                                          type.to_string(), entry[i]->type.to_string()));
      type = *common;
    }
    for (auto& entry : entries) {
      STREAM_TRY(entry[i], cast_expression(entry[i], type, cast_mode(catalog_)));
    }
    output.push_back(new_attribute(unpivot.value_columns[i], std::move(type), true));
  }
  ExpandPlan expand;
  for (std::size_t e = 0; e < entries.size(); ++e) {
    std::vector<TypedExpr> projection = kept;
    std::string name = unpivot.values[e].second;
    if (name.empty()) {
      for (const Expr& expression : unpivot.values[e].first) {
        if (!name.empty()) name += '_';
        name += output_name(expression);
      }
    }
    projection.push_back(make_constant({std::move(name)}, primitive(TypeKind::string)));
    projection.insert(projection.end(), entries[e].begin(), entries[e].end());
    expand.projections.push_back(std::move(projection));
  }
  const PlanRef expanded = make_plan(std::move(expand), {input}, output);
  if (unpivot.includes_nulls) return expanded;
  // Rows whose values are all null are left out.
  const std::size_t first = output.size() - unpivot.value_columns.size();
  ExpressionResolver over_output(catalog_, output);
  Exprs tests;
  for (std::size_t i = first; i < output.size(); ++i)
    tests.push_back(make_call("isnotnull", {make_column(output[i].name)}));
  const Expr test = tests.size() == 1 ? tests[0] : make_call("or", tests);
  STREAM_TRY(TypedExpr condition, over_output.resolve(test));
  return make_plan(FilterPlan{std::move(condition)}, {expanded}, output);
}

}  // namespace stream
