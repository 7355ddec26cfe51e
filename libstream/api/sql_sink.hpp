// What CREATE SINK says: a format with its options, and how queries into it run (output mode,
// trigger, checkpoint). Used by SqlSession. Values.
#pragma once

#include <libstream/api/source_registry.hpp>
#include <libstream/sql/statement.hpp>

namespace stream {

struct SqlSink {
  std::string name;
  std::string format;
  OptionMap options;  ///< the format's own
  std::vector<std::string> partition_by;
  std::optional<OutputMode> mode;
  std::optional<Trigger> trigger;
  std::string checkpoint_directory;
  SaveMode save_mode = SaveMode::append;  ///< of bounded queries
  std::string late_rows;                  ///< the sink that takes them; empty: they are dropped
};

/// The session's sink of that name. Error [TABLE_OR_VIEW_NOT_FOUND] with the nearest one.
Result<std::shared_ptr<const SqlSink>> find_sql_sink(const SessionState& session,
                                                     const std::string& name);
/// What writes rows of `schema`.
Result<std::shared_ptr<const Sink>> open_sql_sink(SessionState& session, const SqlSink& sink,
                                                  const Schema& schema, bool is_streaming);

/// Options of every sink beside its format's: output_mode, trigger, checkpoint, partition_by,
/// save_mode, late_rows; Spark's spellings (outputMode, checkpointLocation, …) too. Error: a wrong
/// value, or [DATA_SOURCE_NOT_FOUND].
Result<SqlSink> make_sql_sink(const CreateSinkStatement& statement);

/// The query options of SqlSink, for lists.
std::vector<OptionText> sql_sink_option_texts();

std::string_view to_string(OutputMode mode);

}  // namespace stream
