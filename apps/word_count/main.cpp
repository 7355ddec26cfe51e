// word_count: running totals of the words in files, in a directory as files arrive, or from TCP.
#include <apps/terminal/cluster_options.hpp>
#include <apps/terminal/query_terminal.hpp>
#include <apps/word_count/word_count.hpp>

#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
  stream::apps::WordCountOptions options;
  stream::apps::TerminalOptions terminal;
  stream::ClusterRunnerOptions cluster;
  CLI::App app("Running totals of words");
  app.add_option("--input", options.input, "FILE, DIRECTORY or tcp://HOST:PORT")->required();
  app.add_option("--output", options.output,
                 "directory of the result, lines word<TAB>count (default: the console)");
  app.add_option("--trigger", options.trigger, "available-now, or a duration such as 500ms")
      ->capture_default_str();
  app.add_option("--checkpoint", options.checkpoint,
                 "directory that makes the totals survive a crash");
  std::string api = "dstream";
  app.add_option("--api", api, "dstream or dataframe: the program is there in both")
      ->check(CLI::IsMember({"dstream", "dataframe"}))
      ->capture_default_str();
  app.add_option("--parallelism", options.parallelism, "tasks of each stage")
      ->capture_default_str();
  app.add_option("--progress", terminal.progress_file,
                 "file that gets each epoch's progress as a JSON line");
  app.add_option("--rejects", terminal.rejects_file,
                 "file that keeps records that could not be read");
  stream::apps::add_cluster_options(app, cluster);
  CLI11_PARSE(app, argc, argv);
  return stream::apps::report_errors([&] {
    const auto runner = stream::apps::runner_of(cluster, options.parallelism);
    if (api == "dataframe") {
      const stream::Session session(runner);
      return stream::apps::run_query(
          [&](stream::QueryOptions query) {
            return stream::apps::start_word_count(session, options, std::move(query));
          },
          terminal);
    }
    auto context = stream::apps::make_word_count(runner, options);
    return stream::apps::run_query(context, terminal);
  });
}
