// SQL text into trees: Spark's dialect, with statements for streams and sinks. Used by Session,
// streamctl, the case runner and functions that take SQL text. Pure functions, any thread.
//
// Bounds: text and number of words (lexer.hpp), parentheses in parentheses and the height of trees
// (below); text beyond them is refused, never crashed on. Errors are of class bad_plan and begin
// with Spark's condition: "[PARSE_SYNTAX_ERROR] … (line 1, pos 7)" and the marked line.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/plans/relation.hpp>
#include <libstream/sql/statement.hpp>

#include <string_view>
#include <vector>

namespace stream {

/// Parentheses, calls, CASEs … in one another; a subquery counts two.
inline constexpr int kMaxSqlNesting = 220;
/// Height of an expression or relation tree; a + b + c + … counts one each.
inline constexpr std::uint32_t kMaxSqlTreeHeight = 1000;
/// Nodes of a tree; what BETWEEN and CASE x WHEN repeat counts each time.
inline constexpr std::uint64_t kMaxSqlTreeNodes = 4u << 20;

/// What literals without a zone of their own are read in.
struct ParserOptions {
  std::string time_zone = "UTC";
};

/// One expression, an alias allowed: "sum(v) AS total".
Result<Expr> parse_expression(std::string_view text, const ParserOptions& options = {});

/// One query, a semicolon allowed at its end.
Result<RelationRef> parse_query(std::string_view text, const ParserOptions& options = {});

/// Statements with semicolons between them; the last needs none. No statement is fine.
Result<std::vector<Statement>> parse_script(std::string_view text,
                                            const ParserOptions& options = {});

}  // namespace stream
