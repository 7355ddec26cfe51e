#include <libstream/expressions/cast.hpp>
#include <libstream/expressions/type_coercion.hpp>
#include <libstream/plans/analysis.hpp>
#include <libstream/plans/scope.hpp>
#include <libstream/plans/type_checks.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

/// Relations in relations (views of views, subqueries, long chains of operators).
constexpr std::size_t kMaxPlanDepth = 500;
constexpr std::string_view kFileMetadata = "_metadata";

const RelationRef* find_definition(const EnvironmentRef& environment, const std::string& name,
                                   EnvironmentRef& definition) {
  for (EnvironmentRef at = environment; at; at = at->parent) {
    if (!is_same_name(at->name, name, false)) continue;
    definition = at->parent;
    return &at->relation;
  }
  return nullptr;
}

}  // namespace

Result<PlanRef> analyze(const RelationRef& relation, const Catalog& catalog) {
  STREAM_TRY(std::vector<PlanRef> plans, analyze_outputs({relation}, catalog));
  return plans[0];
}

namespace {

Result<std::vector<PlanRef>> analyze_with(Analysis& analysis,
                                          const std::vector<RelationRef>& relations) {
  std::vector<PlanRef> plans;
  for (const RelationRef& relation : relations) {
    analysis.begin_output();
    STREAM_TRY(const PlanRef plan, analysis.analyze(relation, nullptr));
    plans.push_back(analysis.without_hidden(plan));
  }
  return plans;
}

/// Does the query name a column that only sources with hidden columns have?
bool misses_hidden_column(const Error& error) {
  return error.message().find("[UNRESOLVED_COLUMN") != std::string::npos &&
         error.message().find("`_metadata`") != std::string::npos;
}

}  // namespace

Result<std::vector<PlanRef>> analyze_outputs(const std::vector<RelationRef>& relations,
                                             const Catalog& catalog) {
  Analysis analysis(catalog);
  Result<std::vector<PlanRef>> plans = analyze_with(analysis, relations);
  if (plans || !misses_hidden_column(plans.error())) return plans;
  Analysis again(catalog);
  again.offer_hidden_columns();
  return analyze_with(again, relations);
}

Result<TypedExpr> analyze_expression(const Expr& expression, const Attributes& input,
                                     const Catalog& catalog) {
  ExpressionResolver resolver(catalog, input);
  return resolver.resolve(expression);
}

PlanRef with_output(const PlanRef& plan, Attributes output) {
  auto copy = std::make_shared<ResolvedPlan>(*plan);
  copy->output = std::move(output);
  return copy;
}

PlanRef with_qualifier(const PlanRef& plan, std::vector<std::string> qualifier) {
  Attributes output;
  for (const Attribute& attribute : plan->output) {
    if (attribute.is_hidden && attribute.name != kFileMetadata) continue;
    output.push_back(attribute);
    output.back().qualifier = qualifier;
  }
  if (output.size() == plan->output.size()) return with_output(plan, std::move(output));
  std::vector<TypedExpr> expressions;
  for (const Attribute& attribute : output) expressions.push_back(reference_to(attribute));
  return make_plan(ProjectPlan{std::move(expressions)}, {plan}, std::move(output));
}

bool contains_call(const Expr& expression, const std::function<bool(const Call&)>& is_wanted) {
  if (!expression) return false;
  const auto any = [&](const Exprs& expressions) {
    return std::any_of(expressions.begin(), expressions.end(),
                       [&](const Expr& e) { return contains_call(e, is_wanted); });
  };
  if (const auto* call = expression->as<Call>()) {
    if (is_wanted(*call) || any(call->arguments) || contains_call(call->filter, is_wanted))
      return true;
    if (!call->over) return false;
    return any(call->over->partition_by) ||
           std::any_of(call->over->order_by.begin(), call->over->order_by.end(),
                       [&](const SortKey& k) { return contains_call(k.expression, is_wanted); });
  }
  if (const auto* cast = expression->as<Cast>()) return contains_call(cast->child, is_wanted);
  if (const auto* alias = expression->as<Alias>()) return contains_call(alias->child, is_wanted);
  if (const auto* lambda = expression->as<Lambda>()) return contains_call(lambda->body, is_wanted);
  if (const auto* subquery = expression->as<Subquery>()) return any(subquery->values);
  return false;
}

