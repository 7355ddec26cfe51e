// The recursive-descent parser behind sql_parser.hpp: one object parses one text. Its methods are
// in *_parser.cpp, a file a part of the language; precedence is Spark's grammar's. Not thread-safe.
#pragma once

#include <libstream/sql/grouping.hpp>
#include <libstream/sql/sql_parser.hpp>
#include <libstream/sql/token_cursor.hpp>

#include <functional>
#include <unordered_map>

namespace stream::sql {

/// Of a tree: levels, and nodes as if none were shared.
struct TreeSize {
  std::uint32_t height = 0;
  std::uint64_t num_nodes = 0;
};

class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens, const ParserOptions& options)
      : cursor_(text, std::move(tokens)), options_(options) {}

  Result<Expr> parse_whole_expression();
  Result<RelationRef> parse_whole_query();
  Result<std::vector<Statement>> parse_whole_script();
  const std::optional<Error>& furthest_error() const { return cursor_.furthest_error(); }

 private:
  // Expressions, from the loosest operators to the tightest (expression_parser.cpp).
  Result<Expr> parse_named_expression();
  Result<Expr> parse_expression();
  Result<Expr> parse_and();
  Result<Expr> parse_not();
  Result<Expr> parse_predicate();
  Result<Expr> parse_predicate_of(Expr value, std::size_t first);
  Result<Expr> parse_is(Expr value, std::size_t first);
  Result<Expr> parse_in(Expr value, std::size_t first);
  Result<Expr> parse_like(std::string name, bool is_negated, Expr value, std::size_t first);
  Result<Expr> parse_value(int min_precedence = 0);
  Result<Expr> parse_unary();
  Result<Exprs> parse_expressions();
  Expr balanced(const std::string& name, const Exprs& terms, std::size_t low, std::size_t high,
                std::size_t first);

  // What operators stand between (primary_parser.cpp).
  Result<Expr> parse_primary();
  Result<Expr> parse_primary_start();
  Result<Expr> parse_parenthesized();
  Result<Expr> parse_case();
  Result<Expr> parse_cast(bool is_try);
  Result<Expr> parse_name_or_call();
  Result<Expr> parse_star(std::vector<std::string> qualifier, std::size_t first);
  Result<Expr> parse_lambda();
  Result<Expr> parse_json_path(Expr value, std::size_t first);
  bool is_lambda_ahead() const;
  Result<DataType> parse_type();
  /// The type of a cast: CHAR(n) and VARCHAR(n) limit columns, not values.
  Result<DataType> parse_cast_type();

  // Calls (call_parser.cpp).
  Result<std::optional<Expr>> parse_special_call();
  Result<Expr> parse_call(std::vector<std::string> name, std::size_t first);
  Result<Expr> parse_more_arguments(Call call, std::size_t first);
  Result<Expr> parse_call_rest(Call call, std::size_t first);
  Result<void> parse_argument(Call& call, bool allows_alias);
  Result<Expr> parse_date_unit_call(std::string name);
  Result<Expr> parse_trim();
  Result<Expr> parse_position();
  Result<WindowSpec> parse_window_spec();
  Result<WindowFrame> parse_window_frame();
  Result<FrameBound> parse_frame_bound();
  Result<SortKey> parse_sort_key();
  Result<std::vector<SortKey>> parse_sort_keys();

  // Literals (literal_parser.cpp).
  Result<Expr> parse_number(bool is_negative, std::size_t first);
  Result<Expr> parse_typed_literal();
  Result<Expr> parse_interval();
  Result<Expr> parse_unit_literal(const CalendarInterval& interval,
                                  const std::vector<std::string_view>& units, std::size_t first);
  struct IntervalPart {
    std::string value;
    std::string_view unit;  ///< in lower case, singular
  };
  Result<std::optional<IntervalPart>> parse_interval_part();
  Result<Expr> parse_field_interval(const IntervalPart& part, std::size_t first);
  bool is_interval_ahead() const;
  bool is_unit_ahead(std::size_t ahead) const;
  Error in_text(const Error& error, std::size_t first) const;

  // Queries (query_parser.cpp).
  bool is_query_start() const;
  bool is_query_ahead(std::size_t ahead = 0) const;
  Result<RelationRef> parse_query();
  Result<RelationRef> parse_query_term(int min_precedence = 0);
  Result<RelationRef> parse_query_primary();
  Result<RelationRef> parse_parenthesized_query();
  Result<RelationRef> parse_query_organization(RelationRef input, std::size_t first);
  Result<std::vector<std::pair<std::string, RelationRef>>> parse_with();
  Result<SetRelation> parse_set_operator();
  RelationRef combine(SetRelation set, RelationRef left, RelationRef right, std::size_t first);

  // SELECT (select_parser.cpp).
  Result<RelationRef> parse_select();
  Result<RelationRef> parse_from_statement();
  Result<RelationRef> parse_select_body(RelationRef input, Exprs list, bool is_distinct,
                                        std::size_t first);
  Result<void> parse_group_by(AggregateRelation& aggregate);
  Result<GroupingElement> parse_grouping_element();
  Result<Exprs> parse_grouping_set();
  bool is_rollup_ahead() const;
  Result<RelationRef> parse_window_clause(RelationRef input, std::size_t first);

  // FROM (from_parser.cpp).
  Result<RelationRef> parse_from();
  Result<RelationRef> parse_relation();
  Result<RelationRef> parse_relation_extensions(RelationRef input, std::size_t first);
  Result<RelationRef> parse_relation_primary();
  /// What may follow the start of a relation.
  struct RelationParts {
    bool can_be_sampled = true;
    bool can_have_watermark = true;
    bool is_finished = false;
  };
  Result<RelationRef> parse_relation_start(RelationParts& parts);
  bool is_stream_alone();
  Result<void> parse_with_options();
  Result<RelationRef> parse_stream_relation();
  Result<RelationRef> parse_table_function(std::vector<std::string> name, std::size_t first);
  Result<RelationRef> parse_values();
  Result<RelationRef> parse_sample(RelationRef input, std::size_t first);
  Result<RelationRef> parse_watermark(RelationRef input, std::size_t first);
  Result<std::string> parse_delay();
  Result<RelationRef> parse_table_alias(RelationRef input, std::size_t first);
  Result<RelationRef> parse_lateral_views(RelationRef input, std::size_t first);
  Result<RelationRef> parse_join(RelationRef left, std::size_t first);
  bool is_join_ahead() const;
  Result<std::vector<std::string>> parse_name_list();
  Result<std::vector<std::string>> parse_names();
  Result<std::vector<std::string>> parse_qualified_name();
  Result<Expr> parse_column();

  // PIVOT and UNPIVOT (pivot_parser.cpp).
  Result<RelationRef> parse_pivot(RelationRef input, std::size_t first);
  Result<RelationRef> parse_unpivot(RelationRef input, std::size_t first);

  // |> operators (pipe_parser.cpp).
  Result<RelationRef> parse_pipe(RelationRef input, std::size_t first);
  Result<RelationRef> parse_pipe_select(RelationRef input, std::size_t first);
  Result<RelationRef> parse_pipe_set(RelationRef input, std::size_t first);
  Result<RelationRef> parse_pipe_aggregate(RelationRef input, std::size_t first);

  // Statements (statement_parser.cpp, create_parser.cpp).
  Result<Statement> parse_statement();
  Result<Statement> parse_statement_kind();
  bool is_insert_after_with() const;
  Result<Statement> parse_create();
  Result<Statement> parse_create_view(CreateViewStatement view);
  Result<Statement> parse_create_source(bool is_stream);
  Result<Statement> parse_create_sink();
  Result<Statement> parse_drop();
  Result<InsertStatement> parse_insert();
  Result<Statement> parse_statement_set();
  Result<Statement> parse_set();
  Result<Statement> parse_reset();
  Result<Statement> parse_show();
  Result<Statement> parse_describe();
  Result<Statement> parse_explain();
  Result<SqlOptions> parse_options();
  Result<std::string> parse_option_value();
  Result<WatermarkDefinition> parse_watermark_definition();
  Result<Schema> parse_schema_text();
  Result<std::string> parse_object_name();

  // Trees and their bounds (tree_size.cpp).
  template <class Kind>
  Expr make(Kind kind, std::size_t first) {
    Expr expression = make_expr(std::move(kind), span_from(first));
    note_size(expression.get(), size_below(*expression));
    return expression;
  }
  template <class Kind>
  RelationRef relate(Kind kind, std::size_t first) {
    RelationRef relation = make_relation(std::move(kind), span_from(first));
    note_size(relation.get(), size_below(*relation));
    return relation;
  }
  Expr call(std::string name, Exprs arguments, std::size_t first);
  Expr negated_if(bool is_negated, Expr expression, std::size_t first);
  Expr text_literal(std::string text, std::size_t first);
  TextSpan span_from(std::size_t first) const;
  TreeSize size_of(const void* node) const;
  TreeSize size_below(const Expression& expression) const;
  TreeSize size_below(const Relation& relation) const;
  void note_size(const void* node, TreeSize below);
  /// Fails when the tree grew too high or wide; loops that make it larger call it each time round.
  Result<void> check_size() const;

  /// Counts one level of nesting while it lives.
  class Nesting {
   public:
    explicit Nesting(int& depth) : depth_(depth) { ++depth_; }
    ~Nesting() { --depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    int& depth_;
  };
  Result<void> check_nesting() const;

  struct ParsedQuery {
    Result<RelationRef> query;
    std::size_t end;
  };

  TokenCursor cursor_;
  ParserOptions options_;
  int depth_ = 0;
  bool allows_key_aliases_ = false;  // GROUP BY after |> AGGREGATE
  std::unordered_map<const void*, TreeSize> sizes_;
  TreeSize largest_;
  // "(" may open a query or an expression: both are tried, each text is parsed once.
  std::unordered_map<std::size_t, ParsedQuery> parenthesized_queries_;
};

/// True when a word can not be a column or function where an expression begins.
bool is_reserved_in_expressions(const TokenCursor& cursor);
/// True when the word at the cursor goes on with the query rather than naming a select item.
bool is_clause_word(const TokenCursor& cursor);
/// The same for the alias of a relation.
bool is_relation_clause_word(const TokenCursor& cursor);

}  // namespace stream::sql
