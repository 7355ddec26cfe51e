#include <libstream/data/date_time.hpp>
#include <libstream/sql/parser.hpp>

#include <charconv>

namespace stream::sql {

bool is_relation_clause_word(const TokenCursor& cursor) {
  if (is_clause_word(cursor)) return true;
  if (cursor.peek().kind != TokenKind::word) return false;
  if (cursor.at_word("PIVOT")) return cursor.at_symbol("(", 1);
  if (cursor.at_word("UNPIVOT"))
    return cursor.at_symbol("(", 1) || cursor.at_any_word({"INCLUDE", "EXCLUDE"}, 1);
  if (cursor.at_word("TABLESAMPLE")) return cursor.at_symbol("(", 1);
  if (cursor.at_word("WATERMARK")) return cursor.at_name(1) && !cursor.at_word("ON", 1);
  return cursor.at_any_word(
      {"ANTI", "CROSS", "FULL", "INNER", "LEFT", "NATURAL", "RIGHT", "SEMI", "LATERAL", "WITH"});
}

Result<std::vector<std::string>> Parser::parse_names() {
  std::vector<std::string> names;
  do {
    STREAM_TRY(std::string name, cursor_.expect_name());
    names.push_back(std::move(name));
  } while (cursor_.accept_symbol(","));
  return names;
}

Result<std::vector<std::string>> Parser::parse_name_list() {
  STREAM_TRY(cursor_.expect_symbol("("));
  STREAM_TRY(std::vector<std::string> names, parse_names());
  STREAM_TRY(cursor_.expect_symbol(")"));
  return names;
}

Result<std::vector<std::string>> Parser::parse_qualified_name() {
  std::vector<std::string> name;
  do {
    STREAM_TRY(std::string part, cursor_.expect_name());
    name.push_back(std::move(part));
  } while (cursor_.accept_symbol("."));
  return name;
}

Result<Expr> Parser::parse_column() {
  const std::size_t first = cursor_.position();
  STREAM_TRY(std::vector<std::string> name, parse_qualified_name());
  return make(ColumnName{std::move(name)}, first);
}

/// A comma joins like JOIN does, from left to right: FROM a, b JOIN c is (a, b) JOIN c.
Result<RelationRef> Parser::parse_from() {
  const std::size_t first = cursor_.position();
  STREAM_TRY(cursor_.expect_word("FROM"));
  STREAM_TRY(RelationRef from, parse_relation());
  while (cursor_.accept_symbol(",")) {
    JoinRelation join;
    join.is_lateral = cursor_.accept_word("LATERAL");
    STREAM_TRY(join.right, parse_relation_primary());
    join.left = std::move(from);
    STREAM_TRY(from, parse_relation_extensions(relate(std::move(join), first), first));
  }
  return parse_lateral_views(std::move(from), first);
}

/// A relation and what is joined to it.
Result<RelationRef> Parser::parse_relation() {
  const std::size_t first = cursor_.position();
  cursor_.accept_word("LATERAL");
  STREAM_TRY(RelationRef relation, parse_relation_primary());
  return parse_relation_extensions(std::move(relation), first);
}

Result<RelationRef> Parser::parse_relation_extensions(RelationRef input, std::size_t first) {
  RelationRef relation = std::move(input);
  while (true) {
    STREAM_TRY(check_size());
    if (cursor_.at_word("PIVOT") && cursor_.at_symbol("(", 1)) {
      STREAM_TRY(relation, parse_pivot(std::move(relation), first));
    } else if (cursor_.at_word("UNPIVOT") && is_relation_clause_word(cursor_)) {
      STREAM_TRY(relation, parse_unpivot(std::move(relation), first));
    } else if (is_join_ahead()) {
      STREAM_TRY(relation, parse_join(std::move(relation), first));
    } else {
      return relation;
    }
  }
}

bool Parser::is_join_ahead() const {
  std::size_t ahead = cursor_.at_word("NATURAL") ? 1 : 0;
  if (cursor_.at_any_word({"LEFT", "RIGHT", "FULL"}, ahead)) {
    ++ahead;
    if (cursor_.at_any_word({"OUTER", "SEMI", "ANTI"}, ahead)) ++ahead;
  } else if (cursor_.at_any_word({"INNER", "CROSS", "SEMI", "ANTI"}, ahead)) {
    ++ahead;
  }
  return cursor_.at_word("JOIN", ahead);
}

Result<RelationRef> Parser::parse_join(RelationRef left, std::size_t first) {
  JoinRelation join;
  join.left = std::move(left);
  join.is_natural = cursor_.accept_word("NATURAL");
  if (cursor_.accept_word("CROSS")) {
    join.type = JoinType::cross;
  } else if (cursor_.accept_word("RIGHT")) {
    join.type = JoinType::right_outer;
  } else if (cursor_.accept_word("FULL")) {
    join.type = JoinType::full_outer;
  } else if (cursor_.accept_word("LEFT")) {
    join.type = JoinType::left_outer;
  } else {
    cursor_.accept_word("INNER");
  }
  cursor_.accept_word("OUTER");
  if (cursor_.accept_word("SEMI")) join.type = JoinType::left_semi;
  if (cursor_.accept_word("ANTI")) join.type = JoinType::left_anti;
  STREAM_TRY(cursor_.expect_word("JOIN"));
  join.is_lateral = cursor_.accept_word("LATERAL");
  STREAM_TRY(join.right, parse_relation_primary());
  if (!join.is_natural && cursor_.accept_word("ON")) {
    STREAM_TRY(join.condition, parse_expression());
  } else if (!join.is_natural && cursor_.accept_word("USING")) {
    STREAM_TRY(join.using_columns, parse_name_list());
  }
  return relate(std::move(join), first);
}

Result<RelationRef> Parser::parse_relation_primary() {
  const std::size_t first = cursor_.position();
  RelationParts parts;
  STREAM_TRY(RelationRef relation, parse_relation_start(parts));
  if (parts.can_be_sampled && cursor_.at_word("TABLESAMPLE") && cursor_.at_symbol("(", 1)) {
    STREAM_TRY(relation, parse_sample(std::move(relation), first));
  }
  if (parts.can_have_watermark && cursor_.at_word("WATERMARK") &&
      is_relation_clause_word(cursor_)) {
    STREAM_TRY(relation, parse_watermark(std::move(relation), first));
  }
  if (parts.is_finished) return relation;
  return parse_table_alias(std::move(relation), first);
}

Result<RelationRef> Parser::parse_relation_start(RelationParts& parts) {
  const std::size_t first = cursor_.position();
  const Nesting nesting(depth_);
  STREAM_TRY(check_nesting());
  if (cursor_.at_symbol("(")) {
    if (is_query_ahead(1)) {
      Result<RelationRef> query = parse_parenthesized_query();
      // "((SELECT …) a JOIN b)" begins like a query.
      if (query || !cursor_.symbol_is_at(first + 1, "(")) return query;
      cursor_.move_to(first);
    }
    cursor_.advance();
    STREAM_TRY(RelationRef relation, parse_relation());
    STREAM_TRY(cursor_.expect_symbol(")"));
    return relation;
  }
  if (cursor_.at_word("VALUES") && is_query_ahead()) {
    parts = {false, false, true};
    return parse_values();
  }
  const bool is_stream = cursor_.at_word("STREAM") &&
                         (cursor_.at_symbol("(", 1) || (cursor_.at_name(1) && !is_stream_alone()));
  if (is_stream) {
    parts.can_be_sampled = false;
    return parse_stream_relation();
  }
  if (!cursor_.at_name() || is_reserved_in_expressions(cursor_))
    return cursor_.unexpected("expected a table, view or query");
  STREAM_TRY(std::vector<std::string> name, parse_qualified_name());
  if (cursor_.at_symbol("(")) {
    parts.can_be_sampled = false;
    return parse_table_function(std::move(name), first);
  }
  STREAM_TRY(parse_with_options());
  return relate(NamedRelation{std::move(name), false}, first);
}

/// "FROM stream WHERE …": a table of that name.
bool Parser::is_stream_alone() {
  cursor_.advance();
  const bool is_alone = is_relation_clause_word(cursor_);
  cursor_.move_to(cursor_.position() - 1);
  return is_alone;
}

/// Options of one reading, WITH (key = value, …): taken and left out of account.
Result<void> Parser::parse_with_options() {
  if (!cursor_.at_word("WITH") || !cursor_.at_symbol("(", 1)) return {};
  cursor_.advance();
  STREAM_TRY(const SqlOptions options, parse_options());
  if (options.empty()) return cursor_.unexpected("expected an option");
  return {};
}

Result<RelationRef> Parser::parse_stream_relation() {
  const std::size_t first = cursor_.position();
  cursor_.advance();
  const bool has_parenthesis = cursor_.accept_symbol("(");
  STREAM_TRY(std::vector<std::string> name, parse_qualified_name());
  if (has_parenthesis) STREAM_TRY(cursor_.expect_symbol(")"));
  STREAM_TRY(parse_with_options());
  return relate(NamedRelation{std::move(name), true}, first);
}

Result<RelationRef> Parser::parse_table_function(std::vector<std::string> name, std::size_t first) {
  if (cursor_.at_word("TABLE", 1) && cursor_.at_name(2))
    return cursor_.error_at(
        cursor_.position() + 1,
        "INVALID_SQL_SYNTAX.INVALID_TABLE_FUNCTION_IDENTIFIER_ARGUMENT_MISSING_PARENTHESES",
        "Syntax error: call to table-valued function is invalid because parentheses are missing "
        "around the provided TABLE argument.");
  TableFunction function;
  function.call.name = name.back();
  STREAM_TRY(cursor_.expect_symbol("("));
  if (!cursor_.at_symbol(")")) {
    do {
      STREAM_TRY(parse_argument(function.call, false));
    } while (cursor_.accept_symbol(","));
  }
  STREAM_TRY(cursor_.expect_symbol(")"));
  return relate(std::move(function), first);
}

/// VALUES (1, 'a'), (2, 'b') and its alias. A row that is no tuple has one column.
Result<RelationRef> Parser::parse_values() {
  const std::size_t first = cursor_.position();
  STREAM_TRY(cursor_.expect_word("VALUES"));
  InlineTable table;
  do {
    STREAM_TRY(Expr row, parse_expression());
    const auto* tuple = row->as<Call>();
    if (tuple == nullptr || !equals_ignoring_case(tuple->name, "struct")) {
      table.rows.push_back({std::move(row)});
      continue;
    }
    Exprs cells;
    for (const Expr& cell : tuple->arguments) {
      const auto* named = cell->as<Alias>();
      cells.push_back(named != nullptr ? named->child : cell);
    }
    table.rows.push_back(std::move(cells));
  } while (cursor_.accept_symbol(","));
  for (const Exprs& row : table.rows)
    if (row.size() != table.rows.front().size())
      return cursor_.error_at(first, "INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH",
                              "Inline table expected " + std::to_string(table.rows.front().size()) +
                                  " columns but found " + std::to_string(row.size()) +
                                  " columns in a row.");
  return parse_table_alias(relate(std::move(table), first), first);
}

Result<RelationRef> Parser::parse_table_alias(RelationRef input, std::size_t first) {
  const bool has_as = cursor_.accept_word("AS");
  if (!has_as && (!cursor_.at_name() || is_relation_clause_word(cursor_))) return input;
  AliasRelation alias;
  alias.input = std::move(input);
  STREAM_TRY(alias.name, cursor_.expect_name());
  if (cursor_.at_symbol("(")) {
    STREAM_TRY(alias.columns, parse_name_list());
  }
  return relate(std::move(alias), first);
}

/// WATERMARK ts DELAY OF INTERVAL 5 SECONDS; the column may be an expression with an alias.
Result<RelationRef> Parser::parse_watermark(RelationRef input, std::size_t first) {
  cursor_.advance();
  WatermarkRelation watermark;
  watermark.input = std::move(input);
  STREAM_TRY(watermark.event_time, parse_named_expression());
  STREAM_TRY(cursor_.expect_words({"DELAY", "OF"}));
  STREAM_TRY(watermark.delay, parse_delay());
  return relate(std::move(watermark), first);
}

/// An interval as the text of a delay, "5 seconds".
Result<std::string> Parser::parse_delay() {
  const std::size_t first = cursor_.position();
  const bool is_text = cursor_.at_word("INTERVAL") && cursor_.peek(1).kind == TokenKind::string &&
                       !is_interval_ahead();
  if (!is_text && !is_interval_ahead()) return cursor_.unexpected("expected an INTERVAL");
  Result<Expr> parsed = is_text ? parse_typed_literal() : parse_interval();
  if (!parsed) return std::move(parsed).error();
  const Expr interval = std::move(*parsed);
  const Literal& literal = *interval->as<Literal>();
  CalendarInterval calendar;
  if (literal.type.kind == TypeKind::year_month_interval)
    calendar.months = literal.value.as<std::int32_t>();
  else
    calendar.micros = literal.value.as<std::int64_t>();
  if (calendar.months < 0 || calendar.micros < 0)
    return cursor_.error_at(first, "INVALID_PARAMETER_VALUE",
                            "the delay of a watermark must not be negative");
  std::string text;
  append_calendar_interval(calendar, text);
  return text;
}

Result<RelationRef> Parser::parse_lateral_views(RelationRef input, std::size_t first) {
  RelationRef relation = std::move(input);
  while (cursor_.accept_words({"LATERAL", "VIEW"})) {
    STREAM_TRY(check_size());
    GenerateRelation generate;
    generate.input = std::move(relation);
    generate.is_outer = cursor_.at_word("OUTER") && cursor_.at_name(1);
    if (generate.is_outer) cursor_.advance();
    STREAM_TRY(std::vector<std::string> name, parse_qualified_name());
    generate.generator.name = name.back();
    STREAM_TRY(cursor_.expect_symbol("("));
    if (!cursor_.at_symbol(")")) {
      STREAM_TRY(generate.generator.arguments, parse_expressions());
    }
    STREAM_TRY(cursor_.expect_symbol(")"));
    STREAM_TRY(generate.table, cursor_.expect_name());
    const bool has_columns =
        cursor_.accept_word("AS") || (cursor_.at_name() && !is_relation_clause_word(cursor_));
    if (has_columns) {
      STREAM_TRY(generate.columns, parse_names());
    }
    relation = relate(std::move(generate), first);
  }
  return relation;
}

/// TABLESAMPLE (10 PERCENT | 5 ROWS | BUCKET 1 OUT OF 4) [REPEATABLE (seed)].
Result<RelationRef> Parser::parse_sample(RelationRef input, std::size_t first) {
  cursor_.advance();
  STREAM_TRY(cursor_.expect_symbol("("));
  const auto number = [this]() -> Result<double> {
    double value = 0;
    const std::string_view text = cursor_.peek().text;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
      return cursor_.unexpected("expected a number");
    cursor_.advance();
    return value;
  };
  SampleRelation sample;
  sample.input = input;
  const std::size_t at = cursor_.position();
  Expr rows;
  if (cursor_.accept_word("BUCKET")) {
    STREAM_TRY(const double bucket, number());
    STREAM_TRY(cursor_.expect_words({"OUT", "OF"}));
    STREAM_TRY(const double buckets, number());
    if (buckets <= 0) return cursor_.unexpected("there must be one bucket or more");
    if (cursor_.at_word("ON"))
      return cursor_.error_at(cursor_.position(), "_LEGACY_ERROR_TEMP_0015",
                              "TABLESAMPLE(BUCKET x OUT OF y ON colname) is not supported.");
    sample.fraction = bucket / buckets;
  } else if (is_number(cursor_.peek().kind) && cursor_.at_word("PERCENT", 1)) {
    STREAM_TRY(const double percent, number());
    cursor_.advance();
    sample.fraction = percent / 100;
  } else {
    STREAM_TRY(rows, parse_expression());
    STREAM_TRY(cursor_.expect_word("ROWS"));
  }
  if (sample.fraction < 0 || sample.fraction > 1)
    return cursor_.error_at(at, "_LEGACY_ERROR_TEMP_0064",
                            "Sampling fraction must be on interval [0, 1].");
  STREAM_TRY(cursor_.expect_symbol(")"));
  if (cursor_.accept_word("REPEATABLE")) {
    STREAM_TRY(cursor_.expect_symbol("("));
    STREAM_TRY(const double seed, number());
    sample.seed = static_cast<std::uint64_t>(std::min(std::max(seed, 0.0), 1e18));
    STREAM_TRY(cursor_.expect_symbol(")"));
  }
  if (rows) return relate(LimitRelation{std::move(input), std::move(rows), nullptr}, first);
  return relate(std::move(sample), first);
}

}  // namespace stream::sql
