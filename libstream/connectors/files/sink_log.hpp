// The log _spark_metadata of a directory that a stream writes: which files its committed epochs
// made. Entry n is a file named n, every tenth one holds all ("9.compact"): a line "v1", then a
// JSON object a file. Written by the committer of file sinks, read by file sources.
#pragma once

#include <libstream/base/file_system.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace stream {

inline constexpr std::string_view kSinkLogDirectory = "_spark_metadata";

struct LoggedFile {
  std::string path;
  std::uint64_t size_bytes = 0;
  EpochMillis modified_millis = 0;
};

Result<bool> has_sink_log(FileSystem& files, const std::string& directory);

/// All files of the log below `directory`, in the order they were added. A torn entry is an error.
Result<std::vector<LoggedFile>> read_sink_log(FileSystem& files, const std::string& directory);

/// The number of the newest entry; -1: there is none.
Result<std::int64_t> last_sink_log_entry(FileSystem& files, const std::string& directory);

/// An entry on its way. `prepare` makes it durable out of sight, as ".EPOCH.pending", before the
/// files that it adds appear; `publish` gives it its name, which is the moment of truth.
class SinkLogEntry {
 public:
  /// Requires that the log has no entry `epoch` nor a later one.
  static Result<SinkLogEntry> prepare(FileSystem& files, const std::string& directory,
                                      std::int64_t epoch, const std::vector<LoggedFile>& added);
  Result<void> publish();

 private:
  SinkLogEntry(FileSystem& files, std::string pending, std::string path)
      : files_(files), pending_(std::move(pending)), path_(std::move(path)) {}

  FileSystem& files_;
  std::string pending_;
  std::string path_;
};

/// Removes what died on its way: entries after `last_committed` that were not published, and the
/// files that only they name.
Result<void> drop_unpublished(FileSystem& files, const std::string& directory,
                              std::int64_t last_committed);

}  // namespace stream