bool contains_subquery(const Expr& expression) {
  if (!expression) return false;
  if (expression->as<Subquery>()) return true;
  if (const auto* call = expression->as<Call>())
    return std::any_of(call->arguments.begin(), call->arguments.end(), contains_subquery);
  if (const auto* cast = expression->as<Cast>()) return contains_subquery(cast->child);
  if (const auto* alias = expression->as<Alias>()) return contains_subquery(alias->child);
  return false;
}

bool is_aggregate_call(const Call& call, const Catalog& catalog) {
  const AggregateFunction* const function = catalog.functions().aggregate(call.name);
  return !call.over && function && !function->needs_over;
}

PlanRef Analysis::append_columns(const PlanRef& input, const Attributes& attributes,
                                 const std::vector<TypedExpr>& expressions) {
  if (attributes.empty()) return input;
  std::vector<TypedExpr> all;
  for (const Attribute& attribute : input->output) all.push_back(reference_to(attribute));
  all.insert(all.end(), expressions.begin(), expressions.end());
  Attributes output = input->output;
  output.insert(output.end(), attributes.begin(), attributes.end());
  return make_plan(ProjectPlan{std::move(all)}, {input}, std::move(output));
}

PlanRef Analysis::select_attributes(const PlanRef& input, const Attributes& attributes) {
  std::vector<TypedExpr> expressions;
  for (const Attribute& attribute : attributes) expressions.push_back(reference_to(attribute));
  return make_plan(ProjectPlan{std::move(expressions)}, {input}, attributes);
}

Result<std::vector<PlanRef>> Analysis::align_types(std::vector<PlanRef> inputs,
                                                   std::string_view operation) {
  const std::size_t num_columns = inputs[0]->output.size();
  std::vector<DataType> types;
  for (const PlanRef& input : inputs) {
    if (input->output.size() != num_columns)
      return analysis_error(
          "NUM_COLUMNS_MISMATCH",
          fmt::format("{} can only be performed on inputs with the same number of columns, but the "
                      "first input has {} columns and another input has {} columns.",
                      operation, num_columns, input->output.size()));
  }
  for (std::size_t i = 0; i < num_columns; ++i) {
    DataType type = inputs[0]->output[i].type;
    for (std::size_t k = 1; k < inputs.size(); ++k) {
      const std::optional<DataType> common =
          common_type(type, inputs[k]->output[i].type, catalog_.settings().is_ansi);
      if (!common)
        return analysis_error(
            "INCOMPATIBLE_COLUMN_TYPE",
            fmt::format("{} can only be performed on tables with compatible column types. Column "
                        "{} of another table is of type \"{}\", not \"{}\" as in the first table.",
                        operation, i + 1, inputs[k]->output[i].type.to_string(), type.to_string()));
      type = *common;
    }
    types.push_back(std::move(type));
  }
  const CastMode mode = catalog_.settings().is_ansi ? CastMode::ansi : CastMode::legacy;
  for (PlanRef& input : inputs) {
    std::vector<TypedExpr> expressions;
    Attributes output;
    bool is_changed = false;
    for (std::size_t i = 0; i < num_columns; ++i) {
      const Attribute& from = input->output[i];
      STREAM_TRY(TypedExpr cast, cast_expression(reference_to(from), types[i], mode));
      is_changed = is_changed || !(from.type == types[i]);
      expressions.push_back(std::move(cast));
      output.push_back(from);
      if (!(from.type == types[i])) {
        output.back() = new_attribute(from.name, types[i], from.is_nullable);
      }
    }
    if (is_changed)
      input = make_plan(ProjectPlan{std::move(expressions)}, {input}, std::move(output));
  }
  return inputs;
}

