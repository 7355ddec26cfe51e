// Rows as lines in files, exactly once: staged by the sink tasks, made visible by renaming when
// the epoch commits.
#pragma once

#include <libstream/connectors/sink.hpp>

#include <memory>
#include <string>

namespace stream {

struct TextFileSinkOptions {
  std::string directory;
  std::string prefix = "part";
  std::string separator = "\t";  ///< between columns
};

/// Writes DIRECTORY/PREFIX-TTTTT-EEEEEEEE-QUERYID8.txt (task, checkpoint epoch); a task without
/// rows writes no file. Until then rows are in DIRECTORY/.staging-QUERYID8.
std::shared_ptr<const Sink> text_file_sink(TextFileSinkOptions options);

/// Spark's saveAsTextFiles: each epoch is a directory PREFIX-TIME[.SUFFIX] (TIME alone without a
/// prefix) of part-NNNNN files, one a task, and an empty _SUCCESS. `prefix` may contain
/// directories. Writing the same time again replaces the directory's content.
std::shared_ptr<const Sink> text_directory_sink(std::string prefix, std::string suffix = "");

}  // namespace stream
