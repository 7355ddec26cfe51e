// The files that paths of a file source name: directories with their partition directories below,
// globs, and directories that a file sink wrote, which name their files in a log. Used by planners
// and before queries start.
#pragma once

#include <libstream/base/file_system.hpp>
#include <libstream/connectors/files/file_source_options.hpp>

#include <string>
#include <vector>

namespace stream {

struct ListedFile {
  std::string path;
  std::string base;  ///< the directory below which k=v directories are columns
  EpochMillis modified_millis = 0;
  std::uint64_t size_bytes = 0;
};

/// All files of `paths`, by path. Hidden ones ("_x", ".x") are left out. A path that is not there:
/// [PATH_NOT_FOUND].
Result<std::vector<ListedFile>> list_source_files(FileSystem& files,
                                                  const std::vector<std::string>& paths,
                                                  const FileSelection& selection);

}  // namespace stream
