#include <libstream/base/check.hpp>
#include <libstream/connectors/rows_source.hpp>
#include <libstream/operators/add_hash.hpp>
#include <libstream/operators/deduplicate.hpp>
#include <libstream/operators/expand.hpp>
#include <libstream/operators/filter.hpp>
#include <libstream/operators/generate.hpp>
#include <libstream/operators/hash_join.hpp>
#include <libstream/operators/limit.hpp>
#include <libstream/operators/over.hpp>
#include <libstream/operators/project.hpp>
#include <libstream/operators/sample.hpp>
#include <libstream/operators/session_aggregate.hpp>
#include <libstream/operators/set_operation.hpp>
#include <libstream/operators/single_row.hpp>
#include <libstream/operators/sort.hpp>
#include <libstream/operators/stream_join.hpp>
#include <libstream/operators/streaming_aggregate.hpp>
#include <libstream/operators/with_watermark.hpp>
#include <libstream/plans/column_binding.hpp>
#include <libstream/plans/join_conditions.hpp>
#include <libstream/plans/relational_planner.hpp>
#include <libstream/plans/typed_operator.hpp>
#include <libstream/plans/window_expressions.hpp>

#include <algorithm>
#include <map>
#include <numeric>

namespace stream {
namespace {

/// A node of the logical plan that is there already.
struct Planned {
  NodeId node = 0;
  ColumnIds columns;
  Schema schema;               ///< of its batches
  WatermarkAtInput watermark;  ///< empty: the global one
};

std::shared_ptr<const Schema> shared(Schema schema) {
  return std::make_shared<const Schema>(std::move(schema));
}

ColumnIds ids_of(const Attributes& attributes) {
  ColumnIds ids;
  for (const Attribute& attribute : attributes) ids.push_back(attribute.id);
  return ids;
}

TypedExpr input_column(const Schema& schema, std::size_t index) {
  const Field& field = schema.fields[index];
  return make_typed(field.type, field.is_nullable, InputColumn{index});
}

class RelationalPlanner {
 public:
  RelationalPlanner(const RelationalOptions& options, LogicalPlan& logical)
      : options_(options), logical_(logical) {}

  Result<Planned> plan(const PlanRef& node);
  /// The node with exactly the plan's output, renamed.
  Result<Planned> finish(Planned planned, const Attributes& output);

 private:
  Result<Planned> scan(const ResolvedPlan& node, const ScanPlan& scan);
  Result<Planned> rows(const ResolvedPlan& node, const RowsPlan& rows);
  Result<Planned> project(const ResolvedPlan& node, const ProjectPlan& project);
  Result<Planned> generate(const ResolvedPlan& node, const GeneratePlan& generate);
  Result<Planned> watermark(const ResolvedPlan& node, const WatermarkPlan& watermark);
  Result<Planned> time_window(const ResolvedPlan& node, const TimeWindowPlan& window);
  Result<Planned> session_window(const ResolvedPlan& node, const SessionWindowPlan& window);
  Result<Planned> aggregate(const ResolvedPlan& node, const AggregatePlan& aggregate);
  Result<Planned> sessions(const ResolvedPlan& node, const AggregatePlan& aggregate, Planned input,
                           AggregateSpec spec);
  Result<Planned> over(const ResolvedPlan& node, const WindowPlan& window);
  Result<Planned> join(const ResolvedPlan& node, const JoinPlan& join);
  Result<Planned> stream_join(const ResolvedPlan& node, const JoinPlan& join,
                              const JoinConditions& parts, Planned left, Planned right,
                              std::vector<std::size_t> left_keys,
                              std::vector<std::size_t> right_keys);
  Result<Planned> union_all(const ResolvedPlan& node);
  Result<Planned> set_operation(const ResolvedPlan& node, const SetPlan& set);
  Result<Planned> sort(const ResolvedPlan& node, const SortPlan& sort,
                       std::optional<std::int64_t> limit);
  Result<Planned> limit(const ResolvedPlan& node, const LimitPlan& limit);
  Result<Planned> deduplicate(const ResolvedPlan& node, const DeduplicatePlan& deduplicate);
  Result<Planned> typed(const ResolvedPlan& node, const TypedOperator& op);
  Planned group_state(const ResolvedPlan& node, const TypedOperator& op, const Planned& input);
  Planned processor(const ResolvedPlan& node, const TypedOperator& op, const Planned& input);

  EvaluationSettings evaluation() {
    return {options_.settings, options_.seed + logical_.nodes.size()};
  }
  NoDataEpochs when_moved() const {
    return options_.mode == OutputMode::complete ? NoDataEpochs::never
                                                 : NoDataEpochs::when_watermark_moves;
  }

