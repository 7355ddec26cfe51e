// The other nodes as the coordinator of a query sees them: where its tasks run that do not run
// here. One a query, made by the node agent; calls come from the coordinator's thread and may wait.
#pragma once

#include <actors/caf_compat.hpp>
#include <actors/exit_gate.hpp>
#include <libstream/connectors/sink.hpp>
#include <libstream/control/epoch_records.hpp>
#include <libstream/control/placement.hpp>
#include <libstream/plans/physical_plan.hpp>

#include <map>
#include <string>
#include <vector>

namespace stream {

/// What tasks of a generation are opened with.
struct GenerationSetup {
  std::uint64_t number = 0;
  const PhysicalPlan* plan = nullptr;  ///< of the tasks
  std::string query_id;
  std::int64_t term = 0;
  bool is_durable = false;
  std::vector<StateFile> state_files;                   ///< to restore from
  std::map<std::uint32_t, SinkHistory> sink_histories;  ///< by task, of those with sinks
};

class OtherNodes {
 public:
  virtual ~OtherNodes() = default;
  virtual const std::string& self() const = 0;
  /// Nodes by task, over those that are there now. Error transient: none has a slot.
  virtual Result<Placement> place(const std::vector<std::uint32_t>& parallelisms,
                                  const Placement& before) = 0;
  /// Opens the tasks of the other nodes of `placement`; they report to `coordinator`. Returns when
  /// all have answered. Error: theirs, or one of them is lost.
  virtual Result<void> open(const GenerationSetup& setup, const Placement& placement,
                            const caf::actor& coordinator) = 0;
  /// An actor that takes messages for task `task` of another node.
  virtual caf::actor reach(std::uint64_t generation, std::uint32_t task, const std::string& node,
                           const caf::actor& coordinator, ExitGate::Pass pass) = 0;
  /// All tasks of the generation, by number: frames of other nodes find them, and reports the
  /// coordinator, from now on.
  virtual void listen(std::uint64_t generation,
                      std::shared_ptr<const std::vector<caf::actor>> tasks,
                      const caf::actor& coordinator) = 0;
  /// Ends the generation's tasks on other nodes; returns when they have let go, or are lost.
  virtual void close(std::uint64_t generation) = 0;
};

}  // namespace stream
