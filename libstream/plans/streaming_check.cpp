#include <libstream/plans/join_conditions.hpp>
#include <libstream/plans/streaming_check.hpp>
#include <libstream/plans/typed_operator.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace stream {
namespace {

using Visit = std::function<Result<void>(const ResolvedPlan&)>;

Result<void> visit_all(const ResolvedPlan& plan, const Visit& visit) {
  for (const PlanRef& input : plan.inputs) STREAM_TRY(visit_all(*input, visit));
  return visit(plan);
}

bool any_node(const ResolvedPlan& plan, const std::function<bool(const ResolvedPlan&)>& is_wanted) {
  return is_wanted(plan) ||
         std::any_of(plan.inputs.begin(), plan.inputs.end(),
                     [&](const PlanRef& input) { return any_node(*input, is_wanted); });
}

Error unsupported(std::string_view message) {
  return analysis_error("_LEGACY_ERROR_TEMP_3102", message);
}

std::string_view mode_name(OutputMode mode) {
  return mode == OutputMode::append ? "append" : mode == OutputMode::update ? "update" : "complete";
}

Error unsupported_mode(OutputMode mode, std::string_view operation) {
  return analysis_error(
      "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION",
      fmt::format("Invalid streaming output mode: {}. This output mode is not supported for {} on "
                  "streaming DataFrames/DataSets.",
                  mode_name(mode), operation));
}

bool is_streaming_aggregate(const ResolvedPlan& plan) {
  return plan.is_streaming && plan.as<AggregatePlan>();
}

bool is_streaming_join(const ResolvedPlan& plan) {
  return plan.as<JoinPlan>() && plan.inputs[0]->is_streaming && plan.inputs[1]->is_streaming;
}

/// Groups with time-outs in event time: what they make when one fires is late.
bool waits_for_event_time(const ResolvedPlan& plan) {
  const auto* typed = plan.as<TypedOperatorPlan>();
  const auto* groups = typed ? std::get_if<TypedGroupFunction>(&typed->op->function) : nullptr;
  return groups && plan.is_streaming && groups->timeout == GroupTimeout::event_time;
}

/// An operator whose result depends on the order of event times.
bool is_stateful(const ResolvedPlan& plan) {
  if (!plan.is_streaming) return false;
  if (const auto* deduplicate = plan.as<DeduplicatePlan>()) {
    return deduplicate->is_within_watermark ||
           std::any_of(deduplicate->keys.begin(), deduplicate->keys.end(), [&](AttributeId id) {
             const Attribute* key = find_attribute(plan.inputs[0]->output, id);
             return key && key->event_time;
           });
  }
  return plan.as<AggregatePlan>() || is_streaming_join(plan) || waits_for_event_time(plan);
}

Error unsupported_groups(std::string_view function, std::string_view why) {
  return unsupported(
      fmt::format("{} is not supported {} on a streaming DataFrame/Dataset", function, why));
}

Result<void> check_typed(const ResolvedPlan& plan, const ResolvedPlan& query, OutputMode mode) {
  const TypedOperator& op = *plan.as<TypedOperatorPlan>()->op;
  const bool has_watermark = event_time_attribute(plan.inputs[0]->output) != nullptr;
  if (const auto* processor = std::get_if<TypedProcessor>(&op.function)) {
    if (processor->mode == TimeMode::event_time && !has_watermark)
      return unsupported(
          "Watermark must be specified in the query using '[Dataset/DataFrame].withWatermark()' "
          "for using event-time in a transformWithState. Event-time timers are not supported "
          "without watermark.");
    return {};
  }
  const auto* groups = std::get_if<TypedGroupFunction>(&op.function);
  if (!groups) return {};
  const bool has_aggregate = any_node(query, is_streaming_aggregate);
  const std::string with_mode = fmt::format("with {} output mode", mode_name(mode));
  if (groups->is_map) {
    if (has_aggregate) return unsupported_groups("mapGroupsWithState", "with aggregation");
    if (mode != OutputMode::update) return unsupported_groups("mapGroupsWithState", with_mode);
  } else {
    const std::string function =
        fmt::format("flatMapGroupsWithState in {} mode", mode_name(groups->mode));
    if (!has_aggregate && groups->mode != mode) return unsupported_groups(function, with_mode);
    if (has_aggregate && groups->mode == OutputMode::update)
      return unsupported_groups(function, "with aggregation");
    if (any_node(*plan.inputs[0], is_streaming_aggregate))
      return unsupported_groups(function, "after aggregation");
  }
  if (groups->timeout == GroupTimeout::event_time && !has_watermark)
    return unsupported(
        "Watermark must be specified in the query using '[Dataset/DataFrame].withWatermark()' for "
        "using event-time timeout in a [map|flatMap]GroupsWithState. Event-time timeout not "
        "supported without watermark.");
  return {};
}

Result<void> check_aggregate(const ResolvedPlan& plan, OutputMode mode) {
  const auto& aggregate = *plan.as<AggregatePlan>();
  const bool has_time = std::any_of(
      plan.output.begin(), plan.output.begin() + static_cast<std::ptrdiff_t>(aggregate.keys.size()),
      [](const Attribute& key) { return key.event_time.has_value(); });
  if (aggregate.session && mode == OutputMode::update)
    return unsupported_mode(mode, "session window streaming aggregations");
  if (mode == OutputMode::append && !has_time)
    return unsupported_mode(mode, "streaming aggregations without watermark");
  for (const NamedAggregate& named : aggregate.aggregates) {
    if (named.call.is_distinct)
      return unsupported(
          "Distinct aggregations are not supported on streaming DataFrames/Datasets. Consider "
          "using approx_count_distinct() instead.;");
  }
  if (aggregate.session && aggregate.keys.size() == 1)
    return unsupported(
        "Global aggregation with session window in streaming query is not "
        "supported.");
  return {};
}

Result<void> check_join(const ResolvedPlan& plan, OutputMode mode) {
  const auto& join = *plan.as<JoinPlan>();
  const bool is_left = plan.inputs[0]->is_streaming;
  const bool is_right = plan.inputs[1]->is_streaming;
  if (!is_left && !is_right) return {};
  const auto refuse = [](std::string_view kind, bool left_streams) {
    return unsupported(fmt::format(
        "{} join with a streaming DataFrame/Dataset on the {} and a static DataFrame/DataSet on "
        "the {} not supported;",
        kind, left_streams ? "left" : "right", left_streams ? "right" : "left"));
  };
  if (is_left != is_right) {
    switch (join.kind) {
      case JoinKind::full_outer:
        return refuse("FullOuter", is_left);
      case JoinKind::left_outer:
        return is_right ? Result<void>(refuse("LeftOuter", false)) : Result<void>();
      case JoinKind::left_semi:
      case JoinKind::left_anti:
      case JoinKind::existence:
        return is_right ? Result<void>(refuse(
                              join.kind == JoinKind::left_semi ? "LeftSemi" : "LeftAnti", false))
                        : Result<void>();
      case JoinKind::right_outer:
        return is_left ? Result<void>(refuse("RightOuter", true)) : Result<void>();
      case JoinKind::inner:
        return {};
    }
  }
  const Attributes& left = plan.inputs[0]->output;
  const Attributes& right = plan.inputs[1]->output;
  const JoinConditions parts = split_join_condition(join.condition, left, right);
  if (join.kind == JoinKind::left_anti || join.kind == JoinKind::existence)
    return unsupported(
        "LeftAnti joins with streaming DataFrames/Datasets on both sides are not "
        "supported;");
  if (mode != OutputMode::append)
    return unsupported(
        fmt::format("Join between two streaming DataFrames/Datasets is not supported in {} output "
                    "mode, only in Append output mode;",
                    mode == OutputMode::update ? "Update" : "Complete"));
  if (parts.keys.empty())
    return unsupported("Stream-stream join without equality predicate is not supported.;");
  const auto needs_bound = [&](bool nullable_is_right) -> bool {
    // Rows of the kept side wait until no match can come any more.
    return time_bound(join.condition, parts, nullable_is_right ? left : right,
                      nullable_is_right ? right : left, nullable_is_right)
        .has_value();
  };
  const auto refuse_unbounded = [](std::string_view kind) {
    return unsupported(fmt::format(
        "Stream-stream {} join between two streaming DataFrame/Datasets is not supported without "
        "a watermark in the join keys, or a watermark on the nullable side and an appropriate "
        "range condition;",
        kind));
  };
  switch (join.kind) {
    case JoinKind::left_outer:
      return needs_bound(true) ? Result<void>() : refuse_unbounded("LeftOuter");
    case JoinKind::left_semi:
      return needs_bound(true) ? Result<void>() : refuse_unbounded("LeftSemi");
    case JoinKind::right_outer:
      return needs_bound(false) ? Result<void>() : refuse_unbounded("RightOuter");
    case JoinKind::full_outer:
      return needs_bound(true) || needs_bound(false) ? Result<void>()
                                                     : refuse_unbounded("FullOuter");
    default:
      return {};
  }
}

/// A stateful operator below which rows come later than the watermark says.
Result<void> check_correctness(const ResolvedPlan& plan, OutputMode mode) {
  if (!is_stateful(plan)) return {};
  const auto emits_late = [&](const ResolvedPlan& node) {
    return waits_for_event_time(node) ||
           (is_streaming_aggregate(node) && mode != OutputMode::append);
  };
  const bool is_above =
      std::any_of(plan.inputs.begin(), plan.inputs.end(),
                  [&](const PlanRef& input) { return any_node(*input, emits_late); });
  if (!is_above) return {};
  return unsupported(
      "Detected pattern of possible 'correctness' issue due to global watermark. The query "
      "contains stateful operation which can emit rows older than the current watermark plus "
      "allowed late record delay, which are \"late rows\" in downstream stateful operations and "
      "these rows can be discarded. Please refer the programming guide doc for more details. If "
      "you understand the possible risk of correctness issue and still need to run the query, you "
      "can disable this check by setting the config "
      "`spark.sql.streaming.statefulOperator.checkCorrectness.enabled` to false.;");
}

Result<void> check_node(const ResolvedPlan& plan, const ResolvedPlan& query, OutputMode mode,
                        bool has_aggregate) {
  if (is_streaming_aggregate(plan)) return check_aggregate(plan, mode);
  if (plan.as<JoinPlan>()) return check_join(plan, mode);
  if (plan.as<UnionPlan>()) {
    const bool is_mixed =
        std::any_of(plan.inputs.begin(), plan.inputs.end(),
                    [&](const PlanRef& input) { return input->is_streaming != plan.is_streaming; });
    if (is_mixed)
      return unsupported("Union between streaming and batch DataFrames/Datasets is not supported;");
    return {};
  }
  if (!plan.is_streaming) return {};
  if (plan.as<TypedOperatorPlan>()) return check_typed(plan, query, mode);
  if (const auto* set = plan.as<SetPlan>()) {
    if (set->is_except && plan.inputs[1]->is_streaming)
      return unsupported("Except on a streaming DataFrame/Dataset on the right is not supported;");
    if (!set->is_except && plan.inputs[0]->is_streaming && plan.inputs[1]->is_streaming)
      return unsupported("Intersect between two streaming DataFrames/Datasets is not supported;");
    // Both drop duplicates, which needs state that something must bound.
    return analysis_error("STREAM_FAILED",
                          "UNSUPPORTED_STREAMING_OPERATOR_WITHOUT_WATERMARK: EXCEPT and INTERSECT "
                          "are not supported on streaming DataFrames/Datasets; use a join with the "
                          "static side.");
  }
  if (plan.as<WatermarkPlan>() && any_node(*plan.inputs[0], [](const ResolvedPlan& below) {
        return below.as<WatermarkPlan>() != nullptr;
      }))
    return analysis_error("_LEGACY_ERROR_TEMP_3076",
                          "Redefining watermark is disallowed. You can set the config "
                          "'spark.sql.streaming.statefulOperator.allowMultiple' to 'false' to "
                          "restore the previous behavior. Note that multiple stateful operators "
                          "will be disallowed.");
  if (plan.as<SortPlan>() && !(mode == OutputMode::complete && has_aggregate))
    return unsupported(
        "Sorting is not supported on streaming DataFrames/Datasets, unless it is on aggregated "
        "DataFrame/Dataset in Complete output mode;");
  if (const auto* limit = plan.as<LimitPlan>()) {
    if (limit->offset > 0)
      return unsupported("Offset is not supported on streaming DataFrames/Datasets");
    if (mode == OutputMode::update)
      return unsupported(
          "Limits are not supported on streaming DataFrames/Datasets in Update "
          "output mode;");
  }
  if (plan.as<WindowPlan>())
    return analysis_error("NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING",
                          "Window functions that are not windows over time are not supported on "
                          "streaming DataFrames/Datasets. Group by window(…) instead.");
  if (plan.as<SamplePlan>())
    return unsupported("Sampling is not supported on streaming DataFrames/Datasets;");
  if (const auto* deduplicate = plan.as<DeduplicatePlan>();
      deduplicate && deduplicate->is_within_watermark &&
      !event_time_attribute(plan.inputs[0]->output))
    return analysis_error("STREAM_FAILED",
                          "UNSUPPORTED_STREAMING_OPERATOR_WITHOUT_WATERMARK: "
                          "dropDuplicatesWithinWatermark needs a watermark; call with_watermark "
                          "first.");
  return {};
}

}  // namespace

