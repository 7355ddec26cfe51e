#include <libstream/api/sql_sink.hpp>
#include <libstream/base/ascii.hpp>
#include <libstream/plans/scope.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

Result<void> set_mode(SqlSink& sink, const std::string& value) {
  const std::string mode = ascii_lower(value);
  if (mode == "append") {
    sink.mode = OutputMode::append;
  } else if (mode == "update") {
    sink.mode = OutputMode::update;
  } else if (mode == "complete") {
    sink.mode = OutputMode::complete;
  } else {
    return bad_option(fmt::format("'{}': write append, update or complete", value));
  }
  return {};
}

Result<void> set_trigger(SqlSink& sink, const std::string& value) {
  std::string text = ascii_lower(value);
  if (text == "availablenow" || text == "available_now" || text == "once") text = "available-now";
  STREAM_TRY(sink.trigger, parse_trigger(text));
  return {};
}

Result<void> set_partition_by(SqlSink& sink, const std::string& value) {
  for (std::size_t begin = 0; begin <= value.size();) {
    const std::size_t comma = std::min(value.find(',', begin), value.size());
    std::string name = value.substr(begin, comma - begin);
    name.erase(0, name.find_first_not_of(' '));
    name.erase(name.find_last_not_of(' ') + 1);
    if (name.empty()) return bad_option(fmt::format("'{}': write column, column", value));
    sink.partition_by.push_back(std::move(name));
    begin = comma + 1;
  }
  return {};
}

Result<void> set_save_mode(SqlSink& sink, const std::string& value) {
  const std::string mode = ascii_lower(value);
  if (mode == "append") {
    sink.save_mode = SaveMode::append;
  } else if (mode == "overwrite") {
    sink.save_mode = SaveMode::overwrite;
  } else if (mode == "ignore") {
    sink.save_mode = SaveMode::ignore;
  } else if (mode == "error" || mode == "errorifexists") {
    sink.save_mode = SaveMode::error_if_exists;
  } else {
    return bad_option(fmt::format("'{}': write append, overwrite, ignore or error", value));
  }
  return {};
}

Result<void> set_checkpoint(SqlSink& sink, const std::string& value) {
  if (value.empty()) return bad_option("is empty: name a folder");
  sink.checkpoint_directory = value;
  return {};
}

const OptionTable<SqlSink>& option_table() {
  static const OptionTable<SqlSink> table = {
      {{"output_mode", "outputMode", "append", "append, update or complete"}, set_mode},
      {{"trigger", "", "0ms", "a duration, or available-now: what is there, then stop"},
       set_trigger},
      {{"checkpoint", "checkpointLocation", "", "folder that makes a query survive a restart"},
       set_checkpoint},
      {{"partition_by", "partitionBy", "", "columns that become folders: 'a, b'"},
       set_partition_by},
      {{"late_rows", "lateRows", "", "sink that takes the rows that are dropped as late"},
       [](SqlSink& sink, const std::string& value) -> Result<void> {
         sink.late_rows = value;
         return {};
       }},
      {{"save_mode", "saveMode", "append", "what a bounded query does with what is there"},
       set_save_mode},
  };
  return table;
}

}  // namespace

Result<SqlSink> make_sql_sink(const CreateSinkStatement& statement) {
  SqlSink sink;
  sink.name = statement.name;
  sink.format = ascii_lower(statement.format);
  const std::vector<std::string> formats = sink_formats();
  if (std::find(formats.begin(), formats.end(), sink.format) == formats.end()) {
    std::string names;
    for (const std::string& name : nearest_names(sink.format, formats, 3))
      names += (names.empty() ? "" : ", ") + name;
    return bad_option(
        fmt::format("[DATA_SOURCE_NOT_FOUND] Failed to find a sink of the format: "
                    "{}. Did you mean one of: {}?",
                    statement.format, names));
  }
  for (const auto& [key, value] : statement.options) sink.options[key] = value;
  OptionMap left = sink.options;
  if (auto read = read_options(option_table(), left, sink); !read)
    return std::move(read).error().with_context("sink " + statement.name);
  sink.options = std::move(left);
  return sink;
}

Result<std::shared_ptr<const SqlSink>> find_sql_sink(const SessionState& session,
                                                     const std::string& name) {
  if (auto sink = session.find_sink(name)) return sink;
  std::vector<std::string> known;
  for (const auto& sink : session.sinks()) known.push_back(sink->name);
  const std::vector<std::string> nearest = nearest_names(name, std::move(known), 1);
  return bad_plan(fmt::format(
      "[TABLE_OR_VIEW_NOT_FOUND] The sink `{}` cannot be found.{} Make it with CREATE SINK {} "
      "USING format OPTIONS (…).",
      name, nearest.empty() ? "" : fmt::format(" Did you mean `{}`?", nearest.front()), name));
}

Result<std::shared_ptr<const Sink>> open_sql_sink(SessionState& session, const SqlSink& sink,
                                                  const Schema& schema, bool is_streaming) {
  WriteRequestByName request;
  request.format = sink.format;
  request.options = sink.options;
  request.partition_by = sink.partition_by;
  request.mode = is_streaming ? sink.mode.value_or(OutputMode::append) : OutputMode::complete;
  request.save_mode = sink.save_mode;
  request.is_streaming = is_streaming;
  request.query_name = sink.name;
  request.schema = schema;
  auto made = make_sink_by_name(session, std::move(request));
  if (!made) return std::move(made).error().with_context("sink " + sink.name);
  return made;
}

std::vector<OptionText> sql_sink_option_texts() {
  std::vector<OptionText> texts;
  for (const OptionField<SqlSink>& field : option_table()) texts.push_back(field.text);
  return texts;
}

std::string_view to_string(OutputMode mode) {
  switch (mode) {
    case OutputMode::append:
      return "append";
    case OutputMode::update:
      return "update";
    case OutputMode::complete:
      return "complete";
  }
  return "";
}

}  // namespace stream
