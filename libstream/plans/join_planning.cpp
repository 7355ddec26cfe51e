// Joins and set operations.
#include <libstream/operators/hash_join.hpp>
#include <libstream/operators/project.hpp>
#include <libstream/operators/set_operation.hpp>
#include <libstream/operators/stream_join.hpp>
#include <libstream/plans/planning.hpp>

#include <algorithm>

namespace stream {

Result<Planned> RelationalPlanner::join(const ResolvedPlan& node, const JoinPlan& join) {
  STREAM_TRY(const std::optional<Planned> looked_up, lookup_join(node, join));
  if (looked_up) return *looked_up;
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
  STREAM_TRY(spec.condition, bind(join_conjuncts(std::move(rest)), both));
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
    if (const auto bound = kept_bound(join.condition, parts, attributes, other, is_left)) {
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
    STREAM_TRY(side.own_condition, bind(join_conjuncts(own), planned.columns));
    return {};
  };
  STREAM_TRY(describe(spec.left, left, left_output, right_output, std::move(left_keys),
                      parts.left_only, true));
  STREAM_TRY(describe(spec.right, right, right_output, left_output, std::move(right_keys),
                      parts.right_only, false));
  ColumnIds both = left.columns;
  both.insert(both.end(), right.columns.begin(), right.columns.end());
  STREAM_TRY(spec.condition, bind(join_conjuncts(parts.rest), both));
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

}  // namespace stream
