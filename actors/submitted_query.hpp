// A query that nodes run, as the program sees it that submitted it: a conversation with a node, on
// a thread of its own, becomes the state of a RunningQuery and calls of its listeners. Thread-safe.
#pragma once

#include <actors/network_system.hpp>
#include <actors/query_status.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace stream {

struct SubmittedSetup {
  ClusterAccess cluster;  ///< with its actor system
  QueryProgram program;
  std::string query_name;
  std::vector<std::shared_ptr<QueryListener>> listeners;
  std::function<void(const std::string& line)> say;
};

/// Submits it; returns when the cluster has it. `keep_alive` is held as long as the query.
Result<std::unique_ptr<RunningQuery>> submit_query(std::shared_ptr<void> keep_alive,
                                                   SubmittedSetup setup);

}  // namespace stream
