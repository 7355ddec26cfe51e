#include <apps/streamctl/commands.hpp>
#include <apps/streamctl/sql_run.hpp>
#include <libstream/base/file_system.hpp>

#include <CLI/CLI.hpp>

namespace stream::apps {

Command add_run(CLI::App& app) {
  struct Options {
    std::string path;
    SqlRunOptions run;
  };
  auto options = std::make_shared<Options>();
  app.add_option("file", options->path, "a script (*.sql)")->required();
  app.add_option("--param", options->run.parameters, "key=value: stands for ${key} in the script")
      ->allow_extra_args(false);
  add_sql_options(app, options->run);
  return [options] {
    const std::string text = value_or_throw(read_file(local_file_system(), options->path));
    SqlRun run(options->run);
    run.run_text(text, options->path);
    run.await_queries();
    return 0;
  };
}

}  // namespace stream::apps
