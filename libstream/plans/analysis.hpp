// The analyser's own parts, one source file a kind of clause: analysis.cpp (which relation is
// what), select_analysis.cpp, join_analysis.cpp, table_analysis.cpp, subquery_analysis.cpp. Not for
// others.
#pragma once

#include <libstream/plans/analyzer.hpp>
#include <libstream/plans/expression_resolver.hpp>

#include <functional>
#include <map>
#include <set>

namespace stream {

/// What names of WITH mean, innermost first; and what an enclosing query's columns are.
struct Environment {
  std::shared_ptr<const Environment> parent;
  std::string name;
  RelationRef relation;
};
using EnvironmentRef = std::shared_ptr<const Environment>;

class Analysis {
 public:
  explicit Analysis(const Catalog& catalog) : catalog_(catalog) {}

  Result<PlanRef> analyze(const RelationRef& relation, const EnvironmentRef& environment);

  /// A subquery's relation. `correlated` takes the conditions of its WHERE that name columns of
  /// `outer`; the attributes they read are part of the result's output.
  Result<PlanRef> analyze_subquery(const RelationRef& relation, const EnvironmentRef& environment,
                                   const Attributes& outer, std::vector<TypedExpr>& correlated);

  AttributeId new_id() { return ++last_id_; }
  Attribute new_attribute(std::string name, DataType type, bool is_nullable) {
    return {new_id(), std::move(name), std::move(type), is_nullable, {}, {}, false};
  }
  const Catalog& catalog() const { return catalog_; }
  bool is_case_sensitive() const { return catalog_.settings().is_case_sensitive; }

  /// `input` with expressions appended as new attributes.
  PlanRef append_columns(const PlanRef& input, const Attributes& attributes,
                         const std::vector<TypedExpr>& expressions);
  /// Only the given attributes of `input`, in that order.
  PlanRef select_attributes(const PlanRef& input, const Attributes& attributes);
  /// The inputs with columns cast pairwise to common types, under the names of the first.
  /// `operation` names it in errors.
  Result<std::vector<PlanRef>> align_types(std::vector<PlanRef> inputs, std::string_view operation);

  // select_analysis.cpp
  Result<PlanRef> analyze_select(const RelationRef& relation, const EnvironmentRef& environment,
                                 const std::vector<SortKey>& order);
  // join_analysis.cpp
  Result<PlanRef> analyze_join(const JoinRelation& join, const EnvironmentRef& environment);
  Result<PlanRef> analyze_set(const SetRelation& set, const EnvironmentRef& environment);
  // subquery_analysis.cpp
  Result<PlanRef> analyze_filter(const FilterRelation& filter, const EnvironmentRef& environment);
  /// `input` filtered by a condition that may hold subqueries.
  Result<PlanRef> filter_by(const PlanRef& input, const Expr& condition,
                            const EnvironmentRef& environment, std::string_view clause);
  /// Joins the value of a scalar subquery to `input` as a new attribute.
  Result<PlanRef> add_scalar_subquery(const PlanRef& input, const Subquery& subquery,
                                      const EnvironmentRef& environment, Attribute& value);
  /// Joins a flag "the value is in the subquery" (or "it has rows") to `input`.
  Result<PlanRef> add_existence(const PlanRef& input, const Subquery& subquery,
                                const EnvironmentRef& environment, Attribute& flag);
  /// JOIN LATERAL (query): the query may name columns of `left`.
  Result<PlanRef> analyze_lateral(const JoinRelation& join, const PlanRef& left,
                                  const EnvironmentRef& environment);
  // typed_analysis.cpp
  Result<PlanRef> analyze_typed(const TypedOperatorRelation& typed,
                                const EnvironmentRef& environment);
  // table_analysis.cpp
  Result<PlanRef> analyze_inline_table(const InlineTable& table);
  Result<PlanRef> analyze_table_function(const TableFunction& function);
  Result<PlanRef> analyze_pivot(const PivotRelation& pivot, const EnvironmentRef& environment);
  Result<PlanRef> analyze_unpivot(const UnpivotRelation& unpivot,
                                  const EnvironmentRef& environment);
  Result<PlanRef> analyze_changed_columns(const ChangeColumnsRelation& change,
                                          const EnvironmentRef& environment);
  Result<PlanRef> analyze_generate(const GenerateRelation& generate,
                                   const EnvironmentRef& environment);
  Result<PlanRef> generate(const PlanRef& input, const Call& call, bool is_outer,
                           const std::vector<std::string>& names, const std::string& qualifier);
  Result<PlanRef> analyze_watermark(const RelationRef& relation, const EnvironmentRef& environment);
  Result<PlanRef> analyze_deduplicate(const DeduplicateRelation& deduplicate,
                                      const EnvironmentRef& environment);

