#include <libstream/sql/parser.hpp>

namespace stream::sql {

namespace {

constexpr int kUnionPrecedence = 1;
constexpr int kIntersectPrecedence = 2;

/// 0: no set operator is here.
int set_precedence_at(const TokenCursor& cursor) {
  if (cursor.at_word("INTERSECT")) return kIntersectPrecedence;
  return cursor.at_any_word({"UNION", "EXCEPT", "MINUS"}) ? kUnionPrecedence : 0;
}

}  // namespace

/// Where nothing but a query, or a statement with a word of its own, may stand.
bool Parser::is_query_start() const {
  return cursor_.at_symbol("(") ||
         cursor_.at_any_word({"SELECT", "FROM", "VALUES", "TABLE", "WITH"});
}

/// Where a name or an expression may stand as well.
bool Parser::is_query_ahead(std::size_t ahead) const {
  while (cursor_.at_symbol("(", ahead)) ++ahead;
  if (cursor_.at_word("SELECT", ahead)) {
    const Token& next = cursor_.peek(ahead + 1);
    return next.kind != TokenKind::symbol ||
           (next.text != ")" && next.text != "," && next.text != ".");
  }
  if (cursor_.at_word("VALUES", ahead)) {
    const Token& next = cursor_.peek(ahead + 1);
    return is_number(next.kind) || next.kind == TokenKind::string ||
           cursor_.at_symbol("(", ahead + 1) || cursor_.at_symbol("-", ahead + 1) ||
           cursor_.at_any_word({"NULL", "TRUE", "FALSE"}, ahead + 1) ||
           cursor_.peek(ahead + 2).kind == TokenKind::string ||
           (next.kind == TokenKind::word && cursor_.at_symbol("(", ahead + 2));
  }
  if (cursor_.at_word("WITH", ahead)) return cursor_.at_name(ahead + 1);
  if (cursor_.at_word("FROM", ahead))
    return cursor_.at_name(ahead + 1) || cursor_.at_symbol("(", ahead + 1);
  return cursor_.at_word("TABLE", ahead) && cursor_.at_name(ahead + 1);
}

Result<RelationRef> Parser::parse_query() {
  const Nesting nesting(depth_);
  STREAM_TRY(check_nesting());
  const std::size_t first = cursor_.position();
  std::vector<std::pair<std::string, RelationRef>> definitions;
  if (cursor_.at_word("WITH")) {
    STREAM_TRY(definitions, parse_with());
  }
  STREAM_TRY(RelationRef query, parse_query_term());
  STREAM_TRY(query, parse_query_organization(std::move(query), first));
  if (definitions.empty()) return query;
  return relate(WithRelation{std::move(definitions), std::move(query)}, first);
}

Result<std::vector<std::pair<std::string, RelationRef>>> Parser::parse_with() {
  STREAM_TRY(cursor_.expect_word("WITH"));
  if (cursor_.at_word("RECURSIVE") && cursor_.at_name(1) && !cursor_.at_word("AS", 1))
    return cursor_.error_at(cursor_.position(), "UNSUPPORTED_FEATURE.RECURSIVE_CTE",
                            "Recursive common table expressions are not supported.");
  std::vector<std::pair<std::string, RelationRef>> definitions;
  do {
    const std::size_t first = cursor_.position();
    STREAM_TRY(std::string name, cursor_.expect_name());
    std::vector<std::string> columns;
    if (cursor_.at_symbol("(") && !is_query_ahead(1)) {
      STREAM_TRY(columns, parse_name_list());
    }
    cursor_.accept_word("AS");
    STREAM_TRY(RelationRef query, parse_parenthesized_query());
    if (!columns.empty())
      query = relate(AliasRelation{std::move(query), name, std::move(columns)}, first);
    for (const auto& [other, relation] : definitions)
      if (equals_ignoring_case(other, name))
        return cursor_.error_at(first, "DUPLICATED_CTE_NAMES",
                                "CTE definition can't have duplicate names: `" + name + "`.");
    definitions.emplace_back(std::move(name), std::move(query));
  } while (cursor_.accept_symbol(","));
  return definitions;
}

/// Where "(" may open an expression as well, the same text is tried twice, level by level; what was
/// found at a place is kept, so that nesting does not double the work each level.
Result<RelationRef> Parser::parse_parenthesized_query() {
  const std::size_t first = cursor_.position();
  if (const auto found = parenthesized_queries_.find(first);
      found != parenthesized_queries_.end()) {
    cursor_.move_to(found->second.end);
    return found->second.query;
  }
  const auto parse = [&]() -> Result<RelationRef> {
    STREAM_TRY(cursor_.expect_symbol("("));
    STREAM_TRY(RelationRef query, parse_query());
    STREAM_TRY(cursor_.expect_symbol(")"));
    return query;
  };
  Result<RelationRef> query = parse();
  parenthesized_queries_.insert_or_assign(first, ParsedQuery{query, cursor_.position()});
  return query;
}

Result<RelationRef> Parser::parse_query_term(int min_precedence) {
  const std::size_t first = cursor_.position();
  STREAM_TRY(RelationRef left, parse_query_primary());
  while (true) {
    STREAM_TRY(check_size());
    if (cursor_.at_symbol("|>") && min_precedence == 0) {
      cursor_.advance();
      STREAM_TRY(left, parse_pipe(std::move(left), first));
      continue;
    }
    const int precedence = set_precedence_at(cursor_);
    if (precedence == 0 || precedence < min_precedence) return left;
    STREAM_TRY(SetRelation set, parse_set_operator());
    STREAM_TRY(RelationRef right, parse_query_term(precedence + 1));
    left = combine(std::move(set), std::move(left), std::move(right), first);
  }
}

Result<SetRelation> Parser::parse_set_operator() {
  using Kind = SetRelation::Kind;
  const bool is_union = cursor_.at_word("UNION");
  const bool is_intersect = cursor_.at_word("INTERSECT");
  cursor_.advance();
  const bool is_all = cursor_.accept_word("ALL");
  if (!is_all) cursor_.accept_word("DISTINCT");
  SetRelation set;
  set.kind = is_union       ? (is_all ? Kind::union_all : Kind::union_distinct)
             : is_intersect ? (is_all ? Kind::intersect_all : Kind::intersect)
                            : (is_all ? Kind::except_all : Kind::except);
  if (is_union && cursor_.accept_words({"BY", "NAME"})) {
    set.is_by_name = true;
    set.allows_missing_columns = cursor_.accept_words({"ALLOW", "MISSING", "COLUMNS"});
  }
  return set;
}

/// A chain of UNION ALL is one relation with many inputs.
RelationRef Parser::combine(SetRelation set, RelationRef left, RelationRef right,
                            std::size_t first) {
  const auto* chain = left->as<SetRelation>();
  const bool continues = chain != nullptr && set.kind == SetRelation::Kind::union_all &&
                         chain->kind == set.kind && !set.is_by_name && !chain->is_by_name;
  if (continues)
    set.inputs = chain->inputs;
  else
    set.inputs.push_back(std::move(left));
  set.inputs.push_back(std::move(right));
  return relate(std::move(set), first);
}

Result<RelationRef> Parser::parse_query_primary() {
  const std::size_t first = cursor_.position();
  if (cursor_.at_symbol("(")) return parse_parenthesized_query();
  if (cursor_.at_word("SELECT")) return parse_select();
  if (cursor_.at_word("FROM")) return parse_from_statement();
  if (cursor_.at_word("VALUES")) return parse_values();
  if (cursor_.accept_word("TABLE")) {
    STREAM_TRY(std::vector<std::string> name, parse_qualified_name());
    return relate(NamedRelation{std::move(name), false}, first);
  }
  return cursor_.unexpected("expected a query");
}

/// ORDER BY, SORT BY, LIMIT and the like over the whole query.
Result<RelationRef> Parser::parse_query_organization(RelationRef input, std::size_t first) {
  RelationRef query = std::move(input);
  if (cursor_.accept_words({"ORDER", "BY"})) {
    SortRelation sort;
    sort.by_all_columns = cursor_.at_word("ALL") && !cursor_.at_symbol(",", 1) &&
                          !cursor_.at_symbol(".", 1) && !cursor_.at_symbol("(", 1);
    STREAM_TRY(sort.keys, parse_sort_keys());
    sort.input = std::move(query);
    query = relate(std::move(sort), first);
  }
  if (cursor_.accept_words({"CLUSTER", "BY"})) {
    STREAM_TRY(Exprs keys, parse_expressions());
    SortRelation sort;
    for (const Expr& key : keys) sort.keys.push_back({key, false, {}});
    sort.is_global = false;
    sort.input = relate(RepartitionRelation{std::move(query), 0, std::move(keys)}, first);
    query = relate(std::move(sort), first);
  }
  if (cursor_.accept_words({"DISTRIBUTE", "BY"})) {
    STREAM_TRY(Exprs keys, parse_expressions());
    query = relate(RepartitionRelation{std::move(query), 0, std::move(keys)}, first);
  }
  if (cursor_.accept_words({"SORT", "BY"})) {
    SortRelation sort;
    STREAM_TRY(sort.keys, parse_sort_keys());
    sort.is_global = false;
    sort.input = std::move(query);
    query = relate(std::move(sort), first);
  }
  STREAM_TRY(query, parse_window_clause(std::move(query), first));
  LimitRelation limit;
  if (cursor_.accept_word("LIMIT") && !cursor_.accept_word("ALL")) {
    STREAM_TRY(limit.limit, parse_expression());
  }
  if (cursor_.accept_word("OFFSET")) {
    STREAM_TRY(limit.offset, parse_expression());
  }
  if (!limit.limit && !limit.offset) return query;
  limit.input = std::move(query);
  return relate(std::move(limit), first);
}

}  // namespace stream::sql
