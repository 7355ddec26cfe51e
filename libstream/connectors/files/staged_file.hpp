// A file written out of sight, made durable, and later moved to its final name. Used by the
// writers and committers of file sinks, each on its thread.
#pragma once

#include <libstream/base/file_system.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stream {

/// A staged file of a task's message. Life: open, append*, close; or drop it and sweep later.
class StagedFile {
 public:
  static Result<StagedFile> open(FileSystem& files, std::string path);

  /// Rows are collected here; call flush_if_full after each batch.
  std::string& buffer() { return buffer_; }
  Result<void> flush_if_full();
  /// Writes the rest, makes the file durable and closes it.
  Result<void> close();
  const std::string& path() const { return path_; }

 private:
  Result<void> flush();

  std::string path_;
  std::unique_ptr<WritableFile> file_;
  std::string buffer_;
};

/// What a task tells the committer: move `staged` to `final`. Both are full paths.
struct StagedMove {
  std::string staged;
  std::string final;
};

/// The moves of all tasks as text and back. Paths may hold any bytes.
std::string encode_moves(const std::vector<StagedMove>& moves);
Result<std::vector<StagedMove>> decode_moves(const std::string& message);

/// Makes a staged file visible. May be repeated: missing staged and present final is done.
Result<void> make_visible(FileSystem& files, const StagedMove& move);

/// ".staging-" and the first 8 characters of the query's id: where a query stages in a directory.
std::string staging_name(const std::string& query_id);
std::string short_query_id(const std::string& query_id);

/// "CHECKPOINT-" in front of a staged name is the epoch that it commits with. Removes staged
/// files that no commit names any more: unfinished ones (when `also_unfinished`) and those whose
/// epoch `is_dead`; then the directory if it is empty.
Result<void> sweep_staging(FileSystem& files, const std::string& directory, bool also_unfinished,
                           std::optional<std::int64_t> keep_epoch);

/// Name of a staged file while it is written, and once it is finished for `epoch`.
std::string unfinished_name(std::int64_t term, std::uint32_t task, std::int64_t number);
std::string finished_name(std::int64_t epoch, const std::string& unfinished);

}  // namespace stream
