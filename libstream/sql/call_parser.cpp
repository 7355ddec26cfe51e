#include <libstream/sql/parser.hpp>

namespace stream::sql {

namespace {

bool is_date_unit(const TokenCursor& cursor) {
  return cursor.at_symbol(",", 1) &&
         cursor.at_any_word({"YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "DAYOFYEAR", "HOUR",
                             "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND"});
}

/// dateadd('DAY', 1, d): the unit is a word, no text.
bool has_quoted_unit(const Call& call) {
  if (call.arguments.size() != 3) return false;
  const auto* unit = call.arguments.front()->as<Literal>();
  if (unit == nullptr || unit->type.kind != TypeKind::string) return false;
  for (std::string_view name : {"timestampadd", "dateadd", "date_add", "timestampdiff", "datediff",
                                "date_diff", "timediff"})
    if (equals_ignoring_case(call.name, name)) return true;
  return false;
}

}  // namespace

/// Functions with words between their arguments. nullopt: none of them is here, nothing is taken.
Result<std::optional<Expr>> Parser::parse_special_call() {
  const std::size_t first = cursor_.position();
  const auto some = [](Result<Expr> expression) -> Result<std::optional<Expr>> {
    if (!expression) return std::move(expression).error();
    return std::optional<Expr>(std::move(*expression));
  };
  if (cursor_.at_word("CAST")) return some(parse_cast(false));
  if (cursor_.at_word("TRY_CAST")) return some(parse_cast(true));
  if (cursor_.at_symbol("=>", 3)) return std::optional<Expr>();
  if (cursor_.at_word("TRIM") && !cursor_.at_symbol(")", 2)) return some(parse_trim());
  if (cursor_.at_word("POSITION") && !cursor_.at_symbol(")", 2)) return some(parse_position());
  if (cursor_.at_word("EXTRACT") && cursor_.at_name(2) && cursor_.at_word("FROM", 3)) {
    cursor_.move_to(first + 2);
    Expr field = text_literal(name_value(cursor_.peek()), first + 2);
    cursor_.move_to(first + 4);
    STREAM_TRY(Expr source, parse_value());
    STREAM_TRY(cursor_.expect_symbol(")"));
    return std::optional<Expr>(call("extract", {std::move(field), std::move(source)}, first));
  }
  if (cursor_.at_any_word({"TIMESTAMPADD", "DATEADD", "DATE_ADD"})) {
    cursor_.move_to(first + 2);
    if (is_date_unit(cursor_)) return some(parse_date_unit_call("timestampadd"));
  } else if (cursor_.at_any_word({"TIMESTAMPDIFF", "DATEDIFF", "DATE_DIFF", "TIMEDIFF"})) {
    cursor_.move_to(first + 2);
    if (is_date_unit(cursor_)) return some(parse_date_unit_call("timestampdiff"));
  }
  cursor_.move_to(first);
  return std::optional<Expr>();
}

Result<Expr> Parser::parse_date_unit_call(std::string name) {
  const std::size_t first = cursor_.position() - 2;
  Exprs arguments{text_literal(std::string(cursor_.peek().text), cursor_.position())};
  cursor_.advance();
  for (int i = 0; i < 2; ++i) {
    STREAM_TRY(cursor_.expect_symbol(","));
    STREAM_TRY(Expr argument, parse_value());
    arguments.push_back(std::move(argument));
  }
  STREAM_TRY(cursor_.expect_symbol(")"));
  return call(std::move(name), std::move(arguments), first);
}

/// TRIM(x), TRIM(c FROM x), TRIM(BOTH | LEADING | TRAILING [c] FROM x); becomes trim, ltrim or
/// rtrim, the characters first where there are any, as these functions take them.
Result<Expr> Parser::parse_trim() {
  const Nesting nesting(depth_);
  STREAM_TRY(check_nesting());
  const std::size_t first = cursor_.position();
  cursor_.move_to(first + 2);
  std::string name = "trim";
  const bool has_side = cursor_.at_any_word({"BOTH", "LEADING", "TRAILING"}) &&
                        !cursor_.at_symbol(")", 1) && !cursor_.at_symbol(",", 1) &&
                        !cursor_.at_symbol(".", 1);
  if (has_side) {
    name = cursor_.at_word("BOTH") ? "trim" : cursor_.at_word("LEADING") ? "ltrim" : "rtrim";
    cursor_.advance();
  }
  Exprs arguments;
  if (!has_side || !cursor_.at_word("FROM")) {
    STREAM_TRY(Expr characters, parse_value());
    arguments.push_back(std::move(characters));
  }
  if (cursor_.accept_word("FROM")) {
    STREAM_TRY(Expr source, parse_value());
    arguments.push_back(std::move(source));
  } else if (has_side) {
    return cursor_.unexpected("expected FROM");
  } else {
    Call call;
    call.name = name;
    call.arguments = std::move(arguments);
    return parse_more_arguments(std::move(call), first);
  }
  STREAM_TRY(cursor_.expect_symbol(")"));
  return call(std::move(name), std::move(arguments), first);
}

Result<Expr> Parser::parse_position() {
  const Nesting nesting(depth_);
  STREAM_TRY(check_nesting());
  const std::size_t first = cursor_.position();
  cursor_.move_to(first + 2);
  STREAM_TRY(Expr part, parse_value());
  if (cursor_.accept_word("IN")) {
    STREAM_TRY(Expr text, parse_value());
    STREAM_TRY(cursor_.expect_symbol(")"));
    return call("locate", {std::move(part), std::move(text)}, first);
  }
  Call call;
  call.name = "position";
  call.arguments.push_back(std::move(part));
  return parse_more_arguments(std::move(call), first);
}

Result<Expr> Parser::parse_call(std::vector<std::string> name, std::size_t first) {
  Call call;
  const bool is_builtin =
      name.size() > 1 && (equals_ignoring_case(name[name.size() - 2], "builtin"));
  call.name = is_builtin ? name.back() : name.front();
  for (std::size_t i = 1; i < name.size() && !is_builtin; ++i) call.name += "." + name[i];
  STREAM_TRY(cursor_.expect_symbol("("));
  if (cursor_.accept_symbol(")")) return parse_call_rest(std::move(call), first);
  const bool has_quantifier = !cursor_.at_symbol(",", 1) && !cursor_.at_symbol(")", 1) &&
                              !cursor_.at_symbol(".", 1) && !cursor_.at_symbol("(", 1);
  if (cursor_.at_word("DISTINCT") && (has_quantifier || cursor_.at_symbol("(", 1))) {
    call.is_distinct = cursor_.accept_word("DISTINCT");
  } else if (cursor_.at_word("ALL") && has_quantifier) {
    cursor_.advance();
  }
  const bool is_struct = equals_ignoring_case(call.name, "struct");
  STREAM_TRY(parse_argument(call, is_struct));
  const bool is_substring =
      equals_ignoring_case(call.name, "substring") || equals_ignoring_case(call.name, "substr");
  if (is_substring && cursor_.accept_word("FROM")) {
    call.name = "substring";
    STREAM_TRY(parse_argument(call, false));
    if (cursor_.accept_word("FOR")) STREAM_TRY(parse_argument(call, false));
  } else if (equals_ignoring_case(call.name, "overlay") && cursor_.accept_word("PLACING")) {
    call.name = "overlay";
    STREAM_TRY(parse_argument(call, false));
    STREAM_TRY(cursor_.expect_word("FROM"));
    STREAM_TRY(parse_argument(call, false));
    if (cursor_.accept_word("FOR")) STREAM_TRY(parse_argument(call, false));
  } else if (cursor_.at_word("IGNORE") && cursor_.at_word("NULLS", 1)) {
    cursor_.accept_words({"IGNORE", "NULLS"});
    call.ignores_nulls = true;
  }
  return parse_more_arguments(std::move(call), first);
}

/// The arguments after the first, and what follows them.
Result<Expr> Parser::parse_more_arguments(Call call, std::size_t first) {
  const bool is_struct = equals_ignoring_case(call.name, "struct");
  while (cursor_.accept_symbol(",")) STREAM_TRY(parse_argument(call, is_struct));
  STREAM_TRY(cursor_.expect_symbol(")"));
  if (has_quoted_unit(call))
    return cursor_.error_at(first + 2, "INVALID_PARAMETER_VALUE.DATETIME_UNIT",
                            "The value of parameter(s) `unit` in `" + call.name +
                                "` is invalid: expects one of the units without quotes YEAR, "
                                "QUARTER, MONTH, WEEK, DAY, DAYOFYEAR, HOUR, MINUTE, SECOND, "
                                "MILLISECOND, MICROSECOND, but got the string literal.");
  return parse_call_rest(std::move(call), first);
}

Result<void> Parser::parse_argument(Call& call, bool allows_alias) {
  std::string name;
  if (cursor_.at_name() && cursor_.at_symbol("=>", 1)) {
    STREAM_TRY(name, cursor_.expect_name());
    cursor_.advance();
  }
  Result<Expr> argument = allows_alias ? parse_named_expression() : parse_expression();
  if (!argument) return std::move(argument).error();
  if (!name.empty() && call.argument_names.empty())
    call.argument_names.resize(call.arguments.size());
  call.arguments.push_back(std::move(*argument));
  if (!name.empty() || !call.argument_names.empty()) call.argument_names.push_back(std::move(name));
  return {};
}

/// What follows the argument list: WITHIN GROUP, FILTER, IGNORE NULLS, OVER.
Result<Expr> Parser::parse_call_rest(Call call, std::size_t first) {
  if (cursor_.at_words({"WITHIN", "GROUP"}) && cursor_.at_symbol("(", 2)) {
    cursor_.move_to(cursor_.position() + 3);
    STREAM_TRY(cursor_.expect_words({"ORDER", "BY"}));
    STREAM_TRY(call.within_group, parse_sort_keys());
    STREAM_TRY(cursor_.expect_symbol(")"));
  }
  if (cursor_.at_word("FILTER") && cursor_.at_symbol("(", 1)) {
    cursor_.move_to(cursor_.position() + 2);
    STREAM_TRY(cursor_.expect_word("WHERE"));
    STREAM_TRY(call.filter, parse_expression());
    STREAM_TRY(cursor_.expect_symbol(")"));
  }
  if (cursor_.accept_words({"IGNORE", "NULLS"}))
    call.ignores_nulls = true;
  else if (cursor_.accept_words({"RESPECT", "NULLS"}))
    call.ignores_nulls = false;
  if (cursor_.at_word("OVER") && (cursor_.at_symbol("(", 1) || cursor_.at_name(1))) {
    cursor_.advance();
    STREAM_TRY(WindowSpec spec, parse_window_spec());
    call.over = std::make_shared<const WindowSpec>(std::move(spec));
  }
  return make(std::move(call), first);
}

Result<WindowSpec> Parser::parse_window_spec() {
  WindowSpec spec;
  if (!cursor_.accept_symbol("(")) {
    STREAM_TRY(spec.name, cursor_.expect_name());
    return spec;
  }
  const Nesting nesting(depth_);
  STREAM_TRY(check_nesting());
  if (cursor_.at_name() && cursor_.at_symbol(")", 1)) {
    STREAM_TRY(spec.name, cursor_.expect_name());
    STREAM_TRY(cursor_.expect_symbol(")"));
    return spec;
  }
  const bool has_cluster = cursor_.accept_words({"CLUSTER", "BY"});
  if (has_cluster || cursor_.accept_words({"PARTITION", "BY"}) ||
      cursor_.accept_words({"DISTRIBUTE", "BY"})) {
    STREAM_TRY(spec.partition_by, parse_expressions());
  }
  if (!has_cluster &&
      (cursor_.accept_words({"ORDER", "BY"}) || cursor_.accept_words({"SORT", "BY"}))) {
    STREAM_TRY(spec.order_by, parse_sort_keys());
  }
  if (cursor_.at_any_word({"ROWS", "RANGE"})) {
    STREAM_TRY(spec.frame, parse_window_frame());
  }
  STREAM_TRY(cursor_.expect_symbol(")"));
  return spec;
}

Result<WindowFrame> Parser::parse_window_frame() {
  WindowFrame frame;
  frame.is_rows = cursor_.at_word("ROWS");
  cursor_.advance();
  const bool has_end = cursor_.accept_word("BETWEEN");
  STREAM_TRY(frame.start, parse_frame_bound());
  if (!has_end) return frame;
  STREAM_TRY(cursor_.expect_word("AND"));
  STREAM_TRY(frame.end, parse_frame_bound());
  return frame;
}

Result<FrameBound> Parser::parse_frame_bound() {
  using Kind = FrameBound::Kind;
  FrameBound bound;
  const bool is_unbounded = cursor_.accept_word("UNBOUNDED");
  if (!is_unbounded) {
    if (cursor_.accept_words({"CURRENT", "ROW"})) return bound;
    // Not parse_expression: AND belongs to the frame.
    STREAM_TRY(bound.distance, parse_value());
  }
  if (cursor_.accept_word("PRECEDING"))
    bound.kind = is_unbounded ? Kind::unbounded_preceding : Kind::preceding;
  else if (cursor_.accept_word("FOLLOWING"))
    bound.kind = is_unbounded ? Kind::unbounded_following : Kind::following;
  else
    return cursor_.unexpected("expected PRECEDING or FOLLOWING");
  return bound;
}

Result<SortKey> Parser::parse_sort_key() {
  SortKey key;
  STREAM_TRY(key.expression, parse_expression());
  if (cursor_.accept_word("DESC"))
    key.is_descending = true;
  else
    cursor_.accept_word("ASC");
  if (cursor_.accept_words({"NULLS", "FIRST"}))
    key.nulls_first = true;
  else if (cursor_.accept_words({"NULLS", "LAST"}))
    key.nulls_first = false;
  return key;
}

Result<std::vector<SortKey>> Parser::parse_sort_keys() {
  std::vector<SortKey> keys;
  do {
    STREAM_TRY(SortKey key, parse_sort_key());
    keys.push_back(std::move(key));
  } while (cursor_.accept_symbol(","));
  return keys;
}

}  // namespace stream::sql
