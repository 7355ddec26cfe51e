// Watermarks, time windows and OVER.
#include <libstream/operators/expand.hpp>
#include <libstream/operators/over.hpp>
#include <libstream/operators/project.hpp>
#include <libstream/operators/with_watermark.hpp>
#include <libstream/plans/planning.hpp>
#include <libstream/plans/window_expressions.hpp>

namespace stream {

Result<Planned> RelationalPlanner::watermark(const ResolvedPlan& node,
                                             const WatermarkPlan& watermark) {
  STREAM_TRY(const Planned input, plan(node.inputs[0]));
  WithWatermarkSpec spec;
  STREAM_TRY(spec.column, column_of(watermark.event_time, input.columns));
  const auto [known, is_new] = watermark_nodes_.try_emplace(
      watermark.origin, static_cast<std::uint32_t>(logical_.watermark_delays.size()));
  if (is_new) logical_.watermark_delays.push_back(watermark.delay_millis);
  spec.watermark_node = known->second;
  spec.max_ahead_millis = options_.max_ahead_millis;
  return add("with_watermark", input, {make_with_watermark(spec)}, input.columns, input.schema);
}

Result<Planned> RelationalPlanner::time_window(const ResolvedPlan& node,
                                               const TimeWindowPlan& window) {
  STREAM_TRY(Planned input, plan(node.inputs[0]));
  TimeWindowPlan bound = window;
  STREAM_TRY(bound.time, bind(window.time, input.columns));
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
  STREAM_TRY(bound.time, bind(window.time, input.columns));
  STREAM_TRY(bound.gap, bind(window.gap, input.columns));
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
    STREAM_TRY(call.filter, bind(call.filter, input.columns));
    STREAM_TRY(call.frame.start.reach, bind(call.frame.start.reach, input.columns));
    STREAM_TRY(call.frame.end.reach, bind(call.frame.end.reach, input.columns));
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

}  // namespace stream
