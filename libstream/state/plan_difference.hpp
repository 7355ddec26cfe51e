// What the `plan` file of a checkpoint and the plan of the query that is started on it have in
// common: which sources and which operators' state are kept, new or orphaned. Pure functions. Used
// by the checkpoint directory, explain and `streamctl checkpoint show`.
//
// A plan text has a line for each source, in order, `source DESCRIPTION`, and for each operator
// with state `operator ID NAME`. The name is for people: it may change.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

struct PlanDifference {
  enum class Fate {
    kept,
    added,     ///< of the started query only: its state begins empty
    orphaned,  ///< of the checkpoint only: nobody reads its state
  };
  struct Entry {
    Fate fate = Fate::kept;
    bool is_source = false;
    std::string id;    ///< an operator's, or a source's description
    std::string name;  ///< an operator's
  };
  std::vector<Entry> entries;

  /// Everything is kept: the query may go on where the checkpoint ends.
  bool is_same() const;
};

/// Sources are told apart by place and description, operators by their ids.
PlanDifference compare_plans(std::string_view of_checkpoint, std::string_view of_query);

/// A line an entry: "  kept      operator state-0-aggregate (aggregate)".
std::string to_text(const PlanDifference& difference);

}  // namespace stream
