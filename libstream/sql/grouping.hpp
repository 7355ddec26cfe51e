// ROLLUP, CUBE and GROUPING SETS, also beside one another, as the sets that an aggregation takes.
// Used by the parser. Pure functions.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/plans/relation.hpp>

#include <functional>
#include <string_view>
#include <vector>

namespace stream::sql {

/// One item of GROUP BY.
struct GroupingElement {
  enum class Kind { plain, rollup, cube, sets };
  Kind kind = Kind::plain;
  std::vector<Exprs> sets;  ///< plain: one set with one key
};
using GroupingElements = std::vector<GroupingElement>;

/// More sets than this are refused.
inline constexpr std::size_t kMaxGroupingSets = 4096;

/// The sets that an element stands for.
Result<std::vector<Exprs>> expand_grouping(const GroupingElement& element);

/// Fills grouping, keys and sets. Several elements multiply; keys are named equal by their text.
Result<void> set_grouping(const GroupingElements& elements,
                          const std::function<std::string_view(const Expr&)>& text_of,
                          AggregateRelation& aggregate);

}  // namespace stream::sql
