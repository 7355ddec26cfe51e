#include <libstream/base/hash.hpp>
#include <libstream/state/checkpoint_directory.hpp>
#include <libstream/state/checkpoint_text.hpp>
#include <libstream/state/state_file.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace stream {
namespace {

constexpr std::string_view kRootNames[] = {"metadata", "plan",    "lock",    "runs",
                                           "offsets",  "commits", "sources", "state"};

class Verifier {
 public:
  using StateFilesOf = std::function<Result<std::vector<SealedFile>>(const std::string&)>;

  Verifier(FileSystem& files, const std::string& path, const StateFilesOf& state_files_of)
      : files_(files), path_(path), state_files_of_(state_files_of) {}

  Result<std::vector<CheckpointProblem>> run() {
    STREAM_TRY(check_root());
    for (const char* folder : {"runs", "offsets"})
      STREAM_TRY(check_folder(join_path(path_, folder)));
    STREAM_TRY(check_commits());
    STREAM_TRY(check_sources());
    STREAM_TRY(check_state());
    STREAM_TRY(check_gaps());
    return std::move(problems_);
  }

 private:
  void report(const std::string& path, std::string reason) {
    // The text of an error begins with the path already.
    if (reason.starts_with(path + ": ")) reason.erase(0, path.size() + 2);
    problems_.push_back({path, std::move(reason)});
  }

  std::optional<std::string> check_text(const std::string& path) {
    auto text = read_checked(files_, path);
    if (text) return std::move(*text);
    report(path, text.error().message());
    return std::nullopt;
  }

  Result<void> check_root() {
    const auto metadata = check_text(join_path(path_, "metadata"));
    if (metadata && !metadata->starts_with(kMetadataHead))
      report(join_path(path_, "metadata"), "of another version, which this build does not read");
    check_text(join_path(path_, "plan"));
    STREAM_TRY(const auto entries, list(path_));
    for (const FileStatus& entry : entries) {
      const std::string name = file_name(entry.path);
      const bool is_known =
          std::find(std::begin(kRootNames), std::end(kRootNames), name) != std::end(kRootNames);
      if (!is_known && !is_temporary_file(entry.path))
        report(entry.path, "no file of a checkpoint");
    }
    return {};
  }

  /// Checks the numbered files of a folder and reports strangers.
  Result<void> check_folder(const std::string& folder) {
    STREAM_TRY(const auto entries, list(folder));
    for (const FileStatus& entry : entries) {
      if (is_temporary_file(entry.path)) continue;
      if (!file_number(entry.path))
        report(entry.path, "no file of a checkpoint");
      else
        check_text(entry.path);
    }
    return {};
  }

  Result<void> check_commits() {
    const std::string folder = join_path(path_, "commits");
    STREAM_TRY(check_strangers(folder));
    STREAM_TRY(const auto commits, numbered_files(files_, folder));
    for (const std::int64_t number : commits) {
      const std::string path = join_path(folder, std::to_string(number));
      const auto text = check_text(path);
      if (!text) continue;
      const auto listed = state_files_of_(*text);
      if (!listed) {
        report(path, listed.error().message());
        continue;
      }
      // Older commits' files are swept; the newest one's must all be there.
      for (const SealedFile& file : *listed) {
        if (number == commits.back()) needed_[file.name] = fmt::format("commits/{}", number);
        sealed_[file.name] = file;
      }
    }
    return {};
  }

  Result<void> check_strangers(const std::string& folder) {
    STREAM_TRY(const auto entries, list(folder));
    for (const FileStatus& entry : entries) {
      if (!is_temporary_file(entry.path) && !file_number(entry.path))
        report(entry.path, "no file of a checkpoint");
    }
    return {};
  }

  Result<void> check_sources() {
    STREAM_TRY(const auto sources, list(join_path(path_, "sources")));
    for (const FileStatus& source : sources) {
      if (!source.is_directory || !file_number(source.path))
        report(source.path, "no folder of a source");
      else
        STREAM_TRY(check_folder(source.path));
    }
    return {};
  }

  Result<void> check_state() {
    STREAM_TRY(const auto operators, list(join_path(path_, "state")));
    for (const FileStatus& folder : operators) {
      if (!folder.is_directory) {
        report(folder.path, "no folder of an operator");
        continue;
      }
      STREAM_TRY(const auto entries, list(folder.path));
      for (const FileStatus& entry : entries) {
        if (!is_temporary_file(entry.path))
          STREAM_TRY(check_state_file(entry.path,
                                      join_path(file_name(folder.path), file_name(entry.path))));
      }
    }
    for (const auto& [name, commit] : needed_)
      report(join_path(path_, "state/" + name), "listed by " + commit + " but missing");
    return {};
  }

  Result<void> check_state_file(const std::string& path, const std::string& name) {
    needed_.erase(name);
    const auto read = read_file(files_, path, kMaxStateFileBytes);
    if (!read) {
      report(path, read.error().message());
      return {};
    }
    const std::string& bytes = *read;
    const auto listed = sealed_.find(name);
    if (listed != sealed_.end() && (bytes.size() != listed->second.size_bytes ||
                                    hash_bytes(bytes) != listed->second.checksum)) {
      report(path,
             bytes.size() != listed->second.size_bytes
                 ? fmt::format("{} bytes, {} are listed", bytes.size(), listed->second.size_bytes)
                 : "its checksum is not the listed one");
      return {};
    }
    BlockPool pool;
    const auto decoded = decode_state_file(bytes, pool);
    if (!decoded) report(path, decoded.error().message());
    return {};
  }

  Result<void> check_gaps() {
    STREAM_TRY(const auto offsets, numbered_files(files_, join_path(path_, "offsets")));
    STREAM_TRY(const auto commits, numbered_files(files_, join_path(path_, "commits")));
    for (const std::int64_t commit : commits) {
      if (std::find(offsets.begin(), offsets.end(), commit) == offsets.end())
        report(fmt::format("{}/offsets/{}", path_, commit), "missing, though its commit is there");
    }
    for (const std::int64_t offset : offsets) {
      const bool is_committed = std::find(commits.begin(), commits.end(), offset) != commits.end();
      const bool is_swept = !commits.empty() && offset < commits.front();
      if (!is_committed && !is_swept && offset != offsets.back())
        report(fmt::format("{}/commits/{}", path_, offset), "missing, though a later epoch began");
    }
    return {};
  }

  Result<std::vector<FileStatus>> list(const std::string& folder) {
    STREAM_TRY(const bool exists, files_.exists(folder));
    if (!exists) return std::vector<FileStatus>();
    return files_.list(folder);
  }

  FileSystem& files_;
  const std::string& path_;
  const StateFilesOf& state_files_of_;
  std::vector<CheckpointProblem> problems_;
  std::map<std::string, SealedFile> sealed_;   // listed by any commit
  std::map<std::string, std::string> needed_;  // by the newest commit, not seen yet
};

}  // namespace

Result<std::vector<CheckpointProblem>> verify_checkpoint(
    FileSystem& files, const std::string& path,
    const std::function<Result<std::vector<SealedFile>>(const std::string&)>& state_files_of) {
  STREAM_TRY(const FileStatus status, files.status(path));
  if (!status.is_directory) return fatal(path + ": not a directory");
  return Verifier(files, path, state_files_of).run();
}

}  // namespace stream
