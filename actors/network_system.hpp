// An actor system that talks to other processes, and what runs in one: nodes and conversations with
// them. Used by node.hpp's functions (a system of their own) and by programs with one already.
#pragma once

#include <actors/caf_compat.hpp>
#include <actors/cluster_pipeline.hpp>
#include <actors/node.hpp>

#include <cstddef>
#include <memory>

namespace stream {

/// With its configuration, which must outlive it.
class NetworkSystem {
 public:
  /// 0 threads: one a core.
  explicit NetworkSystem(std::size_t num_threads);
  caf::actor_system& get() { return system_; }

 private:
  static caf::actor_system_config& configure(caf::actor_system_config& config,
                                             std::size_t num_threads);

  caf::actor_system_config config_;
  caf::actor_system system_;
};

/// As start_node, in `system`, which must outlive the node.
Result<std::unique_ptr<Node>> start_node_in(caf::actor_system& system, NodeOptions options,
                                            ProgramPlanner planner);

}  // namespace stream
