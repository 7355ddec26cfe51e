// Expressions of a query block: what aggregates, OVER, time windows, subqueries, aliases of the
// same select list and names of an enclosing query mean in them. Collects what the block's plan
// must compute. Used by the analyser's select and filter parts.
#pragma once

#include <libstream/plans/analysis.hpp>

#include <map>

namespace stream {

/// Names of enclosing queries and values of subqueries that were joined to the input.
class BlockResolver : public ExpressionResolver {
 public:
  BlockResolver(Analysis& analysis, Attributes input)
      : ExpressionResolver(analysis.catalog(), std::move(input)), analysis_(analysis) {}

  void add_subquery(const Subquery* subquery, Attribute value) {
    subqueries_.emplace(subquery, std::move(value));
  }

 protected:
  Result<std::optional<TypedExpr>> special(const Expr& expression) override;
  Result<TypedExpr> unknown_column(const std::vector<std::string>& parts) override;

  Analysis& analysis_;

 private:
  std::map<const Subquery*, Attribute> subqueries_;
};

/// Calls over one partitioning and order.
struct OverGroup {
  WindowPlan plan;
  Attributes results;
};

class SelectResolver : public BlockResolver {
 public:
  SelectResolver(Analysis& analysis, Attributes input)
      : BlockResolver(analysis, std::move(input)) {}

  // What names and calls mean, said before expressions are resolved.
  void add_time_window(std::string text, Attribute window) {
    time_windows_.emplace(std::move(text), std::move(window));
  }
  void add_alias(const std::string& name, TypedExpr value) {
    aliases_.emplace_back(name, std::move(value));
  }
  void allow_aggregates() { allows_aggregates_ = true; }
  /// grouping_id() and the expressions that it counts bits of.
  void set_grouping(Attribute id, std::vector<TypedExpr> keys) {
    grouping_id_ = std::move(id);
    grouping_keys_ = std::move(keys);
  }

  // What was found.
  const std::vector<NamedAggregate>& aggregates() const { return aggregates_; }
  const Attributes& aggregate_results() const { return aggregate_results_; }
  std::vector<OverGroup>& over_groups() { return over_groups_; }
  const std::vector<OverGroup>& over_groups() const { return over_groups_; }

 protected:
  Result<std::optional<TypedExpr>> special(const Expr& expression) override;
  Result<TypedExpr> unknown_column(const std::vector<std::string>& parts) override;

 private:
  struct TypedCall {
    std::vector<TypedExpr> arguments;
    std::vector<Argument> described;
  };

  Result<TypedCall> type_arguments(const Call& call);
  Result<ResolvedAggregate> type_aggregate(const AggregateFunction& function, const Call& call,
                                           TypedCall& typed);
  Result<TypedExpr> aggregate(const Call& call);
  Result<TypedExpr> over(const Call& call);
  Result<OverFrame> frame(const WindowSpec& spec, const std::vector<SortColumn>& order);
  Result<OverBound> bound(const FrameBound& bound, bool is_rows, const WindowSpec& spec,
                          bool is_start);
  Result<TypedExpr> grouping(const Call& call);

  std::map<std::string, Attribute> time_windows_;
  std::vector<std::pair<std::string, TypedExpr>> aliases_;
  bool allows_aggregates_ = false;
  bool is_in_aggregate_ = false;
  std::optional<Attribute> grouping_id_;
  std::vector<TypedExpr> grouping_keys_;
  std::vector<NamedAggregate> aggregates_;
  Attributes aggregate_results_;
  std::vector<OverGroup> over_groups_;
};

}  // namespace stream
