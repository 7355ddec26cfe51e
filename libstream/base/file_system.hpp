// Every durable write goes through this interface: local, memory and faulty implementations exist
// (local_file_system.hpp, memory_file_system.hpp; the faulty one is in tests/kit). Paths are plain
// strings with '/'. Implementations may be called from any thread; each says what its lock guards.
#pragma once

#include <libstream/base/clock.hpp>
#include <libstream/base/result.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

struct FileStatus {
  std::string path;  ///< full path
  std::uint64_t size_bytes = 0;
  EpochMillis modified_millis = 0;
  bool is_directory = false;
  std::uint64_t inode = 0;  ///< identity of the file across renames; 0 where unknown
};

/// A file open for appending. Life: append*, sync?, close. Not thread-safe.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  virtual Result<void> append(std::string_view bytes) = 0;
  /// Makes what was appended durable. A failed sync is final: the file must be given up.
  virtual Result<void> sync() = 0;
  virtual Result<void> close() = 0;
};

/// A file open for reading at any position; thread-safe.
class RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;
  /// Reads up to `size` bytes at `offset` into `into`; fewer only at the end of the file.
  virtual Result<std::size_t> read_at(std::uint64_t offset, char* into, std::size_t size) = 0;
};

/// A lock that dies with its holder.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Reading. A missing path is an error whose message begins with "no such file or directory".
  virtual Result<FileStatus> status(const std::string& path) = 0;
  virtual Result<bool> exists(const std::string& path) = 0;
  /// The direct children, sorted by path. At most `limit` of them, else an error.
  virtual Result<std::vector<FileStatus>> list(const std::string& directory,
                                               std::size_t limit = 10'000'000) = 0;
  virtual Result<std::unique_ptr<RandomAccessFile>> open_reading(const std::string& path) = 0;

  // Writing.
  /// Creates or truncates.
  virtual Result<std::unique_ptr<WritableFile>> open_writing(const std::string& path) = 0;
  virtual Result<void> create_directories(const std::string& path) = 0;
  /// Replaces an existing target.
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  /// Gives `from` the second name `to`; false when `to` exists already (the exclusive create).
  virtual Result<bool> link_exclusive(const std::string& from, const std::string& to) = 0;
  /// Removing a missing file is fine.
  virtual Result<void> remove(const std::string& path) = 0;
  /// Removes a directory and all in it; a missing one is fine.
  virtual Result<void> remove_all(const std::string& path) = 0;
  /// Makes creations, renames and removals in the directory durable.
  virtual Result<void> sync_directory(const std::string& path) = 0;
  /// Error `fatal` when another process holds the lock. The file is created when missing.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;
};

/// The operating system's files. Lives for ever.
FileSystem& local_file_system();

/// Reads a whole file; an error when it is larger than `limit` bytes.
Result<std::string> read_file(FileSystem& files, const std::string& path,
                              std::size_t limit = 64u << 20);

/// Writes `path` exclusively and durably: temporary file, sync, link without replacing, removal of
/// the temporary name, sync of the directory. False when `path` exists already. The one primitive
/// by which anything in a checkpoint comes into being.
Result<bool> write_file_exclusive(FileSystem& files, const std::string& path,
                                  std::string_view content);

/// Writes or replaces `path` durably: temporary file, sync, rename, sync of the directory.
Result<void> write_file_atomic(FileSystem& files, const std::string& path,
                               std::string_view content);

/// The part before the last '/', "." when there is none.
std::string parent_path(const std::string& path);
std::string file_name(const std::string& path);
std::string join_path(std::string_view directory, std::string_view name);

}  // namespace stream
