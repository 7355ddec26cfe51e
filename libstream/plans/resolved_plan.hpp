// A query whose names and types are known: a tree of relational nodes over attributes, columns with
// numbers that are unique in the tree. Made by the analyser, rewritten by the optimiser's rules,
// cut into operators by the relational planner. Immutable, shared.
#pragma once

#include <libstream/expressions/aggregate_function.hpp>
#include <libstream/expressions/window_function.hpp>
#include <libstream/operators/aggregate.hpp>
#include <libstream/operators/join_kind.hpp>
#include <libstream/operators/over.hpp>
#include <libstream/plans/relation.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace stream {

using AttributeId = std::uint64_t;

/// What with_watermark left on a column; it stays through projections and windows.
struct EventTimeMark {
  std::int64_t delay_millis = 0;
  bool operator==(const EventTimeMark&) const = default;
};

/// A column of a node's output.
struct Attribute {
  AttributeId id = 0;
  std::string name;
  DataType type;
  bool is_nullable = true;
  std::vector<std::string> qualifier;  ///< "events" in events.k; empty: none
  std::optional<EventTimeMark> event_time;
  bool is_hidden = false;  ///< found by name, but not part of `*`
};
using Attributes = std::vector<Attribute>;

TypedExpr reference_to(const Attribute& attribute);

struct ResolvedPlan;
using PlanRef = std::shared_ptr<const ResolvedPlan>;

struct ScanPlan {
  std::shared_ptr<const Source> source;
  std::string bad_records = {};  ///< name of the sink that takes them; empty: none
};
struct BadRecordsPlan {
  std::shared_ptr<const Source> source;
};
struct RowsPlan {
  std::vector<std::vector<Value>> rows;
};
/// One expression an output attribute.
struct ProjectPlan {
  std::vector<TypedExpr> expressions;
};
struct FilterPlan {
  TypedExpr condition;
};
/// Several rows from one: a projection each (grouping sets).
struct ExpandPlan {
  std::vector<std::vector<TypedExpr>> projections;
};
/// The input's attributes, then the generator's.
struct GeneratePlan {
  std::string name;
  ResolvedGenerator generator;
  std::vector<TypedExpr> arguments;
  bool is_outer = false;
};
struct WatermarkPlan {
  AttributeId event_time = 0;
  std::int64_t delay_millis = 0;
  /// The relation it was made of: a view that is read twice has one watermark.
  std::shared_ptr<const Relation> origin;
};
/// The input's attributes, then a struct of start and end. Sliding windows make several rows of
/// one; rows without a time are dropped (R-050 … R-057).
struct TimeWindowPlan {
  TypedExpr time;
  std::int64_t size_micros = 0;
  std::int64_t slide_micros = 0;
  std::int64_t start_micros = 0;
};
/// The input's attributes, then a struct [time, time + gap); rows without a time or with a gap that
/// is not positive are dropped (R-058 … R-061).
struct SessionWindowPlan {
  TypedExpr time;
  TypedExpr gap;  ///< day-time interval
};

struct NamedAggregate {
  std::string name;
  AggregateCall call;
};
/// Output: the keys (attributes of the input), then a column an aggregate.
struct AggregatePlan {
  std::vector<AttributeId> keys;
  std::vector<NamedAggregate> aggregates;
  std::optional<AttributeId> session;  ///< the key that is a session window
};

struct NamedOverCall {
  std::string name;
  OverCall call;
};
/// The input's attributes, then a column a call; all over one partitioning and order.
struct WindowPlan {
  std::vector<TypedExpr> partition_by;
  std::vector<SortColumn> order_by;
  std::vector<NamedOverCall> calls;
};

/// Output: left's attributes, then right's (semi and anti: left's only; existence: left's and a
/// BOOLEAN).
struct JoinPlan {
  JoinKind kind = JoinKind::inner;
  TypedExpr condition;  ///< may be null
  /// NOT IN: a null on either side of the equality means "maybe", which an anti join does not let
  /// through.
  bool is_null_aware = false;
};
struct UnionPlan {};
/// INTERSECT and EXCEPT; inputs have the same types.
struct SetPlan {
  bool is_except = false;
  bool is_all = false;
};
struct SortPlan {
  std::vector<SortColumn> keys;
  bool is_global = true;
};
struct LimitPlan {
  std::optional<std::int64_t> limit;
  std::int64_t offset = 0;
};
struct DeduplicatePlan {
  std::vector<AttributeId> keys;
  bool is_within_watermark = false;
};
struct RepartitionPlan {
  std::uint32_t count = 0;
  std::vector<TypedExpr> keys;
};
struct SamplePlan {
  double fraction = 1;
  std::uint64_t seed = 0;
};
/// A scalar subquery's relation: at most one row; a row of nulls when there is none.
struct SingleRowPlan {};

/// One node for all plans of a query that were made of the same relation. Nothing is pushed into
/// it.
struct CachePlan {
  std::shared_ptr<const Relation> origin;
};

/// The rows of one of the inputs that an operator over all of them drops as late.
struct LateRowsPlan {
  std::size_t input = 0;
  TypedExpr time;            ///< what is compared: a TIMESTAMP, or a window, whose end counts
  bool is_evicting = false;  ///< the operator asks for no-data epochs when the watermark moves
};

/// Input: the record's fields, the key's, perhaps the event time.
struct TypedOperatorPlan {
  std::shared_ptr<const TypedOperator> op;
};

struct ResolvedPlan {
  std::variant<ScanPlan, RowsPlan, ProjectPlan, FilterPlan, ExpandPlan, GeneratePlan, WatermarkPlan,
               TimeWindowPlan, SessionWindowPlan, AggregatePlan, WindowPlan, JoinPlan, UnionPlan,
               SetPlan, SortPlan, LimitPlan, DeduplicatePlan, RepartitionPlan, SamplePlan,
               SingleRowPlan, CachePlan, TypedOperatorPlan, LateRowsPlan, BadRecordsPlan>
      kind;
  std::vector<PlanRef> inputs;
  Attributes output;
  bool is_streaming = false;

  template <class T>
  const T* as() const {
    return std::get_if<T>(&kind);
  }
};

/// A node; it streams when an input does.
template <class Kind>
PlanRef make_plan(Kind kind, std::vector<PlanRef> inputs, Attributes output) {
  ResolvedPlan plan;
  plan.kind = std::move(kind);
  plan.output = std::move(output);
  for (const PlanRef& input : inputs) plan.is_streaming = plan.is_streaming || input->is_streaming;
  plan.inputs = std::move(inputs);
  return std::make_shared<const ResolvedPlan>(std::move(plan));
}

/// The schema of a node's rows.
Schema schema_of(const Attributes& attributes);

/// Ids of the attributes that an expression reads.
void collect_attributes(const TypedExpression& expression, std::vector<AttributeId>& ids);
const Attribute* find_attribute(const Attributes& attributes, AttributeId id);

/// The parts of a condition that are joined by AND; and back (null for none).
std::vector<TypedExpr> split_conjuncts(const TypedExpr& condition);
TypedExpr join_conjuncts(std::vector<TypedExpr> conjuncts);

}  // namespace stream
