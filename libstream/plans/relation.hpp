// A query as it was written, before names and types are known: a tree of relations. Made by the SQL
// parser and by DataFrame's methods; the analyser turns it into a resolved plan. Immutable, shared.
#pragma once

#include <libstream/connectors/source.hpp>
#include <libstream/expressions/expression.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace stream {

struct Relation;
using RelationRef = std::shared_ptr<const Relation>;

/// A table, view or stream by name; `STREAM t` in SQL sets is_stream.
struct NamedRelation {
  std::vector<std::string> name;
  bool is_stream = false;
};
/// Rows written down: VALUES, create_data_frame, SELECT without FROM (one row, no columns).
struct LocalRelation {
  std::shared_ptr<const Schema> schema;
  std::vector<std::vector<Value>> rows;
};
/// VALUES (…), (…) with expressions; columns are col1, col2, ….
struct InlineTable {
  std::vector<Exprs> rows;
};
/// A source; a stream or a bounded relation.
struct SourceRelation {
  std::shared_ptr<const Source> source;
  bool is_streaming = false;
  std::string bad_records = {};  ///< name of the sink that takes them; empty: none
};
/// The rows that the stateful operator at the end of `input` drops because they are behind the
/// watermark, as they came to it. A join gives columns of both sides, null for the other one's.
struct LateRowsRelation {
  RelationRef input;
};
/// What the source of `input` could not take; columns of bad_record_schema().
struct BadRecordsRelation {
  RelationRef input;
};
/// A function in FROM: range(…), explode(…), a generator.
struct TableFunction {
  Call call;
};

struct ProjectRelation {
  RelationRef input;
  Exprs expressions;  ///< may hold aggregates (then it aggregates all rows), windows, one generator
};
struct FilterRelation {
  RelationRef input;
  Expr condition;
};
struct AggregateRelation {
  enum class Grouping { plain, rollup, cube, sets };
  RelationRef input;
  Exprs keys;  ///< expressions, ordinals, aliases of the output
  bool is_group_by_all = false;
  Grouping grouping = Grouping::plain;
  std::vector<Exprs> sets;  ///< GROUPING SETS
  Exprs output;             ///< the select list, keys included
  Expr having;
};
struct SortRelation {
  RelationRef input;
  std::vector<SortKey> keys;
  bool is_global = true;        ///< false: SORT BY
  bool by_all_columns = false;  ///< ORDER BY ALL
};
struct LimitRelation {
  RelationRef input;
  Expr limit;  ///< either may be absent
  Expr offset;
};
struct DistinctRelation {
  RelationRef input;
};
struct DeduplicateRelation {
  RelationRef input;
  std::vector<std::string> columns;  ///< empty: all
  bool is_within_watermark = false;
};
struct WatermarkRelation {
  RelationRef input;
  Expr event_time;    ///< a column, or an aliased expression that becomes a column
  std::string delay;  ///< "10 seconds"
};
struct AliasRelation {
  RelationRef input;
  std::string name;
  std::vector<std::string> columns;  ///< empty: as they are
};

enum class JoinType { inner, cross, left_outer, right_outer, full_outer, left_semi, left_anti };

struct JoinRelation {
  RelationRef left;
  RelationRef right;
  JoinType type = JoinType::inner;
  Expr condition;
  std::vector<std::string> using_columns;
  bool is_natural = false;
  bool is_lateral = false;
};
struct SetRelation {
  enum class Kind { union_all, union_distinct, intersect, intersect_all, except, except_all };
  Kind kind = Kind::union_all;
  std::vector<RelationRef> inputs;  ///< two or more
  bool is_by_name = false;
  bool allows_missing_columns = false;
};
/// LATERAL VIEW [OUTER] generator(…) table AS columns.
struct GenerateRelation {
  RelationRef input;
  Call generator;
  bool is_outer = false;
  std::string table;
  std::vector<std::string> columns;
};
struct WithRelation {
  std::vector<std::pair<std::string, RelationRef>> definitions;
  RelationRef input;
};
/// WINDOW name AS (…), … for the expressions of `input`.
struct NamedWindowsRelation {
  RelationRef input;
  std::map<std::string, WindowSpec> windows;
};
struct PivotRelation {
  RelationRef input;
  Exprs keys;  ///< DataFrame's group_by; empty in SQL: all other columns
  Exprs aggregates;
  Exprs columns;                                     ///< FOR column(s)
  std::vector<std::pair<Expr, std::string>> values;  ///< IN (value AS name, …)
};
struct UnpivotRelation {
  RelationRef input;
  Exprs keys;  ///< DataFrame's ids; empty in SQL: all other columns
  std::vector<std::pair<Exprs, std::string>> values;  ///< columns of a row, and its name
  std::vector<std::string> value_columns;
  std::string name_column;
  bool includes_nulls = false;
};
struct RepartitionRelation {
  RelationRef input;
  std::uint32_t count = 0;
  Exprs keys;
};
struct SampleRelation {
  RelationRef input;
  double fraction = 1;
  std::uint64_t seed = 0;
};
/// DataFrame columns added, replaced, renamed or dropped, the others kept (also pipe SQL's EXTEND,
/// SET, DROP and RENAME).
struct ChangeColumnsRelation {
  RelationRef input;
  std::vector<std::pair<std::string, Expr>> set;  ///< appended, or replaced where the name exists
  std::vector<std::pair<std::string, std::string>> renamed;
  std::vector<std::string> dropped;
};
/// observe(name, aggregates): figures of each epoch in the progress.
struct ObserveRelation {
  RelationRef input;
  std::string name;
  Exprs aggregates;
};

/// Computed once, however many parts and outputs of a query read it.
struct CacheRelation {
  RelationRef input;
};

/// Functions of a program over typed records.
struct TypedOperatorRelation {
  RelationRef input;
  std::shared_ptr<const struct TypedOperator> op;
};

struct Relation {
  std::variant<NamedRelation, LocalRelation, InlineTable, SourceRelation, TableFunction,
               ProjectRelation, FilterRelation, AggregateRelation, SortRelation, LimitRelation,
               DistinctRelation, DeduplicateRelation, WatermarkRelation, AliasRelation,
               JoinRelation, SetRelation, GenerateRelation, WithRelation, NamedWindowsRelation,
               PivotRelation, UnpivotRelation, RepartitionRelation, SampleRelation,
               ChangeColumnsRelation, ObserveRelation, CacheRelation, TypedOperatorRelation,
               LateRowsRelation, BadRecordsRelation>
      kind;
  TextSpan span;

  template <class T>
  const T* as() const {
    return std::get_if<T>(&kind);
  }
};

template <class Kind>
RelationRef make_relation(Kind kind, TextSpan span = {}) {
  return std::make_shared<const Relation>(Relation{std::move(kind), span});
}

}  // namespace stream
