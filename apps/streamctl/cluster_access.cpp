#include <apps/streamctl/cluster_access.hpp>

#include <CLI/CLI.hpp>

namespace stream::apps {

std::function<ClusterAccess()> add_cluster_access(CLI::App& app) {
  struct Options {
    std::string cluster;
    TlsFiles tls;
  };
  auto options = std::make_shared<Options>();
  app.add_option("--cluster", options->cluster, "a node, as HOST:PORT")->required();
  app.add_option("--certificate", options->tls.certificate,
                 "what to show to the node (PEM); off loopback it is required");
  app.add_option("--key", options->tls.key,
                 "of the certificate; unless said otherwise NAME-key.pem beside NAME.pem");
  app.add_option("--ca", options->tls.authority,
                 "the authority that the node's must be of; unless said otherwise ca.pem beside "
                 "the certificate");
  return [options] {
    return ClusterAccess{value_or_throw(parse_node_address(options->cluster)), options->tls};
  };
}

}  // namespace stream::apps
