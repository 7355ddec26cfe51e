#include <libstream/connectors/files/file_glob.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

bool is_hidden(const FileStatus& file) { return file_name(file.path).starts_with('.'); }

Result<void> add_files_of(FileSystem& files, const std::string& directory,
                          std::vector<FileStatus>& into) {
  STREAM_TRY(auto children, files.list(directory));
  for (FileStatus& child : children) {
    if (!child.is_directory && !is_hidden(child)) into.push_back(std::move(child));
  }
  return {};
}

/// Goes down component by component; `pattern` is what is left of the path below `directory`.
Result<void> expand(FileSystem& files, const std::string& directory, std::string_view pattern,
                    std::vector<FileStatus>& into) {
  const std::size_t slash = pattern.find('/');
  const std::string_view component = pattern.substr(0, slash);
  const std::string_view rest =
      slash == std::string_view::npos ? std::string_view{} : pattern.substr(slash + 1);
  STREAM_TRY(auto children, files.list(directory));
  for (FileStatus& child : children) {
    if (is_hidden(child) || !matches_glob(component, file_name(child.path))) continue;
    if (!rest.empty()) {
      if (child.is_directory) STREAM_TRY(expand(files, child.path, rest, into));
    } else if (child.is_directory) {
      STREAM_TRY(add_files_of(files, child.path, into));
    } else {
      into.push_back(std::move(child));
    }
  }
  return {};
}

Result<void> list_into(FileSystem& files, const std::string& path, std::vector<FileStatus>& into) {
  if (is_glob(path)) {
    const std::size_t slash = path.rfind('/', path.find_first_of("*?"));
    if (slash == std::string::npos) return expand(files, ".", path, into);
    const std::string directory = slash == 0 ? "/" : path.substr(0, slash);
    return expand(files, directory, std::string_view(path).substr(slash + 1), into);
  }
  STREAM_TRY(auto status, files.status(path));
  if (status.is_directory) return add_files_of(files, path, into);
  into.push_back(std::move(status));
  return {};
}

}  // namespace

bool is_glob(std::string_view path) { return path.find_first_of("*?") != std::string_view::npos; }

bool matches_glob(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;  // the last * seen and where its text began
  std::size_t star_name = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_name = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++star_name;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Result<std::vector<FileStatus>> list_files(FileSystem& files, const std::string& path) {
  std::vector<FileStatus> found;
  if (auto listed = list_into(files, path, found); !listed)
    return transient(fmt::format("cannot list '{}': {}", path, listed.error().message()));
  return found;
}

}  // namespace stream
