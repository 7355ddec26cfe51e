#include <apps/terminal/cluster_options.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>

namespace stream::apps {

void add_cluster_options(CLI::App& app, ClusterRunnerOptions& options,
                         const std::string& cluster_text) {
  app.add_option("--cluster", options.cluster, cluster_text);
  app.add_option("--certificate", options.tls.certificate,
                 "what to show to the node (PEM); off loopback it is required");
  app.add_option("--key", options.tls.key,
                 "of the certificate; unless said otherwise NAME-key.pem beside NAME.pem");
  app.add_option("--ca", options.tls.authority,
                 "the authority that the node's must be of; unless said otherwise ca.pem beside "
                 "the certificate");
}

std::shared_ptr<Runner> runner_of(ClusterRunnerOptions options, std::size_t num_threads) {
  options.local.num_threads = num_threads;
  options.say = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
  return cluster_runner(std::move(options));
}

}  // namespace stream::apps
