// The options of every command that talks to a cluster: which node, and by which certificate.
#pragma once

#include <actors/node_address.hpp>

#include <functional>

namespace CLI {
class App;
}

namespace stream::apps {

/// Adds --cluster, --certificate, --key and --ca; the function gives what they say, or throws.
std::function<ClusterAccess()> add_cluster_access(CLI::App& app);

}  // namespace stream::apps
