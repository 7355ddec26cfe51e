#include <libstream/base/unique_id.hpp>
#include <libstream/connectors/files/sink_log.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <unordered_set>

namespace stream {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kCompactInterval = 10;
constexpr std::string_view kCompact = ".compact";
constexpr std::string_view kPending = ".pending";
constexpr std::string_view kTemporary = ".tmp";
constexpr std::string_view kVersion = "v1";
constexpr std::size_t kMaxEntryBytes = 1u << 30;

struct Entry {
  std::string path;
  bool is_compact = false;
};

Result<std::map<std::int64_t, Entry>> list_entries(FileSystem& files,
                                                   const std::string& directory) {
  std::map<std::int64_t, Entry> entries;
  const std::string log = join_path(directory, kSinkLogDirectory);
  STREAM_TRY(const bool is_there, files.exists(log));
  if (!is_there) return entries;
  STREAM_TRY(const auto children, files.list(log));
  for (const FileStatus& child : children) {
    const std::string name = file_name(child.path);
    std::int64_t number = 0;
    const auto [next, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    const std::string_view rest(next, static_cast<std::size_t>(name.data() + name.size() - next));
    if (error != std::errc{} || (!rest.empty() && rest != kCompact)) continue;
    entries[number] = {child.path, rest == kCompact};
  }
  return entries;
}

std::string to_line(const LoggedFile& file) {
  Json json;
  json["path"] = "file://" + file.path;
  json["size"] = file.size_bytes;
  json["isDir"] = false;
  json["modificationTime"] = file.modified_millis;
  json["blockReplication"] = 1;
  json["blockSize"] = 33554432;
  json["action"] = "add";
  return json.dump() + "\n";
}

Result<void> read_entry(FileSystem& files, const Entry& entry, std::vector<LoggedFile>& into) {
  STREAM_TRY(const std::string content, read_file(files, entry.path, kMaxEntryBytes));
  std::size_t at = content.find('\n');
  const bool is_known = content.substr(0, at) == kVersion;
  if (!is_known) return fatal(fmt::format("'{}' is damaged or of a newer version", entry.path));
  while (at != std::string::npos && at + 1 < content.size()) {
    const std::size_t end = content.find('\n', at + 1);
    const std::string line = content.substr(at + 1, end == std::string::npos ? end : end - at - 1);
    at = end;
    if (line.empty()) continue;
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("path") || !json["path"].is_string())
      return fatal(fmt::format("'{}' is damaged: {}", entry.path, line));
    LoggedFile file{json["path"].get<std::string>(), json.value("size", std::uint64_t{0}),
                    json.value("modificationTime", std::int64_t{0})};
    if (file.path.starts_with("file:")) {
      const std::size_t root = file.path.find_first_not_of('/', 5);
      file.path.erase(0, root == std::string::npos ? 5 : root - 1);
    }
    if (json.value("action", "add") == "delete") {
      std::erase_if(into, [&](const LoggedFile& other) { return other.path == file.path; });
    } else {
      into.push_back(std::move(file));
    }
  }
  return {};
}

/// nullopt: it is not the name of an entry on its way, nor of one that is being dropped.
std::optional<std::int64_t> epoch_of_pending(const std::string& name) {
  std::int64_t number = 0;
  const char* end = name.data() + name.size();
  const auto [next, error] = std::from_chars(name.data() + 1, end, number);
  const bool is_pending = error == std::errc{} && *next == '.' && name.ends_with(kPending);
  return is_pending ? std::optional(number) : std::nullopt;
}

Result<std::vector<LoggedFile>> read_entries(FileSystem& files,
                                             const std::map<std::int64_t, Entry>& entries) {
  std::vector<LoggedFile> found;
  auto first = entries.begin();
  for (auto entry = entries.begin(); entry != entries.end(); ++entry) {
    if (entry->second.is_compact) first = entry;
  }
  for (; first != entries.end(); ++first) STREAM_TRY(read_entry(files, first->second, found));
  return found;
}

/// Drops an entry that is not published, with the files that only it names. Whoever prepared it may
/// live and publish it at this moment: without its name it cannot any more, and what it had
/// published before that is seen then.
Result<void> drop_entry(FileSystem& files, const std::string& directory, const std::string& pending,
                        std::int64_t epoch) {
  const std::string taken =
      join_path(parent_path(pending), fmt::format(".{}.{}{}", epoch, make_unique_id(), kPending));
  if (auto renamed = files.rename(pending, taken); !renamed) {
    STREAM_TRY(const bool is_there, files.exists(pending));
    return is_there ? renamed : Result<void>();
  }
  STREAM_TRY(const auto entries, list_entries(files, directory));
  if (entries.empty() || entries.rbegin()->first < epoch) {
    std::vector<LoggedFile> named;
    STREAM_TRY(read_entry(files, {taken, false}, named));
    STREAM_TRY(const auto logged, read_entries(files, entries));
    std::unordered_set<std::string_view> kept;
    for (const LoggedFile& file : logged) kept.insert(file.path);
    for (const LoggedFile& file : named) {
      if (!kept.contains(file.path)) STREAM_TRY(files.remove(file.path));
    }
  }
  return files.remove(taken);
}

}  // namespace

