// Files written out of sight, made durable, and moved to their final names when the epoch commits.
// Used by the writers (sink tasks) and committers (beside the coordinator) of file sinks.
#pragma once

#include <libstream/base/file_system.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

/// The empty file that says a directory is complete, as Hadoop names it.
inline constexpr std::string_view kSuccessFile = "_SUCCESS";

/// What a task tells the committer: `staged` becomes `final`. Full paths, without '\n'.
struct StagedMove {
  std::string staged;
  std::string final;
};

std::string encode_moves(const std::vector<StagedMove>& moves);
/// Adds the moves of a task's message to `moves`.
Result<void> decode_moves(const std::string& message, std::vector<StagedMove>& moves);

/// Makes a staged file visible. May be repeated: no staged file but the final one means done.
Result<void> make_visible(FileSystem& files, const StagedMove& move);

/// The first 8 characters of a query's id, as names of files show it.
std::string short_query_id(const std::string& query_id);

/// Where one query stages below one directory. Files in it are "open-TASK-TERM-ID" while they are
/// written and "EPOCH-TASK-TERM-ID" once they are finished for a checkpoint epoch.
class StagingDirectory {
 public:
  StagingDirectory(FileSystem& files, const std::string& parent, const std::string& query_id);

  const std::string& path() const { return path_; }
  /// Removes what a dead attempt of `task` left unfinished.
  Result<void> drop_unfinished(std::uint32_t task);
  /// Removes what was not committed: unfinished files and those of epochs after `last_committed`.
  Result<void> recover(std::int64_t last_committed);
  /// Removes finished files of epochs up to `epoch` (dead attempts left them), and the directory
  /// if nothing else is in it.
  Result<void> clean(std::int64_t epoch);

 private:
  template <class IsDead>
  Result<void> remove_if(IsDead is_dead);
  Result<void> remove_if_empty();

  FileSystem& files_;
  std::string path_;
};

/// One file in a staging directory. Life: make, (buffer, flush_if_full)*, close, finish. Removed
/// when it dies before `finish`.
class StagedFile {
 public:
  /// Creates the directory and the file.
  static Result<std::unique_ptr<StagedFile>> make(FileSystem& files,
                                                  const StagingDirectory& directory,
                                                  std::uint32_t task, std::int64_t term);
  ~StagedFile();
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;

  /// Append bytes here.
  std::string& buffer() { return buffer_; }
  Result<void> flush_if_full();
  /// Writes what is left and makes the content durable.
  Result<void> close();
  /// Gives the file the name that commits with `epoch` and returns its path. Requires close.
  /// The caller syncs the directory.
  Result<std::string> finish(std::int64_t epoch);

 private:
  StagedFile(FileSystem& files, std::string directory, std::string identity);
  std::string open_path() const { return join_path(directory_, "open-" + identity_); }

  FileSystem& files_;
  std::string directory_;
  std::string identity_;  ///< TASK-TERM-ID
  std::unique_ptr<WritableFile> file_;
  std::string buffer_;
  bool is_finished_ = false;
};

}  // namespace stream
