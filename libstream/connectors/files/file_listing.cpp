#include <libstream/connectors/files/file_glob.hpp>
#include <libstream/connectors/files/file_listing.hpp>
#include <libstream/connectors/files/sink_log.hpp>
#include <libstream/expressions/function.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

bool is_hidden(const std::string& name) {
  if (name.starts_with('_') && name.find('=') == std::string::npos) return true;
  return name.starts_with('.') || name.ends_with("._COPYING_");
}

class Lister {
 public:
  Lister(FileSystem& files, const FileSelection& selection)
      : files_(files), selection_(selection) {}

  Result<void> add_path(const std::string& path) {
    auto named = paths_of_glob(files_, path);
    if (!named || named->empty())
      return analysis_error("PATH_NOT_FOUND", fmt::format("Path does not exist: {}", path));
    for (const FileStatus& status : *named) {
      if (is_glob(path) && is_hidden(file_name(status.path))) continue;
      const std::string base = !selection_.base_path.empty() ? selection_.base_path
                               : status.is_directory         ? status.path
                                                             : parent_path(status.path);
      if (!status.is_directory) {
        add_file(status, base);
        continue;
      }
      STREAM_TRY(const bool has_log, has_sink_log(files_, status.path));
      if (has_log) {
        STREAM_TRY(const auto logged, read_sink_log(files_, status.path));
        for (const LoggedFile& file : logged)
          add_file({file.path, file.size_bytes, file.modified_millis, false, 0}, base);
        continue;
      }
      STREAM_TRY(add_directory(status.path, base));
    }
    return {};
  }

  std::vector<ListedFile> take() {
    std::sort(found_.begin(), found_.end(),
              [](const ListedFile& a, const ListedFile& b) { return a.path < b.path; });
    return std::move(found_);
  }

 private:
  /// Below a directory, only k=v directories are gone into, unless all are wanted.
  Result<void> add_directory(const std::string& path, const std::string& base) {
    STREAM_TRY(const auto children, files_.list(path));
    for (const FileStatus& child : children) {
      const std::string name = file_name(child.path);
      if (is_hidden(name)) continue;
      if (!child.is_directory) {
        add_file(child, base);
      } else if (selection_.is_recursive || name.find('=') != std::string::npos) {
        STREAM_TRY(add_directory(child.path, base));
      }
    }
    return {};
  }

  void add_file(const FileStatus& file, const std::string& base) {
    if (!selection_.name_glob.empty() && !matches_glob(selection_.name_glob, file_name(file.path)))
      return;
    if (selection_.modified_before && file.modified_millis >= *selection_.modified_before) return;
    if (selection_.modified_after && file.modified_millis <= *selection_.modified_after) return;
    found_.push_back({file.path, base, file.modified_millis, file.size_bytes});
  }

  FileSystem& files_;
  const FileSelection& selection_;
  std::vector<ListedFile> found_;
};

}  // namespace

Result<std::vector<ListedFile>> list_source_files(FileSystem& files,
                                                  const std::vector<std::string>& paths,
                                                  const FileSelection& selection) {
  Lister lister(files, selection);
  for (const std::string& path : paths) STREAM_TRY(lister.add_path(path));
  return lister.take();
}

}  // namespace stream
