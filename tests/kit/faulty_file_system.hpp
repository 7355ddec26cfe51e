// A file system that breaks on command, over files in memory, and a loop that breaks it everywhere.
// Used by crash tests. One thread, like the script under test.
#pragma once

#include <libstream/base/memory_file_system.hpp>

#include <cstddef>
#include <optional>

namespace stream::testing {

/// Counts every call that changes something (append, sync, create, rename, link, remove, mkdir,
/// sync of a directory) as a point: 0, 1, 2, …
class FaultyFileSystem final : public FileSystem {
 public:
  explicit FaultyFileSystem(MemoryFileSystem& disk) : disk_(disk) {}

  /// The machine stops at this point: an append writes half, others nothing; then every call fails.
  void crash_at(std::size_t point) { crash_point_ = point; }
  /// This one call fails with `reason`; an append writes half. Later calls work.
  void fail_at(std::size_t point, std::string reason) {
    fail_point_ = point;
    reason_ = std::move(reason);
  }
  bool is_crashed() const { return is_crashed_; }
  std::size_t num_points() const { return num_points_; }

  Result<FileStatus> status(const std::string& path) override;
  Result<bool> exists(const std::string& path) override;
  Result<std::vector<FileStatus>> list(const std::string& directory, std::size_t limit) override;
  Result<std::unique_ptr<RandomAccessFile>> open_reading(const std::string& path) override;
  Result<std::unique_ptr<WritableFile>> open_writing(const std::string& path) override;
  Result<void> create_directories(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<bool> link_exclusive(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> remove_all(const std::string& path) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;

 private:
  class Writer;

  Result<void> require_running(const std::string& path) const;
  /// Counts a point; an error when it is to break.
  Result<void> pass(const std::string& path);

  MemoryFileSystem& disk_;
  std::optional<std::size_t> crash_point_;
  std::optional<std::size_t> fail_point_;
  std::string reason_;
  std::size_t num_points_ = 0;
  bool is_crashed_ = false;
};

/// Runs `script(files)` on an empty disk, stopped at every point and in every crash mode, and calls
/// `check(disk, outcome, point, mode)` with what survived. Returns the number of crashes.
template <class Script, class Check>
std::size_t for_each_crash_point(Script script, Check check) {
  std::size_t num_crashes = 0;
  for (const CrashMode mode :
       {CrashMode::drop_all, CrashMode::torn_data, CrashMode::keep_entries}) {
    for (std::size_t point = 0;; ++point) {
      MemoryFileSystem disk;
      FaultyFileSystem files(disk);
      files.crash_at(point);
      const auto outcome = script(files);
      if (!files.is_crashed()) break;
      disk.crash(mode);
      check(disk, outcome, point, mode);
      ++num_crashes;
    }
  }
  return num_crashes;
}

}  // namespace stream::testing
