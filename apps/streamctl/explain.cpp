#include <apps/streamctl/commands.hpp>
#include <libstream/base/file_system.hpp>
#include <libstream/testing/dstream_case.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>

namespace stream::apps {

Command add_explain(CLI::App& app) {
  struct Options {
    std::string path;
    std::uint32_t parallelism = 1;
  };
  auto options = std::make_shared<Options>();
  app.add_option("case", options->path, "a transcript (*.dcase)")->required();
  app.add_option("--parallelism", options->parallelism, "tasks of each stage")
      ->capture_default_str();
  return [options] {
    const std::string text = value_or_throw(read_file(local_file_system(), options->path));
    const auto parsed = value_or_throw(testing::parse_dstream_case(text));
    fmt::print("{}", value_or_throw(testing::explain_dstream_case(parsed, options->parallelism)));
    return 0;
  };
}

}  // namespace stream::apps
