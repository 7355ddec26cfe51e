// What planners and readers of one PostgreSQL source know: options, the columns and how to select
// them; and the parts that bounded and incremental reads are cut into. Immutable, shared.
#pragma once

#include <libstream/connectors/postgresql/connection.hpp>
#include <libstream/connectors/source.hpp>

#include <memory>
#include <string>
#include <vector>

namespace stream::postgresql {

struct SourceColumn {
  std::string name;
  ColumnType type;  ///< as it is sent: text where we have no type of its own
  DataType read_as;
  std::string select;  ///< "name" or "name"::text
};

struct SourcePlan {
  ConnectionOptions connection;
  SourceOptions options;
  std::vector<SourceColumn> columns;
  std::string from;  ///< what stands behind FROM
  /// Bounded reads: the condition of each part; one empty one: all.
  std::vector<std::string> conditions = {""};

  std::shared_ptr<const Schema> schema() const;
  std::string select_list() const;
  std::vector<ColumnType> types() const;
  /// PostgreSQL[server, table]
  std::string description() const;
};
using SourcePlanRef = std::shared_ptr<const SourcePlan>;

/// The columns that `from` has, asked of the server.
Result<std::vector<SourceColumn>> read_columns(Connection& connection, const std::string& from);

/// The conditions that cut a table into numPartitions parts about as large, Spark's way: rows below
/// the first bound (and nulls) are in the first part, those beyond the last in the last.
Result<std::vector<std::string>> cut_conditions(Connection& connection,
                                                const SourceOptions& options,
                                                const std::vector<SourceColumn>& columns);

/// What a split says: rows of a condition, as one snapshot shows them.
struct TablePart {
  std::string condition;  ///< empty: all rows
  std::string order;      ///< empty: any
  std::string snapshot;   ///< exported by the planner; empty: the reader's own
};
std::string to_text(const TablePart& part);
Result<TablePart> parse_table_part(const std::string& text);

/// Reads parts by COPY TO STDOUT in binary.
std::unique_ptr<SourceReader> make_table_reader(SourcePlanRef plan);

/// The planner of a bounded read: one snapshot for all parts.
std::unique_ptr<SourcePlanner> make_snapshot_planner(SourcePlanRef plan);
/// The planner of a stream that follows a growing key.
std::unique_ptr<SourcePlanner> make_incremental_planner(SourcePlanRef plan);

}  // namespace stream::postgresql
