// Which files a path, a directory or a glob (* ? [a-z] {a,b}) names. Used by the planners of file
// sources, on their thread.
#pragma once

#include <libstream/base/file_system.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace stream {

/// True when `path` contains * ? [ or {.
bool is_glob(std::string_view path);

/// True when `name` matches `pattern`: * any bytes, ? one byte, [abc] [a-z] [^a] one of (not of) a
/// class, {ab,c} one of these.
bool matches_glob(std::string_view pattern, std::string_view name);

/// What is there for `path`: the file itself; the direct files of a directory; for a glob each
/// match, of matching directories their direct files. Names that begin with "." are skipped below
/// a directory or a glob. A missing path, or a missing directory above the first glob component,
/// is an error of class `transient` naming it.
Result<std::vector<FileStatus>> list_files(FileSystem& files, const std::string& path);

/// The files and directories that `path` names: itself, or for a glob each match (none is fine).
Result<std::vector<FileStatus>> paths_of_glob(FileSystem& files, const std::string& path);

}  // namespace stream
