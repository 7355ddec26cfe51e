// streamctl: the tool beside the programs.
#include <apps/streamctl/commands.hpp>
#include <apps/terminal/query_terminal.hpp>

#include <CLI/CLI.hpp>

#include <utility>
#include <vector>

int main(int argc, char** argv) {
  using namespace stream::apps;
  CLI::App app("The tool of libstream");
  app.require_subcommand(1);
  std::vector<std::pair<CLI::App*, Command>> commands;
  const auto add = [&](CLI::App& parent, const char* name, const char* text,
                       Command (*make)(CLI::App&)) {
    CLI::App* command = parent.add_subcommand(name, text);
    commands.emplace_back(command, make(*command));
  };
  add(app, "test", "run transcripts in every way a query can run", add_test);
  add(app, "run", "run a script of SQL and wait for the queries it starts", add_run);
  add(app, "sql", "a shell for SQL, or statements from a file or the command line", add_sql);
  add(app, "explain", "print the plans of a query, a script or a transcript's flow", add_explain);
  CLI::App* checkpoint = app.add_subcommand("checkpoint", "look into a checkpoint directory");
  checkpoint->require_subcommand(1);
  add(*checkpoint, "show", "print what a checkpoint holds", add_checkpoint_show);
  add(*checkpoint, "verify", "check every byte of a checkpoint; exit code 1 when damaged",
      add_checkpoint_verify);
  add(app, "bench", "measure workloads against hand-written loops", add_bench);
  add(app, "list", "list functions, connectors or operations", add_list);
#ifdef STREAM_HAS_NODES
  add(app, "node", "run a node of a cluster", add_node);
  add(app, "submit", "hand a script to a cluster and follow it", add_submit);
  add(app, "attach", "follow what was submitted to a cluster", add_attach);
  add(app, "rescale", "give a submission another parallelism while it runs", add_rescale);
  CLI::App* cluster = app.add_subcommand("cluster", "look at a cluster and change it");
  cluster->require_subcommand(1);
  add(*cluster, "status", "list nodes and submissions", add_cluster_status);
  add(*cluster, "stop", "end what was submitted", add_cluster_stop);
  add(*cluster, "drain", "move everything away from a node", add_cluster_drain);
  add(*cluster, "init-ca", "make the authority of a cluster's certificates", add_cluster_init_ca);
  add(*cluster, "issue-cert", "make a node's certificate", add_cluster_issue_cert);
#endif
  CLI11_PARSE(app, argc, argv);
  return report_errors([&] {
    for (const auto& [command, run] : commands) {
      if (command->parsed()) return run();
    }
    return 2;
  });
}
