// What a SQL script is made of. Made by the parser, carried out by Session and streamctl. Values.
#pragma once

#include <libstream/data/schema.hpp>
#include <libstream/plans/relation.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace stream {

/// A plain query: its rows are shown.
struct QueryStatement {
  RelationRef query;
};
/// CREATE [OR REPLACE] [GLOBAL] TEMPORARY VIEW name [(columns)] AS query.
struct CreateViewStatement {
  std::string name;
  std::vector<std::string> columns;
  bool replaces = false;
  bool is_global = false;
  RelationRef query;
};

/// OPTIONS (host 'localhost', port 9999): values as text.
using SqlOptions = std::vector<std::pair<std::string, std::string>>;

/// WATERMARK FOR column AS column - INTERVAL '5' SECONDS.
struct WatermarkDefinition {
  std::string column;
  std::string delay;  ///< "5 seconds"
};
/// CREATE STREAM | TABLE [IF NOT EXISTS] name [(schema)] USING format …: a source, unbounded or
/// not.
struct CreateSourceStatement {
  std::string name;
  bool is_stream = false;
  bool if_not_exists = false;
  std::optional<Schema> schema;
  std::string format;
  SqlOptions options;
  std::string location;  ///< empty: none
  std::optional<WatermarkDefinition> watermark;
};
/// CREATE SINK [IF NOT EXISTS] name USING format [OPTIONS (…)].
struct CreateSinkStatement {
  std::string name;
  bool if_not_exists = false;
  std::string format;
  SqlOptions options;
};
struct DropStatement {
  enum class Kind { view, stream, table, sink };
  Kind kind = Kind::view;
  std::string name;
  bool if_exists = false;
};
/// INSERT INTO sink [AS query_name] query.
struct InsertStatement {
  std::string sink;
  std::string query_name;  ///< empty: named after the sink
  RelationRef query;
};
/// BEGIN STATEMENT SET; INSERT …; INSERT …; END: one query with many sinks.
struct StatementSet {
  std::vector<InsertStatement> inserts;
};
/// SET key=value; SET key shows a setting, SET all of them.
struct SetStatement {
  std::string key;
  std::optional<std::string> value;
};
/// RESET [key].
struct ResetStatement {
  std::string key;
};
struct ShowStatement {
  enum class Kind { streams, sinks, tables, views, queries, functions };
  Kind kind = Kind::tables;
  std::string pattern;  ///< LIKE 'pattern'; empty: all
};
struct DescribeStatement {
  enum class Kind { relation, function, query };
  Kind kind = Kind::relation;
  std::string name;   ///< of the relation or function
  RelationRef query;  ///< DESCRIBE QUERY
};
struct ExplainStatement {
  enum class Mode { simple, extended, formatted };
  Mode mode = Mode::simple;
  RelationRef query;
  std::string sink;  ///< EXPLAIN INSERT INTO sink …; empty for a plain query
};
/// STOP QUERY name.
struct StopQueryStatement {
  std::string name;
};

struct Statement {
  std::variant<QueryStatement, CreateViewStatement, CreateSourceStatement, CreateSinkStatement,
               DropStatement, InsertStatement, StatementSet, SetStatement, ResetStatement,
               ShowStatement, DescribeStatement, ExplainStatement, StopQueryStatement>
      kind;
  std::string text;  ///< as it was written, without the semicolon
  TextSpan span;

  template <class T>
  const T* as() const {
    return std::get_if<T>(&kind);
  }
};

}  // namespace stream
