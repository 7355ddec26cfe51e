#include <actors/cluster_runner.hpp>

// In the place of cluster_runner.cpp, in builds without CAF's network module.
namespace stream {

bool runs_as_worker() { return false; }

std::shared_ptr<Runner> cluster_runner(ClusterRunnerOptions options) {
  if (!options.cluster.empty())
    throw bad_option(
        "cluster " + options.cluster +
        ": this build has no nodes, as CAF's io module was missing; install it and build again");
  return actor_runner(options.local);
}

}  // namespace stream
