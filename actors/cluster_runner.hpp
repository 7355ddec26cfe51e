// The runner of programs that run in one process or on the nodes of a cluster, as they are told.
// On nodes the program's file is started on each as a worker, with the same arguments: it runs
// `main` up to start(), which hands the plan over and does not return. Needs no CAF header.
#pragma once

#include <actors/runner.hpp>
#include <libstream/security/certificate_authority.hpp>

#include <functional>
#include <memory>
#include <string>

namespace stream {

struct ClusterRunnerOptions {
  std::string cluster = {};       ///< a node, as HOST:PORT; empty: queries run in this process
  TlsFiles tls = {};              ///< what to show to it; off loopback it is required
  ActorRunnerOptions local = {};  ///< of queries in this process; its threads also in workers
  /// What becomes of a query on nodes, a line each; any thread.
  std::function<void(const std::string& line)> say = {};
};

/// Throws Error: `cluster` is no address. Queries on nodes: listeners hear of them here and in the
/// worker that coordinates, where functions, consoles and tables in memory have their rows too;
/// what workers print comes out here; stop() ends them everywhere; run_epochs and
/// process_all_available are refused. Bounded queries that only give rows back run in this process
/// in any case.
std::shared_ptr<Runner> cluster_runner(ClusterRunnerOptions options);

/// Has a node started this process, to run tasks of a query that was submitted elsewhere?
bool runs_as_worker();

}  // namespace stream
