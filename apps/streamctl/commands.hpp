// The subcommands of streamctl, each in a file of its own. add_X registers options with the command
// line; the returned function runs the command and gives its exit code.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace stream::apps {

using Command = std::function<int()>;

Command add_test(CLI::App& app);
Command add_explain(CLI::App& app);
Command add_checkpoint_show(CLI::App& app);
Command add_checkpoint_verify(CLI::App& app);
Command add_bench(CLI::App& app);
Command add_list(CLI::App& app);
Command add_run(CLI::App& app);
Command add_sql(CLI::App& app);
// node.cpp, where CAF's network module is installed.
Command add_node(CLI::App& app);
Command add_submit(CLI::App& app);
Command add_attach(CLI::App& app);
Command add_cluster_status(CLI::App& app);
Command add_cluster_stop(CLI::App& app);
Command add_cluster_drain(CLI::App& app);
Command add_rescale(CLI::App& app);
Command add_cluster_init_ca(CLI::App& app);
Command add_cluster_issue_cert(CLI::App& app);

}  // namespace stream::apps
