#include <libstream/base/ascii.hpp>
#include <libstream/expressions/function.hpp>
#include <libstream/sql/syntax_error.hpp>

#include <algorithm>
#include <array>

namespace stream::sql {

namespace {

/// Words of the grammar that users misspell; sorted by how often they are meant.
constexpr std::array<std::string_view, 62> kKeywords = {
    "SELECT",    "FROM",    "WHERE",     "GROUP",    "BY",        "HAVING",    "ORDER",  "LIMIT",
    "JOIN",      "LEFT",    "RIGHT",     "FULL",     "INNER",     "OUTER",     "CROSS",  "ON",
    "USING",     "UNION",   "ALL",       "DISTINCT", "EXCEPT",    "INTERSECT", "AS",     "AND",
    "OR",        "NOT",     "IN",        "BETWEEN",  "LIKE",      "IS",        "NULL",   "CASE",
    "WHEN",      "THEN",    "ELSE",      "END",      "WITH",      "VALUES",    "INSERT", "INTO",
    "CREATE",    "REPLACE", "TEMPORARY", "VIEW",     "TABLE",     "STREAM",    "SINK",   "OPTIONS",
    "WATERMARK", "DELAY",   "DROP",      "SHOW",     "DESCRIBE",  "EXPLAIN",   "RESET",  "LATERAL",
    "PARTITION", "WINDOW",  "OFFSET",    "EXTEND",   "AGGREGATE", "INTERVAL"};

/// Edits (with swaps of neighbours) from `a` to `b`; words are short.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::array<std::array<std::size_t, 17>, 17> cost{};
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::string_view similar_keyword(std::string_view word) {
  if (word.size() < 3 || word.size() > 12) return {};
  const std::string upper = ascii_upper(word);
  const std::size_t allowed = upper.size() < 5 ? 1 : 2;
  std::string_view best;
  std::size_t best_distance = allowed + 1;
  for (std::string_view keyword : kKeywords) {
    if (keyword == upper) return {};
    const std::size_t distance = edit_distance(upper, keyword);
    if (distance < best_distance && distance < keyword.size() - 1) {
      best = keyword;
      best_distance = distance;
    }
  }
  return best;
}

Error error_at(std::string_view text, std::string_view condition, std::string_view message,
               std::size_t offset, std::size_t length) {
  constexpr std::size_t kMaxShown = 200;
  offset = std::min(offset, text.size());
  const std::string_view before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t newline = before.rfind('\n');
  const std::size_t line_start = newline == std::string_view::npos ? 0 : newline + 1;
  const std::size_t column = offset - line_start;
  const std::size_t line_end = std::min(text.find('\n', offset), text.size());
  const std::size_t shown_start = column > kMaxShown / 2 ? offset - kMaxShown / 2 : line_start;
  const std::string_view shown =
      text.substr(shown_start, std::min(line_end - shown_start, kMaxShown));
  const std::size_t carets = std::max<std::size_t>(
      1, std::min(length, shown.size() - std::min(shown.size(), offset - shown_start)));
  std::string body(message);
  body += " (line " + std::to_string(line) + ", pos " + std::to_string(column) + ")\n\n== SQL ==\n";
  body += shown;
  body += '\n' + std::string(offset - shown_start, '-') + std::string(carets, '^');
  return analysis_error(condition, body);
}

Error syntax_error(std::string_view text, const Token& token, const Token* previous,
                   std::string_view expected) {
  std::string message = "Syntax error at or near ";
  if (token.kind == TokenKind::end)
    message += "end of input";
  else
    message += "'" + std::string(token.text.substr(0, 40)) + "'";
  if (!expected.empty()) message += ": " + std::string(expected);
  for (const Token* word : {&token, previous}) {
    if (word == nullptr || word->kind != TokenKind::word) continue;
    const std::string_view keyword = similar_keyword(word->text);
    if (keyword.empty()) continue;
    message += "; did you mean " + std::string(keyword);
    if (word == previous) message += " for '" + std::string(word->text) + "'";
    message += '?';
    break;
  }
  return error_at(text, "PARSE_SYNTAX_ERROR", message, token.offset, token.text.size());
}

}  // namespace stream::sql
