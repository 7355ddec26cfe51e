// For programs that already use CAF: their actor system joins a cluster and places queries on its
// nodes; examples/cluster_pipeline.cpp shows it all. The system must outlive runner and queries.
#pragma once

#include <actors/caf_compat.hpp>
#include <actors/cluster_runner.hpp>

namespace stream {

/// Loads into the configuration what talking to nodes needs, and the message types. Call it before
/// the actor system is made.
void load_network(caf::actor_system_config& config);

/// As cluster_runner, in the caller's system: the conversation with the cluster, the tasks of a
/// worker of this program, and where `cluster` is empty the whole query live in it.
std::shared_ptr<Runner> cluster_runner_in(caf::actor_system& system, ClusterRunnerOptions options);

}  // namespace stream
