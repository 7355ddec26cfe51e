// Sources and sinks by the names of their formats: what read().format("csv"), write_stream()
// .format("console") and USING in SQL mean. The one list of formats.
#pragma once

#include <libstream/api/session_state.hpp>
#include <libstream/connectors/files/file_relation.hpp>
#include <libstream/operators/evaluation_settings.hpp>

namespace stream {

struct ReadRequestByName {
  std::string format;  ///< csv, json, text, socket, rate, rate-micro-batch, …
  std::vector<std::string> paths;
  OptionMap options;
  std::optional<Schema> schema;
  bool is_streaming = false;
};
/// Error [DATA_SOURCE_NOT_FOUND] with the nearest names, or options that are wrong.
Result<RelationRef> make_relation_by_name(const SessionState& session, ReadRequestByName request);

struct WriteRequestByName {
  std::string format;  ///< console, memory, noop, csv, json, text, …
  std::string path;
  OptionMap options;
  std::vector<std::string> partition_by;
  OutputMode mode = OutputMode::append;
  SaveMode save_mode = SaveMode::error_if_exists;  ///< bounded writes
  bool is_streaming = true;
  std::string query_name;  ///< of a memory table
  Schema schema;           ///< of the rows
};
Result<std::shared_ptr<const Sink>> make_sink_by_name(SessionState& session,
                                                      WriteRequestByName request);

/// Names of formats that can be read and written, sorted.
std::vector<std::string> source_formats();
std::vector<std::string> sink_formats();

/// A format that this build was made without, and what to install.
struct AbsentFormat {
  std::string name;
  std::string reason;
};
std::vector<AbsentFormat> absent_formats();

}  // namespace stream