Result<PlanRef> Analysis::analyze(const RelationRef& relation, const EnvironmentRef& environment) {
  if (++depth_ > kMaxPlanDepth)
    return analysis_error("PLAN_TOO_DEEP",
                          fmt::format("The query nests more than {} relations.", kMaxPlanDepth));
  const bool stands_alone = !environment && !outer_ && !named_windows_;
  if (PlanRef known = stands_alone ? find_known(relation, false) : nullptr) {
    --depth_;
    return known;
  }
  Result<PlanRef> plan = analyze_node(relation, environment);
  --depth_;
  if (!plan) return plan;
  if (stands_alone) known_.try_emplace(relation, *plan);
  if (frames_.insert(plan->get()).second) kept_frames_.push_back(*plan);
  return plan;
}

PlanRef Analysis::without_hidden(const PlanRef& plan) {
  Attributes visible;
  std::copy_if(plan->output.begin(), plan->output.end(), std::back_inserter(visible),
               [](const Attribute& a) { return !a.is_hidden; });
  return visible.size() == plan->output.size() ? plan : select_attributes(plan, visible);
}

Result<PlanRef> Analysis::analyze_source(const SourceRelation& relation) {
  std::shared_ptr<const Source> source = relation.source;
  Attributes output;
  std::vector<std::size_t> columns;
  const auto add = [&](const Field& field, bool is_hidden) {
    columns.push_back(columns.size());
    output.push_back(new_attribute(field.name, field.type, field.is_nullable));
    output.back().is_hidden = is_hidden;
  };
  for (const Field& field : source->schema().fields) add(field, false);
  if (offers_hidden_columns_) {
    const Schema hidden = source->hidden_columns();
    for (const Field& field : hidden.fields) add(field, true);
    if (!hidden.fields.empty()) source = source->with_columns(columns);
  }
  const PlanRef scan =
      make_plan(ScanPlan{std::move(source), relation.bad_records}, {}, std::move(output));
  auto copy = std::make_shared<ResolvedPlan>(*scan);
  copy->is_streaming = relation.is_streaming;
  return PlanRef(std::move(copy));
}

