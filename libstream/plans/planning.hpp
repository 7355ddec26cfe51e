// The relational planner's own parts, one source file a kind of relation: relational_planner.cpp
// (the simple ones), window_planning.cpp, aggregate_planning.cpp, join_planning.cpp,
// order_planning.cpp, typed_planning.cpp. Not for others.
#pragma once

#include <libstream/operators/aggregate.hpp>
#include <libstream/operators/sort.hpp>
#include <libstream/plans/column_binding.hpp>
#include <libstream/plans/join_conditions.hpp>
#include <libstream/plans/relational_planner.hpp>
#include <libstream/plans/typed_operator.hpp>

#include <map>
#include <optional>

namespace stream {

/// A node of the logical plan that is there already.
struct Planned {
  NodeId node = 0;
  ColumnIds columns;
  Schema schema;               ///< of its batches
  WatermarkAtInput watermark;  ///< empty: the global one
};

inline std::shared_ptr<const Schema> shared(Schema schema) {
  return std::make_shared<const Schema>(std::move(schema));
}

inline ColumnIds ids_of(const Attributes& attributes) {
  ColumnIds ids;
  for (const Attribute& attribute : attributes) ids.push_back(attribute.id);
  return ids;
}

inline TypedExpr input_column(const Schema& schema, std::size_t index) {
  const Field& field = schema.fields[index];
  return make_typed(field.type, field.is_nullable, InputColumn{index});
}

class RelationalPlanner {
 public:
  explicit RelationalPlanner(LogicalPlan& logical) : logical_(logical) {}

  /// Before each of the query's outputs.
  void begin_output(const RelationalOptions& options);
  Result<Planned> plan(const PlanRef& node);
  /// The node with exactly the plan's output, renamed.
  Result<Planned> finish(Planned planned, const Attributes& output);

 private:
  Result<Planned> plan_anew(const PlanRef& node);
  /// What an earlier output has planned already.
  std::optional<Planned> find_shared(const PlanRef& plan) const;
  Result<Planned> late_rows(const ResolvedPlan& node, const LateRowsPlan& late);
  Planned bad_records(const ResolvedPlan& node, const BadRecordsPlan& bad);
  Result<Planned> scan(const ResolvedPlan& node, const ScanPlan& scan);
  Result<Planned> rows(const ResolvedPlan& node, const RowsPlan& rows);
  Result<Planned> cached(const ResolvedPlan& node, const CachePlan& cache);
  Result<Planned> project(const ResolvedPlan& node, const ProjectPlan& project);
  Result<Planned> generate(const ResolvedPlan& node, const GeneratePlan& generate);
  Result<Planned> watermark(const ResolvedPlan& node, const WatermarkPlan& watermark);
  Result<Planned> time_window(const ResolvedPlan& node, const TimeWindowPlan& window);
  Result<Planned> session_window(const ResolvedPlan& node, const SessionWindowPlan& window);
  Result<Planned> aggregate(const ResolvedPlan& node, const AggregatePlan& aggregate);
  /// An aggregation over what is left below it once projections and windows are written into it.
  struct Grouped {
    std::vector<TypedExpr> keys;
    std::vector<AggregateCall> calls;
    PlanRef below;
    Planned input;
    AggregateSpec spec;
  };
  Result<void> absorb_window(Grouped& grouped, const TimeWindowPlan& window);
  Result<Planned> distinct_aggregate(const ResolvedPlan& node, Grouped grouped);
  Result<Planned> phased_aggregate(const ResolvedPlan& node, const AggregatePlan& aggregate,
                                   Grouped grouped);
  Result<Planned> sessions(const ResolvedPlan& node, const AggregatePlan& aggregate, Planned input,
                           AggregateSpec spec);
  Result<Planned> over(const ResolvedPlan& node, const WindowPlan& window);
  Result<Planned> join(const ResolvedPlan& node, const JoinPlan& join);
  /// The join as questions to its static side; nullopt: it is not one of these.
  Result<std::optional<Planned>> lookup_join(const ResolvedPlan& node, const JoinPlan& join);
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
    return options_.id_prefix + "state-" + std::to_string(num_stateful_++) + "-" +
           std::string(name);
  }
  Planned apply_filter(const Planned& input, TypedExpr bound, std::string name);
  Planned with_hash(const Planned& input, std::vector<std::size_t> keys);
  Result<Planned> with_columns(Planned input, const std::vector<TypedExpr>& expressions,
                               std::vector<std::size_t>& places);
  /// bind_columns for an operator's use.
  Result<TypedExpr> bind(const TypedExpr& expression, const ColumnIds& columns);
  Result<std::vector<TypedExpr>> bind_all(const std::vector<TypedExpr>& expressions,
                                          const ColumnIds& columns);
  Result<std::vector<SortColumn>> bind_order(const std::vector<SortColumn>& order,
                                             const ColumnIds& columns);
  /// The first column with a watermark, as a column number.
  static std::optional<std::size_t> event_time_column(const Attributes& attributes,
                                                      const ColumnIds& columns);

  using Known = std::map<PlanRef, std::pair<OutputMode, Planned>>;

  RelationalOptions options_;
  LogicalPlan& logical_;
  CachedNodes cached_;
  Known planned_;  ///< of the output at hand
  Known shared_;   ///< of earlier ones
  std::size_t num_stateful_ = 0;
  std::map<std::shared_ptr<const Relation>, std::uint32_t> watermark_nodes_;
};

}  // namespace stream
