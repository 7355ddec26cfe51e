#include <libstream/sql/parser.hpp>

#include <algorithm>

namespace stream::sql {

/// One operator after |>.
Result<RelationRef> Parser::parse_pipe(RelationRef input, std::size_t first) {
  if (cursor_.at_any_word({"SELECT", "EXTEND"})) return parse_pipe_select(std::move(input), first);
  if (cursor_.accept_word("SET")) return parse_pipe_set(std::move(input), first);
  if (cursor_.accept_word("DROP")) {
    ChangeColumnsRelation change;
    change.input = std::move(input);
    STREAM_TRY(change.dropped, parse_names());
    return relate(std::move(change), first);
  }
  if (cursor_.accept_word("AS")) {
    STREAM_TRY(std::string name, cursor_.expect_name());
    return relate(AliasRelation{std::move(input), std::move(name), {}}, first);
  }
  if (cursor_.accept_word("WHERE")) {
    STREAM_TRY(Expr condition, parse_expression());
    return relate(FilterRelation{std::move(input), std::move(condition)}, first);
  }
  if (cursor_.accept_word("AGGREGATE")) return parse_pipe_aggregate(std::move(input), first);
  if (cursor_.at_word("PIVOT")) return parse_pivot(std::move(input), first);
  if (cursor_.at_word("UNPIVOT")) return parse_unpivot(std::move(input), first);
  if (cursor_.at_word("TABLESAMPLE")) return parse_sample(std::move(input), first);
  if (is_join_ahead()) return parse_join(std::move(input), first);
  if (cursor_.at_any_word({"UNION", "EXCEPT", "MINUS", "INTERSECT"})) {
    STREAM_TRY(SetRelation set, parse_set_operator());
    STREAM_TRY(RelationRef right, parse_query_primary());
    return combine(std::move(set), std::move(input), std::move(right), first);
  }
  if (cursor_.at_any_word({"ORDER", "CLUSTER", "DISTRIBUTE", "SORT", "LIMIT", "OFFSET"}))
    return parse_query_organization(std::move(input), first);
  return cursor_.unexpected(
      "expected SELECT, EXTEND, SET, DROP, AS, WHERE, AGGREGATE, PIVOT, UNPIVOT, TABLESAMPLE, a "
      "join, a set operation, ORDER BY or LIMIT");
}

Result<RelationRef> Parser::parse_pipe_select(RelationRef input, std::size_t first) {
  const bool extends = cursor_.at_word("EXTEND");
  cursor_.advance();
  const bool is_distinct = !extends && cursor_.accept_word("DISTINCT");
  Exprs list;
  if (extends) list.push_back(make(Star{}, cursor_.position()));
  do {
    STREAM_TRY(Expr expression, parse_named_expression());
    list.push_back(std::move(expression));
  } while (cursor_.accept_symbol(","));
  RelationRef query = relate(ProjectRelation{std::move(input), std::move(list)}, first);
  if (is_distinct) query = relate(DistinctRelation{std::move(query)}, first);
  return parse_window_clause(std::move(query), first);
}

/// SET a = …, b = …: a column that is set twice sees the first.
Result<RelationRef> Parser::parse_pipe_set(RelationRef input, std::size_t first) {
  ChangeColumnsRelation change;
  change.input = std::move(input);
  do {
    STREAM_TRY(std::string name, cursor_.expect_name());
    if (cursor_.at_symbol("."))
      return cursor_.error_at(cursor_.position(),
                              "UNSUPPORTED_FEATURE.SET_OPERATOR_MULTIPART_IDENTIFIER",
                              "SET takes a column's name alone, without a table's.");
    STREAM_TRY(cursor_.expect_symbol("="));
    STREAM_TRY(Expr value, parse_expression());
    const bool is_again = std::any_of(change.set.begin(), change.set.end(), [&](const auto& set) {
      return equals_ignoring_case(set.first, name);
    });
    if (is_again) {
      RelationRef before = relate(std::move(change), first);
      change = ChangeColumnsRelation{std::move(before), {}, {}, {}};
    }
    change.set.emplace_back(std::move(name), std::move(value));
    STREAM_TRY(check_size());
  } while (cursor_.accept_symbol(","));
  return relate(std::move(change), first);
}

/// AGGREGATE aggregates [GROUP BY keys]: the keys come first in the output.
Result<RelationRef> Parser::parse_pipe_aggregate(RelationRef input, std::size_t first) {
  AggregateRelation aggregate;
  aggregate.input = std::move(input);
  Exprs aggregates;
  if (!cursor_.at_word("GROUP")) {
    do {
      STREAM_TRY(Expr expression, parse_named_expression());
      aggregates.push_back(std::move(expression));
    } while (cursor_.accept_symbol(","));
  }
  if (cursor_.accept_words({"GROUP", "BY"})) {
    allows_key_aliases_ = true;
    Result<void> grouped = parse_group_by(aggregate);
    allows_key_aliases_ = false;
    STREAM_TRY(std::move(grouped));
    for (Expr& key : aggregate.keys) {
      aggregate.output.push_back(key);
      const auto* alias = key->as<Alias>();
      if (alias != nullptr) key = Expr(alias->child);
    }
  }
  aggregate.output.insert(aggregate.output.end(), aggregates.begin(), aggregates.end());
  if (aggregate.output.empty()) return cursor_.unexpected("expected an aggregate or GROUP BY");
  return relate(std::move(aggregate), first);
}

}  // namespace stream::sql