Result<PlanRef> Analysis::analyze_node(const RelationRef& relation,
                                       const EnvironmentRef& environment) {
  if (const auto* named = relation->as<NamedRelation>()) return analyze_named(*named, environment);
  if (const auto* local = relation->as<LocalRelation>()) {
    Attributes output;
    for (const Field& field : local->schema->fields)
      output.push_back(new_attribute(field.name, field.type, field.is_nullable));
    return make_plan(RowsPlan{local->rows}, {}, std::move(output));
  }
  if (const auto* source = relation->as<SourceRelation>()) return analyze_source(*source);
  if (const auto* table = relation->as<InlineTable>()) return analyze_inline_table(*table);
  if (const auto* function = relation->as<TableFunction>())
    return analyze_table_function(*function);
  if (relation->as<ProjectRelation>() || relation->as<AggregateRelation>())
    return analyze_select(relation, environment, {});
  if (const auto* filter = relation->as<FilterRelation>())
    return analyze_filter(*filter, environment);
  if (const auto* sort = relation->as<SortRelation>()) return analyze_sort(*sort, environment);
  if (const auto* limit = relation->as<LimitRelation>()) return analyze_limit(*limit, environment);
  if (const auto* distinct = relation->as<DistinctRelation>()) {
    STREAM_TRY(PlanRef input, analyze(distinct->input, environment));
    input = without_hidden(input);
    STREAM_TRY(check_distinct(input->output));
    AggregatePlan aggregate;
    for (const Attribute& attribute : input->output) aggregate.keys.push_back(attribute.id);
    return make_plan(std::move(aggregate), {input}, input->output);
  }
  if (const auto* deduplicate = relation->as<DeduplicateRelation>())
    return analyze_deduplicate(*deduplicate, environment);
  if (relation->as<WatermarkRelation>()) return analyze_watermark(relation, environment);
  if (const auto* alias = relation->as<AliasRelation>()) {
    STREAM_TRY(PlanRef input, analyze(alias->input, environment));
    input = with_qualifier(input, {alias->name});
    if (alias->columns.empty()) return input;
    Attributes output = input->output;
    if (alias->columns.size() != output.size())
      return analysis_error("NUM_COLUMNS_MISMATCH",
                            fmt::format("The alias {} names {} columns, but the relation has {}.",
                                        alias->name, alias->columns.size(), output.size()));
    for (std::size_t i = 0; i < output.size(); ++i) output[i].name = alias->columns[i];
    return with_output(input, std::move(output));
  }
  if (const auto* join = relation->as<JoinRelation>()) return analyze_join(*join, environment);
  if (const auto* set = relation->as<SetRelation>()) return analyze_set(*set, environment);
  if (const auto* generate = relation->as<GenerateRelation>())
    return analyze_generate(*generate, environment);
  if (const auto* with = relation->as<WithRelation>()) {
    EnvironmentRef inner = environment;
    for (const auto& [name, definition] : with->definitions)
      inner = std::make_shared<const Environment>(Environment{inner, name, definition});
    return analyze(with->input, inner);
  }
  if (const auto* windows = relation->as<NamedWindowsRelation>()) {
    const auto* enclosing = named_windows_;
    named_windows_ = &windows->windows;
    Result<PlanRef> plan = analyze(windows->input, environment);
    named_windows_ = enclosing;
    return plan;
  }
  if (const auto* pivot = relation->as<PivotRelation>()) return analyze_pivot(*pivot, environment);
  if (const auto* unpivot = relation->as<UnpivotRelation>())
    return analyze_unpivot(*unpivot, environment);
  if (const auto* repartition = relation->as<RepartitionRelation>())
    return analyze_repartition(*repartition, environment);
  if (const auto* sample = relation->as<SampleRelation>()) {
    STREAM_TRY(const PlanRef input, analyze(sample->input, environment));
    return make_plan(SamplePlan{sample->fraction, sample->seed}, {input}, input->output);
  }
  if (const auto* cache = relation->as<CacheRelation>()) {
    STREAM_TRY(PlanRef input, analyze(cache->input, environment));
    input = without_hidden(input);
    return make_plan(CachePlan{relation}, {input}, input->output);
  }
  if (const auto* change = relation->as<ChangeColumnsRelation>())
    return analyze_changed_columns(*change, environment);
  if (const auto* typed = relation->as<TypedOperatorRelation>())
    return analyze_typed(*typed, environment);
  if (const auto* late = relation->as<LateRowsRelation>()) return analyze_late_rows(*late);
  if (const auto* bad = relation->as<BadRecordsRelation>()) return analyze_bad_records(*bad);
  const auto& observe = std::get<ObserveRelation>(relation->kind);
  return analyze(observe.input, environment);
}

Result<PlanRef> Analysis::analyze_named(const NamedRelation& named,
                                        const EnvironmentRef& environment) {
  EnvironmentRef definition;
  if (named.name.size() == 1) {
    if (const RelationRef* found = find_definition(environment, named.name[0], definition)) {
      STREAM_TRY(const PlanRef plan, analyze(*found, definition));
      return with_qualifier(plan, named.name);
    }
  }
  const RelationRef relation = catalog_.find_relation(named.name);
  if (!relation) {
    constexpr std::size_t kSuggestions = 3;
    std::string suggestions;
    for (const std::string& name :
         nearest_names(named.name.back(), catalog_.relation_names(), kSuggestions))
      suggestions += (suggestions.empty() ? " Did you mean one of: " : ", ") + name;
    return analysis_error("TABLE_OR_VIEW_NOT_FOUND",
                          fmt::format("The table or view {} cannot be found. Verify the spelling, "
                                      "or create it first.{}",
                                      quoted_name(named.name), suggestions));
  }
  // A view stands on its own: no names of the query that uses it.
  const Attributes* outer = std::exchange(outer_, nullptr);
  const auto* windows = std::exchange(named_windows_, nullptr);
  Result<PlanRef> plan = analyze(relation, nullptr);
  outer_ = outer;
  named_windows_ = windows;
  if (!plan) return plan;
  return with_qualifier(*plan, named.name);
}

