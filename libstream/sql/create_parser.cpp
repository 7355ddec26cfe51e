#include <libstream/base/ascii.hpp>
#include <libstream/expressions/type_text.hpp>
#include <libstream/sql/parser.hpp>

#include <algorithm>

namespace stream::sql {

Result<Statement> Parser::parse_create() {
  cursor_.advance();
  CreateViewStatement view;
  view.replaces = cursor_.accept_words({"OR", "REPLACE"});
  view.is_global = cursor_.accept_word("GLOBAL");
  const bool is_temporary = cursor_.accept_word("TEMPORARY") || cursor_.accept_word("TEMP");
  if (cursor_.accept_word("VIEW")) {
    if (!is_temporary)
      return cursor_.error_at(
          cursor_.position() - 1, "UNSUPPORTED_FEATURE.PERSISTENT_VIEW",
          "There is no catalog to keep a view in; write CREATE TEMPORARY VIEW.");
    return parse_create_view(std::move(view));
  }
  if (view.replaces || is_temporary) return cursor_.unexpected("expected VIEW");
  if (cursor_.accept_word("STREAM")) return parse_create_source(true);
  if (cursor_.accept_word("TABLE")) return parse_create_source(false);
  if (cursor_.accept_word("SINK")) return parse_create_sink();
  return cursor_.unexpected("expected TEMPORARY VIEW, STREAM, TABLE or SINK");
}

Result<Statement> Parser::parse_create_view(CreateViewStatement view) {
  STREAM_TRY(view.name, parse_object_name());
  if (cursor_.at_symbol("(")) {
    STREAM_TRY(view.columns, parse_name_list());
  }
  STREAM_TRY(cursor_.expect_word("AS"));
  STREAM_TRY(view.query, parse_query());
  return Statement{std::move(view), {}, {}};
}

/// The clauses after the name come in any order.
Result<Statement> Parser::parse_create_source(bool is_stream) {
  CreateSourceStatement source;
  source.is_stream = is_stream;
  source.if_not_exists = cursor_.accept_words({"IF", "NOT", "EXISTS"});
  STREAM_TRY(source.name, parse_object_name());
  if (cursor_.at_symbol("(")) {
    STREAM_TRY(source.schema, parse_schema_text());
  }
  while (!cursor_.is_end() && !cursor_.at_symbol(";")) {
    if (source.format.empty() && cursor_.accept_word("USING")) {
      STREAM_TRY(source.format, parse_object_name());
    } else if (source.options.empty() && cursor_.accept_word("OPTIONS")) {
      STREAM_TRY(source.options, parse_options());
    } else if (source.location.empty() && cursor_.accept_word("LOCATION")) {
      STREAM_TRY(source.location, cursor_.expect_string());
    } else if (!source.watermark && cursor_.at_word("WATERMARK")) {
      STREAM_TRY(source.watermark, parse_watermark_definition());
    } else if (cursor_.accept_word("COMMENT")) {
      STREAM_TRY(const std::string comment, cursor_.expect_string());
    } else {
      return cursor_.unexpected("expected USING, OPTIONS, LOCATION or WATERMARK FOR");
    }
  }
  if (source.format.empty()) return cursor_.unexpected("expected USING and a format");
  return Statement{std::move(source), {}, {}};
}

Result<Statement> Parser::parse_create_sink() {
  CreateSinkStatement sink;
  sink.if_not_exists = cursor_.accept_words({"IF", "NOT", "EXISTS"});
  STREAM_TRY(sink.name, parse_object_name());
  STREAM_TRY(cursor_.expect_word("USING"));
  STREAM_TRY(sink.format, parse_object_name());
  if (cursor_.accept_word("OPTIONS")) {
    STREAM_TRY(sink.options, parse_options());
  }
  return Statement{std::move(sink), {}, {}};
}

/// (name TYPE, …): what a type is, is read in one place, type_text.
Result<Schema> Parser::parse_schema_text() {
  STREAM_TRY(cursor_.expect_symbol("("));
  const std::size_t first = cursor_.position();
  int depth = 1;
  while (depth > 0) {
    if (cursor_.is_end() || cursor_.at_symbol(";"))
      return cursor_.unexpected("the list of columns does not end");
    if (cursor_.at_symbol("(")) ++depth;
    if (cursor_.at_symbol(")") && --depth == 0) break;
    cursor_.advance();
  }
  if (cursor_.position() == first) return cursor_.unexpected("expected a column");
  Result<Schema> schema = parse_schema(cursor_.text_from(first));
  if (!schema) return in_text(schema.error(), first);
  cursor_.advance();
  return schema;
}

/// (host 'localhost', port = 9999, "max.rows" 5, header): a key alone means true.
Result<SqlOptions> Parser::parse_options() {
  STREAM_TRY(cursor_.expect_symbol("("));
  SqlOptions options;
  do {
    std::string key;
    const std::size_t at = cursor_.position();
    if (cursor_.peek().kind == TokenKind::string) {
      key = string_value(cursor_.peek().text);
      cursor_.advance();
    } else {
      STREAM_TRY(key, parse_object_name());
    }
    for (const auto& [other, value] : options)
      if (equals_ignoring_case(other, key))
        return cursor_.error_at(at, "DUPLICATE_KEY", "Found duplicate keys `" + key + "`.");
    STREAM_TRY(std::string value, parse_option_value());
    options.emplace_back(std::move(key), std::move(value));
  } while (cursor_.accept_symbol(","));
  STREAM_TRY(cursor_.expect_symbol(")"));
  return options;
}

Result<std::string> Parser::parse_option_value() {
  const bool has_equals = cursor_.accept_symbol("=");
  if (!has_equals && (cursor_.at_symbol(",") || cursor_.at_symbol(")"))) return std::string("true");
  if (cursor_.peek().kind == TokenKind::string) return cursor_.expect_string();
  std::string value = cursor_.accept_symbol("-") ? "-" : "";
  if (!is_number(cursor_.peek().kind) && !cursor_.at_any_word({"TRUE", "FALSE"}))
    return cursor_.unexpected("expected a quoted text, a number, TRUE or FALSE");
  const Token& token = cursor_.peek();
  value += token.kind == TokenKind::word ? ascii_lower(token.text) : std::string(token.text);
  cursor_.advance();
  return value;
}

/// WATERMARK FOR c AS c - INTERVAL '5' SECONDS, or AS c for no delay.
Result<WatermarkDefinition> Parser::parse_watermark_definition() {
  STREAM_TRY(cursor_.expect_words({"WATERMARK", "FOR"}));
  WatermarkDefinition watermark;
  watermark.delay = "0 seconds";
  STREAM_TRY(watermark.column, cursor_.expect_name());
  STREAM_TRY(cursor_.expect_word("AS"));
  const std::size_t at = cursor_.position();
  STREAM_TRY(const std::string column, cursor_.expect_name());
  if (!equals_ignoring_case(column, watermark.column))
    return cursor_.error_at(
        at, "PARSE_SYNTAX_ERROR",
        "the watermark of " + watermark.column + " must be " + watermark.column + " - INTERVAL …");
  if (cursor_.accept_symbol("-")) {
    STREAM_TRY(watermark.delay, parse_delay());
  }
  return watermark;
}

}  // namespace stream::sql
