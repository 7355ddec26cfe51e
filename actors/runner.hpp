// The runner that programs use: queries as actors on CAF's scheduler, on all cores. All queries of
// a runner share its threads; one that fails never touches another. Any thread.
#pragma once

#include <libstream/plans/runner.hpp>

#include <cstddef>
#include <memory>

namespace stream {

struct ActorRunnerOptions {
  std::size_t num_threads = 0;  ///< of the scheduler; 0: one a core
  /// Work stealing: cheaper messages, but idle threads poll. Else idle threads sleep.
  bool stealing = false;
};

/// Its threads start with the first query and end with the last owner of the runner and its
/// queries.
std::shared_ptr<Runner> actor_runner(ActorRunnerOptions options = {});

}  // namespace stream
