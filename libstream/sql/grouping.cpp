#include <libstream/expressions/function.hpp>
#include <libstream/sql/grouping.hpp>

#include <algorithm>

namespace stream::sql {

namespace {

using Kind = GroupingElement::Kind;

Error too_many() {
  return analysis_error(
      "GROUPING_SIZE_LIMIT_EXCEEDED",
      "GROUP BY stands for more than " + std::to_string(kMaxGroupingSets) + " grouping sets.");
}

bool has_single_keys(const GroupingElement& element) {
  return std::all_of(element.sets.begin(), element.sets.end(),
                     [](const Exprs& set) { return set.size() == 1; });
}

Exprs joined(const Exprs& a, const Exprs& b) {
  Exprs both = a;
  both.insert(both.end(), b.begin(), b.end());
  return both;
}

}  // namespace

Result<std::vector<Exprs>> expand_grouping(const GroupingElement& element) {
  if (element.kind == Kind::plain || element.kind == Kind::sets) return element.sets;
  std::vector<Exprs> sets;
  if (element.kind == Kind::rollup) {
    if (element.sets.size() >= kMaxGroupingSets) return too_many();
    for (std::size_t count = element.sets.size() + 1; count-- > 0;) {
      Exprs set;
      for (std::size_t i = 0; i < count; ++i) set = joined(set, element.sets[i]);
      sets.push_back(std::move(set));
    }
    return sets;
  }
  sets.push_back({});
  for (std::size_t i = element.sets.size(); i-- > 0;) {
    if (sets.size() * 2 > kMaxGroupingSets) return too_many();
    std::vector<Exprs> with;
    for (const Exprs& set : sets) with.push_back(joined(element.sets[i], set));
    sets.insert(sets.begin(), with.begin(), with.end());
  }
  return sets;
}

Result<void> set_grouping(const GroupingElements& elements,
                          const std::function<std::string_view(const Expr&)>& text_of,
                          AggregateRelation& aggregate) {
  using Grouping = AggregateRelation::Grouping;
  std::vector<std::string_view> texts;
  for (const GroupingElement& element : elements) {
    for (const Exprs& set : element.sets) {
      for (const Expr& key : set) {
        const std::string_view text = text_of(key);
        const bool is_known = std::find(texts.begin(), texts.end(), text) != texts.end();
        if (is_known && element.kind != Kind::plain && !text.empty()) continue;
        texts.push_back(text);
        aggregate.keys.push_back(key);
      }
    }
  }
  const bool is_plain = std::all_of(elements.begin(), elements.end(), [](const auto& element) {
    return element.kind == Kind::plain;
  });
  if (is_plain) return {};
  const GroupingElement& front = elements.front();
  if (elements.size() == 1 && front.kind != Kind::sets && has_single_keys(front)) {
    aggregate.grouping = front.kind == Kind::rollup ? Grouping::rollup : Grouping::cube;
    return {};
  }
  aggregate.grouping = Grouping::sets;
  aggregate.sets = {{}};
  for (const GroupingElement& element : elements) {
    STREAM_TRY(const std::vector<Exprs> expanded, expand_grouping(element));
    if (aggregate.sets.size() * expanded.size() > kMaxGroupingSets) return too_many();
    std::vector<Exprs> product;
    for (const Exprs& set : aggregate.sets)
      for (const Exprs& more : expanded) product.push_back(joined(set, more));
    aggregate.sets = std::move(product);
  }
  return {};
}

}  // namespace stream::sql
