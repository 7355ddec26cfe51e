#include <libstream/sql/grouping.hpp>
#include <libstream/sql/parser.hpp>

namespace stream::sql {

bool is_clause_word(const TokenCursor& cursor) {
  if (cursor.peek().kind != TokenKind::word) return false;
  if (cursor.at_any_word({"GROUP", "ORDER", "SORT", "CLUSTER", "DISTRIBUTE"}))
    return cursor.at_word("BY", 1);
  if (cursor.at_word("GROUPING")) return cursor.at_word("SETS", 1);
  if (cursor.at_word("WINDOW")) return cursor.at_name(1) && cursor.at_word("AS", 2);
  if (cursor.at_word("LATERAL")) return cursor.at_word("VIEW", 1);
  if (cursor.at_word("DELAY")) return cursor.at_word("OF", 1);
  if (cursor.at_word("WITH")) return cursor.at_any_word({"ROLLUP", "CUBE"}, 1);
  return cursor.at_any_word({"FROM",   "WHERE", "HAVING",    "LIMIT", "OFFSET", "UNION",
                             "EXCEPT", "MINUS", "INTERSECT", "FOR",   "AS",     "ON",
                             "AND",    "OR",    "IN",        "IS",    "NOT",    "THEN",
                             "WHEN",   "ELSE",  "SELECT",    "USING", "JOIN"});
}

namespace {

/// ALL on its own.
bool is_all(const Exprs& keys) {
  if (keys.size() != 1) return false;
  const auto* column = keys.front()->as<ColumnName>();
  return column != nullptr && column->parts.size() == 1 &&
         equals_ignoring_case(column->parts.front(), "all");
}

/// A row in brackets, (a, b AS c), is named_struct('a', a, 'c', b): its column's name shows it.
Expr select_item(Expr item, std::string_view text) {
  const auto* row = item->as<Call>();
  if (row == nullptr || row->name != "struct" || text[item->span.offset] != '(') return item;
  Call named;
  named.name = "named_struct";
  for (const Expr& field : row->arguments) {
    const auto* alias = field->as<Alias>();
    const auto* column = field->as<ColumnName>();
    const std::string name = alias != nullptr ? alias->names.front()
                             : column != nullptr
                                 ? column->parts.back()
                                 : "col" + std::to_string(named.arguments.size() / 2 + 1);
    named.arguments.push_back(make_literal(Value{name}, primitive(TypeKind::string)));
    named.arguments.push_back(alias != nullptr ? alias->child : field);
  }
  return std::make_shared<const Expression>(Expression{std::move(named), item->span});
}

RelationRef one_row() {
  return make_relation(LocalRelation{std::make_shared<const Schema>(), {{}}});
}

}  // namespace

Result<RelationRef> Parser::parse_select() {
  const std::size_t first = cursor_.position();
  STREAM_TRY(cursor_.expect_word("SELECT"));
  const bool is_distinct = cursor_.at_word("DISTINCT");
  if (is_distinct || (cursor_.at_word("ALL") && !cursor_.at_symbol(",", 1))) cursor_.advance();
  Exprs list;
  do {
    STREAM_TRY(Expr expression, parse_named_expression());
    list.push_back(select_item(std::move(expression), cursor_.text()));
  } while (cursor_.accept_symbol(","));
  RelationRef input = one_row();
  if (cursor_.at_word("FROM")) {
    STREAM_TRY(input, parse_from());
  }
  return parse_select_body(std::move(input), std::move(list), is_distinct, first);
}

/// FROM t SELECT …, or FROM t alone, which pipes go on with.
Result<RelationRef> Parser::parse_from_statement() {
  const std::size_t first = cursor_.position();
  STREAM_TRY(RelationRef input, parse_from());
  SetRelation all;
  while (cursor_.at_word("SELECT")) {
    cursor_.advance();
    const bool is_distinct = cursor_.at_word("DISTINCT");
    if (is_distinct || cursor_.at_word("ALL")) cursor_.advance();
    Exprs list;
    do {
      STREAM_TRY(Expr expression, parse_named_expression());
      list.push_back(select_item(std::move(expression), cursor_.text()));
    } while (cursor_.accept_symbol(","));
    STREAM_TRY(RelationRef query, parse_select_body(input, std::move(list), is_distinct, first));
    STREAM_TRY(query, parse_query_organization(std::move(query), first));
    all.inputs.push_back(std::move(query));
  }
  if (all.inputs.empty()) return input;
  if (all.inputs.size() == 1) return std::move(all.inputs.front());
  return relate(std::move(all), first);
}

/// What follows the select list and FROM: LATERAL VIEW, WHERE, GROUP BY, HAVING, WINDOW.
Result<RelationRef> Parser::parse_select_body(RelationRef input, Exprs list, bool is_distinct,
                                              std::size_t first) {
  STREAM_TRY(input, parse_lateral_views(std::move(input), first));
  // PIVOT may stand behind the views.
  STREAM_TRY(input, parse_relation_extensions(std::move(input), first));
  if (cursor_.accept_word("WHERE")) {
    STREAM_TRY(Expr condition, parse_expression());
    input = relate(FilterRelation{std::move(input), std::move(condition)}, first);
  }
  RelationRef query;
  const bool is_grouped = cursor_.accept_words({"GROUP", "BY"});
  if (is_grouped || cursor_.at_word("HAVING")) {
    AggregateRelation aggregate;
    aggregate.input = std::move(input);
    aggregate.output = std::move(list);
    if (is_grouped) STREAM_TRY(parse_group_by(aggregate));
    if (cursor_.accept_word("HAVING")) {
      STREAM_TRY(aggregate.having, parse_expression());
    }
    query = relate(std::move(aggregate), first);
  } else {
    query = relate(ProjectRelation{std::move(input), std::move(list)}, first);
  }
  if (is_distinct) query = relate(DistinctRelation{std::move(query)}, first);
  return parse_window_clause(std::move(query), first);
}

Result<RelationRef> Parser::parse_window_clause(RelationRef input, std::size_t first) {
  if (!cursor_.at_word("WINDOW") || !cursor_.at_name(1) || !cursor_.at_word("AS", 2)) return input;
  cursor_.advance();
  NamedWindowsRelation named{std::move(input), {}};
  do {
    STREAM_TRY(std::string name, cursor_.expect_name());
    STREAM_TRY(cursor_.expect_word("AS"));
    STREAM_TRY(WindowSpec spec, parse_window_spec());
    // A window may stand for one that came before it.
    if (!spec.name.empty()) {
      const auto found = named.windows.find(spec.name);
      if (found != named.windows.end()) spec = WindowSpec(found->second);
    }
    named.windows.insert_or_assign(std::move(name), std::move(spec));
  } while (cursor_.accept_symbol(","));
  return relate(std::move(named), first);
}

Result<void> Parser::parse_group_by(AggregateRelation& aggregate) {
  GroupingElements elements;
  do {
    STREAM_TRY(GroupingElement element, parse_grouping_element());
    elements.push_back(std::move(element));
  } while (cursor_.accept_symbol(","));
  if (cursor_.at_word("WITH") && cursor_.at_any_word({"ROLLUP", "CUBE"}, 1)) {
    cursor_.advance();
    GroupingElement whole;
    whole.kind =
        cursor_.at_word("ROLLUP") ? GroupingElement::Kind::rollup : GroupingElement::Kind::cube;
    cursor_.advance();
    for (GroupingElement& element : elements)
      whole.sets.insert(whole.sets.end(), element.sets.begin(), element.sets.end());
    elements = {std::move(whole)};
  } else if (cursor_.at_words({"GROUPING", "SETS"})) {
    for (const GroupingElement& element : elements)
      aggregate.keys.insert(aggregate.keys.end(), element.sets.front().begin(),
                            element.sets.front().end());
    STREAM_TRY(GroupingElement sets, parse_grouping_element());
    aggregate.grouping = AggregateRelation::Grouping::sets;
    aggregate.sets = std::move(sets.sets);
    return {};
  }
  if (elements.size() == 1 && elements.front().kind == GroupingElement::Kind::plain &&
      is_all(elements.front().sets.front())) {
    aggregate.is_group_by_all = true;
    return {};
  }
  const auto text_of = [this](const Expr& key) {
    return key->span.length == 0 ? std::string_view()
                                 : cursor_.text().substr(key->span.offset, key->span.length);
  };
  return set_grouping(elements, text_of, aggregate);
}

/// An expression, ROLLUP (…), CUBE (…) or GROUPING SETS (…).
Result<GroupingElement> Parser::parse_grouping_element() {
  using Kind = GroupingElement::Kind;
  GroupingElement element;
  if (cursor_.accept_words({"GROUPING", "SETS"})) {
    const Nesting nesting(depth_);
    STREAM_TRY(check_nesting());
    element.kind = Kind::sets;
    STREAM_TRY(cursor_.expect_symbol("("));
    do {
      if (cursor_.at_word("GROUPING") || is_rollup_ahead()) {
        STREAM_TRY(GroupingElement inner, parse_grouping_element());
        STREAM_TRY(std::vector<Exprs> sets, expand_grouping(inner));
        element.sets.insert(element.sets.end(), sets.begin(), sets.end());
      } else {
        STREAM_TRY(Exprs set, parse_grouping_set());
        element.sets.push_back(std::move(set));
      }
    } while (cursor_.accept_symbol(","));
    STREAM_TRY(cursor_.expect_symbol(")"));
    return element;
  }
  if (is_rollup_ahead()) {
    element.kind = cursor_.at_word("ROLLUP") ? Kind::rollup : Kind::cube;
    cursor_.advance();
    cursor_.advance();
    do {
      STREAM_TRY(Exprs set, parse_grouping_set());
      element.sets.push_back(std::move(set));
    } while (cursor_.accept_symbol(","));
    STREAM_TRY(cursor_.expect_symbol(")"));
    return element;
  }
  Result<Expr> key = allows_key_aliases_ ? parse_named_expression() : parse_expression();
  if (!key) return std::move(key).error();
  element.sets.push_back({std::move(*key)});
  return element;
}

bool Parser::is_rollup_ahead() const {
  return cursor_.at_any_word({"ROLLUP", "CUBE"}) && cursor_.at_symbol("(", 1);
}

/// (a, b), (), or a.
Result<Exprs> Parser::parse_grouping_set() {
  if (cursor_.at_symbol("(") && cursor_.at_symbol(")", 1)) {
    cursor_.advance();
    cursor_.advance();
    return Exprs{};
  }
  STREAM_TRY(Expr key, parse_expression());
  const auto* row = key->as<Call>();
  if (row != nullptr && row->name == "struct" && cursor_.text()[key->span.offset] == '(')
    return row->arguments;
  return Exprs{std::move(key)};
}

}  // namespace stream::sql