  // side_analysis.cpp
  Result<PlanRef> analyze_late_rows(const LateRowsRelation& late);
  Result<PlanRef> analyze_bad_records(const BadRecordsRelation& bad);
  /// Columns that a source has beside those of its schema (`_metadata`) are found by their names
  /// from here on. Only queries that name one pay for them.
  void offer_hidden_columns() { offers_hidden_columns_ = true; }
  /// The plan without its hidden columns.
  PlanRef without_hidden(const PlanRef& plan);
  /// A further output of the same query begins: relations of earlier outputs give the same plan in
  /// it, as long as no column comes twice into one tree.
  void begin_output();

  /// The named windows of the query block at hand (WINDOW w AS …).
  const std::map<std::string, WindowSpec>* named_windows() const { return named_windows_; }

  /// Columns of the enclosing query that the relation being analysed may name, and where conditions
  /// that do are collected; null outside of subqueries.
  const Attributes* outer() const { return outer_; }
  std::vector<TypedExpr>* correlated() { return correlated_; }

 private:
  Result<PlanRef> analyze_source(const SourceRelation& source);
  Result<PlanRef> analyze_node(const RelationRef& relation, const EnvironmentRef& environment);
  Result<PlanRef> analyze_named(const NamedRelation& named, const EnvironmentRef& environment);
  Result<PlanRef> analyze_limit(const LimitRelation& limit, const EnvironmentRef& environment);
  Result<PlanRef> analyze_sort(const SortRelation& sort, const EnvironmentRef& environment);
  Result<PlanRef> analyze_repartition(const RepartitionRelation& repartition,
                                      const EnvironmentRef& environment);

  /// The plan that the relation has in another output or, for `is_side`, anywhere.
  PlanRef find_known(const RelationRef& relation, bool is_side);
  /// The relation whose side output is taken: its plan, in which ids may be those of another use.
  Result<PlanRef> analyze_main(const RelationRef& relation);
  PlanRef with_new_ids(const PlanRef& plan, Attributes output, std::vector<TypedExpr> columns);
  /// The relation as it was written that a chain of key columns was added to.
  bool is_frame(const PlanRef& plan) const { return frames_.contains(plan.get()); }

  const Catalog& catalog_;
  AttributeId last_id_ = 0;
  std::map<RelationRef, PlanRef> known_;  ///< of relations that depend on nothing around them
  std::set<const ResolvedPlan*> frames_;  ///< plans of relations as they were written
  std::vector<PlanRef> kept_frames_;      ///< so that no address comes twice
  AttributeId first_of_output_ = 0;       ///< ids up to it are of earlier outputs
  std::set<AttributeId> ids_of_output_;   ///< those of them that are used in this one
  std::size_t depth_ = 0;
  bool offers_hidden_columns_ = false;
  const std::map<std::string, WindowSpec>* named_windows_ = nullptr;
  const Attributes* outer_ = nullptr;
  std::vector<TypedExpr>* correlated_ = nullptr;
};

/// The plan under a new name: `t.column`.
PlanRef with_qualifier(const PlanRef& plan, std::vector<std::string> qualifier);
/// The plan with a changed output (names, qualifiers, hidden); same columns.
PlanRef with_output(const PlanRef& plan, Attributes output);

/// Does the expression hold a call for which `is_wanted` is true, outside of subqueries?
bool contains_call(const Expr& expression, const std::function<bool(const Call&)>& is_wanted);
bool contains_subquery(const Expr& expression);
/// An aggregate function that is called as one (without OVER).
bool is_aggregate_call(const Call& call, const Catalog& catalog);

/// A duration in SQL's spelling as microseconds; months are `month_days` days (0: refused).
Result<std::int64_t> parse_duration_micros(const std::string& text, int month_days,
                                           std::string_view what);

}  // namespace stream
