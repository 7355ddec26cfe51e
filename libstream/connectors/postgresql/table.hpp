// A table as the server describes it, and how rows fit it: looked at before anything starts.
// Reading blocks; matching is pure.
#pragma once

#include <libstream/connectors/postgresql/connection.hpp>

#include <optional>
#include <string>
#include <vector>

namespace stream::postgresql {

struct TableColumn {
  std::string name;
  ColumnType type;
  bool is_nullable = true;
  bool has_default = false;
  bool is_computed = false;  ///< generated always: not to be written
};

struct TableShape {
  std::vector<TableColumn> columns;
  std::vector<std::vector<std::string>> unique_keys;  ///< columns of each unique index

  const TableColumn* find(const std::string& name) const;
};

/// nullopt: there is no such table.
Result<std::optional<TableShape>> read_table(Connection& connection, const TableName& table);

/// The column of the table for each column of the rows. Errors bad_plan, all at once, each with the
/// column and what to do.
Result<std::vector<TableColumn>> match_columns(const Schema& rows, const TableShape& shape,
                                               const TableName& table);

/// Is there a unique index over exactly these columns? Error bad_plan with the statement that makes
/// one.
Result<void> check_key(const std::vector<std::string>& key, const TableShape& shape,
                       const TableName& table);

/// CREATE TABLE for the rows, with the key as its primary key. Error: a type that has no place.
Result<std::string> create_statement(const Schema& rows, const std::vector<std::string>& key,
                                     const TableName& table);

/// Runs `statement` (CREATE … IF NOT EXISTS of that table) where the table is missing, alone among
/// all of ours: concurrent ones would fail.
Result<void> create_once(Connection& connection, const TableName& table,
                         const std::string& statement);

Error missing_table(const TableName& table);

}  // namespace stream::postgresql
