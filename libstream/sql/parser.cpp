#include <libstream/sql/parser.hpp>

namespace stream {

namespace sql {

Result<Expr> Parser::parse_whole_expression() {
  STREAM_TRY(Expr expression, parse_named_expression());
  STREAM_TRY(cursor_.expect_end());
  return expression;
}

Result<RelationRef> Parser::parse_whole_query() {
  STREAM_TRY(RelationRef query, parse_query());
  while (cursor_.accept_symbol(";")) continue;
  STREAM_TRY(cursor_.expect_end());
  return query;
}

Result<std::vector<Statement>> Parser::parse_whole_script() {
  std::vector<Statement> statements;
  while (true) {
    while (cursor_.accept_symbol(";")) continue;
    if (cursor_.is_end()) return statements;
    STREAM_TRY(Statement statement, parse_statement());
    statements.push_back(std::move(statement));
    if (!cursor_.is_end() && !cursor_.at_symbol(";")) return cursor_.unexpected("expected ';'");
  }
}

namespace {

/// Of a text that was tried in several ways the error furthest in is the telling one.
template <class T>
Result<T> parse_text(std::string_view text, const ParserOptions& options,
                     Result<T> (Parser::*parse)()) {
  STREAM_TRY(std::vector<Token> tokens, tokenize(text));
  Parser parser(text, std::move(tokens), options);
  Result<T> result = (parser.*parse)();
  if (result || !parser.furthest_error()) return result;
  const bool is_syntax_error =
      result.error().message().starts_with(parser.furthest_error()->message().substr(0, 20));
  return is_syntax_error ? *parser.furthest_error() : std::move(result).error();
}

}  // namespace

}  // namespace sql

Result<Expr> parse_expression(std::string_view text, const ParserOptions& options) {
  return sql::parse_text(text, options, &sql::Parser::parse_whole_expression);
}

Result<RelationRef> parse_query(std::string_view text, const ParserOptions& options) {
  return sql::parse_text(text, options, &sql::Parser::parse_whole_query);
}

Result<std::vector<Statement>> parse_script(std::string_view text, const ParserOptions& options) {
  return sql::parse_text(text, options, &sql::Parser::parse_whole_script);
}

}  // namespace stream
