// What the writers and the committer of one PostgreSQL sink know: options, the rows' schema and the
// statements that follow from them. Immutable, shared.
#pragma once

#include <libstream/connectors/postgresql/postgresql.hpp>
#include <libstream/connectors/postgresql/table.hpp>

#include <memory>
#include <string>
#include <vector>

namespace stream::postgresql {

struct SinkPlan {
  ConnectionOptions connection;
  SinkOptions options;
  PostgresSinkRequest request;
  bool creates_table = false;
  bool is_ignored = false;  ///< bounded, SaveMode::ignore, and the table is there

  SinkKind kind() const {
    return options.delivery == Delivery::exactly_once ? SinkKind::marker : SinkKind::direct;
  }
  /// Epochs are marked: a bounded write runs once and is not resumed.
  bool is_marked() const {
    return request.is_streaming && options.delivery == Delivery::exactly_once;
  }
  /// All of the table is replaced, by the committer in one transaction.
  bool is_replace() const {
    return request.is_streaming ? request.write == TableWrite::replace
                                : request.save_mode == SaveMode::overwrite;
  }
  bool is_upsert() const { return !options.key.empty() && !is_replace(); }
};
using SinkPlanRef = std::shared_ptr<const SinkPlan>;

/// A connection, and the table's columns in the order of the rows'; makes the table when asked to.
struct OpenTable {
  Connection connection;
  std::vector<TableColumn> columns;
};
Result<OpenTable> open_table(const SinkPlan& plan);

std::vector<std::string> names_of(const std::vector<TableColumn>& columns);
std::vector<ColumnType> types_of(const std::vector<TableColumn>& columns);

}  // namespace stream::postgresql
