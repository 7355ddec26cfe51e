#include <libstream/base/file_system.hpp>
#include <libstream/base/unique_id.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

constexpr int kMostAttempts = 10;

// Writes a new file beside `path`, hidden, of a name nobody else uses, and gives that name.
Result<std::string> write_temporary(FileSystem& files, const std::string& path,
                                    std::string_view content) {
  const std::string temporary =
      join_path(parent_path(path), fmt::format(".{}.{}.tmp", file_name(path), make_unique_id()));
  const auto write = [&]() -> Result<void> {
    STREAM_TRY(auto file, files.open_writing(temporary));
    STREAM_TRY(file->append(content));
    STREAM_TRY(file->sync());
    return file->close();
  };
  if (auto written = write(); !written) {
    // The first failure is what the caller must hear of; a left-over temporary is swept later.
    static_cast<void>(files.remove(temporary));
    return std::move(written).error();
  }
  return temporary;
}

enum class Naming { link_once, rename_over };

/// Writes a new file and gives it its name; false when `link_once` finds the name taken. Whoever
/// takes a checkpoint over sweeps temporaries away, also those of a process that still writes: then
/// the file is written again.
Result<bool> publish(FileSystem& files, const std::string& path, std::string_view content,
                     Naming naming) {
  for (int attempt = 1;; ++attempt) {
    STREAM_TRY(const std::string temporary, write_temporary(files, path, content));
    Result<bool> is_named = true;
    if (naming == Naming::link_once) {
      is_named = files.link_exclusive(temporary, path);
    } else if (auto renamed = files.rename(temporary, path); !renamed) {
      is_named = std::move(renamed).error();
    }
    if (!is_named && attempt < kMostAttempts) {
      const auto is_there = files.exists(temporary);
      if (is_there && !*is_there) continue;
    }
    if (is_named && naming == Naming::rename_over) return is_named;
    auto removed = files.remove(temporary);
    if (is_named && !removed) return std::move(removed).error();
    return is_named;
  }
}

}  // namespace

Result<std::string> read_file(FileSystem& files, const std::string& path, std::size_t limit) {
  STREAM_TRY(const FileStatus status, files.status(path));
  if (status.is_directory) return fatal(fmt::format("{}: is a directory, not a file", path));
  if (status.size_bytes > limit)
    return fatal(
        fmt::format("{}: has {} bytes, more than the limit of {}", path, status.size_bytes, limit));
  STREAM_TRY(auto file, files.open_reading(path));
  std::string content(status.size_bytes, '\0');
  std::size_t done = 0;
  while (done < content.size()) {
    STREAM_TRY(const std::size_t count,
               file->read_at(done, content.data() + done, content.size() - done));
    if (count == 0) break;
    done += count;
  }
  content.resize(done);
  return content;
}

Result<bool> write_file_exclusive(FileSystem& files, const std::string& path,
                                  std::string_view content) {
  STREAM_TRY(const bool is_new, publish(files, path, content, Naming::link_once));
  if (is_new) STREAM_TRY(files.sync_directory(parent_path(path)));
  return is_new;
}

Result<void> write_file_atomic(FileSystem& files, const std::string& path,
                               std::string_view content) {
  STREAM_TRY(publish(files, path, content, Naming::rename_over));
  return files.sync_directory(parent_path(path));
}

std::string parent_path(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string file_name(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

std::string join_path(std::string_view directory, std::string_view name) {
  if (directory.empty()) return std::string(name);
  if (directory.back() == '/') return fmt::format("{}{}", directory, name);
  return fmt::format("{}/{}", directory, name);
}

}  // namespace stream
