#include <libstream/sql/parser.hpp>

namespace stream::sql {

/// PIVOT (sum(v) AS s FOR k IN ('a' AS x, 'b')).
Result<RelationRef> Parser::parse_pivot(RelationRef input, std::size_t first) {
  cursor_.advance();
  PivotRelation pivot;
  pivot.input = std::move(input);
  STREAM_TRY(cursor_.expect_symbol("("));
  do {
    STREAM_TRY(Expr aggregate, parse_named_expression());
    pivot.aggregates.push_back(std::move(aggregate));
  } while (cursor_.accept_symbol(","));
  STREAM_TRY(cursor_.expect_word("FOR"));
  const bool has_list = cursor_.accept_symbol("(");
  do {
    STREAM_TRY(Expr column, parse_column());
    pivot.columns.push_back(std::move(column));
  } while (has_list && cursor_.accept_symbol(","));
  if (has_list) STREAM_TRY(cursor_.expect_symbol(")"));
  STREAM_TRY(cursor_.expect_word("IN"));
  STREAM_TRY(cursor_.expect_symbol("("));
  do {
    STREAM_TRY(Expr value, parse_named_expression());
    std::string name;
    if (const auto* alias = value->as<Alias>()) {
      name = alias->names.front();
      value = Expr(alias->child);
    }
    pivot.values.emplace_back(std::move(value), std::move(name));
  } while (cursor_.accept_symbol(","));
  STREAM_TRY(cursor_.expect_symbol(")"));
  STREAM_TRY(cursor_.expect_symbol(")"));
  RelationRef relation = relate(std::move(pivot), first);
  return parse_table_alias(std::move(relation), first);
}

/// UNPIVOT (value FOR name IN (a, b AS x)), or ((v, w) FOR name IN ((a, b) AS x, …)).
Result<RelationRef> Parser::parse_unpivot(RelationRef input, std::size_t first) {
  cursor_.advance();
  UnpivotRelation unpivot;
  unpivot.input = std::move(input);
  unpivot.includes_nulls = cursor_.accept_words({"INCLUDE", "NULLS"});
  if (!unpivot.includes_nulls) cursor_.accept_words({"EXCLUDE", "NULLS"});
  STREAM_TRY(cursor_.expect_symbol("("));
  const bool has_many = cursor_.at_symbol("(");
  if (has_many) {
    STREAM_TRY(unpivot.value_columns, parse_name_list());
  } else {
    STREAM_TRY(std::string name, cursor_.expect_name());
    unpivot.value_columns.push_back(std::move(name));
  }
  STREAM_TRY(cursor_.expect_word("FOR"));
  STREAM_TRY(unpivot.name_column, cursor_.expect_name());
  STREAM_TRY(cursor_.expect_word("IN"));
  STREAM_TRY(cursor_.expect_symbol("("));
  do {
    Exprs columns;
    if (has_many) STREAM_TRY(cursor_.expect_symbol("("));
    do {
      STREAM_TRY(Expr column, parse_column());
      columns.push_back(std::move(column));
    } while (has_many && cursor_.accept_symbol(","));
    if (has_many) STREAM_TRY(cursor_.expect_symbol(")"));
    std::string name;
    if (cursor_.accept_word("AS") || cursor_.at_name()) {
      STREAM_TRY(name, cursor_.expect_name());
    }
    unpivot.values.emplace_back(std::move(columns), std::move(name));
  } while (cursor_.accept_symbol(","));
  STREAM_TRY(cursor_.expect_symbol(")"));
  STREAM_TRY(cursor_.expect_symbol(")"));
  return parse_table_alias(relate(std::move(unpivot), first), first);
}

}  // namespace stream::sql
