// Change data capture: the changes of one table through a logical replication slot, as rows of its
// columns, `_change_type`, `_commit_lsn` and `_commit_timestamp`. Offsets are places in the
// server's log; the slot keeps the log until an epoch is committed.
#pragma once

#include <libstream/connectors/postgresql/source_plan.hpp>

namespace stream::postgresql {

struct ChangePlan {
  SourcePlan table;
  std::uint32_t relation = 0;  ///< the table's number

  /// The rows of a range, as SQL behind FROM: (lsn, xid, data).
  std::string peek(const std::string& up_to, std::int64_t max_changes) const;
  std::string slot() const { return table.options.slot; }
  std::string publication() const {
    return table.options.publication.empty() ? slot() : table.options.publication;
  }
};
using ChangePlanRef = std::shared_ptr<const ChangePlan>;

/// Checks table, slot and publication. `plan` has its columns.
Result<std::shared_ptr<const Source>> make_change_source(Connection& connection, SourcePlan plan);

std::unique_ptr<SourcePlanner> make_change_planner(ChangePlanRef plan);
std::unique_ptr<SourceReader> make_change_reader(ChangePlanRef plan);

}  // namespace stream::postgresql
