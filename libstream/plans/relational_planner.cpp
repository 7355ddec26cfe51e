#include <libstream/base/check.hpp>
#include <libstream/connectors/rows_source.hpp>
#include <libstream/operators/add_hash.hpp>
#include <libstream/operators/expand.hpp>
#include <libstream/operators/filter.hpp>
#include <libstream/operators/generate.hpp>
#include <libstream/operators/project.hpp>
#include <libstream/operators/sample.hpp>
#include <libstream/operators/single_row.hpp>
#include <libstream/plans/planning.hpp>

#include <algorithm>
#include <numeric>

namespace stream {

Planned RelationalPlanner::add(std::string name, const Planned& input, OperatorNode op,
                               ColumnIds columns, Schema schema, std::string id) {
  LogicalNode node;
  node.name = std::move(name);
  node.id = std::move(id);
  node.inputs = {input.node};
  node.kind = std::move(op);
  logical_.nodes.push_back(std::move(node));
  return {static_cast<NodeId>(logical_.nodes.size() - 1), std::move(columns), std::move(schema),
          input.watermark};
}

Result<TypedExpr> RelationalPlanner::bind(const TypedExpr& expression, const ColumnIds& columns) {
  STREAM_TRY(TypedExpr bound, bind_columns(expression, columns));
  if (bound && !is_deterministic(*bound)) logical_.depends_on_earlier_rows = true;
  return bound;
}

Result<std::vector<TypedExpr>> RelationalPlanner::bind_all(
    const std::vector<TypedExpr>& expressions, const ColumnIds& columns) {
  std::vector<TypedExpr> bound;
  for (const TypedExpr& expression : expressions) {
    STREAM_TRY(TypedExpr one, bind(expression, columns));
    bound.push_back(std::move(one));
  }
  return bound;
}

Result<std::vector<SortColumn>> RelationalPlanner::bind_order(const std::vector<SortColumn>& order,
                                                              const ColumnIds& columns) {
  std::vector<SortColumn> bound = order;
  for (SortColumn& key : bound) {
    STREAM_TRY(key.expression, bind(key.expression, columns));
  }
  return bound;
}

std::optional<std::size_t> RelationalPlanner::event_time_column(const Attributes& attributes,
                                                                const ColumnIds& columns) {
  const Attribute* attribute = event_time_attribute(attributes);
  if (!attribute) return std::nullopt;
  const Result<std::size_t> column = column_of(attribute->id, columns);
  return column ? std::optional(*column) : std::nullopt;
}

Planned RelationalPlanner::apply_filter(const Planned& input, TypedExpr bound, std::string name) {
  return add(std::move(name), input, {make_filter({std::move(bound), evaluation()})}, input.columns,
             input.schema);
}

Planned RelationalPlanner::with_hash(const Planned& input, std::vector<std::size_t> keys) {
  ColumnIds columns{0};
  columns.insert(columns.end(), input.columns.begin(), input.columns.end());
  return add("hash", input, {make_add_hash({std::move(keys)})}, std::move(columns),
             *schema_with_hash(input.schema));
}

/// Makes sure that each expression is a column; appends those that are none.
Result<Planned> RelationalPlanner::with_columns(Planned input,
                                                const std::vector<TypedExpr>& expressions,
                                                std::vector<std::size_t>& places) {
  ProjectSpec spec;
  ColumnIds columns = input.columns;
  Schema schema = input.schema;
  for (std::size_t i = 0; i < columns.size(); ++i)
    spec.expressions.push_back(input_column(schema, i));
  places.clear();
  for (const TypedExpr& expression : expressions) {
    STREAM_TRY(TypedExpr bound, bind(expression, input.columns));
    if (const auto* column = bound->as<InputColumn>()) {
      places.push_back(column->index);
      continue;
    }
    places.push_back(columns.size());
    columns.push_back(0);
    schema.fields.push_back({"key", bound->type, bound->is_nullable});
    spec.expressions.push_back(std::move(bound));
  }
  if (columns.size() == input.columns.size()) return input;
  spec.schema = shared(schema);
  spec.evaluation = evaluation();
  return add("project", input, {make_project(std::move(spec))}, std::move(columns),
             std::move(schema));
}

Result<Planned> RelationalPlanner::plan_anew(const PlanRef& plan_node) {
  const ResolvedPlan& node = *plan_node;
  if (const auto* kind = node.as<ScanPlan>()) return scan(node, *kind);
  if (const auto* kind = node.as<RowsPlan>()) return rows(node, *kind);
  if (const auto* kind = node.as<ProjectPlan>()) return project(node, *kind);
  if (const auto* kind = node.as<GeneratePlan>()) return generate(node, *kind);
  if (const auto* kind = node.as<WatermarkPlan>()) return watermark(node, *kind);
  if (const auto* kind = node.as<TimeWindowPlan>()) return time_window(node, *kind);
  if (const auto* kind = node.as<SessionWindowPlan>()) return session_window(node, *kind);
  if (const auto* kind = node.as<AggregatePlan>()) return aggregate(node, *kind);
  if (const auto* kind = node.as<WindowPlan>()) return over(node, *kind);
  if (const auto* kind = node.as<JoinPlan>()) return join(node, *kind);
  if (node.as<UnionPlan>()) return union_all(node);
  if (const auto* kind = node.as<SetPlan>()) return set_operation(node, *kind);
  if (const auto* kind = node.as<SortPlan>()) return sort(node, *kind, std::nullopt);
  if (const auto* kind = node.as<LimitPlan>()) return limit(node, *kind);
  if (const auto* kind = node.as<DeduplicatePlan>()) return deduplicate(node, *kind);
  if (const auto* kind = node.as<TypedOperatorPlan>()) return typed(node, *kind->op);
  if (const auto* kind = node.as<CachePlan>()) return cached(node, *kind);
  if (const auto* kind = node.as<LateRowsPlan>()) return late_rows(node, *kind);
  if (const auto* kind = node.as<BadRecordsPlan>()) return bad_records(node, *kind);
  STREAM_TRY(Planned input, plan(node.inputs[0]));
  if (const auto* kind = node.as<FilterPlan>()) {
    STREAM_TRY(TypedExpr condition, bind(kind->condition, input.columns));
    return apply_filter(input, std::move(condition), "filter");
  }
  if (const auto* kind = node.as<ExpandPlan>()) {
    ExpandSpec spec;
    for (const auto& projection : kind->projections) {
      STREAM_TRY(auto bound, bind_all(projection, input.columns));
      spec.projections.push_back(std::move(bound));
    }
    spec.schema = shared(schema_of(node.output));
    spec.evaluation = evaluation();
    return add("expand", input, {make_expand(std::move(spec))}, ids_of(node.output),
               schema_of(node.output));
  }
  if (const auto* kind = node.as<RepartitionPlan>()) {
    if (kind->keys.empty())
      return add("repartition", input,
                 {make_filter({make_constant({true}, primitive(TypeKind::boolean)), evaluation()}),
                  Exchange::round_robin, kind->count},
                 input.columns, input.schema);
    return input;
  }
  if (const auto* kind = node.as<SamplePlan>()) {
    logical_.depends_on_earlier_rows = true;
    return add("sample", input, {make_sample({kind->fraction, kind->seed})}, input.columns,
               input.schema);
  }
  STREAM_CHECK(node.as<SingleRowPlan>(), "a kind of node that is not planned");
  return add("single_row", input, {make_single_row(), Exchange::single}, input.columns,
             input.schema);
}

Result<Planned> RelationalPlanner::finish(Planned planned, const Attributes& output) {
  const Schema wanted = schema_of(output);
  if (planned.columns == ids_of(output) && planned.schema == wanted) return planned;
  ProjectSpec spec;
  for (const Attribute& attribute : output) {
    STREAM_TRY(const std::size_t column, column_of(attribute.id, planned.columns));
    spec.expressions.push_back(input_column(planned.schema, column));
  }
  spec.schema = shared(wanted);
  spec.evaluation = evaluation();
  return add("project", planned, {make_project(std::move(spec))}, ids_of(output), wanted);
}

Result<Planned> RelationalPlanner::scan(const ResolvedPlan& node, const ScanPlan& scan) {
  LogicalNode source;
  source.name = "scan";
  source.kind = SourceNode{scan.source};
  logical_.nodes.push_back(std::move(source));
  return Planned{static_cast<NodeId>(logical_.nodes.size() - 1),
                 ids_of(node.output),
                 schema_of(node.output),
                 {}};
}

Result<Planned> RelationalPlanner::rows(const ResolvedPlan& node, const RowsPlan& rows) {
  LogicalNode source;
  source.name = "rows";
  source.kind =
      SourceNode{std::make_shared<const RowsSource>(shared(schema_of(node.output)), rows.rows)};
  logical_.nodes.push_back(std::move(source));
  return Planned{static_cast<NodeId>(logical_.nodes.size() - 1),
                 ids_of(node.output),
                 schema_of(node.output),
                 {}};
}

Result<Planned> RelationalPlanner::cached(const ResolvedPlan& node, const CachePlan& cache) {
  const std::pair key{cache.origin, options_.mode};
  auto known = cached_.find(key);
  if (known == cached_.end()) {
    // Its columns in the order of the output, which is the same in every plan.
    STREAM_TRY(Planned input, plan(node.inputs[0]));
    STREAM_TRY(input, finish(std::move(input), node.inputs[0]->output));
    known = cached_.emplace(key, CachedNode{input.node, input.schema, input.watermark}).first;
  }
  const CachedNode& shared_node = known->second;
  return Planned{shared_node.node, ids_of(node.output), shared_node.schema, shared_node.watermark};
}

Result<Planned> RelationalPlanner::project(const ResolvedPlan& node, const ProjectPlan& project) {
  STREAM_TRY(const Planned input, plan(node.inputs[0]));
  ProjectSpec spec;
  STREAM_TRY(spec.expressions, bind_all(project.expressions, input.columns));
  spec.schema = shared(schema_of(node.output));
  spec.evaluation = evaluation();
  return add("project", input, {make_project(std::move(spec))}, ids_of(node.output),
             schema_of(node.output));
}

Result<Planned> RelationalPlanner::generate(const ResolvedPlan& node,
                                            const GeneratePlan& generate) {
  STREAM_TRY(const Planned input, plan(node.inputs[0]));
  GenerateSpec spec;
  spec.kept.resize(input.columns.size());
  std::iota(spec.kept.begin(), spec.kept.end(), 0);
  spec.generator = generate.generator;
  STREAM_TRY(spec.arguments, bind_all(generate.arguments, input.columns));
  spec.is_outer = generate.is_outer;
  ColumnIds columns = input.columns;
  Schema schema = input.schema;
  const std::size_t num_generated = generate.generator.columns.size();
  for (std::size_t i = node.output.size() - num_generated; i < node.output.size(); ++i) {
    columns.push_back(node.output[i].id);
    schema.fields.push_back({node.output[i].name, node.output[i].type, node.output[i].is_nullable});
  }
  spec.schema = shared(schema);
  spec.evaluation = evaluation();
  return add(generate.name, input, {make_generate(std::move(spec))}, std::move(columns),
             std::move(schema));
}

Result<NodeId> plan_relation(const PlanRef& plan, const RelationalOptions& options,
                             LogicalPlan& logical) {
  STREAM_TRY(const std::vector<NodeId> nodes, plan_relations({plan}, {options}, logical));
  return nodes[0];
}

Result<std::vector<NodeId>> plan_relations(const std::vector<PlanRef>& plans,
                                           const std::vector<RelationalOptions>& options,
                                           LogicalPlan& logical) {
  RelationalPlanner planner(logical);
  std::vector<NodeId> nodes;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    planner.begin_output(options[i]);
    STREAM_TRY(Planned planned, planner.plan(plans[i]));
    STREAM_TRY(planned, planner.finish(std::move(planned), plans[i]->output));
    nodes.push_back(planned.node);
  }
  return nodes;
}

}  // namespace stream
