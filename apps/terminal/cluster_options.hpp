// The options of programs and commands that talk to a cluster: which node, and by which
// certificate. Used by the programs' main functions.
#pragma once

#include <actors/cluster_runner.hpp>

namespace CLI {
class App;
}

namespace stream::apps {

/// Registers --cluster, --certificate, --key and --ca; they are filled in when the command line is
/// parsed. `cluster_text` is the help of the first.
void add_cluster_options(
    CLI::App& app, ClusterRunnerOptions& options,
    const std::string& cluster_text = "a node, as HOST:PORT: runs on the nodes of its cluster");

/// Says on standard error what becomes of queries on nodes. Throws Error: a wrong address.
std::shared_ptr<Runner> runner_of(ClusterRunnerOptions options, std::size_t num_threads = 0);

}  // namespace stream::apps
