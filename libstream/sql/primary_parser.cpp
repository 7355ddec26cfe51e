#include <libstream/base/ascii.hpp>
#include <libstream/expressions/type_text.hpp>
#include <libstream/sql/parser.hpp>

namespace stream::sql {

bool is_reserved_in_expressions(const TokenCursor& cursor) {
  if (cursor.peek().kind != TokenKind::word || cursor.at_symbol(".", 1)) return false;
  if (cursor.at_symbol("(", 1))
    return cursor.at_any_word({"SELECT",    "FROM",  "WHERE",  "HAVING", "AND",   "OR",    "IN",
                               "AS",        "ON",    "WHEN",   "THEN",   "ELSE",  "UNION", "EXCEPT",
                               "INTERSECT", "USING", "VALUES", "BY",     "LIMIT", "JOIN"});
  if (cursor.at_any_word({"GROUP", "ORDER", "SORT", "CLUSTER", "DISTRIBUTE", "PARTITION"}))
    return cursor.at_word("BY", 1);
  if (cursor.at_any_word({"LIMIT", "OFFSET"})) return is_number(cursor.peek(1).kind);
  return cursor.at_any_word({"SELECT",  "FROM",  "WHERE",   "HAVING",    "AND",  "OR",
                             "IN",      "IS",    "AS",      "ON",        "WHEN", "THEN",
                             "ELSE",    "UNION", "EXCEPT",  "INTERSECT", "JOIN", "USING",
                             "BETWEEN", "BY",    "LATERAL", "WITH"});
}

Result<Expr> Parser::parse_primary() {
  const std::size_t first = cursor_.position();
  STREAM_TRY(Expr value, parse_primary_start());
  while (true) {
    STREAM_TRY(check_size());
    if (cursor_.at_symbol(".") && cursor_.at_name(1)) {
      cursor_.advance();
      const std::size_t at = cursor_.position();
      STREAM_TRY(std::string field, cursor_.expect_name());
      if (const auto* column = value->as<ColumnName>()) {
        ColumnName longer = *column;
        longer.parts.push_back(std::move(field));
        value = make(std::move(longer), first);
      } else {
        value = call(".", {std::move(value), text_literal(std::move(field), at)}, first);
      }
    } else if (cursor_.accept_symbol("[")) {
      const Nesting nesting(depth_);
      STREAM_TRY(check_nesting());
      STREAM_TRY(Expr index, parse_value());
      STREAM_TRY(cursor_.expect_symbol("]"));
      value = call("[]", {std::move(value), std::move(index)}, first);
    } else if (cursor_.accept_symbol("::")) {
      STREAM_TRY(DataType type, parse_cast_type());
      value = make(Cast{std::move(value), std::move(type), false}, first);
    } else if (cursor_.at_word("COLLATE") && cursor_.at_name(1)) {
      cursor_.advance();
      const std::size_t at = cursor_.position();
      STREAM_TRY(std::vector<std::string> name, parse_qualified_name());
      value = call("collate", {std::move(value), text_literal(name.back(), at)}, first);
    } else if (cursor_.at_symbol(":") && (cursor_.at_name(1) || cursor_.at_symbol("[", 1))) {
      STREAM_TRY(value, parse_json_path(std::move(value), first));
    } else {
      return value;
    }
  }
}

/// `v:a.b[0]`: a part of a variant.
Result<Expr> Parser::parse_json_path(Expr value, std::size_t first) {
  const std::size_t at = cursor_.position();
  cursor_.advance();
  std::string path = "$";
  bool is_first = true;
  while (true) {
    if (cursor_.accept_symbol("[")) {
      if (cursor_.peek().kind == TokenKind::string) {
        STREAM_TRY(std::string key, cursor_.expect_string());
        path += "['" + key + "']";
      } else {
        path += "[" + std::string(cursor_.peek().text) + "]";
        cursor_.advance();
      }
      STREAM_TRY(cursor_.expect_symbol("]"));
    } else if (is_first || (cursor_.at_symbol(".") && cursor_.at_name(1))) {
      if (!is_first) cursor_.advance();
      STREAM_TRY(std::string key, cursor_.expect_name());
      path += "." + key;
    } else {
      break;
    }
    is_first = false;
  }
  return call("variant_get",
              {std::move(value), text_literal(std::move(path), at), text_literal("variant", at)},
              first);
}

Result<Expr> Parser::parse_primary_start() {
  const std::size_t first = cursor_.position();
  const Token& token = cursor_.peek();
  if (cursor_.at_symbol("(")) return parse_parenthesized();
  if (cursor_.accept_symbol("*")) return parse_star({}, first);
  if (cursor_.at_symbol("-") && is_number(cursor_.peek(1).kind)) {
    cursor_.advance();
    return parse_number(true, first);
  }
  if (is_number(token.kind)) return parse_number(false, first);
  if (token.kind == TokenKind::string) {
    STREAM_TRY(std::string text, cursor_.expect_string());
    return text_literal(std::move(text), first);
  }
  if (cursor_.at_symbol("?") || (cursor_.at_symbol(":") && cursor_.at_name(1)))
    return cursor_.error_at(first, "UNBOUND_SQL_PARAMETER",
                            "Parameters are not bound here; write the value into the text.");
  if (!cursor_.at_name() || is_reserved_in_expressions(cursor_))
    return cursor_.unexpected("expected an expression");
  return parse_name_or_call();
}

Result<Expr> Parser::parse_name_or_call() {
  const std::size_t first = cursor_.position();
  const bool is_quoted = cursor_.peek().kind == TokenKind::quoted_word;
  if (!is_quoted) {
    if (cursor_.at_word("CASE") && !cursor_.at_symbol(",", 1) && !cursor_.at_symbol(")", 1))
      return parse_case();
    if (is_interval_ahead()) return parse_interval();
    if (cursor_.peek(1).kind == TokenKind::string) return parse_typed_literal();
    const bool is_call = cursor_.at_symbol("(", 1);
    if (!is_call && cursor_.accept_word("NULL"))
      return make(Literal{Value{}, primitive(TypeKind::null)}, first);
    if (!is_call && cursor_.at_any_word({"TRUE", "FALSE"})) {
      const bool value = cursor_.at_word("TRUE");
      cursor_.advance();
      return make(Literal{Value{value}, primitive(TypeKind::boolean)}, first);
    }
    if (!is_call && cursor_.at_any_word({"CURRENT_DATE", "CURRENT_TIMESTAMP", "CURRENT_TIME",
                                         "CURRENT_USER", "SESSION_USER"})) {
      std::string name =
          cursor_.at_word("SESSION_USER") ? "current_user" : ascii_lower(cursor_.peek().text);
      cursor_.advance();
      return call(std::move(name), {}, first);
    }
    if (is_call) {
      STREAM_TRY(std::optional<Expr> special, parse_special_call());
      if (special) return std::move(*special);
    }
  }
  if (cursor_.at_symbol("->", 1)) return parse_lambda();
  std::vector<std::string> name;
  while (true) {
    STREAM_TRY(std::string part, cursor_.expect_name());
    name.push_back(std::move(part));
    if (!cursor_.at_symbol(".")) break;
    if (cursor_.at_symbol("*", 1)) {
      cursor_.advance();
      cursor_.advance();
      return parse_star(std::move(name), first);
    }
    if (!cursor_.at_name(1)) break;
    cursor_.advance();
  }
  if (cursor_.at_symbol("(")) return parse_call(std::move(name), first);
  return make(ColumnName{std::move(name)}, first);
}

Result<Expr> Parser::parse_star(std::vector<std::string> qualifier, std::size_t first) {
  Star star;
  star.qualifier = std::move(qualifier);
  if (cursor_.at_word("EXCEPT") && cursor_.at_symbol("(", 1) && !is_query_ahead(2)) {
    cursor_.advance();
    cursor_.advance();
    do {
      STREAM_TRY(std::vector<std::string> name, parse_qualified_name());
      std::string joined = name.front();
      for (std::size_t i = 1; i < name.size(); ++i) joined += "." + name[i];
      star.except.push_back(std::move(joined));
    } while (cursor_.accept_symbol(","));
    STREAM_TRY(cursor_.expect_symbol(")"));
  }
  return make(std::move(star), first);
}

bool Parser::is_lambda_ahead() const {
  std::size_t ahead = 1;
  while (cursor_.at_name(ahead) && cursor_.at_symbol(",", ahead + 1)) ahead += 2;
  return cursor_.at_name(ahead) && cursor_.at_symbol(")", ahead + 1) &&
         cursor_.at_symbol("->", ahead + 2);
}

Result<Expr> Parser::parse_lambda() {
  const std::size_t first = cursor_.position();
  Lambda lambda;
  if (cursor_.at_symbol("(")) {
    STREAM_TRY(lambda.parameters, parse_name_list());
  } else {
    STREAM_TRY(std::string name, cursor_.expect_name());
    lambda.parameters.push_back(std::move(name));
  }
  STREAM_TRY(cursor_.expect_symbol("->"));
  STREAM_TRY(lambda.body, parse_expression());
  return make(std::move(lambda), first);
}

Result<Expr> Parser::parse_parenthesized() {
  const std::size_t first = cursor_.position();
  if (is_lambda_ahead()) return parse_lambda();
  if (is_query_ahead(1)) {
    Result<RelationRef> query = parse_parenthesized_query();
    if (query) return make(Subquery{Subquery::Kind::scalar, std::move(*query), {}}, first);
    cursor_.move_to(first);
    // "((SELECT 1) + 1)" begins like a query in parentheses.
    if (!cursor_.at_symbol("(", 1)) return std::move(query).error();
  }
  cursor_.advance();
  STREAM_TRY(Expr expression, parse_named_expression());
  if (cursor_.at_symbol(",")) {
    Exprs fields{std::move(expression)};
    while (cursor_.accept_symbol(",")) {
      STREAM_TRY(Expr field, parse_named_expression());
      fields.push_back(std::move(field));
    }
    STREAM_TRY(cursor_.expect_symbol(")"));
    return call("struct", std::move(fields), first);
  }
  if (expression->as<Alias>() != nullptr)
    return cursor_.unexpected("an alias is not allowed in parentheses");
  STREAM_TRY(cursor_.expect_symbol(")"));
  return expression;
}

Result<Expr> Parser::parse_case() {
  const std::size_t first = cursor_.position();
  cursor_.advance();
  Expr value;
  if (!cursor_.at_word("WHEN")) {
    STREAM_TRY(value, parse_expression());
  }
  Exprs arguments;
  while (cursor_.at_word("WHEN")) {
    const std::size_t at = cursor_.position();
    cursor_.advance();
    STREAM_TRY(Expr condition, parse_expression());
    if (value) condition = call("=", {value, std::move(condition)}, at);
    STREAM_TRY(cursor_.expect_word("THEN"));
    STREAM_TRY(Expr result, parse_expression());
    arguments.push_back(std::move(condition));
    arguments.push_back(std::move(result));
  }
  if (arguments.empty()) return cursor_.unexpected("expected WHEN");
  if (cursor_.accept_word("ELSE")) {
    STREAM_TRY(Expr otherwise, parse_expression());
    arguments.push_back(std::move(otherwise));
  }
  STREAM_TRY(cursor_.expect_word("END"));
  return call("case", std::move(arguments), first);
}

Result<Expr> Parser::parse_cast(bool is_try) {
  const std::size_t first = cursor_.position();
  cursor_.advance();
  STREAM_TRY(cursor_.expect_symbol("("));
  STREAM_TRY(Expr child, parse_expression());
  STREAM_TRY(cursor_.expect_word("AS"));
  STREAM_TRY(DataType type, parse_cast_type());
  STREAM_TRY(cursor_.expect_symbol(")"));
  return make(Cast{std::move(child), std::move(type), is_try}, first);
}

namespace {

void drop_text_limits(DataType& type) {
  type.max_characters = 0;
  type.is_padded = false;
  for (Field& child : type.children) drop_text_limits(child.type);
}

}  // namespace

Result<DataType> Parser::parse_cast_type() {
  STREAM_TRY(DataType type, parse_type());
  drop_text_limits(type);
  return type;
}

/// Finds where the type's text ends; what it means is read in one place, type_text.
Result<DataType> Parser::parse_type() {
  const std::size_t first = cursor_.position();
  if (!cursor_.at_name()) return cursor_.unexpected("expected a type");
  const bool is_interval = cursor_.at_word("INTERVAL");
  cursor_.advance();
  if (is_interval && is_unit_ahead(0)) {
    cursor_.advance();
    if (cursor_.accept_word("TO")) cursor_.advance();
  }
  if (cursor_.at_symbol("(") || cursor_.at_symbol("<")) {
    int depth = 0;
    do {
      if (cursor_.is_end() || cursor_.at_symbol(";"))
        return cursor_.unexpected("the type does not end");
      if (cursor_.at_symbol("(") || cursor_.at_symbol("<")) ++depth;
      if (cursor_.at_symbol(")") || cursor_.at_symbol(">")) --depth;
      if (cursor_.at_symbol(">>")) depth -= 2;
      if (cursor_.at_symbol(">>>")) depth -= 3;
      cursor_.advance();
    } while (depth > 0);
  } else if (cursor_.at_symbol("<>")) {
    cursor_.advance();
  }
  Result<DataType> type = parse_data_type(cursor_.text_from(first));
  if (!type) return in_text(type.error(), first);
  return type;
}

}  // namespace stream::sql
