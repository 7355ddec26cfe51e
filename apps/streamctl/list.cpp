#include <apps/streamctl/commands.hpp>
#include <libstream/api/source_registry.hpp>
#include <libstream/api/sql_sink.hpp>
#include <libstream/connectors/kafka/kafka_sink_options.hpp>
#include <libstream/connectors/kafka/kafka_source_options.hpp>
#include <libstream/connectors/postgresql/postgresql.hpp>
#include <libstream/expressions/aggregate_function.hpp>
#include <libstream/expressions/window_function.hpp>
#include <libstream/formats/file_format.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>

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
    Row{"kafka", "source", "exactly once", "records of topics (kafka_stream)"},
    Row{"rate", "source", "exactly once", "generated rows, ramp-up and total"},
    Row{"text generator", "source", "exactly once", "generated lines at a rate"},
    Row{"stdin", "source", "at most once", "lines of standard input"},
    Row{"queue", "source", "exactly once", "batches added by the program, as long as it lives"},
    Row{"text files", "sink", "exactly once", "lines of tab-separated columns in a directory"},
    Row{"text directories", "sink", "exactly once", "a directory an interval (save_as_text_files)"},
    Row{"kafka", "sink", "exactly once", "records of topics (write with make_kafka_sink)"},
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

void print_options(const std::vector<OptionText>& options) {
  for (const OptionText& option : options)
    fmt::print("  {:<40} {}{}\n", option.name, option.sentence,
               option.default_value.empty() ? "" : fmt::format(" [{}]", option.default_value));
}

bool is_postgresql(const std::string& name) { return name == "postgresql" || name == "jdbc"; }

std::vector<OptionText> source_texts_of(const std::string& name) {
  if (name == "kafka") return kafka_source_option_texts();
  return is_postgresql(name) ? postgresql_source_option_texts() : format_option_texts(name);
}

/// Empty where a sink takes what the source takes.
std::vector<OptionText> sink_texts_of(const std::string& name) {
  if (name == "kafka") return kafka_sink_option_texts();
  return is_postgresql(name) ? postgresql_sink_option_texts() : std::vector<OptionText>();
}

/// The formats that SQL and DataFrames know by name.
void list_formats() {
  const std::vector<std::string> sources = source_formats();
  const std::vector<std::string> sinks = sink_formats();
  std::set<std::string> names(sources.begin(), sources.end());
  names.insert(sinks.begin(), sinks.end());
  fmt::print("{:<18} {}\n", "USING", "");
  for (const std::string& name : names) {
    const bool is_source = std::find(sources.begin(), sources.end(), name) != sources.end();
    const bool is_sink = std::find(sinks.begin(), sinks.end(), name) != sinks.end();
    fmt::print("{:<18} {}\n", name,
               is_source && is_sink ? "source, sink"
               : is_source          ? "source"
                                    : "sink");
    print_options(source_texts_of(name));
    if (const auto texts = sink_texts_of(name); is_sink && !texts.empty()) {
      fmt::print("  as a sink:\n");
      print_options(texts);
    }
  }
  for (const AbsentFormat& absent : absent_formats())
    fmt::print("{:<18} absent: {}\n", absent.name, absent.reason);
  fmt::print("every sink\n");
  print_options(sql_sink_option_texts());
}

void list_functions() {
  const FunctionRegistry& functions = builtin_functions();
  for (const std::string& name : functions.names()) {
    const auto* scalar = functions.scalar(name);
    const auto* aggregate = functions.aggregate(name);
    const auto* generator = functions.generator(name);
    const auto* window = functions.window(name);
    const std::string& usage = scalar      ? scalar->usage
                               : aggregate ? aggregate->usage
                               : generator ? generator->usage
                                           : window->usage;
    const char* kind = scalar ? "scalar" : aggregate ? "aggregate" : generator ? "rows" : "window";
    fmt::print("{:<32} {:<10} {}\n", name, kind, usage);
  }
}

int list(const std::string& what) {
  if (what == "connectors") {
    list_formats();
    fmt::print("\nStreamingContext (DStreams)\n{:<18} {:<7} {:<14} {}\n", "name", "kind",
               "guarantee", "");
    for (const Row& row : kConnectors)
      fmt::print("{:<18} {:<7} {:<14} {}\n", row.name, row.kind, row.guarantee, row.text);
  } else if (what == "functions") {
    list_functions();
  } else {
    for (const char* name : kOperations) fmt::print("{}\n", name);
  }
  return 0;
}

}  // namespace

Command add_list(CLI::App& app) {
  auto what = std::make_shared<std::string>("connectors");
  app.add_option("what", *what, "functions, connectors or operations (of DStreams)")
      ->check(CLI::IsMember({"functions", "connectors", "operations"}))
      ->capture_default_str();
  return [what] { return list(*what); };
}

}  // namespace stream::apps
