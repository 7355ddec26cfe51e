#include <apps/streamctl/commands.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <array>
#include <memory>

namespace stream::apps {
namespace {

struct Row {
  const char* name;
  const char* kind;
  const char* guarantee;
  const char* text;
};

constexpr std::array kConnectors{
    Row{"text files", "source", "exactly once",
        "a file, a directory or a glob; each file counts once"},
    Row{"follow", "source", "exactly once", "lines appended to growing files, through rotation"},
    Row{"socket", "source", "at most once", "TCP lines; exactly once with write_ahead_log"},
    Row{"rate", "source", "exactly once", "generated rows, ramp-up and total"},
    Row{"text generator", "source", "exactly once", "generated lines at a rate"},
    Row{"stdin", "source", "at most once", "lines of standard input"},
    Row{"queue", "source", "exactly once", "batches added by the program, as long as it lives"},
    Row{"text files", "sink", "exactly once", "lines of tab-separated columns in a directory"},
    Row{"text directories", "sink", "exactly once", "a directory an interval (save_as_text_files)"},
    Row{"console", "sink", "at least once", "the first rows of each interval (print)"},
    Row{"for_each_batch", "sink", "at least once",
        "a function of the program, with a stable epoch number"},
};

constexpr std::array kOperations{"map",
                                 "flat_map",
                                 "filter",
                                 "glom",
                                 "map_partitions",
                                 "union_with",
                                 "count",
                                 "reduce",
                                 "count_by_value",
                                 "map_values",
                                 "flat_map_values",
                                 "reduce_by_key",
                                 "group_by_key",
                                 "combine_by_key",
                                 "join",
                                 "left_outer_join",
                                 "right_outer_join",
                                 "full_outer_join",
                                 "cogroup",
                                 "transform",
                                 "transform_with",
                                 "repartition",
                                 "update_state_by_key",
                                 "map_with_state",
                                 "window",
                                 "count_by_window",
                                 "reduce_by_window",
                                 "reduce_by_key_and_window",
                                 "group_by_key_and_window",
                                 "count_by_value_and_window",
                                 "slice",
                                 "remember",
                                 "cache",
                                 "print",
                                 "save_as_text_files",
                                 "write_text",
                                 "for_each_batch"};

int list(const std::string& what) {
  if (what == "connectors") {
    fmt::print("{:<18} {:<7} {:<14} {}\n", "name", "kind", "guarantee", "");
    for (const Row& row : kConnectors)
      fmt::print("{:<18} {:<7} {:<14} {}\n", row.name, row.kind, row.guarantee, row.text);
  } else {
    for (const char* name : kOperations) fmt::print("{}\n", name);
  }
  return 0;
}

}  // namespace

Command add_list(CLI::App& app) {
  auto what = std::make_shared<std::string>("connectors");
  app.add_option("what", *what, "connectors or operations")
      ->check(CLI::IsMember({"connectors", "operations"}))
      ->capture_default_str();
  return [what] { return list(*what); };
}

}  // namespace stream::apps
