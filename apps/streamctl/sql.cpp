#include <apps/streamctl/commands.hpp>
#include <apps/streamctl/sql_run.hpp>
#include <apps/streamctl/sql_shell.hpp>
#include <libstream/base/file_system.hpp>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <cstdio>

namespace stream::apps {
namespace {

std::string read_standard_input() {
  std::string text;
  char buffer[4096];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, stdin))
    text.append(buffer, count);
  return text;
}

}  // namespace

Command add_sql(CLI::App& app) {
  struct Options {
    std::string path;
    std::string statement;
    SqlRunOptions run;
  };
  auto options = std::make_shared<Options>();
  app.add_option("file", options->path, "statements to run first; alone, instead of the shell");
  app.add_option("-c,--command", options->statement, "statements to run, then end");
  app.add_option("--param", options->run.parameters, "key=value: stands for ${key}")
      ->allow_extra_args(false);
  add_sql_options(app, options->run);
  return [options] {
    const bool is_shell =
        options->statement.empty() && options->path.empty() && isatty(STDIN_FILENO) != 0;
    options->run.is_quiet = true;
    SqlRun run(options->run);
    if (is_shell) return run_shell(run);
    if (!options->path.empty())
      run.run_text(value_or_throw(read_file(local_file_system(), options->path)), options->path);
    if (!options->statement.empty()) run.run_text(options->statement, "");
    if (options->path.empty() && options->statement.empty())
      run.run_text(read_standard_input(), "");
    run.await_queries();
    return 0;
  };
}

}  // namespace stream::apps