Result<void> check_streaming(const PlanRef& plan, OutputMode mode, const SqlSettings& settings) {
  if (!plan->is_streaming)
    return analysis_error("WRITE_STREAM_NOT_ALLOWED",
                          "`writeStream` can be called only on streaming Dataset/DataFrame.");
  const bool has_aggregate = any_node(*plan, is_streaming_aggregate);
  if (mode == OutputMode::complete && !has_aggregate)
    return unsupported_mode(mode, "no streaming aggregations");
  if (settings.get_flag("spark.sql.streaming.statefulOperator.checkCorrectness.enabled", true)) {
    STREAM_TRY(
        visit_all(*plan, [&](const ResolvedPlan& node) { return check_correctness(node, mode); }));
  }
  return visit_all(*plan, [&](const ResolvedPlan& node) {
    return check_node(node, *plan, mode, has_aggregate);
  });
}

Result<void> check_bounded(const PlanRef& plan) {
  const auto streams = [](const ResolvedPlan& node) {
    return (node.as<ScanPlan>() || node.as<BadRecordsPlan>()) && node.is_streaming;
  };
  if (!any_node(*plan, streams)) return {};
  return unsupported(
      "Queries with streaming sources must be executed with writeStream.start(), or from a "
      "streaming table or flow definition within a Spark Declarative Pipeline.;");
}

}  // namespace stream
