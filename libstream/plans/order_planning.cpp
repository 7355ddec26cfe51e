// Order, limits and duplicates.
#include <libstream/operators/deduplicate.hpp>
#include <libstream/operators/limit.hpp>
#include <libstream/plans/planning.hpp>

namespace stream {

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

}  // namespace stream