  Planned add(std::string name, const Planned& input, OperatorNode op, ColumnIds columns,
              Schema schema, std::string id = {});
  /// Stateful operators are numbered among themselves, so that a changed filter or projection keeps
  /// the state.
  std::string state_id(std::string_view name) {
    return "state-" + std::to_string(num_stateful_++) + "-" + std::string(name);
  }
  Planned apply_filter(const Planned& input, TypedExpr bound, std::string name);
  Planned with_hash(const Planned& input, std::vector<std::size_t> keys);
  Result<Planned> with_columns(Planned input, const std::vector<TypedExpr>& expressions,
                               std::vector<std::size_t>& places);
  Result<std::vector<TypedExpr>> bind_all(const std::vector<TypedExpr>& expressions,
                                          const ColumnIds& columns);
  Result<std::vector<SortColumn>> bind_order(const std::vector<SortColumn>& order,
                                             const ColumnIds& columns);
  /// The first column with a watermark, as a column number.
  static std::optional<std::size_t> event_time_column(const Attributes& attributes,
                                                      const ColumnIds& columns);

  const RelationalOptions& options_;
  LogicalPlan& logical_;
  std::size_t num_stateful_ = 0;
  std::map<std::shared_ptr<const Relation>, std::uint32_t> watermark_nodes_;
};

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

Result<std::vector<TypedExpr>> RelationalPlanner::bind_all(
    const std::vector<TypedExpr>& expressions, const ColumnIds& columns) {
  std::vector<TypedExpr> bound;
  for (const TypedExpr& expression : expressions) {
    STREAM_TRY(TypedExpr one, bind_columns(expression, columns));
    bound.push_back(std::move(one));
  }
  return bound;
}

Result<std::vector<SortColumn>> RelationalPlanner::bind_order(const std::vector<SortColumn>& order,
                                                              const ColumnIds& columns) {
  std::vector<SortColumn> bound = order;
  for (SortColumn& key : bound) {
    STREAM_TRY(key.expression, bind_columns(key.expression, columns));
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
    STREAM_TRY(TypedExpr bound, bind_columns(expression, input.columns));
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

Result<Planned> RelationalPlanner::plan(const PlanRef& plan_node) {
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
  STREAM_TRY(Planned input, plan(node.inputs[0]));
  if (const auto* kind = node.as<FilterPlan>()) {
    STREAM_TRY(TypedExpr condition, bind_columns(kind->condition, input.columns));
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
  if (const auto* kind = node.as<SamplePlan>())
    return add("sample", input, {make_sample({kind->fraction, kind->seed})}, input.columns,
               input.schema);
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

Result<Planned> RelationalPlanner::watermark(const ResolvedPlan& node,
                                             const WatermarkPlan& watermark) {
  STREAM_TRY(const Planned input, plan(node.inputs[0]));
  WithWatermarkSpec spec;
  STREAM_TRY(spec.column, column_of(watermark.event_time, input.columns));
  const auto [known, is_new] = watermark_nodes_.try_emplace(
      watermark.origin, static_cast<std::uint32_t>(logical_.watermark_delays.size()));
  if (is_new) logical_.watermark_delays.push_back(watermark.delay_millis);
  spec.watermark_node = known->second;
  return add("with_watermark", input, {make_with_watermark(spec)}, input.columns, input.schema);
}

Result<Planned> RelationalPlanner::time_window(const ResolvedPlan& node,
                                               const TimeWindowPlan& window) {
  STREAM_TRY(Planned input, plan(node.inputs[0]));
  TimeWindowPlan bound = window;
  STREAM_TRY(bound.time, bind_columns(window.time, input.columns));
  if (window.time->is_nullable) input = apply_filter(input, is_not_null(bound.time), "window");
  ColumnIds columns = input.columns;
  Schema schema = input.schema;
  columns.push_back(node.output.back().id);
  schema.fields.push_back({"window", node.output.back().type, false});
  std::vector<TypedExpr> kept;
  for (std::size_t i = 0; i < input.columns.size(); ++i)
    kept.push_back(input_column(input.schema, i));
  const std::int64_t num_windows = windows_per_row(window);
  if (num_windows == 1) {
    kept.push_back(window_of(bound, 0));
    OperatorFactory make = make_project({std::move(kept), shared(schema), evaluation()});
    return add("window", input, {std::move(make)}, std::move(columns), std::move(schema));
  }
  ExpandSpec spec;
  for (std::int64_t i = 0; i < num_windows; ++i) {
    spec.projections.push_back(kept);
    spec.projections.back().push_back(window_of(bound, i));
  }
  spec.schema = shared(schema);
  spec.evaluation = evaluation();
  const std::size_t place = columns.size() - 1;
  Planned expanded =
      add("window", input, {make_expand(std::move(spec))}, std::move(columns), std::move(schema));
  if (window.size_micros % window.slide_micros == 0) return expanded;
  return apply_filter(expanded, is_in_window(bound.time, input_column(expanded.schema, place)),
                      "window");
}

Result<Planned> RelationalPlanner::session_window(const ResolvedPlan& node,
                                                  const SessionWindowPlan& window) {
  STREAM_TRY(const Planned input, plan(node.inputs[0]));
  SessionWindowPlan bound;
  STREAM_TRY(bound.time, bind_columns(window.time, input.columns));
  STREAM_TRY(bound.gap, bind_columns(window.gap, input.columns));
  ColumnIds columns = input.columns;
  Schema schema = input.schema;
  std::vector<TypedExpr> expressions;
  for (std::size_t i = 0; i < columns.size(); ++i) expressions.push_back(input_column(schema, i));
  const TypedExpr session = session_of(bound);
  expressions.push_back(session);
  columns.push_back(node.output.back().id);
  schema.fields.push_back({"session_window", session->type, true});
  const Planned with_session =
      add("session_window", input,
          {make_project({std::move(expressions), shared(schema), evaluation()})}, columns, schema);
  return apply_filter(with_session, is_not_null(input_column(schema, columns.size() - 1)),
                      "session_window");
}

Result<Planned> RelationalPlanner::aggregate(const ResolvedPlan& node,
                                             const AggregatePlan& aggregate) {
  // Projections below are written into the keys and arguments: nothing is made that is not needed.
  std::vector<TypedExpr> keys;
  std::vector<AggregateCall> calls;
  for (const AttributeId id : aggregate.keys)
    keys.push_back(reference_to(*find_attribute(node.inputs[0]->output, id)));
  for (const NamedAggregate& named : aggregate.aggregates) calls.push_back(named.call);
  const auto rewrite_all = [&](const std::function<TypedExpr(const TypedExpr&)>& rewrite) {
    for (TypedExpr& key : keys) key = rewrite(key);
    for (AggregateCall& call : calls) {
      for (TypedExpr& argument : call.arguments) argument = rewrite(argument);
      if (call.filter) call.filter = rewrite(call.filter);
    }
  };
  PlanRef below = node.inputs[0];
  const auto is_inlinable = [](const ResolvedPlan& plan) {
    const auto* project = plan.as<ProjectPlan>();
    return project && std::all_of(project->expressions.begin(), project->expressions.end(),
                                  [](const TypedExpr& e) { return is_deterministic(*e); });
  };
  while (is_inlinable(*below)) {
    const ResolvedPlan& projection = *below;
    rewrite_all([&](const TypedExpr& e) { return inline_projection(e, projection); });
    below = below->inputs[0];
  }
  AggregateSpec spec;
  spec.is_fixed_window.assign(keys.size(), false);
  Planned input;
  if (const auto* window = below->as<TimeWindowPlan>(); window && !aggregate.session) {
    const AttributeId window_id = below->output.back().id;
    const auto is_window = [&](const TypedExpr& e) {
      const auto* reference = e->as<AttributeReference>();
      return reference && reference->id == window_id;
    };
    const auto window_key = std::find_if(keys.begin(), keys.end(), is_window);
    const bool is_tumbling = windows_per_row(*window) == 1;
    std::vector<AttributeId> read;
    for (const TypedExpr& key : keys) {
      if (!is_window(key)) collect_attributes(*key, read);
    }
    for (const AggregateCall& call : calls) {
      for (const TypedExpr& argument : call.arguments) collect_attributes(*argument, read);
      if (call.filter) collect_attributes(*call.filter, read);
    }
    const bool is_read_elsewhere = std::find(read.begin(), read.end(), window_id) != read.end();
    if (is_tumbling && window_key != keys.end()) {
      // Only a null time is to be left out beforehand.
      STREAM_TRY(input, plan(below->inputs[0]));
      if (window->time->is_nullable) {
        STREAM_TRY(TypedExpr time, bind_columns(window->time, input.columns));
        input = apply_filter(input, is_not_null(time), "window");
      }
      const TypedExpr value = window_of(*window, 0);
      spec.is_fixed_window[static_cast<std::size_t>(window_key - keys.begin())] = true;
      rewrite_all([&](const TypedExpr& e) {
        return substitute(e, [&](const AttributeReference& reference) -> TypedExpr {
          return reference.id == window_id ? value : nullptr;
        });
      });
    } else if (window_key != keys.end() && !is_read_elsewhere &&
               std::none_of(calls.begin(), calls.end(),
                            [](const AggregateCall& call) { return call.is_distinct; })) {
      STREAM_TRY(input, plan(below->inputs[0]));
      const auto place = static_cast<std::size_t>(window_key - keys.begin());
      *window_key = window->time;
      spec.sliding =
          SlidingKey{place, window->size_micros, window->slide_micros, window->start_micros};
      spec.is_fixed_window[place] = true;
    } else {
      STREAM_TRY(input, plan(below));
    }
  } else {
    STREAM_TRY(input, plan(below));
  }
  STREAM_TRY(spec.keys, bind_all(keys, input.columns));
  for (AggregateCall& call : calls) {
    STREAM_TRY(call.arguments, bind_all(call.arguments, input.columns));
    STREAM_TRY(call.filter, bind_columns(call.filter, input.columns));
  }
  spec.calls = std::move(calls);
  spec.schema = shared(schema_of(node.output));
  spec.evaluation = evaluation();
  if (aggregate.session) return sessions(node, aggregate, std::move(input), std::move(spec));

  const bool is_streaming = node.is_streaming;
  const bool has_distinct = std::any_of(spec.calls.begin(), spec.calls.end(),
                                        [](const AggregateCall& call) { return call.is_distinct; });
  const Exchange exchange = spec.keys.empty() ? Exchange::single : Exchange::hash;
  if (has_distinct && !is_streaming) {
    // All rows of a group at one task.
    if (exchange == Exchange::single)
      return add("aggregate", input, {make_aggregate(std::move(spec)), Exchange::single},
                 ids_of(node.output), schema_of(node.output));
    std::vector<std::size_t> places;
    STREAM_TRY(input, with_columns(std::move(input), keys, places));
    const Planned hashed = with_hash(input, places);
    // The hash stands in front: every column is one further.
    const auto shift = [](const TypedExpr& e) { return shift_columns(e, 1); };
    for (TypedExpr& key : spec.keys) key = shift(key);
    for (AggregateCall& call : spec.calls) {
      for (TypedExpr& argument : call.arguments) argument = shift(argument);
      call.filter = shift(call.filter);
    }
    return add("aggregate", hashed, {make_aggregate(std::move(spec)), Exchange::hash},
               ids_of(node.output), schema_of(node.output));
  }
  StreamingAggregateSpec streaming;
  streaming.aggregate = spec;
  streaming.mode = options_.mode;
  streaming.watermark = input.watermark;
  for (std::size_t i = 0; i < aggregate.keys.size(); ++i) {
    if (node.output[i].event_time && !streaming.event_time_key) streaming.event_time_key = i;
  }
  LogicalNode aggregated;
  aggregated.name = "aggregate";
  if (is_streaming) aggregated.id = state_id("aggregate");
  if (spec.sliding) {
    // Slices are cut in the first phase, so there always is one.
    const Planned partial =
        add("partial_aggregate", input, {make_partial_aggregate(spec)}, {}, *partial_schema(spec));
    aggregated.inputs = {partial.node};
    // What comes in are windows.
    const std::size_t window_key = spec.sliding->key;
    spec.keys[window_key] = make_typed(node.output[window_key].type, false, InputColumn{0});
    spec.sliding.reset();
    streaming.aggregate = spec;
    OperatorNode merge{
        is_streaming ? make_streaming_aggregate(streaming) : make_merge_aggregate(spec), exchange,
        0, is_streaming ? when_moved() : NoDataEpochs::never};
    aggregated.kind = std::move(merge);
  } else {
    aggregated.inputs = {input.node};
    AggregateNode kind;
    kind.partial = make_partial_aggregate(spec);
    kind.exchange = exchange;
    kind.name = "aggregate";
    if (is_streaming) {
      kind.merge = make_streaming_aggregate(streaming);
      streaming.merges_partials = false;
      kind.whole = make_streaming_aggregate(streaming);
      kind.no_data_epochs = when_moved();
    } else {
      kind.merge = make_merge_aggregate(spec);
      kind.whole = make_aggregate(spec);
    }
    aggregated.kind = std::move(kind);
  }
  logical_.nodes.push_back(std::move(aggregated));
  return Planned{static_cast<NodeId>(logical_.nodes.size() - 1), ids_of(node.output),
                 schema_of(node.output), input.watermark};
}

Result<Planned> RelationalPlanner::sessions(const ResolvedPlan& node,
                                            const AggregatePlan& aggregate, Planned input,
                                            AggregateSpec spec) {
  SessionAggregateSpec session;
  std::vector<std::size_t> hashed;
  for (std::size_t i = 0; i < aggregate.keys.size(); ++i) {
    if (aggregate.keys[i] == *aggregate.session) {
      session.session_key = i;
      session.has_watermark = node.output[i].event_time.has_value();
    }
  }
  // Keys become columns, which the exchange can hash.
  ProjectSpec columns;
  ColumnIds ids = input.columns;
  Schema schema = input.schema;
  for (std::size_t i = 0; i < input.columns.size(); ++i)
    columns.expressions.push_back(input_column(input.schema, i));
  for (std::size_t i = 0; i < spec.keys.size(); ++i) {
    if (i == session.session_key) continue;
    hashed.push_back(ids.size());
    ids.push_back(0);
    schema.fields.push_back({"key", spec.keys[i]->type, spec.keys[i]->is_nullable});
    columns.expressions.push_back(spec.keys[i]);
  }
  columns.schema = shared(schema);
  columns.evaluation = evaluation();
  Planned keyed = add("project", input, {make_project(std::move(columns))}, ids, schema);
  const bool is_single = hashed.empty();
  if (!is_single) {
    keyed = with_hash(keyed, hashed);
    const auto shifted = [](const TypedExpr& e) { return shift_columns(e, 1); };
    for (TypedExpr& key : spec.keys) key = shifted(key);
    for (AggregateCall& call : spec.calls) {
      for (TypedExpr& argument : call.arguments) argument = shifted(argument);
      call.filter = shifted(call.filter);
    }
  }
  session.aggregate = std::move(spec);
  session.mode = node.is_streaming ? options_.mode : OutputMode::complete;
  session.is_streaming = node.is_streaming;
  session.watermark = input.watermark;
  return add(
      "session_aggregate", keyed,
      {make_session_aggregate(std::move(session)), is_single ? Exchange::single : Exchange::hash, 0,
       node.is_streaming ? when_moved() : NoDataEpochs::never},
      ids_of(node.output), schema_of(node.output));
}

Result<Planned> RelationalPlanner::over(const ResolvedPlan& node, const WindowPlan& window) {
  STREAM_TRY(Planned input, plan(node.inputs[0]));
  std::vector<std::size_t> partition;
  STREAM_TRY(input, with_columns(std::move(input), window.partition_by, partition));
  const bool is_single = partition.empty();
  OverSpec spec;
  if (!is_single) {
    input = with_hash(input, partition);
    for (const std::size_t column : partition)
      spec.partition_by.push_back(input_column(input.schema, column + 1));
  }
  STREAM_TRY(spec.order_by, bind_order(window.order_by, input.columns));
  for (const NamedOverCall& named : window.calls) {
    OverCall call = named.call;
    STREAM_TRY(call.arguments, bind_all(call.arguments, input.columns));
    STREAM_TRY(call.filter, bind_columns(call.filter, input.columns));
    STREAM_TRY(call.frame.start.reach, bind_columns(call.frame.start.reach, input.columns));
    STREAM_TRY(call.frame.end.reach, bind_columns(call.frame.end.reach, input.columns));
    spec.calls.push_back(std::move(call));
  }
  ColumnIds columns;
  Schema schema;
  for (std::size_t i = 0; i < input.columns.size(); ++i) {
    if (input.columns[i] == 0) continue;
    spec.kept.push_back(i);
    columns.push_back(input.columns[i]);
    schema.fields.push_back(input.schema.fields[i]);
  }
  for (std::size_t i = node.output.size() - window.calls.size(); i < node.output.size(); ++i) {
    columns.push_back(node.output[i].id);
    schema.fields.push_back({node.output[i].name, node.output[i].type, node.output[i].is_nullable});
  }
  spec.schema = shared(schema);
  spec.evaluation = evaluation();
  return add("over", input,
             {make_over(std::move(spec)), is_single ? Exchange::single : Exchange::hash},
             std::move(columns), std::move(schema));
}

Result<Planned> RelationalPlanner::join(const ResolvedPlan& node, const JoinPlan& join) {
  STREAM_TRY(Planned left, plan(node.inputs[0]));
  STREAM_TRY(Planned right, plan(node.inputs[1]));
  TypedExpr condition = join.condition;
  if (join.is_null_aware && condition) {
    // Unknown counts as a match.
    condition =
        make_typed(primitive(TypeKind::boolean), false,
                   LazyCall{LazyCall::Kind::coalesce,
                            {condition, make_constant({true}, primitive(TypeKind::boolean))}});
  }
  JoinConditions parts =
      split_join_condition(condition, node.inputs[0]->output, node.inputs[1]->output);
  const bool is_stream_join = node.inputs[0]->is_streaming && node.inputs[1]->is_streaming;
  if (is_stream_join) make_null_safe_keys_plain(parts);
  std::vector<TypedExpr> left_keys;
  std::vector<TypedExpr> right_keys;
  std::vector<bool> is_null_safe;
  for (const EquiKey& key : parts.keys) {
    left_keys.push_back(key.left);
    right_keys.push_back(key.right);
    is_null_safe.push_back(key.is_null_safe);
  }
  std::vector<std::size_t> left_places;
  std::vector<std::size_t> right_places;
  STREAM_TRY(left, with_columns(std::move(left), left_keys, left_places));
  STREAM_TRY(right, with_columns(std::move(right), right_keys, right_places));
  const bool is_single = left_places.empty();
  if (!is_single) {
    left = with_hash(left, left_places);
    right = with_hash(right, right_places);
    for (std::size_t& place : left_places) ++place;
    for (std::size_t& place : right_places) ++place;
  }
  if (is_stream_join)
    return stream_join(node, join, parts, std::move(left), std::move(right), std::move(left_places),
                       std::move(right_places));

  HashJoinSpec spec;
  spec.kind = join.kind;
  spec.builds_right = !node.inputs[1]->is_streaming;
  spec.left_keys = std::move(left_places);
  spec.right_keys = std::move(right_places);
  spec.is_null_safe = std::move(is_null_safe);
  std::vector<TypedExpr> rest = parts.rest;
  rest.insert(rest.end(), parts.left_only.begin(), parts.left_only.end());
  rest.insert(rest.end(), parts.right_only.begin(), parts.right_only.end());
  ColumnIds both = left.columns;
  both.insert(both.end(), right.columns.begin(), right.columns.end());
  STREAM_TRY(spec.condition, bind_columns(join_conjuncts(std::move(rest)), both));
  spec.left_columns = left.schema.fields;
  spec.right_columns = right.schema.fields;
  ColumnIds columns;
  for (const Attribute& attribute : node.output) {
    if (join.kind == JoinKind::existence && &attribute == &node.output.back()) {
      spec.output.push_back(both.size());
    } else {
      STREAM_TRY(const std::size_t column, column_of(attribute.id, both));
      spec.output.push_back(column);
    }
    columns.push_back(attribute.id);
  }
  spec.schema = shared(schema_of(node.output));
  spec.evaluation = evaluation();
  LogicalNode joined;
  joined.name = "join";
  joined.inputs = {left.node, right.node};
  joined.kind =
      OperatorNode{make_hash_join(std::move(spec)), is_single ? Exchange::single : Exchange::hash};
  logical_.nodes.push_back(std::move(joined));
  return Planned{static_cast<NodeId>(logical_.nodes.size() - 1), std::move(columns),
                 schema_of(node.output),
                 node.inputs[1]->is_streaming ? right.watermark : left.watermark};
}

Result<Planned> RelationalPlanner::stream_join(const ResolvedPlan& node, const JoinPlan& join,
                                               const JoinConditions& parts, Planned left,
                                               Planned right, std::vector<std::size_t> left_keys,
                                               std::vector<std::size_t> right_keys) {
  const Attributes& left_output = node.inputs[0]->output;
  const Attributes& right_output = node.inputs[1]->output;
  StreamJoinSpec spec;
  spec.kind = join.kind;
  const auto describe = [&](StreamJoinSide& side, const Planned& planned,
                            const Attributes& attributes, const Attributes& other,
                            std::vector<std::size_t> keys, const std::vector<TypedExpr>& own,
                            bool is_left) -> Result<void> {
    side.keys = std::move(keys);
    side.columns = planned.schema.fields;
    side.event_time = event_time_column(attributes, planned.columns);
    if (const auto bound = time_bound(join.condition, parts, attributes, other, is_left)) {
      StateBound state;
      state.offset_millis = bound->offset_millis;
      if (bound->is_key) {
        state.column = side.keys[bound->key];
      } else {
        STREAM_TRY(state.column,
                   column_of(bound->column->as<AttributeReference>()->id, planned.columns));
      }
      side.bound = state;
    }
    STREAM_TRY(side.own_condition, bind_columns(join_conjuncts(own), planned.columns));
    return {};
  };
  STREAM_TRY(describe(spec.left, left, left_output, right_output, std::move(left_keys),
                      parts.left_only, true));
  STREAM_TRY(describe(spec.right, right, right_output, left_output, std::move(right_keys),
                      parts.right_only, false));
  ColumnIds both = left.columns;
  both.insert(both.end(), right.columns.begin(), right.columns.end());
  STREAM_TRY(spec.condition, bind_columns(join_conjuncts(parts.rest), both));
  for (const Attribute& attribute : node.output) {
    STREAM_TRY(const std::size_t column, column_of(attribute.id, both));
    spec.output.push_back(column);
  }
  spec.schema = shared(schema_of(node.output));
  // A join's input watermark is the lesser of its inputs'.
  if (left.watermark && right.watermark) {
    spec.watermark = [l = left.watermark, r = right.watermark](EpochMillis global) {
      return std::min(l(global), r(global));
    };
  } else {
    spec.watermark = left.watermark ? left.watermark : right.watermark;
  }
  spec.evaluation = evaluation();
  WatermarkAtInput passed_on = [spec](EpochMillis global) {
    return output_watermark(spec, spec.watermark ? spec.watermark(global) : global);
  };
  LogicalNode joined;
  joined.name = "join";
  joined.inputs = {left.node, right.node};
  joined.id = state_id("join");
  const bool forgets = spec.left.bound || spec.right.bound;
  joined.kind = OperatorNode{make_stream_join(spec), Exchange::hash, 0,
                             forgets ? NoDataEpochs::when_watermark_moves : NoDataEpochs::never};
  logical_.nodes.push_back(std::move(joined));
  return Planned{static_cast<NodeId>(logical_.nodes.size() - 1), ids_of(node.output),
                 schema_of(node.output), std::move(passed_on)};
}

Result<Planned> RelationalPlanner::union_all(const ResolvedPlan& node) {
  LogicalNode all;
  all.name = "union";
  all.kind = UnionNode{};
  std::vector<WatermarkAtInput> watermarks;
  const Schema schema = schema_of(node.output);
  for (const PlanRef& input : node.inputs) {
    STREAM_TRY(Planned planned, plan(input));
    // One schema for all, by position.
    if (!(planned.schema == schema) || planned.columns != ids_of(input->output)) {
      ProjectSpec spec;
      for (const Attribute& attribute : input->output) {
        STREAM_TRY(const std::size_t column, column_of(attribute.id, planned.columns));
        spec.expressions.push_back(input_column(planned.schema, column));
      }
      spec.schema = shared(schema);
      spec.evaluation = evaluation();
      planned =
          add("project", planned, {make_project(std::move(spec))}, ids_of(node.output), schema);
    }
    all.inputs.push_back(planned.node);
    if (planned.watermark) watermarks.push_back(planned.watermark);
  }
  logical_.nodes.push_back(std::move(all));
  WatermarkAtInput watermark;
  if (!watermarks.empty()) {
    watermark = [watermarks](EpochMillis global) {
      EpochMillis least = global;
      for (const WatermarkAtInput& at : watermarks) least = std::min(least, at(global));
      return least;
    };
  }
  return Planned{static_cast<NodeId>(logical_.nodes.size() - 1), ids_of(node.output), schema,
                 std::move(watermark)};
}

Result<Planned> RelationalPlanner::set_operation(const ResolvedPlan& node, const SetPlan& set) {
  SetOperationSpec spec;
  using Kind = SetOperationSpec::Kind;
  spec.kind = set.is_except ? (set.is_all ? Kind::except_all : Kind::except)
                            : (set.is_all ? Kind::intersect_all : Kind::intersect);
  LogicalNode operation;
  operation.name = set.is_except ? "except" : "intersect";
  for (std::size_t i = 0; i < 2; ++i) {
    const PlanRef& input = node.inputs[i];
    STREAM_TRY(Planned planned, plan(input));
    std::vector<std::size_t>& places = i == 0 ? spec.left : spec.right;
    for (const Attribute& attribute : input->output) {
      STREAM_TRY(const std::size_t column, column_of(attribute.id, planned.columns));
      places.push_back(column);
    }
    const Planned hashed = with_hash(planned, places);
    for (std::size_t& place : places) ++place;
    operation.inputs.push_back(hashed.node);
  }
  spec.schema = shared(schema_of(node.output));
  operation.kind = OperatorNode{make_set_operation(std::move(spec)), Exchange::hash};
  logical_.nodes.push_back(std::move(operation));
  return Planned{static_cast<NodeId>(logical_.nodes.size() - 1),
                 ids_of(node.output),
                 schema_of(node.output),
                 {}};
}

Result<Planned> RelationalPlanner::sort(const ResolvedPlan& node, const SortPlan& sort,
                                        std::optional<std::int64_t> limit) {
  STREAM_TRY(const Planned input, plan(node.inputs[0]));
  SortSpec spec;
  STREAM_TRY(spec.keys, bind_order(sort.keys, input.columns));
  if (limit) spec.limit = static_cast<std::size_t>(*limit);
  spec.evaluation = evaluation();
  return add("sort", input,
             {make_sort(std::move(spec)), sort.is_global ? Exchange::single : Exchange::forward},
             input.columns, input.schema);
}

Result<Planned> RelationalPlanner::limit(const ResolvedPlan& node, const LimitPlan& limit) {
  // The first rows of an order need not all be sorted.
  const PlanRef& below = node.inputs[0];
  const auto* sorted = below->as<SortPlan>();
  Planned input;
  if (sorted && limit.limit && sorted->is_global) {
    STREAM_TRY(input, sort(*below, *sorted, *limit.limit + limit.offset));
  } else {
    STREAM_TRY(input, plan(below));
  }
  LimitSpec spec;
  spec.limit = limit.limit.value_or(LimitSpec::kNoLimit);
  spec.offset = limit.offset;
  spec.counts_over_query = node.is_streaming && options_.mode == OutputMode::append;
  return add("limit", input, {make_limit(spec), Exchange::single}, input.columns, input.schema,
             spec.counts_over_query ? state_id("limit") : std::string());
}

Result<Planned> RelationalPlanner::deduplicate(const ResolvedPlan& node,
                                               const DeduplicatePlan& deduplicate) {
  STREAM_TRY(const Planned input, plan(node.inputs[0]));
  DeduplicateSpec spec;
  for (const AttributeId id : deduplicate.keys) {
    STREAM_TRY(const std::size_t column, column_of(id, input.columns));
    spec.keys.push_back(column);
  }
  const Planned hashed = with_hash(input, spec.keys);
  for (std::size_t& key : spec.keys) ++key;
  ColumnIds columns;
  Schema schema;
  for (std::size_t i = 1; i < hashed.columns.size(); ++i) {
    if (hashed.columns[i] == 0) continue;
    spec.output.push_back(i);
    columns.push_back(hashed.columns[i]);
    schema.fields.push_back(hashed.schema.fields[i]);
  }
  if (node.is_streaming) {
    const Attribute* event_time = event_time_attribute(node.inputs[0]->output);
    if (event_time) {
      // A key that carries the watermark is the one to evict by.
      for (const AttributeId id : deduplicate.keys) {
        const Attribute* key = find_attribute(node.inputs[0]->output, id);
        if (key && key->event_time && !deduplicate.is_within_watermark) event_time = key;
      }
      STREAM_TRY(spec.event_time, column_of(event_time->id, hashed.columns));
      if (deduplicate.is_within_watermark) spec.delay_millis = event_time->event_time->delay_millis;
    }
  }
  spec.watermark = input.watermark;
  spec.schema = shared(schema);
  const bool has_time = spec.event_time.has_value();
  return add("deduplicate", hashed,
             {make_deduplicate(std::move(spec)), Exchange::hash, 0,
              has_time ? NoDataEpochs::when_watermark_moves : NoDataEpochs::never},
             std::move(columns), std::move(schema), state_id("deduplicate"));
}

/// The rows without the hash that stands in front of them.
std::vector<Batch> without_hash(const std::vector<Batch>& batches) {
  std::vector<Batch> rows;
  for (const Batch& batch : batches) {
    Schema schema{{batch.schema().fields.begin() + 1, batch.schema().fields.end()}};
    rows.emplace_back(shared(std::move(schema)),
                      std::vector<Column>(batch.columns().begin() + 1, batch.columns().end()),
                      batch.num_rows());
  }
  return rows;
}

/// A processor over rows with a hash in front.
class UnhashedProcessor final : public StatefulProcessor {
 public:
  explicit UnhashedProcessor(std::unique_ptr<StatefulProcessor> inner) : inner_(std::move(inner)) {}
  Result<std::vector<StateVariable>> variables(TimeMode mode) override {
    return inner_->variables(mode);
  }
  Result<void> rows(const Batch& key, const std::vector<Batch>& rows, ProcessorState& state,
                    Output& output) override {
    return inner_->rows(key, without_hash(rows), state, output);
  }
  Result<void> timer(const Batch& key, EpochMillis expiry, ProcessorState& state,
                     Output& output) override {
    return inner_->timer(key, expiry, state, output);
  }

 private:
  std::unique_ptr<StatefulProcessor> inner_;
};

Result<Planned> RelationalPlanner::typed(const ResolvedPlan& node, const TypedOperator& op) {
  STREAM_TRY(Planned input, plan(node.inputs[0]));
  // Records are read by the places of their columns.
  STREAM_TRY(input, finish(std::move(input), node.inputs[0]->output));
  if (const auto* rows = std::get_if<TypedRowFunction>(&op.function))
    return add(op.name, input, {rows->make}, ids_of(node.output), schema_of(node.output));
  std::vector<std::size_t> keys(op.keys.size());
  std::iota(keys.begin(), keys.end(), op.record.num_fields());
  const Planned hashed = with_hash(input, std::move(keys));
  return std::get_if<TypedGroupFunction>(&op.function) ? group_state(node, op, hashed)
                                                       : processor(node, op, hashed);
}

Planned RelationalPlanner::group_state(const ResolvedPlan& node, const TypedOperator& op,
                                       const Planned& input) {
  const auto& typed = std::get<TypedGroupFunction>(op.function);
  GroupStateSpec spec;
  for (std::size_t i = 0; i < op.keys.size(); ++i)
    spec.keys.push_back(1 + op.record.num_fields() + i);
  spec.key_fields = op.key.fields;
  spec.state_type = typed.state_type;
  spec.timeout = typed.timeout;
  if (node.is_streaming) spec.event_time = event_time_column(node.inputs[0]->output, input.columns);
  spec.has_watermark = spec.event_time.has_value();
  spec.watermark = input.watermark;
  spec.function = [function = typed.function](const Batch& key, const std::vector<Batch>& rows,
                                              GroupState& state, Output& output) {
    return function(key, without_hash(rows), state, output);
  };
  spec.name = op.name;
  spec.schema = op.output;
  const NoDataEpochs no_data = typed.timeout == GroupTimeout::none ? NoDataEpochs::never
                               : typed.timeout == GroupTimeout::processing_time
                                   ? NoDataEpochs::always
                                   : NoDataEpochs::when_watermark_moves;
  Planned made =
      add(op.name, input, {make_group_state(std::move(spec)), Exchange::hash, 0, no_data},
          ids_of(node.output), schema_of(node.output), state_id("groups"));
  // Nothing is known of the times of what a function makes.
  made.watermark = [](EpochMillis) { return EpochMillis{0}; };
  return made;
}

Planned RelationalPlanner::processor(const ResolvedPlan& node, const TypedOperator& op,
                                     const Planned& input) {
  const auto& typed = std::get<TypedProcessor>(op.function);
  TransformWithStateSpec spec;
  for (std::size_t i = 0; i < op.keys.size(); ++i)
    spec.keys.push_back(1 + op.record.num_fields() + i);
  spec.key_fields = op.key.fields;
  spec.mode = typed.mode;
  if (node.is_streaming) spec.event_time = event_time_column(node.inputs[0]->output, input.columns);
  spec.watermark = input.watermark;
  spec.make_processor = [make = typed.make]() -> std::unique_ptr<StatefulProcessor> {
    return std::make_unique<UnhashedProcessor>(make());
  };
  spec.name = op.name;
  spec.schema = op.output;
  for (std::size_t i = 0; i < node.output.size(); ++i) {
    if (node.output[i].event_time) spec.output_event_time = i;
  }
  const NoDataEpochs no_data = typed.mode == TimeMode::none ? NoDataEpochs::never
                               : typed.mode == TimeMode::processing_time
                                   ? NoDataEpochs::always
                                   : NoDataEpochs::when_watermark_moves;
  return add(op.name, input,
             {make_transform_with_state(std::move(spec)), Exchange::hash, 0, no_data},
             ids_of(node.output), schema_of(node.output), state_id("processor"));
}

}  // namespace

Result<NodeId> plan_relation(const PlanRef& plan, const RelationalOptions& options,
                             LogicalPlan& logical) {
  RelationalPlanner planner(options, logical);
  STREAM_TRY(Planned planned, planner.plan(plan));
  STREAM_TRY(planned, planner.finish(std::move(planned), plan->output));
  return planned.node;
}

}  // namespace stream
