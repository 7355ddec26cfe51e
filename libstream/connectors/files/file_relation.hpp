// Files of a format (csv, json, text) as a source and as a sink of DataFrames: what
// spark.read.format(…) and df.write.format(…), readStream and writeStream make. Used by api.
#pragma once

#include <libstream/base/file_system.hpp>
#include <libstream/connectors/sink.hpp>
#include <libstream/connectors/source.hpp>
#include <libstream/expressions/sql_settings.hpp>
#include <libstream/formats/format_options.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stream {

/// True for the formats that this header serves.
bool is_file_format(std::string_view format);

/// Files at `paths` (files, directories, globs). Without `schema` it is fixed (text), or found in
/// the files now (bounded reads; streams only with spark.sql.streaming.schemaInference). Errors are
/// Spark's: [PATH_NOT_FOUND], [UNABLE_TO_INFER_SCHEMA], …, or options that are wrong.
Result<std::shared_ptr<const Source>> make_file_source(
    const std::string& format, const std::vector<std::string>& paths, OptionMap options,
    std::optional<Schema> schema, bool is_streaming, const SqlSettings& settings,
    FileSystem& files = local_file_system());

enum class SaveMode { error_if_exists, append, overwrite, ignore };

/// Writes below directory `path`. Streams: exactly once, by the log _spark_metadata. Bounded: the
/// files become visible when epoch 0 is committed, then _SUCCESS.
struct FileSinkRequest {
  std::string format;
  std::string path;
  OptionMap options = {};
  std::vector<std::string> partition_by = {};
  bool is_streaming = false;
  SaveMode mode = SaveMode::error_if_exists;  ///< bounded writes only
  /// Of the rows. Bounded writes without a row make one (empty) file when it is given.
  std::optional<Schema> schema = {};
};
Result<std::shared_ptr<const Sink>> make_file_sink(FileSinkRequest request,
                                                   const SqlSettings& settings,
                                                   FileSystem& files = local_file_system());

}  // namespace stream
