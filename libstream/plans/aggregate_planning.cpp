// Aggregations: in one phase or two, with windows as keys, over sessions.
#include <libstream/operators/project.hpp>
#include <libstream/operators/session_aggregate.hpp>
#include <libstream/operators/streaming_aggregate.hpp>
#include <libstream/plans/planning.hpp>
#include <libstream/plans/window_expressions.hpp>

#include <algorithm>

namespace stream {

namespace {

using Rewrite = std::function<TypedExpr(const TypedExpr&)>;

void rewrite_calls(std::vector<AggregateCall>& calls, const Rewrite& rewrite) {
  for (AggregateCall& call : calls) {
    for (TypedExpr& argument : call.arguments) argument = rewrite(argument);
    if (call.filter) call.filter = rewrite(call.filter);
  }
}

void rewrite_all(std::vector<TypedExpr>& keys, std::vector<AggregateCall>& calls,
                 const Rewrite& rewrite) {
  for (TypedExpr& key : keys) key = rewrite(key);
  rewrite_calls(calls, rewrite);
}

/// A hash stands in front: every column is one further.
void shift_all(AggregateSpec& spec) {
  rewrite_all(spec.keys, spec.calls, [](const TypedExpr& e) { return shift_columns(e, 1); });
}

bool is_inlinable(const ResolvedPlan& plan) {
  const auto* project = plan.as<ProjectPlan>();
  return project && std::all_of(project->expressions.begin(), project->expressions.end(),
                                [](const TypedExpr& e) { return is_deterministic(*e); });
}

bool has_distinct(const std::vector<AggregateCall>& calls) {
  return std::any_of(calls.begin(), calls.end(),
                     [](const AggregateCall& call) { return call.is_distinct; });
}

bool is_reference_to(const TypedExpr& expression, AttributeId id) {
  const auto* reference = expression->as<AttributeReference>();
  return reference && reference->id == id;
}

/// Does anything but a key that is the attribute itself read it?
bool is_read_elsewhere(const std::vector<TypedExpr>& keys, const std::vector<AggregateCall>& calls,
                       AttributeId id) {
  std::vector<AttributeId> read;
  for (const TypedExpr& key : keys) {
    if (!is_reference_to(key, id)) collect_attributes(*key, read);
  }
  for (const AggregateCall& call : calls) {
    for (const TypedExpr& argument : call.arguments) collect_attributes(*argument, read);
    if (call.filter) collect_attributes(*call.filter, read);
  }
  return std::find(read.begin(), read.end(), id) != read.end();
}

}  // namespace

/// A window that is a key: a tumbling one is computed with the keys, a sliding one is cut into
/// slices; other uses need the rows of every window.
Result<void> RelationalPlanner::absorb_window(Grouped& grouped, const TimeWindowPlan& window) {
  const AttributeId id = grouped.below->output.back().id;
  const auto key = std::find_if(grouped.keys.begin(), grouped.keys.end(),
                                [&](const TypedExpr& e) { return is_reference_to(e, id); });
  const auto place = static_cast<std::size_t>(key - grouped.keys.begin());
  if (key != grouped.keys.end() && windows_per_row(window) == 1) {
    // Only a null time is to be left out beforehand.
    STREAM_TRY(grouped.input, plan(grouped.below->inputs[0]));
    if (window.time->is_nullable) {
      STREAM_TRY(const TypedExpr time, bind(window.time, grouped.input.columns));
      grouped.input = apply_filter(grouped.input, is_not_null(time), "window");
    }
    const TypedExpr value = window_of(window, 0);
    rewrite_all(grouped.keys, grouped.calls, [&](const TypedExpr& e) {
      return substitute(e, [&](const AttributeReference& reference) -> TypedExpr {
        return reference.id == id ? value : nullptr;
      });
    });
    return {};
  }
  if (key != grouped.keys.end() && !is_read_elsewhere(grouped.keys, grouped.calls, id) &&
      !has_distinct(grouped.calls)) {
    STREAM_TRY(grouped.input, plan(grouped.below->inputs[0]));
    *key = window.time;
    grouped.spec.sliding =
        SlidingKey{place, window.size_micros, window.slide_micros, window.start_micros};
    return {};
  }
  STREAM_TRY(grouped.input, plan(grouped.below));
  return {};
}

Result<Planned> RelationalPlanner::aggregate(const ResolvedPlan& node,
                                             const AggregatePlan& aggregate) {
  Grouped grouped;
  for (const AttributeId id : aggregate.keys)
    grouped.keys.push_back(reference_to(*find_attribute(node.inputs[0]->output, id)));
  for (const NamedAggregate& named : aggregate.aggregates) grouped.calls.push_back(named.call);
  // Projections below are written into the keys and arguments: nothing is made that is not needed.
  grouped.below = node.inputs[0];
  while (is_inlinable(*grouped.below)) {
    rewrite_all(grouped.keys, grouped.calls,
                [&](const TypedExpr& e) { return inline_projection(e, *grouped.below); });
    grouped.below = grouped.below->inputs[0];
  }
  AggregateSpec& spec = grouped.spec;
  const auto* window = grouped.below->as<TimeWindowPlan>();
  if (window && !aggregate.session) {
    STREAM_TRY(absorb_window(grouped, *window));
  } else {
    STREAM_TRY(grouped.input, plan(grouped.below));
  }
  const ColumnIds& columns = grouped.input.columns;
  STREAM_TRY(spec.keys, bind_all(grouped.keys, columns));
  for (AggregateCall& call : grouped.calls) {
    STREAM_TRY(call.arguments, bind_all(call.arguments, columns));
    STREAM_TRY(call.filter, bind(call.filter, columns));
  }
  spec.calls = grouped.calls;
  spec.schema = shared(schema_of(node.output));
  spec.evaluation = evaluation();
  if (aggregate.session)
    return sessions(node, aggregate, std::move(grouped.input), std::move(spec));
  if (has_distinct(spec.calls) && !node.is_streaming)
    return distinct_aggregate(node, std::move(grouped));
  return phased_aggregate(node, aggregate, std::move(grouped));
}

/// All rows of a group at one task.
Result<Planned> RelationalPlanner::distinct_aggregate(const ResolvedPlan& node, Grouped grouped) {
  if (grouped.keys.empty())
    return add("aggregate", grouped.input,
               {make_aggregate(std::move(grouped.spec)), Exchange::single}, ids_of(node.output),
               schema_of(node.output));
  std::vector<std::size_t> places;
  STREAM_TRY(const Planned keyed, with_columns(std::move(grouped.input), grouped.keys, places));
  const Planned hashed = with_hash(keyed, places);
  shift_all(grouped.spec);
  return add("aggregate", hashed, {make_aggregate(std::move(grouped.spec)), Exchange::hash},
             ids_of(node.output), schema_of(node.output));
}

Result<Planned> RelationalPlanner::phased_aggregate(const ResolvedPlan& node,
                                                    const AggregatePlan& aggregate,
                                                    Grouped grouped) {
  AggregateSpec& spec = grouped.spec;
  const bool is_streaming = node.is_streaming;
  const Exchange exchange = spec.keys.empty() ? Exchange::single : Exchange::hash;
  StreamingAggregateSpec streaming;
  streaming.mode = options_.mode;
  streaming.watermark = grouped.input.watermark;
  for (std::size_t i = 0; i < aggregate.keys.size(); ++i) {
    if (node.output[i].event_time && !streaming.event_time_key) streaming.event_time_key = i;
  }
  LogicalNode aggregated;
  aggregated.name = "aggregate";
  if (is_streaming) aggregated.id = state_id("aggregate");
  if (spec.sliding) {
    // Slices are cut in the first phase, so there always is one.
    const Planned partial = add("partial_aggregate", grouped.input, {make_partial_aggregate(spec)},
                                {}, *partial_schema(spec));
    aggregated.inputs = {partial.node};
    // What comes in are windows.
    const std::size_t window_key = spec.sliding->key;
    spec.keys[window_key] = make_typed(node.output[window_key].type, false, InputColumn{0});
    spec.sliding.reset();
    streaming.aggregate = spec;
    aggregated.kind = OperatorNode{
        is_streaming ? make_streaming_aggregate(streaming) : make_merge_aggregate(spec), exchange,
        0, is_streaming ? when_moved() : NoDataEpochs::never};
  } else {
    aggregated.inputs = {grouped.input.node};
    AggregateNode kind;
    kind.partial = make_partial_aggregate(spec);
    kind.exchange = exchange;
    kind.name = "aggregate";
    if (is_streaming) {
      streaming.aggregate = spec;
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
                 schema_of(node.output), grouped.input.watermark};
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
    shift_all(spec);
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

}  // namespace stream