Result<bool> has_sink_log(FileSystem& files, const std::string& directory) {
  return files.exists(join_path(directory, kSinkLogDirectory));
}

Result<std::vector<LoggedFile>> read_sink_log(FileSystem& files, const std::string& directory) {
  STREAM_TRY(const auto entries, list_entries(files, directory));
  return read_entries(files, entries);
}

Result<std::int64_t> last_sink_log_entry(FileSystem& files, const std::string& directory) {
  STREAM_TRY(const auto entries, list_entries(files, directory));
  return entries.empty() ? std::int64_t{-1} : entries.rbegin()->first;
}

Result<SinkLogEntry> SinkLogEntry::prepare(FileSystem& files, const std::string& directory,
                                           std::int64_t epoch,
                                           const std::vector<LoggedFile>& added) {
  STREAM_TRY(const auto entries, list_entries(files, directory));
  const std::int64_t last = entries.empty() ? -1 : entries.rbegin()->first;
  // Epochs without a checkpoint have no entry: a tenth one may be stepped over.
  const bool is_compact = (epoch + 1) / kCompactInterval > (last + 1) / kCompactInterval;
  std::string content(kVersion);
  content += '\n';
  if (is_compact) {
    STREAM_TRY(const auto before, read_entries(files, entries));
    for (const LoggedFile& file : before) content += to_line(file);
  }
  for (const LoggedFile& file : added) content += to_line(file);
  content.pop_back();
  const std::string log = join_path(directory, kSinkLogDirectory);
  STREAM_TRY(files.create_directories(log));
  const std::string pending = join_path(log, fmt::format(".{}{}", epoch, kPending));
  STREAM_TRY(write_file_atomic(files, pending, content));
  return SinkLogEntry(files, pending,
                      join_path(log, fmt::format("{}{}", epoch, is_compact ? kCompact : "")));
}

Result<void> SinkLogEntry::publish() {
  const auto is_first = files_.link_exclusive(pending_, path_);
  if (!is_first) {
    const auto is_there = files_.exists(pending_);
    if (!is_there || *is_there) return is_first.error();
    return transient(fmt::format("'{}': another run of this query took it for dead", path_));
  }
  if (!*is_first) return fatal(fmt::format("'{}': another query has written it", path_));
  STREAM_TRY(files_.remove(pending_));
  return files_.sync_directory(parent_path(path_));
}

Result<void> drop_unpublished(FileSystem& files, const std::string& directory,
                              std::int64_t last_committed) {
  STREAM_TRY(const bool is_there, has_sink_log(files, directory));
  if (!is_there) return {};
  STREAM_TRY(const auto children, files.list(join_path(directory, kSinkLogDirectory)));
  for (const FileStatus& child : children) {
    const std::string name = file_name(child.path);
    if (!name.starts_with('.')) continue;
    if (const auto epoch = epoch_of_pending(name); epoch && *epoch > last_committed) {
      STREAM_TRY(drop_entry(files, directory, child.path, *epoch));
    } else if (name.ends_with(kPending) || name.ends_with(kTemporary)) {
      STREAM_TRY(files.remove(child.path));
    }
  }
  return {};
}

}  // namespace stream
