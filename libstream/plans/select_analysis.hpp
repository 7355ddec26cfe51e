// The analysis of one SELECT list, with or without GROUP BY: select_analysis.cpp and, for the
// groups, grouping_analysis.cpp. Not for others.
#pragma once

#include <libstream/plans/select_resolver.hpp>

#include <map>
#include <optional>

namespace stream {

/// One column of the result.
struct SelectItem {
  Expr expression;  ///< absent for a column that came of a star or a generator
  std::string name;
  TypedExpr value;
  std::optional<Attribute> attribute;  ///< passed on as it is
  bool has_alias = false;
};

class SelectAnalysis {
 public:
  SelectAnalysis(Analysis& analysis, const EnvironmentRef& environment,
                 const std::vector<SortKey>& order)
      : analysis_(analysis), environment_(environment), order_(order) {}

  Result<PlanRef> run(const RelationRef& relation);

 private:
  Result<void> add_time_windows();
  Result<void> add_subqueries();
  Result<void> add_generator();
  Result<void> expand_items();
  Result<void> resolve_grouping();
  Result<Expr> grouping_expression(const Expr& key);
  Result<void> add_grouping_sets(Attributes& keys);
  std::vector<std::vector<bool>> chosen_sets();
  Result<std::string> name_of(const Expr& output) const;
  Result<void> resolve_items();
  Result<TypedExpr> replace_keys(const TypedExpr& expression) const;
  Result<void> replace_keys_everywhere();
  Result<PlanRef> finish();
  Result<void> resolve_order(Attributes& output, std::vector<SortColumn>& keys);
  Attribute attribute_of(const SelectItem& item);

  std::vector<Expr> all_expressions() const;

  Analysis& analysis_;
  const EnvironmentRef& environment_;
  const std::vector<SortKey>& order_;

  Exprs outputs_;
  const AggregateRelation* grouped_ = nullptr;
  bool is_aggregate_ = false;
  PlanRef plan_;
  std::vector<std::pair<std::string, Attribute>> windows_;
  std::vector<std::pair<const Subquery*, Attribute>> subqueries_;
  std::map<const Expression*, Attributes> generated_;
  std::optional<SelectResolver> resolver_;
  std::vector<SelectItem> items_;
  Exprs key_expressions_;
  std::vector<TypedExpr> typed_keys_;
  Attributes keys_;
  TypedExpr having_;
};

}  // namespace stream
