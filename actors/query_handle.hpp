// Starts a query's actors in an actor system and gives the callers' handle of it. Used by the actor
// runner (a system of its own) and by pipelines (the caller's system).
#pragma once

#include <actors/caf_compat.hpp>
#include <libstream/plans/runner.hpp>

#include <memory>

namespace stream {

struct StartedQuery {
  std::unique_ptr<RunningQuery> query;
  caf::actor coordinator;
};

/// With `nodes` its tasks are spread over them. `keep_alive` is held as long as the handle, longer
/// than any actor of the query. Requires init_messages() before the system was made.
Result<StartedQuery> start_query(caf::actor_system& system, PhysicalPlan plan, QueryOptions options,
                                 std::shared_ptr<void> keep_alive,
                                 std::shared_ptr<class OtherNodes> nodes = nullptr);

/// Makes the query's message types known to CAF (1.x; nothing to do with 0.17). Any number of
/// times, before the first actor system of the process.
void init_messages();

}  // namespace stream
