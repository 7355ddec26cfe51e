// An expression as it was written, before names and types are known: what the SQL parser and the
// column functions of the API make. Immutable, shared. Operators are calls too: "+", "=", "and",
// "not", "like", "in", "[]" (array or map element), "." (struct field, its name a string literal),
// "case" (condition, value, …, else), "between" is written out as two comparisons.
#pragma once

#include <libstream/data/value.hpp>

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace stream {

struct Expression;
struct Relation;  // a subquery's; defined in plans/relation.hpp
using Expr = std::shared_ptr<const Expression>;
using Exprs = std::vector<Expr>;

/// A stretch of the SQL text; for errors. Empty when the expression was made in C++.
struct TextSpan {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
};

struct Literal {
  Value value;
  DataType type;
};
/// `a`, `t.a`, `t.a.field`.
struct ColumnName {
  std::vector<std::string> parts;
};
/// `*`, `t.*`, `* EXCEPT (a, b)`.
struct Star {
  std::vector<std::string> qualifier;
  std::vector<std::string> except;
};

struct SortKey {
  Expr expression;
  bool is_descending = false;
  std::optional<bool> nulls_first;  ///< unset: first when ascending, last when descending
};

struct FrameBound {
  enum class Kind { unbounded_preceding, preceding, current_row, following, unbounded_following };
  Kind kind = Kind::current_row;
  Expr distance;  ///< preceding and following
};
struct WindowFrame {
  bool is_rows = false;  ///< else RANGE
  FrameBound start;
  FrameBound end;
};
/// OVER (…); `name` refers to a clause WINDOW name AS (…).
struct WindowSpec {
  std::string name;
  Exprs partition_by;
  std::vector<SortKey> order_by;
  std::optional<WindowFrame> frame;
};

/// A function or an operator over arguments; names are matched without regard to case.
struct Call {
  std::string name;
  Exprs arguments;
  std::vector<std::string> argument_names;  ///< empty, or one an argument, "" where positional
  bool is_distinct = false;
  std::optional<bool> ignores_nulls;
  Expr filter;                        ///< FILTER (WHERE …)
  std::vector<SortKey> within_group;  ///< WITHIN GROUP (ORDER BY …)
  std::shared_ptr<const WindowSpec> over;
};
struct Cast {
  Expr child;
  DataType type;
  bool is_try = false;  ///< TRY_CAST: null in place of an error
};
/// `x -> x + 1`, `(x, y) -> x + y`.
struct Lambda {
  std::vector<std::string> parameters;
  Expr body;
};
/// `e AS name`; several names for a generator's columns.
struct Alias {
  Expr child;
  std::vector<std::string> names;
};
struct Subquery {
  enum class Kind { scalar, exists, in };
  Kind kind = Kind::scalar;
  std::shared_ptr<const Relation> relation;
  Exprs values;  ///< of IN: what is looked for
};

struct Expression {
  std::variant<Literal, ColumnName, Star, Call, Cast, Lambda, Alias, Subquery> kind;
  TextSpan span;

  template <class T>
  const T* as() const {
    return std::get_if<T>(&kind);
  }
};

template <class Kind>
Expr make_expr(Kind kind, TextSpan span = {}) {
  return std::make_shared<const Expression>(Expression{std::move(kind), span});
}
Expr make_literal(Value value, DataType type);
Expr make_literal(std::string_view text);
/// Keeps quoted text from being taken for a boolean.
inline Expr make_literal(const char* text) { return make_literal(std::string_view(text)); }
Expr make_literal(std::int32_t value);
Expr make_literal(std::int64_t value);
Expr make_literal(bool value);
Expr make_column(std::string name);
Expr make_call(std::string name, Exprs arguments);
Expr make_alias(Expr child, std::string name);

/// Spark's text of an expression, which names columns that have no alias: "(a + 1)", "sum(v)",
/// "CAST(a AS INT)", "CASE WHEN (a > 1) THEN x ELSE y END".
std::string pretty_text(const Expression& expression);

}  // namespace stream
