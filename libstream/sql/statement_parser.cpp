#include <libstream/expressions/type_text.hpp>
#include <libstream/sql/parser.hpp>

namespace stream::sql {

Result<std::string> Parser::parse_object_name() {
  STREAM_TRY(std::vector<std::string> parts, parse_qualified_name());
  std::string name = std::move(parts.front());
  for (std::size_t i = 1; i < parts.size(); ++i) name += "." + parts[i];
  return name;
}

Result<Statement> Parser::parse_statement() {
  const std::size_t first = cursor_.position();
  Result<Statement> statement = parse_statement_kind();
  if (!statement) return statement;
  statement->span = span_from(first);
  statement->text = cursor_.text_from(first);
  return statement;
}

Result<Statement> Parser::parse_statement_kind() {
  const auto of = [](auto kind) { return Statement{std::move(kind), {}, {}}; };
  if (cursor_.at_word("CREATE")) return parse_create();
  if (cursor_.at_word("DROP")) return parse_drop();
  if (cursor_.at_words({"BEGIN", "STATEMENT"})) return parse_statement_set();
  if (cursor_.at_word("SET")) return parse_set();
  if (cursor_.at_word("RESET")) return parse_reset();
  if (cursor_.at_word("SHOW")) return parse_show();
  if (cursor_.at_any_word({"DESCRIBE", "DESC"})) return parse_describe();
  if (cursor_.at_word("EXPLAIN")) return parse_explain();
  if (cursor_.accept_words({"STOP", "QUERY"})) {
    STREAM_TRY(std::string name, parse_object_name());
    return of(StopQueryStatement{std::move(name)});
  }
  if (cursor_.at_word("INSERT") || is_insert_after_with()) {
    STREAM_TRY(InsertStatement insert, parse_insert());
    return of(std::move(insert));
  }
  if (!is_query_start())
    return cursor_.unexpected(
        "expected a query, CREATE, DROP, INSERT INTO, BEGIN STATEMENT SET, "
        "SET, RESET, SHOW, DESCRIBE, EXPLAIN or STOP QUERY");
  STREAM_TRY(RelationRef query, parse_query());
  return of(QueryStatement{std::move(query)});
}

/// WITH … INSERT: the definitions come before the word that tells what it is.
bool Parser::is_insert_after_with() const {
  if (!cursor_.at_word("WITH")) return false;
  int depth = 0;
  for (std::size_t ahead = 1;; ++ahead) {
    const Token& token = cursor_.peek(ahead);
    if (token.kind == TokenKind::end || cursor_.at_symbol(";", ahead)) return false;
    if (cursor_.at_symbol("(", ahead)) ++depth;
    if (cursor_.at_symbol(")", ahead)) --depth;
    if (depth == 0 && cursor_.at_word("INSERT", ahead)) return cursor_.at_word("INTO", ahead + 1);
    if (depth == 0 && cursor_.at_word("SELECT", ahead)) return false;
  }
}

/// INSERT INTO sink [AS query_name] query.
Result<InsertStatement> Parser::parse_insert() {
  const std::size_t first = cursor_.position();
  std::vector<std::pair<std::string, RelationRef>> definitions;
  if (cursor_.at_word("WITH")) {
    STREAM_TRY(definitions, parse_with());
  }
  STREAM_TRY(cursor_.expect_words({"INSERT", "INTO"}));
  cursor_.accept_word("TABLE");
  InsertStatement insert;
  STREAM_TRY(insert.sink, parse_object_name());
  if (cursor_.accept_word("AS")) {
    STREAM_TRY(insert.query_name, cursor_.expect_name());
  }
  if (!is_query_start()) return cursor_.unexpected("expected a query");
  STREAM_TRY(insert.query, parse_query());
  if (!definitions.empty())
    insert.query = relate(WithRelation{std::move(definitions), std::move(insert.query)}, first);
  return insert;
}

Result<Statement> Parser::parse_statement_set() {
  STREAM_TRY(cursor_.expect_words({"BEGIN", "STATEMENT", "SET"}));
  StatementSet set;
  while (true) {
    while (cursor_.accept_symbol(";")) continue;
    if (cursor_.accept_word("END")) break;
    if (!cursor_.at_word("INSERT") && !is_insert_after_with())
      return cursor_.unexpected("expected INSERT INTO or END");
    STREAM_TRY(InsertStatement insert, parse_insert());
    set.inserts.push_back(std::move(insert));
    if (!cursor_.at_symbol(";")) return cursor_.unexpected("expected ';'");
  }
  if (set.inserts.empty()) return cursor_.unexpected("a statement set needs an INSERT INTO");
  return Statement{std::move(set), {}, {}};
}

/// SET; SET key; SET key = value: the value is the text up to the semicolon, quotes removed.
Result<Statement> Parser::parse_set() {
  cursor_.advance();
  SetStatement set;
  const auto is_over = [this] { return cursor_.is_end() || cursor_.at_symbol(";"); };
  if (cursor_.accept_words({"TIME", "ZONE"})) {
    set.key = "spark.sql.session.timeZone";
    STREAM_TRY(set.value, cursor_.expect_string());
    return Statement{std::move(set), {}, {}};
  }
  if (is_over()) return Statement{std::move(set), {}, {}};
  const std::size_t key = cursor_.position();
  const bool is_quoted = cursor_.peek().kind == TokenKind::quoted_word;
  if (is_quoted) set.key = name_value(cursor_.peek());
  while (!is_over() && !cursor_.at_symbol("=") && !cursor_.at_symbol("==")) cursor_.advance();
  if (!is_quoted) set.key = cursor_.text_from(key);
  if (!cursor_.accept_symbol("=")) return Statement{std::move(set), {}, {}};
  const std::size_t value = cursor_.position();
  const bool is_text = cursor_.peek().kind == TokenKind::string && !is_over();
  const std::string text = is_text ? string_value(cursor_.peek().text) : std::string();
  while (!is_over()) cursor_.advance();
  const bool is_one = cursor_.position() == value + 1;
  set.value = is_text && is_one
                  ? text
                  : std::string(cursor_.position() == value ? "" : cursor_.text_from(value));
  return Statement{std::move(set), {}, {}};
}

Result<Statement> Parser::parse_reset() {
  cursor_.advance();
  ResetStatement reset;
  const std::size_t key = cursor_.position();
  if (cursor_.peek().kind == TokenKind::quoted_word) {
    reset.key = name_value(cursor_.peek());
    cursor_.advance();
  } else {
    while (!cursor_.is_end() && !cursor_.at_symbol(";")) cursor_.advance();
    if (cursor_.position() > key) reset.key = cursor_.text_from(key);
  }
  return Statement{std::move(reset), {}, {}};
}

Result<Statement> Parser::parse_show() {
  using Kind = ShowStatement::Kind;
  cursor_.advance();
  cursor_.accept_word("ALL");
  ShowStatement show;
  if (cursor_.accept_word("STREAMS"))
    show.kind = Kind::streams;
  else if (cursor_.accept_word("SINKS"))
    show.kind = Kind::sinks;
  else if (cursor_.accept_word("TABLES"))
    show.kind = Kind::tables;
  else if (cursor_.accept_word("VIEWS"))
    show.kind = Kind::views;
  else if (cursor_.accept_word("QUERIES"))
    show.kind = Kind::queries;
  else if (cursor_.accept_word("FUNCTIONS"))
    show.kind = Kind::functions;
  else
    return cursor_.unexpected("expected STREAMS, SINKS, TABLES, VIEWS, QUERIES or FUNCTIONS");
  const bool has_like = cursor_.accept_word("LIKE");
  if (has_like || cursor_.peek().kind == TokenKind::string) {
    STREAM_TRY(show.pattern, cursor_.expect_string());
  }
  return Statement{std::move(show), {}, {}};
}

Result<Statement> Parser::parse_describe() {
  using Kind = DescribeStatement::Kind;
  cursor_.advance();
  DescribeStatement describe;
  if (cursor_.at_word("FUNCTION") && !cursor_.at_symbol(";", 1) &&
      cursor_.peek(1).kind != TokenKind::end) {
    cursor_.advance();
    cursor_.accept_word("EXTENDED");
    describe.kind = Kind::function;
    if (cursor_.at_name()) {
      STREAM_TRY(describe.name, parse_object_name());
    } else if (cursor_.peek().kind == TokenKind::string) {
      STREAM_TRY(describe.name, cursor_.expect_string());
    } else {
      describe.name = cursor_.peek().text;
      cursor_.advance();
    }
    return Statement{std::move(describe), {}, {}};
  }
  const bool has_query = cursor_.at_word("QUERY") && cursor_.at_name(1);
  if (has_query) cursor_.advance();
  if (has_query || is_query_ahead()) {
    describe.kind = Kind::query;
    STREAM_TRY(describe.query, parse_query());
    return Statement{std::move(describe), {}, {}};
  }
  if (cursor_.at_any_word({"TABLE", "STREAM", "SINK", "VIEW", "EXTENDED"}) && cursor_.at_name(1))
    cursor_.advance();
  STREAM_TRY(describe.name, parse_object_name());
  return Statement{std::move(describe), {}, {}};
}

Result<Statement> Parser::parse_explain() {
  using Mode = ExplainStatement::Mode;
  cursor_.advance();
  ExplainStatement explain;
  if (cursor_.accept_word("EXTENDED"))
    explain.mode = Mode::extended;
  else if (cursor_.accept_word("FORMATTED"))
    explain.mode = Mode::formatted;
  if (cursor_.at_word("INSERT") || is_insert_after_with()) {
    STREAM_TRY(InsertStatement insert, parse_insert());
    explain.sink = std::move(insert.sink);
    explain.query = std::move(insert.query);
  } else {
    STREAM_TRY(explain.query, parse_query());
  }
  return Statement{std::move(explain), {}, {}};
}

Result<Statement> Parser::parse_drop() {
  using Kind = DropStatement::Kind;
  cursor_.advance();
  DropStatement drop;
  cursor_.accept_word("TEMPORARY");
  if (cursor_.accept_word("VIEW"))
    drop.kind = Kind::view;
  else if (cursor_.accept_word("STREAM"))
    drop.kind = Kind::stream;
  else if (cursor_.accept_word("TABLE"))
    drop.kind = Kind::table;
  else if (cursor_.accept_word("SINK"))
    drop.kind = Kind::sink;
  else
    return cursor_.unexpected("expected VIEW, STREAM, TABLE or SINK");
  drop.if_exists = cursor_.accept_words({"IF", "EXISTS"});
  STREAM_TRY(drop.name, parse_object_name());
  return Statement{std::move(drop), {}, {}};
}

}  // namespace stream::sql
