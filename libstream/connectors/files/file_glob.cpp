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
    const std::size_t slash = path.rfind('/', path.find_first_of("*?[{"));
    if (slash == std::string::npos) return expand(files, ".", path, into);
    const std::string directory = slash == 0 ? "/" : path.substr(0, slash);
    return expand(files, directory, std::string_view(path).substr(slash + 1), into);
  }
  STREAM_TRY(auto status, files.status(path));
  if (status.is_directory) return add_files_of(files, path, into);
  into.push_back(std::move(status));
  return {};
}

/// Paths that match, directories among them.
Result<void> expand_paths(FileSystem& files, const std::string& directory, std::string_view pattern,
                          std::vector<FileStatus>& into) {
  const std::size_t slash = pattern.find('/');
  const std::string_view component = pattern.substr(0, slash);
  const std::string_view rest =
      slash == std::string_view::npos ? std::string_view{} : pattern.substr(slash + 1);
  STREAM_TRY(auto children, files.list(directory));
  for (FileStatus& child : children) {
    if (!matches_glob(component, file_name(child.path))) continue;
    if (!rest.empty()) {
      if (child.is_directory) STREAM_TRY(expand_paths(files, child.path, rest, into));
    } else {
      into.push_back(std::move(child));
    }
  }
  return {};
}

}  // namespace

Result<std::vector<FileStatus>> paths_of_glob(FileSystem& files, const std::string& path) {
  std::vector<FileStatus> found;
  if (!is_glob(path)) {
    STREAM_TRY(auto status, files.status(path));
    found.push_back(std::move(status));
    return found;
  }
  const std::size_t slash = path.rfind('/', path.find_first_of("*?[{"));
  const std::string directory = slash == std::string::npos ? "."
                                : slash == 0               ? "/"
                                                           : path.substr(0, slash);
  const std::string_view rest =
      std::string_view(path).substr(slash == std::string::npos ? 0 : slash + 1);
  if (auto expanded = expand_paths(files, directory, rest, found); !expanded)
    return std::move(expanded).error();
  return found;
}

bool is_glob(std::string_view path) { return path.find_first_of("*?[{") != std::string_view::npos; }

namespace {

/// Compares one byte with the class that begins at pattern[p] == '['; moves `p` behind it. A class
/// that does not end is the character itself.
bool matches_class(std::string_view pattern, std::size_t& p, char c) {
  const std::size_t end = pattern.find(']', p + 2);
  if (end == std::string_view::npos) return pattern[p++] == c;
  std::string_view members = pattern.substr(p + 1, end - p - 1);
  p = end + 1;
  const bool is_negated = members.starts_with('^') || members.starts_with('!');
  if (is_negated) members.remove_prefix(1);
  bool is_member = false;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i + 2 < members.size() && members[i + 1] == '-') {
      is_member = is_member || (members[i] <= c && c <= members[i + 2]);
      i += 2;
    } else {
      is_member = is_member || members[i] == c;
    }
  }
  return is_member != is_negated;
}

bool matches_simple(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;  // the last * seen and where its text began
  std::size_t star_name = 0;
  while (n < name.size()) {
    std::size_t next = p;
    bool matches = false;
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_name = n;
      continue;
    }
    if (p < pattern.size() && pattern[p] == '[') {
      matches = matches_class(pattern, next, name[n]);
    } else if (p < pattern.size()) {
      matches = pattern[next++] == name[n] || pattern[p] == '?';
    }
    if (matches) {
      p = next;
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

}  // namespace

bool matches_glob(std::string_view pattern, std::string_view name) {
  const std::size_t open = pattern.find('{');
  const std::size_t close = open == std::string_view::npos ? open : pattern.find('}', open);
  if (close == std::string_view::npos) return matches_simple(pattern, name);
  std::string_view choices = pattern.substr(open + 1, close - open - 1);
  while (true) {
    const std::size_t comma = choices.find(',');
    const std::string chosen = fmt::format("{}{}{}", pattern.substr(0, open),
                                           choices.substr(0, comma), pattern.substr(close + 1));
    if (matches_glob(chosen, name)) return true;
    if (comma == std::string_view::npos) return false;
    choices.remove_prefix(comma + 1);
  }
}

Result<std::vector<FileStatus>> list_files(FileSystem& files, const std::string& path) {
  std::vector<FileStatus> found;
  if (auto listed = list_into(files, path, found); !listed)
    return transient(fmt::format("cannot list '{}': {}", path, listed.error().message()));
  return found;
}

}  // namespace stream