Result<PlanRef> Analysis::analyze_limit(const LimitRelation& limit,
                                        const EnvironmentRef& environment) {
  STREAM_TRY(const PlanRef input, analyze(limit.input, environment));
  ExpressionResolver resolver(catalog_, {});
  LimitPlan plan;
  const auto take = [&](const Expr& expression, std::string_view what,
                        std::int64_t& count) -> Result<void> {
    STREAM_TRY(const Value value,
               resolver.resolve_constant(expression, primitive(TypeKind::int32), what));
    if (value.is_null())
      return analysis_error("INVALID_LIMIT_LIKE_EXPRESSION.IS_NULL",
                            fmt::format("The {} must not be null.", what));
    count = value.as<std::int32_t>();
    if (count < 0)
      return analysis_error(
          "INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE",
          fmt::format("The {} must be equal to or greater than 0, but is {}.", what, count));
    return {};
  };
  if (limit.limit) {
    std::int64_t count = 0;
    STREAM_TRY(take(limit.limit, "limit", count));
    plan.limit = count;
  }
  if (limit.offset) {
    STREAM_TRY(take(limit.offset, "offset", plan.offset));
  }
  return make_plan(plan, {input}, input->output);
}

Result<PlanRef> Analysis::analyze_sort(const SortRelation& sort,
                                       const EnvironmentRef& environment) {
  std::vector<SortKey> keys = sort.keys;
  RelationRef block = sort.input;
  const auto* enclosing = named_windows_;
  if (const auto* windows = block->as<NamedWindowsRelation>()) {
    named_windows_ = &windows->windows;
    block = windows->input;
  }
  const bool is_select = block->as<ProjectRelation>() || block->as<AggregateRelation>();
  if (is_select && sort.is_global && !sort.by_all_columns) {
    Result<PlanRef> plan = analyze_select(block, environment, keys);
    named_windows_ = enclosing;
    return plan;
  }
  Result<PlanRef> analyzed = analyze(block, environment);
  named_windows_ = enclosing;
  if (!analyzed) return analyzed;
  const PlanRef input = *analyzed;
  SortPlan plan;
  plan.is_global = sort.is_global;
  ExpressionResolver resolver(catalog_, input->output);
  const auto add = [&](TypedExpr expression, const SortKey& key) {
    plan.keys.push_back(
        {std::move(expression), key.is_descending, key.nulls_first.value_or(!key.is_descending)});
  };
  if (sort.by_all_columns) {
    const SortKey how = keys.empty() ? SortKey{} : keys[0];
    for (const Attribute& attribute : input->output) add(reference_to(attribute), how);
  }
  for (const SortKey& key : keys) {
    if (sort.by_all_columns) break;
    const auto* literal = key.expression->as<Literal>();
    if (literal && literal->type.kind == TypeKind::int32) {
      const std::int32_t ordinal = literal->value.as<std::int32_t>();
      if (ordinal < 1 || static_cast<std::size_t>(ordinal) > input->output.size())
        return analysis_error("ORDER_BY_POS_OUT_OF_RANGE",
                              fmt::format("ORDER BY position {} is not in select list (valid "
                                          "range is [1, {}]).",
                                          ordinal, input->output.size()));
      add(reference_to(input->output[static_cast<std::size_t>(ordinal) - 1]), key);
      continue;
    }
    STREAM_TRY(TypedExpr expression, resolver.resolve(key.expression));
    add(std::move(expression), key);
  }
  STREAM_TRY(check_sort_keys(plan.keys));
  return make_plan(std::move(plan), {input}, input->output);
}

Result<PlanRef> Analysis::analyze_repartition(const RepartitionRelation& repartition,
                                              const EnvironmentRef& environment) {
  STREAM_TRY(const PlanRef input, analyze(repartition.input, environment));
  ExpressionResolver resolver(catalog_, input->output);
  RepartitionPlan plan;
  plan.count = repartition.count;
  for (const Expr& key : repartition.keys) {
    STREAM_TRY(TypedExpr resolved, resolver.resolve(key));
    plan.keys.push_back(std::move(resolved));
  }
  return make_plan(std::move(plan), {input}, input->output);
}

}  // namespace stream
