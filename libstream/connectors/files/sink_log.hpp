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

/// Makes entry `epoch` durable with the files that it adds; fine when it is there already.
Result<void> add_sink_log_entry(FileSystem& files, const std::string& directory, std::int64_t epoch,
                                const std::vector<LoggedFile>& added);

}  // namespace stream
