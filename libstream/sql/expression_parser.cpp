#include <libstream/sql/parser.hpp>

#include <array>

namespace stream::sql {

namespace {

struct BinaryOperator {
  std::string_view symbol;
  int precedence;  ///< higher binds tighter
  std::string_view name;
};
constexpr int kComparison = 1;
constexpr std::array kBinaryOperators = {BinaryOperator{"=", kComparison, "="},
                                         BinaryOperator{"==", kComparison, "="},
                                         BinaryOperator{"<=>", kComparison, "<=>"},
                                         BinaryOperator{"<>", kComparison, "<>"},
                                         BinaryOperator{"!=", kComparison, "<>"},
                                         BinaryOperator{"<", kComparison, "<"},
                                         BinaryOperator{"<=", kComparison, "<="},
                                         BinaryOperator{"!>", kComparison, "<="},
                                         BinaryOperator{">", kComparison, ">"},
                                         BinaryOperator{">=", kComparison, ">="},
                                         BinaryOperator{"!<", kComparison, ">="},
                                         BinaryOperator{"|", 2, "|"},
                                         BinaryOperator{"^", 3, "^"},
                                         BinaryOperator{"&", 4, "&"},
                                         BinaryOperator{"<<", 5, "<<"},
                                         BinaryOperator{">>", 5, ">>"},
                                         BinaryOperator{">>>", 5, ">>>"},
                                         BinaryOperator{"+", 6, "+"},
                                         BinaryOperator{"-", 6, "-"},
                                         BinaryOperator{"||", 6, "||"},
                                         BinaryOperator{"*", 7, "*"},
                                         BinaryOperator{"/", 7, "/"},
                                         BinaryOperator{"%", 7, "%"},
                                         BinaryOperator{"DIV", 7, "div"}};

const BinaryOperator* binary_operator_at(const TokenCursor& cursor) {
  const Token& token = cursor.peek();
  if (token.kind != TokenKind::symbol && !cursor.at_word("DIV")) return nullptr;
  for (const BinaryOperator& candidate : kBinaryOperators)
    if (equals_ignoring_case(candidate.symbol, token.text)) return &candidate;
  return nullptr;
}

}  // namespace

Result<Expr> Parser::parse_named_expression() {
  const std::size_t first = cursor_.position();
  STREAM_TRY(Expr expression, parse_expression());
  const bool has_as = cursor_.accept_word("AS");
  if (cursor_.at_symbol("(") && (has_as || cursor_.at_name(1))) {
    STREAM_TRY(std::vector<std::string> names, parse_name_list());
    return make(Alias{std::move(expression), std::move(names)}, first);
  }
  if (!has_as && (!cursor_.at_name() || is_clause_word(cursor_))) return expression;
  STREAM_TRY(std::string name, cursor_.expect_name());
  return make(Alias{std::move(expression), {std::move(name)}}, first);
}

Result<Exprs> Parser::parse_expressions() {
  Exprs expressions;
  do {
    STREAM_TRY(Expr expression, parse_expression());
    expressions.push_back(std::move(expression));
  } while (cursor_.accept_symbol(","));
  return expressions;
}

Result<Expr> Parser::parse_expression() {
  const Nesting nesting(depth_);
  STREAM_TRY(check_nesting());
  const std::size_t first = cursor_.position();
  Exprs terms;
  do {
    STREAM_TRY(Expr term, parse_and());
    terms.push_back(std::move(term));
  } while (cursor_.accept_word("OR"));
  return balanced("or", terms, 0, terms.size() - 1, first);
}

Result<Expr> Parser::parse_and() {
  const std::size_t first = cursor_.position();
  Exprs terms;
  do {
    STREAM_TRY(Expr term, parse_not());
    terms.push_back(std::move(term));
  } while (cursor_.accept_word("AND"));
  return balanced("and", terms, 0, terms.size() - 1, first);
}

/// Long chains of AND and OR make flat trees, cut in halves as Spark does (the text shows it).
Expr Parser::balanced(const std::string& name, const Exprs& terms, std::size_t low,
                      std::size_t high, std::size_t first) {
  if (low == high) return terms[low];
  const std::size_t middle = high - low == 1 ? low : low + (high - low) / 2;
  return call(
      name,
      {balanced(name, terms, low, middle, first), balanced(name, terms, middle + 1, high, first)},
      first);
}

Result<Expr> Parser::parse_not() {
  const std::size_t first = cursor_.position();
  std::size_t count = 0;
  while (cursor_.at_symbol("!") || cursor_.at_word("NOT")) {
    cursor_.advance();
    ++count;
  }
  STREAM_TRY(Expr expression, parse_predicate());
  for (std::size_t i = 0; i < count; ++i) {
    expression = call("not", {std::move(expression)}, first + count - 1 - i);
    STREAM_TRY(check_size());
  }
  return expression;
}

Result<Expr> Parser::parse_predicate() {
  const std::size_t first = cursor_.position();
  if (cursor_.at_word("EXISTS") && cursor_.at_symbol("(", 1) && is_query_ahead(2)) {
    cursor_.advance();
    STREAM_TRY(RelationRef query, parse_parenthesized_query());
    return make(Subquery{Subquery::Kind::exists, std::move(query), {}}, first);
  }
  STREAM_TRY(Expr value, parse_value());
  return parse_predicate_of(std::move(value), first);
}

Result<Expr> Parser::parse_predicate_of(Expr value, std::size_t first) {
  if (cursor_.accept_word("IS")) return parse_is(std::move(value), first);
  const bool has_not = cursor_.at_word("NOT") || cursor_.at_symbol("!");
  if (!cursor_.at_any_word({"BETWEEN", "IN", "LIKE", "ILIKE", "RLIKE", "REGEXP"}, has_not ? 1 : 0))
    return value;
  if (has_not) cursor_.advance();
  if (cursor_.accept_word("BETWEEN")) {
    STREAM_TRY(Expr low, parse_value());
    STREAM_TRY(cursor_.expect_word("AND"));
    STREAM_TRY(Expr high, parse_value());
    Expr at_least = call(">=", {value, std::move(low)}, first);
    Expr at_most = call("<=", {value, std::move(high)}, first);
    return negated_if(has_not, call("and", {std::move(at_least), std::move(at_most)}, first),
                      first);
  }
  if (cursor_.accept_word("IN")) {
    STREAM_TRY(Expr in, parse_in(std::move(value), first));
    return negated_if(has_not, std::move(in), first);
  }
  if (cursor_.accept_word("RLIKE") || cursor_.accept_word("REGEXP")) {
    STREAM_TRY(Expr pattern, parse_value());
    return negated_if(has_not, call("rlike", {std::move(value), std::move(pattern)}, first), first);
  }
  const std::string name = cursor_.at_word("ILIKE") ? "ilike" : "like";
  cursor_.advance();
  return parse_like(name, has_not, std::move(value), first);
}

Result<Expr> Parser::parse_is(Expr value, std::size_t first) {
  const bool is_negated = cursor_.at_word("NOT") || cursor_.at_symbol("!");
  if (is_negated) cursor_.advance();
  if (cursor_.accept_word("NULL"))
    return call(is_negated ? "isnotnull" : "isnull", {std::move(value)}, first);
  // The operand must be boolean, which `<=> NULL` says as well.
  if (cursor_.accept_word("UNKNOWN")) {
    Expr unknown = make(Literal{Value{}, primitive(TypeKind::boolean)}, first);
    return negated_if(is_negated, call("<=>", {std::move(value), std::move(unknown)}, first),
                      first);
  }
  if (cursor_.accept_words({"DISTINCT", "FROM"})) {
    STREAM_TRY(Expr other, parse_value());
    return negated_if(!is_negated, call("<=>", {std::move(value), std::move(other)}, first), first);
  }
  const bool is_true = cursor_.at_word("TRUE");
  if (!is_true && !cursor_.at_word("FALSE"))
    return cursor_.unexpected("expected NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM");
  const std::size_t at = cursor_.position();
  cursor_.advance();
  Expr truth = make(Literal{Value{is_true}, primitive(TypeKind::boolean)}, at);
  return negated_if(is_negated, call("<=>", {std::move(value), std::move(truth)}, first), first);
}

Result<Expr> Parser::parse_in(Expr value, std::size_t first) {
  if (!cursor_.at_symbol("(")) return cursor_.unexpected("expected '(' after IN");
  if (is_query_ahead(1)) {
    STREAM_TRY(RelationRef query, parse_parenthesized_query());
    const Call* row = value->as<Call>();
    Exprs values{value};
    if (row != nullptr && row->name == "struct" && row->argument_names.empty() &&
        row->over == nullptr)
      values = row->arguments;
    return make(Subquery{Subquery::Kind::in, std::move(query), std::move(values)}, first);
  }
  cursor_.advance();
  STREAM_TRY(Exprs list, parse_expressions());
  STREAM_TRY(cursor_.expect_symbol(")"));
  list.insert(list.begin(), std::move(value));
  return call("in", std::move(list), first);
}

Result<Expr> Parser::parse_like(std::string name, bool is_negated, Expr value, std::size_t first) {
  if (cursor_.at_any_word({"ANY", "SOME", "ALL"}) && cursor_.at_symbol("(", 1)) {
    const bool is_all = cursor_.at_word("ALL");
    cursor_.advance();
    cursor_.advance();
    if (cursor_.at_symbol(")")) return cursor_.unexpected("expected something between '(' and ')'");
    STREAM_TRY(Exprs patterns, parse_expressions());
    STREAM_TRY(cursor_.expect_symbol(")"));
    Expr all;
    for (Expr& pattern : patterns) {
      Expr one = negated_if(is_negated, call(name, {value, std::move(pattern)}, first), first);
      all = all ? call(is_all ? "and" : "or", {std::move(all), std::move(one)}, first)
                : std::move(one);
      STREAM_TRY(check_size());
    }
    return all;
  }
  STREAM_TRY(Expr pattern, parse_value());
  Exprs arguments{std::move(value), std::move(pattern)};
  if (cursor_.accept_word("ESCAPE")) {
    const std::size_t at = cursor_.position();
    STREAM_TRY(std::string escape, cursor_.expect_string());
    if (escape.size() != 1)
      return cursor_.error_at(
          at, "INVALID_ESCAPE_CHAR",
          "`EscapeChar` should be a string literal of length one, but got '" + escape + "'.");
    arguments.push_back(text_literal(std::move(escape), at));
  }
  return negated_if(is_negated, call(std::move(name), std::move(arguments), first), first);
}

Result<Expr> Parser::parse_value(int min_precedence) {
  const std::size_t first = cursor_.position();
  STREAM_TRY(Expr left, parse_unary());
  while (const BinaryOperator* found = binary_operator_at(cursor_)) {
    if (found->precedence < min_precedence) break;
    cursor_.advance();
    STREAM_TRY(Expr right, parse_value(found->precedence + 1));
    const bool is_unequal = found->name == "<>";
    left = call(std::string(is_unequal ? "=" : found->name), {std::move(left), std::move(right)},
                first);
    left = negated_if(is_unequal, std::move(left), first);
    STREAM_TRY(check_size());
  }
  return left;
}

Result<Expr> Parser::parse_unary() {
  const std::size_t first = cursor_.position();
  if (cursor_.at_symbol("-") && is_number(cursor_.peek(1).kind)) return parse_primary();
  if (!cursor_.at_symbol("-") && !cursor_.at_symbol("+") && !cursor_.at_symbol("~"))
    return parse_primary();
  const Nesting nesting(depth_);
  STREAM_TRY(check_nesting());
  const std::string name(cursor_.peek().text);
  cursor_.advance();
  STREAM_TRY(Expr operand, parse_unary());
  return call(name, {std::move(operand)}, first);
}

}  // namespace stream::sql
